"""Puts many rows of one table into the database with one statement, and gives their ids when they are needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Base, Database
from crm_core.opening_hours import OpeningHours

Row = dict[str, Any]
Transaction = Any
"""A session of the ground's database; the library behind it has its door there."""

Progress = Callable[[float, float, str], None]
"""Called with (done, total, what is being done)."""


@dataclass(frozen=True)
class DemoGround:
    """What the demo hospital is loaded into."""

    database: Database
    cipher: FieldCipher
    clock: Clock
    hours: OpeningHours


class StandingClock:
    """The moment at which the load began: everything in it is counted from one now."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now()

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return 0.0

    def days_ago(self, days: float) -> datetime:
        return self._now - timedelta(days=days)


def add(session: Transaction, model: type[Base], rows: Sequence[Row]) -> None:
    """All rows must have the same columns."""
    if not rows:
        return
    if _is_postgresql(session):
        _copy(session, model, rows)
    else:
        session.execute(_table(model).insert(), rows)


def add_with_ids(session: Transaction, model: type[Base], rows: Sequence[Row]) -> list[int]:
    """The new ids, in the order of ``rows``."""
    if not rows:
        return []
    table = _table(model)
    if not _is_postgresql(session):
        statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
        return list(session.execute(statement, rows).scalars())
    reserve = "SELECT nextval(pg_get_serial_sequence(%s::text, 'id')) FROM generate_series(1, %s::int)"
    ids = sorted(session.connection().exec_driver_sql(reserve, (table.name, len(rows))).scalars())
    _copy(session, model, [row | {"id": one} for row, one in zip(rows, ids, strict=True)])
    return ids


def change(session: Transaction, model: type[Base], rows: Sequence[Row]) -> None:
    """Each row has the id of the one to change, and the same columns to set as all others."""
    if rows:
        session.bulk_update_mappings(model, rows)


def _copy(session: Transaction, model: type[Base], rows: Sequence[Row]) -> None:
    """PostgreSQL's COPY: a tenth of the time that single INSERTs take."""
    table = _table(model)
    columns = [
        one for one in table.columns if one.name in rows[0] or (one.default is not None and one.default.is_scalar)
    ]
    usual = {column.name: column.default.arg for column in columns if column.name not in rows[0]}
    names = [column.name for column in columns]
    is_json = {column.name for column in columns if str(column.type) == "JSON"}
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor = session.connection().connection.cursor()
    with cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            told = usual | row
            copy.write_row([_as_json(told[name]) if name in is_json else told[name] for name in names])


def _as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _is_postgresql(session: Transaction) -> bool:
    return bool(session.connection().dialect.name == "postgresql")


def _table(model: type[Base]) -> Any:
    return model.__table__
