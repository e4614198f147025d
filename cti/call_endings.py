"""How a call that is over is called: outcome, and who hung up. Pure functions."""

from __future__ import annotations

from crm_core.calls.kinds import CallOutcome, CallState, Direction, HungUpBy
from cti.hangup_causes import QUEUE_GAVE_UP, unanswered_outcome
from cti.tracked_call import TrackedCall

QUICK_ABANDON_S = 5.0
"""速挂: who leaves the queue sooner is not counted against the service level (C26)."""

_NOT_HEARD = {CallOutcome.LOST_EVENT: HungUpBy.UNKNOWN, CallOutcome.PBX_CRASH: HungUpBy.SYSTEM}


def outcome_of(call: TrackedCall, cause: int) -> CallOutcome:
    """``cause``: Q.850 cause of the patient's channel, 0 when unknown."""
    if call.direction is Direction.OUTBOUND:
        return CallOutcome.ANSWERED if call.patient_answered else _unreached(call, cause)
    if call.was_served:
        return CallOutcome.ANSWERED
    if cause == QUEUE_GAVE_UP:
        return CallOutcome.NO_AGENT if call.nobody_there else CallOutcome.QUEUE_TIMEOUT
    if call.abandoned_after_s is not None:
        return _abandoned(call, call.abandoned_after_s)
    if call.state in (CallState.RINGING, CallState.DEPARTMENT):
        return CallOutcome.RING_ABANDONED
    if call.hung_up_by is HungUpBy.SYSTEM:
        return CallOutcome.IVR_ENDED
    return CallOutcome.IVR_ABANDONED


def _unreached(call: TrackedCall, cause: int) -> CallOutcome:
    return unanswered_outcome(cause) if call.patient_id else CallOutcome.FAILED


def _abandoned(call: TrackedCall, waited_s: float) -> CallOutcome:
    if waited_s < QUICK_ABANDON_S:
        return CallOutcome.QUICK_ABANDONED
    if call.abandoned_while_ringing:
        return CallOutcome.RING_ABANDONED
    return CallOutcome.NO_AGENT if call.nobody_there else CallOutcome.QUEUE_ABANDONED


def who_hung_up(call: TrackedCall, outcome: CallOutcome) -> HungUpBy:
    """The first party that asked for the end; a patient who refused to answer counts as having hung up."""
    if outcome in _NOT_HEARD:
        return call.hung_up_by or _NOT_HEARD[outcome]
    if call.direction is Direction.OUTBOUND and not call.patient_answered:
        if outcome is CallOutcome.REJECTED:
            return HungUpBy.PATIENT
        return HungUpBy.AGENT if call.hung_up_by is HungUpBy.AGENT else HungUpBy.SYSTEM
    return call.hung_up_by or HungUpBy.SYSTEM
