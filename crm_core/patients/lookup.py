"""The pop's path: from a number's hash to the cards of everybody on it, in two plain statements."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from crm_core.patients.card_maker import CardMaker
from crm_core.patients.cards import PatientCard
from crm_core.patients.models import Patient, PatientPhone
from crm_core.patients.models_trust import Consent

CANDIDATES_MAX = 20


class NumberLookup:
    """The statements are built once; mapped objects would cost three times as much (measured in the bench)."""

    def __init__(self, maker: CardMaker) -> None:
        self._maker = maker
        asked, every = aliased(PatientPhone, name="asked"), aliased(PatientPhone, name="every")
        patients, phones, consents = Patient.__table__, every, Consent.__table__
        wanted = asked.number_hash == bindparam("number_hash")
        self._people = (
            select(asked.relation.label("found_by"), asked.is_owner.label("found_owner"), *patients.columns)
            .join_from(asked, patients, asked.patient_id == patients.c.id)
            .where(wanted, patients.c.merged_into_id.is_(None))
            .order_by(asked.is_owner.desc(), patients.c.id)
            .limit(CANDIDATES_MAX)
        )
        self._phones = select(
            phones.id, phones.patient_id, phones.number_encrypted, phones.relation, phones.is_owner, phones.owner_name,
            phones.position, phones.may_call, phones.may_sms,
        ).join_from(asked, every, asked.patient_id == every.patient_id).where(wanted)  # fmt: skip
        self._consents = (
            select(*consents.columns)
            .join_from(asked, consents, asked.patient_id == consents.c.patient_id)
            .where(wanted)
        )

    def cards(self, session: Session, number_hash: str) -> list[PatientCard]:
        """Owners first; at most ``CANDIDATES_MAX``. Merged records are left out: the survivor has their numbers."""
        given = {"number_hash": number_hash}
        connection = session.connection()
        people = connection.execute(self._people, given).all()
        if not people:
            return []
        phones, consents = (
            _by_patient(connection.execute(query, given).all()) for query in (self._phones, self._consents)
        )
        return [
            self._maker.card_of(one, one.found_by, phones=phones[one.id], consent_lines=consents[one.id])
            for one in people
        ]


def _by_patient(rows: Any) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found
