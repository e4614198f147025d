"""Puts many new patients into the database with few statements, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from crm_core.database import Base
from crm_core.ids import PatientId
from crm_core.patients.cards import NewPatient
from crm_core.patients.models import NameReading, Patient, PatientPhone
from crm_core.patients.rows import PatientRows

CHUNK = 2000


def insert_patients(session: Session, rows: PatientRows, news: Sequence[NewPatient]) -> list[PatientId]:
    """Raises InvalidInput before anything of the chunk with the unusable one is written."""
    ids: list[PatientId] = []
    for start in range(0, len(news), CHUNK):
        ids += _insert_chunk(session, rows, news[start : start + CHUNK])
    return ids


def _insert_chunk(session: Session, rows: PatientRows, news: Sequence[NewPatient]) -> list[PatientId]:
    patients = [rows.columns(new) for new in news]
    phones = [[rows.phone(*pair, place) for place, pair in enumerate(new.phones)] for new in news]
    returned = session.execute(
        insert(_table(Patient)).returning(_table(Patient).c.id, sort_by_parameter_order=True), patients
    )
    ids = [PatientId(one) for one in returned.scalars()]
    together = list(zip(ids, news, patients, phones, strict=True))
    _insert(session, PatientPhone, [one | {"patient_id": i} for i, _, _, numbers in together for one in numbers])
    readings = [one | {"patient_id": i} for i, _, columns, _ in together for one in rows.readings(columns["name"])]
    _insert(session, NameReading, readings)
    session.add_all(line for i, new, _, _ in together for line in rows.consents(i, new.consents, source="registration"))
    session.flush()
    return ids


def _insert(session: Session, mapped: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(_table(mapped)), rows)


def _table(mapped: type[Base]) -> Table:
    table = mapped.__table__
    assert isinstance(table, Table)
    return table
