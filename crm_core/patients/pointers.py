"""Every column of the house that points to a patient, found in the metadata; moving rows from one to another and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, MetaData, Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

_PATIENTS = "patients"
_BY_NAME = "patient_id"
"""A column of this name points to a patient even when it has no foreign key (contacts of a campaign)."""


@dataclass(frozen=True)
class Pointer:
    table: Table
    column: Column[Any]


@dataclass(frozen=True)
class Moved:
    """One row that points to somebody else now; ``key``: its primary key as it is after the move."""

    table: str
    column: str
    key: dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """A row that could not move, because the survivor has the like; it stays with the merged record, unseen."""

    table: str
    column: str
    key: dict[str, Any]


def pointers(metadata: MetaData) -> Iterator[Pointer]:
    """In a fixed order. Columns whose ``info`` says ``stays_on_merge`` are left out."""
    for table in sorted(metadata.tables.values(), key=lambda one: one.name):
        for column in table.columns:
            if not column.info.get("stays_on_merge") and _points_to_patient(column):
                yield Pointer(table, column)


def move(session: Session, pointer: Pointer, old: int, new: int) -> tuple[list[Moved], list[Kept]]:
    """Let every row that points to ``old`` point to ``new``; what a constraint forbids stays."""
    table, column = pointer.table, pointer.column
    key_columns = list(table.primary_key.columns)
    keys = [dict(row) for row in session.execute(select(*key_columns).where(column == old)).mappings()]
    moved: list[Moved] = []
    kept: list[Kept] = []
    if not keys:
        return moved, kept
    if _try(session, pointer, {}, old, new):
        return [Moved(table.name, column.name, _after(key, column, new)) for key in keys], kept
    for key in keys:
        if _try(session, pointer, key, old, new):
            moved.append(Moved(table.name, column.name, _after(key, column, new)))
        else:
            kept.append(Kept(table.name, column.name, key))
    return moved, kept


def move_back(session: Session, metadata: MetaData, row: Moved, old: int, new: int) -> bool:
    """False when the row is gone, points elsewhere by now, or may not go back."""
    table = metadata.tables[row.table]
    return _try(session, Pointer(table, table.c[row.column]), row.key, new, old)


def _try(session: Session, pointer: Pointer, key: Mapping[str, Any], old: int, new: int) -> bool:
    """True when at least one row was changed."""
    table, column = pointer.table, pointer.column
    terms = [table.c[name] == value for name, value in key.items()]
    try:
        with session.begin_nested():
            done = session.execute(update(table).where(column == old, *terms).values({column: new}))
            return bool(getattr(done, "rowcount", 0))
    except IntegrityError:
        return False


def _after(key: dict[str, Any], column: Column[Any], new: int) -> dict[str, Any]:
    return key | {column.name: new} if column.primary_key else key


def _points_to_patient(column: Column[Any]) -> bool:
    targets = {foreign.column.table.name for foreign in column.foreign_keys}
    return _PATIENTS in targets or (column.name == _BY_NAME and not targets)
