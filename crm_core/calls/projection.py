"""From events to the call's record: one table, event class -> what changes. Events may come twice or in another order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crm_core import phone_number
from crm_core.calls import events as e
from crm_core.calls.kinds import CallMark, CallState, Direction, LegKind, LegOutcome, TransferKind
from crm_core.calls.loss import loss_of
from crm_core.calls.records import WAITING_STATES, CallRecord, LegRecord, StepRecord, WrapUpRecord
from crm_core.events import CallEvent
from crm_core.ids import AgentId, CallId, LegId

_ARRANGED = frozenset({"call_back_requested", "voice_message_left", "ticket_opened"})
"""Steps after which the caller has what he can have for now: hanging up then is no loss."""

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_NOT_KEPT = frozenset({"at", "call_id", "agent_id", "node", "key", "number", "channel_name", "name", "patient_id"})


def project(record: CallRecord | None, event: CallEvent) -> CallRecord:
    """The record after the event. Pure: nothing is read or written.

    A call that is not known yet is opened by any of its events (the IVR may speak before the network's first event
    has been read); a call that has ended keeps its end and only collects late details.
    """
    record = record or _opened(event)
    change = _CHANGES.get(type(event))
    if change is not None:
        record = change(record, event)
    return replace(record, steps=(*record.steps, _step(event)))


def kind_of(event_class: type[CallEvent]) -> str:
    """``IvrStepTaken`` -> ``ivr_step_taken``."""
    return _WORD.sub("_", event_class.__name__).lower()


def _opened(event: CallEvent) -> CallRecord:
    return CallRecord(
        id=CallId(event.call_id), direction=Direction.INBOUND, state=CallState.IVR, number="", caller_name="",
        dialled_number="", patient_id=None, candidate_ids=(), queue=None, priority=0, department_no_answer=False,
        started_by=None, arrived_at=event.at, notice_played_at=None, patient_answered_at=None, queued_at=None,
        waited_s=None, agent_answered_at=None, held_since=None, consult_target=None, consult_answered=False,
        ended_at=None, outcome=None, hung_up_by=None, cause=0,
    )  # fmt: skip


def _step(event: CallEvent) -> StepRecord:
    plain = {name: _plain(value) for name, value in vars(event).items() if name not in _NOT_KEPT}
    return StepRecord(
        at=event.at,
        kind=kind_of(type(event)),
        agent_id=getattr(event, "agent_id", None),
        node=getattr(event, "node", "")[:64],
        key=getattr(event, "key", "")[:32],
        detail={name: value for name, value in plain.items() if value not in (None, "")},
    )


# -- one function per event ---------------------------------------------------------------------------------------


def _arrived(record: CallRecord, event: e.CallArrived) -> CallRecord:
    dials = event.direction is Direction.OUTBOUND and not record.patient_answered_at and record.state is CallState.IVR
    return replace(
        record,
        direction=event.direction,
        number=phone_number.normalise(event.number) or phone_number.clean_caller(event.number),
        caller_name=phone_number.clean_caller(event.name),
        dialled_number=phone_number.clean_caller(event.dialled_number),
        arrived_at=min(record.arrived_at, event.at),
        state=CallState.DIALLING if dials else record.state,
    )


def _patient_answered(record: CallRecord, event: e.PatientLegAnswered) -> CallRecord:
    answered = replace(record, patient_answered_at=record.patient_answered_at or event.at)
    return _moved(answered, CallState.IVR) if record.state is CallState.DIALLING else answered


def _notice(record: CallRecord, event: e.NoticePlayed) -> CallRecord:
    return replace(record, notice_played_at=record.notice_played_at or event.at)


def _identified(record: CallRecord, event: e.CallerIdentified) -> CallRecord:
    known = event.patient_id if event.patient_id is not None else record.patient_id
    return replace(record, patient_id=known, candidate_ids=tuple(event.candidate_ids))


def _queued(record: CallRecord, event: e.CallQueued) -> CallRecord:
    """Who comes back to a line keeps the time at which he first stood in one."""
    waits = replace(
        record, queue=event.queue, priority=event.priority, queued_at=event.at, waited_s=None, held_since=None,
        entered_at=record.entered_at or event.entered_at or event.at, overflow=None,
    )  # fmt: skip
    return _moved(waits, CallState.QUEUED)


def _priority_decided(record: CallRecord, event: e.PriorityDecided) -> CallRecord:
    return _marked(record, *event.marks)


def _overflow(record: CallRecord, event: e.OverflowMet) -> CallRecord:
    return replace(record, queue=event.queue, overflow=event.reason)


def _call_back_connected(record: CallRecord, event: e.CallBackConnected) -> CallRecord:
    known = event.patient_id if event.patient_id is not None else record.patient_id
    return _marked(replace(record, entered_at=event.entered_at, patient_id=known), CallMark.CALL_BACK)


def _left_queue(record: CallRecord, event: e.CallLeftQueue) -> CallRecord:
    left = replace(record, waited_s=event.waited_s)
    return _moved(left, CallState.IVR) if not event.answered and record.state in WAITING_STATES else left


def _offered(record: CallRecord, event: e.CallOffered) -> CallRecord:
    if _leg(record, event.leg_id) is not None:
        return record
    offered = _with_leg(
        record,
        LegRecord(
            LegId(event.leg_id), event.agent_id, event.kind, event.queue,
            offered_at=event.at, answered_at=None, ended_at=None, outcome=None, talked_s=0.0,
        ),
    )  # fmt: skip
    rings = event.kind is LegKind.AGENT and record.state is not CallState.TALKING
    return _moved(offered, CallState.RINGING) if rings else offered


def _withdrawn(record: CallRecord, event: e.OfferWithdrawn) -> CallRecord:
    leg = _leg(record, event.leg_id)
    if leg is not None and leg.is_open:
        record = _with_leg(record, replace(leg, ended_at=event.at, outcome=event.outcome))
    still_rings = any(one.is_open and one.answered_at is None for one in record.legs)
    return _moved(record, CallState.QUEUED) if record.state is CallState.RINGING and not still_rings else record


def _answered(record: CallRecord, event: e.CallAnswered) -> CallRecord:
    leg = _leg(record, event.leg_id) or LegRecord(
        LegId(event.leg_id), event.agent_id, event.kind, None,
        offered_at=event.at, answered_at=None, ended_at=None, outcome=None, talked_s=0.0,
    )  # fmt: skip
    if leg.is_open:
        leg = replace(leg, answered_at=leg.answered_at or event.at, outcome=LegOutcome.ANSWERED)
    record = _with_leg(record, leg)
    if event.kind is not LegKind.AGENT:
        return record
    talks = replace(record, agent_answered_at=record.agent_answered_at or event.at, held_since=None)
    return _moved(talks, CallState.TALKING)


def _held(record: CallRecord, event: e.CallHeld) -> CallRecord:
    return _moved(replace(record, held_since=event.at), CallState.HELD)


def _retrieved(record: CallRecord, _event: e.CallRetrieved) -> CallRecord:
    return _moved(replace(record, held_since=None), CallState.TALKING)


def _consult_started(record: CallRecord, event: e.ConsultStarted) -> CallRecord:
    return _moved(replace(record, consult_target=event.target[:64], consult_answered=False), CallState.CONSULTING)


def _consult_answered(record: CallRecord, _event: e.ConsultAnswered) -> CallRecord:
    return replace(record, consult_answered=True)


def _consult_ended(record: CallRecord, _event: e.ConsultEnded) -> CallRecord:
    return _moved(replace(record, consult_target=None, consult_answered=False), CallState.TALKING)


def _conference(record: CallRecord, _event: e.ConferenceStarted) -> CallRecord:
    return _moved(record, CallState.CONFERENCE)


def _transferred(record: CallRecord, event: e.CallTransferred) -> CallRecord:
    record = replace(record, consult_target=None, consult_answered=False, held_since=None)
    if event.kind is not TransferKind.ATTENDED:
        return _moved(record, CallState.RINGING)
    for leg in record.legs:
        if leg.kind is LegKind.CONSULT and leg.is_open:
            record = _with_leg(record, replace(leg, kind=LegKind.AGENT))
    return _moved(record, CallState.TALKING)


def _department_dialled(record: CallRecord, _event: e.DepartmentDialled) -> CallRecord:
    return _moved(record, CallState.DEPARTMENT)


def _department_answered(record: CallRecord, event: e.DepartmentAnswered) -> CallRecord:
    return replace(record, agent_answered_at=record.agent_answered_at or event.at)


def _department_no_answer(record: CallRecord, _event: e.DepartmentNoAnswer) -> CallRecord:
    return replace(record, department_no_answer=True)


def _leg_ended(record: CallRecord, event: e.AgentLegEnded) -> CallRecord:
    leg = _leg(record, event.leg_id)
    if leg is not None and leg.is_open:
        record = _with_leg(record, replace(leg, ended_at=event.at, talked_s=event.talked_s))
    wrap_up = record.wrap_up_of(event.agent_id)
    if wrap_up is None:
        return replace(record, wrap_ups=(*record.wrap_ups, _empty_wrap_up(event.agent_id)))
    if leg is not None and wrap_up.finished_at is not None and wrap_up.finished_at < leg.offered_at:
        again = replace(wrap_up, finished_at=None)  # the call came back to this agent: it is written up once more
        return replace(record, wrap_ups=tuple(again if one is wrap_up else one for one in record.wrap_ups))
    return record


def _ended(record: CallRecord, event: e.CallEnded) -> CallRecord:
    if record.ended_at is not None:
        return record
    for leg in record.legs:
        if leg.is_open and leg.answered_at is None:
            record = _with_leg(record, replace(leg, ended_at=event.at, outcome=LegOutcome.CALLER_GONE))
    is_arranged = any(step.kind in _ARRANGED for step in record.steps)
    may_be_lost = record.direction is Direction.INBOUND and not is_arranged
    lost = loss_of(event.outcome, record.overflow) if may_be_lost else None
    return replace(
        record, ended_at=event.at, outcome=event.outcome, hung_up_by=event.hung_up_by, cause=event.cause,
        state=CallState.ENDED, held_since=None, loss_reason=lost,
    )  # fmt: skip


_CHANGES: dict[type[CallEvent], Callable[[CallRecord, Any], CallRecord]] = {
    e.CallArrived: _arrived,
    e.PatientLegAnswered: _patient_answered,
    e.NoticePlayed: _notice,
    e.CallerIdentified: _identified,
    e.CallQueued: _queued,
    e.CallLeftQueue: _left_queue,
    e.PriorityDecided: _priority_decided,
    e.OverflowMet: _overflow,
    e.CallBackConnected: _call_back_connected,
    e.CallOffered: _offered,
    e.OfferWithdrawn: _withdrawn,
    e.CallAnswered: _answered,
    e.CallHeld: _held,
    e.CallRetrieved: _retrieved,
    e.ConsultStarted: _consult_started,
    e.ConsultAnswered: _consult_answered,
    e.ConsultEnded: _consult_ended,
    e.ConferenceStarted: _conference,
    e.CallTransferred: _transferred,
    e.DepartmentDialled: _department_dialled,
    e.DepartmentAnswered: _department_answered,
    e.DepartmentNoAnswer: _department_no_answer,
    e.AgentLegEnded: _leg_ended,
    e.CallEnded: _ended,
}


def _marked(record: CallRecord, *marks: CallMark) -> CallRecord:
    """Marks are only ever added."""
    return replace(record, marks=(*record.marks, *(mark for mark in marks if mark not in record.marks)))


def _moved(record: CallRecord, state: CallState) -> CallRecord:
    """A call that has ended never opens again (F08)."""
    return record if record.ended_at is not None else replace(record, state=state)


def _leg(record: CallRecord, leg_id: str) -> LegRecord | None:
    return next((leg for leg in record.legs if leg.id == leg_id), None)


def _with_leg(record: CallRecord, leg: LegRecord) -> CallRecord:
    """The record with this leg, new or changed; legs stay in the order of their offers."""
    others = [one for one in record.legs if one.id != leg.id]
    return replace(record, legs=tuple(sorted([*others, leg], key=lambda one: one.offered_at)))


def _empty_wrap_up(agent_id: AgentId) -> WrapUpRecord:
    return WrapUpRecord(
        agent_id, notes="", saved_at=None, disposition=None, sub_disposition=None,
        is_resolved=None, is_overdue=False, finished_at=None,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """What JSON can hold; other values as text."""
    if isinstance(value, tuple):
        return list(value) or None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
