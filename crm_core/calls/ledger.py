"""Writes what changed in a call's record: only changed columns, only new rows."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Table, insert, update
from sqlalchemy.orm import Session, selectinload

from crm_core.calls.models import Call, CallLeg, CallStep, CallWrapUp
from crm_core.calls.records import CallRecord, LegRecord, StepRecord, WrapUpRecord, call_record
from crm_core.crypto import FieldCipher

CHILDREN = (selectinload(Call.legs), selectinload(Call.steps), selectinload(Call.wrap_ups))
_CALLS, _LEGS, _STEPS, _WRAP_UPS = (
    table for table in (one.__table__ for one in (Call, CallLeg, CallStep, CallWrapUp)) if isinstance(table, Table)
)
_CHILD_FIELDS = frozenset({"legs", "steps", "wrap_ups"})


class CallLedger:
    """Rows of calls within the caller's transaction."""

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def read(self, session: Session, call_id: str) -> CallRecord | None:
        row = session.get(Call, call_id, options=CHILDREN)
        return call_record(row, self._cipher) if row is not None else None

    def save(self, session: Session, old: CallRecord | None, new: CallRecord) -> None:
        """Write the difference between two states of one call; ``old`` None opens it."""
        connection = session.connection()
        columns = self._columns(_changes(old, new, leave_out=_CHILD_FIELDS))
        if old is None:
            connection.execute(insert(_CALLS), columns)
        elif columns:
            connection.execute(update(_CALLS).where(_CALLS.c.id == new.id).values(columns))
        for leg in new.legs if old is None or old.legs is not new.legs else ():
            _save_leg(connection, new.id, _leg_of(old, leg), leg)
        added = new.steps[len(old.steps) if old else 0 :]
        if added:
            connection.execute(insert(_STEPS), [_step_row(new.id, step) for step in added])
        for wrap_up in new.wrap_ups if old is None or old.wrap_ups is not new.wrap_ups else ():
            _save_wrap_up(connection, new.id, old.wrap_up_of(wrap_up.agent_id) if old else None, wrap_up)

    def _columns(self, changes: dict[str, Any]) -> dict[str, Any]:
        if "number" in changes:
            number = changes.pop("number")
            changes["number_encrypted"] = self._cipher.encrypt(number) if number else None
            changes["number_hash"] = self._cipher.hash_of(number) if number else None
        if "candidate_ids" in changes:
            changes["candidate_ids"] = list(changes["candidate_ids"])
        if "marks" in changes:
            changes["marks"] = [mark.value for mark in changes["marks"]]
        return changes


def _save_leg(connection: Connection, call_id: str, old: LegRecord | None, new: LegRecord) -> None:
    changes = _changes(old, new)
    if old is None:
        connection.execute(insert(_LEGS), {**changes, "call_id": call_id})
    elif changes:
        connection.execute(update(_LEGS).where(_LEGS.c.id == new.id).values(changes))


def _save_wrap_up(connection: Connection, call_id: str, old: WrapUpRecord | None, new: WrapUpRecord) -> None:
    changes = _changes(old, new)
    if old is None:
        connection.execute(insert(_WRAP_UPS), {**changes, "call_id": call_id})
    elif changes:
        own = (_WRAP_UPS.c.call_id == call_id) & (_WRAP_UPS.c.agent_id == new.agent_id)
        connection.execute(update(_WRAP_UPS).where(own).values(changes))


def _leg_of(record: CallRecord | None, leg: LegRecord) -> LegRecord | None:
    legs: Sequence[LegRecord] = record.legs if record else ()
    return next((one for one in legs if one.id == leg.id), None)


def _step_row(call_id: str, step: StepRecord) -> dict[str, Any]:
    return {**vars(step), "call_id": call_id}


def _changes(old: object | None, new: object, *, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Field -> value as stored, of every field that differs; all fields when there was nothing before."""
    before = vars(old) if old is not None else None
    return {
        name: value.value if isinstance(value, Enum) else value
        for name, value in vars(new).items()
        if name not in leave_out and (before is None or before[name] != value)
    }
