"""Which calls and patients a person may see or touch: those of a current or owned call (R15, I5, F78)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from agent_desk.permissions import Permission
from crm_core.calls.records import CallRecord, LegRecord
from crm_core.errors import NotFound, WrongState
from crm_core.ids import CallId, is_safe_id

if TYPE_CHECKING:
    from agent_desk.desk import Caller, Desk

OWNED_FOR = timedelta(hours=24)
"""So long after a call its agent may still open the patient he talked with."""


class OutOfScope(NotFound):
    """The object may exist: a person without right is told the same as if it did not, and the try is noted."""


class Scope:
    """Answers with the object, or raises the same NotFound for foreign and for missing ones."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def call(self, caller: Caller, call_id: str) -> CallRecord:
        """A call that may be looked at: an own one, or any for those who may view all."""
        record = self._record(call_id)
        is_own = any(leg.agent_id == caller.id for leg in record.legs)
        if not is_own and not caller.may(Permission.CALL_VIEW_ALL):
            raise self._refused(caller, f"call {call_id}")
        return record

    def own_call(self, caller: Caller, call_id: str) -> CallRecord:
        """A call of this agent, whatever his role: for notes, wrap-up, patient."""
        record = self._record(call_id)
        if not any(leg.agent_id == caller.id for leg in record.legs):
            raise self._refused(caller, f"call {call_id}")
        return record

    def live_leg(self, caller: Caller, call_id: str, *, must_be_answered: bool = True) -> LegRecord:
        """This agent's open leg in the call: for commands to the network."""
        record = self.own_call(caller, call_id)
        leg = next((leg for leg in reversed(record.legs) if leg.agent_id == caller.id and leg.is_open), None)
        if leg is None or (must_be_answered and leg.answered_at is None):
            raise WrongState("you are not in this call now")
        return leg

    def patient(self, caller: Caller, patient_id: int) -> None:
        """Raises OutOfScope unless the patient belongs to a current call of the caller, or to one he had lately."""
        if caller.may(Permission.CALL_VIEW_ALL):
            return
        if not self._is_in_current_call(caller, patient_id) and not self._is_in_owned_call(caller, patient_id):
            raise self._refused(caller, f"patient {patient_id}")

    def is_candidate(self, record: CallRecord, patient_id: int) -> bool:
        """True when this patient may be the caller: asked by the IVR, or known under the caller's number."""
        if patient_id == record.patient_id or patient_id in record.candidate_ids:
            return True
        found = self._desk.services.patients.find_by_number(record.number)
        return any(card.id == patient_id for card in found)

    def _is_in_current_call(self, caller: Caller, patient_id: int) -> bool:
        current = self._desk.services.calls.open_calls_of(caller.id)
        return any(self.is_candidate(record, patient_id) for record in current)

    def _is_in_owned_call(self, caller: Caller, patient_id: int) -> bool:
        since = self._desk.services.clock.now() - OWNED_FOR
        recent = self._desk.services.calls.recent_calls(patient_id=patient_id, number="", limit=50)
        return any(
            record.arrived_at >= since
            and any(leg.agent_id == caller.id and leg.answered_at is not None for leg in record.legs)
            for record in recent
        )

    def _record(self, call_id: str) -> CallRecord:
        if not is_safe_id(call_id):
            raise NotFound("no such call")
        return self._desk.services.calls.record(CallId(call_id))

    def _refused(self, caller: Caller, what: str) -> OutOfScope:
        self._desk.note_refusal(caller, what, "out of scope")
        return OutOfScope(f"no such {what.partition(' ')[0]}")
