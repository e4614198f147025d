"""From events to the call's rows: one table, event class -> what changes. Events may come twice or in another order."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.calls import events as e
from crm_core.calls.kinds import CallState, Direction, LegKind, LegOutcome, TransferKind
from crm_core.calls.models import Call, CallLeg, CallStep, CallWrapUp
from crm_core.crypto import FieldCipher
from crm_core.events import CallEvent

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_NOT_KEPT = frozenset({"at", "call_id", "agent_id", "node", "key", "number", "channel_name", "name", "patient_id"})


class CallProjection:
    """Applies one event to the rows of its call within the caller's transaction.

    A call that is not known yet is opened by any of its events (the IVR may speak before the network's first event
    has been read); a call that has ended keeps its end and only collects late details.
    """

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def apply(self, session: Session, event: CallEvent) -> None:
        row = session.get(Call, event.call_id)
        if row is None:
            row = Call(
                id=event.call_id,
                direction=Direction.INBOUND.value,
                state=CallState.IVR.value,
                arrived_at=event.at,
                candidate_ids=[],
            )
            session.add(row)
            session.flush()
        change = _CHANGES.get(type(event))
        if change is not None:
            change(self, session, row, event)
        self._note(session, event)

    def _note(self, session: Session, event: CallEvent) -> None:
        detail = {k: _plain(v) for k, v in vars(event).items() if k not in _NOT_KEPT and _plain(v) not in (None, "")}
        session.add(
            CallStep(
                call_id=event.call_id,
                at=event.at,
                kind=kind_of(type(event)),
                agent_id=getattr(event, "agent_id", None),
                node=getattr(event, "node", "")[:64],
                key=getattr(event, "key", "")[:32],
                detail=detail,
            )
        )

    # -- one function per event -----------------------------------------------------------------------------------

    def _arrived(self, _session: Session, row: Call, event: e.CallArrived) -> None:
        normal = phone_number.normalise(event.number)
        number = normal or phone_number.clean_caller(event.number)
        row.direction = event.direction.value
        row.number_encrypted = self._cipher.encrypt(number) if number else None
        row.number_hash = self._cipher.hash_of(number) if number else None
        row.caller_name = phone_number.clean_caller(event.name)
        row.dialled_number = phone_number.clean_caller(event.dialled_number)
        row.arrived_at = min(row.arrived_at, event.at)
        if event.direction is Direction.OUTBOUND and row.state == CallState.IVR.value and not row.patient_answered_at:
            row.state = CallState.DIALLING.value

    def _patient_answered(self, _session: Session, row: Call, event: e.PatientLegAnswered) -> None:
        row.patient_answered_at = row.patient_answered_at or event.at
        if row.state == CallState.DIALLING.value:
            row.state = CallState.IVR.value

    def _notice(self, _session: Session, row: Call, event: e.NoticePlayed) -> None:
        row.notice_played_at = row.notice_played_at or event.at

    def _identified(self, _session: Session, row: Call, event: e.CallerIdentified) -> None:
        if event.patient_id is not None:
            row.patient_id = event.patient_id
        row.candidate_ids = list(event.candidate_ids)

    def _queued(self, _session: Session, row: Call, event: e.CallQueued) -> None:
        row.queue, row.priority = event.queue, event.priority
        row.queued_at = event.at
        row.waited_s = row.held_since = None
        _move(row, CallState.QUEUED)

    def _left_queue(self, _session: Session, row: Call, event: e.CallLeftQueue) -> None:
        row.waited_s = event.waited_s
        if not event.answered and row.state in (CallState.QUEUED.value, CallState.RINGING.value):
            _move(row, CallState.IVR)

    def _offered(self, session: Session, row: Call, event: e.CallOffered) -> None:
        leg = session.get(CallLeg, event.leg_id)
        if leg is not None:
            return
        session.add(
            CallLeg(
                id=event.leg_id,
                call_id=row.id,
                agent_id=event.agent_id,
                kind=event.kind.value,
                queue=event.queue,
                offered_at=event.at,
            )
        )
        if event.kind is LegKind.AGENT and row.state != CallState.TALKING.value:
            _move(row, CallState.RINGING)

    def _withdrawn(self, session: Session, row: Call, event: e.OfferWithdrawn) -> None:
        leg = session.get(CallLeg, event.leg_id)
        if leg is not None and leg.ended_at is None:
            leg.ended_at, leg.outcome = event.at, event.outcome.value
            session.flush()
        still_rings = session.scalar(
            select(CallLeg.id).where(
                CallLeg.call_id == row.id, CallLeg.ended_at.is_(None), CallLeg.answered_at.is_(None)
            )
        )
        if row.state == CallState.RINGING.value and still_rings is None:
            _move(row, CallState.QUEUED)

    def _answered(self, session: Session, row: Call, event: e.CallAnswered) -> None:
        leg = session.get(CallLeg, event.leg_id)
        if leg is None:
            leg = CallLeg(
                id=event.leg_id, call_id=row.id, agent_id=event.agent_id, kind=event.kind.value, offered_at=event.at
            )
            session.add(leg)
        if leg.ended_at is None:
            leg.answered_at = leg.answered_at or event.at
            leg.outcome = LegOutcome.ANSWERED.value
        if event.kind is LegKind.AGENT:
            row.agent_answered_at = row.agent_answered_at or event.at
            row.held_since = None
            _move(row, CallState.TALKING)

    def _held(self, _session: Session, row: Call, event: e.CallHeld) -> None:
        row.held_since = event.at
        _move(row, CallState.HELD)

    def _retrieved(self, _session: Session, row: Call, _event: e.CallRetrieved) -> None:
        row.held_since = None
        _move(row, CallState.TALKING)

    def _consult_started(self, _session: Session, row: Call, event: e.ConsultStarted) -> None:
        row.consult_target, row.consult_answered = event.target[:64], False
        _move(row, CallState.CONSULTING)

    def _consult_answered(self, _session: Session, row: Call, _event: e.ConsultAnswered) -> None:
        row.consult_answered = True

    def _consult_ended(self, _session: Session, row: Call, _event: e.ConsultEnded) -> None:
        row.consult_target, row.consult_answered = None, False
        _move(row, CallState.TALKING)

    def _conference(self, _session: Session, row: Call, _event: e.ConferenceStarted) -> None:
        _move(row, CallState.CONFERENCE)

    def _transferred(self, session: Session, row: Call, event: e.CallTransferred) -> None:
        row.consult_target, row.consult_answered, row.held_since = None, False, None
        if event.kind is TransferKind.ATTENDED:
            session.execute(
                update(CallLeg)
                .where(CallLeg.call_id == row.id, CallLeg.kind == LegKind.CONSULT.value, CallLeg.ended_at.is_(None))
                .values(kind=LegKind.AGENT.value)
            )
            _move(row, CallState.TALKING)
        else:
            _move(row, CallState.RINGING)

    def _department_dialled(self, _session: Session, row: Call, _event: e.DepartmentDialled) -> None:
        _move(row, CallState.DEPARTMENT)

    def _department_answered(self, _session: Session, row: Call, event: e.DepartmentAnswered) -> None:
        row.agent_answered_at = row.agent_answered_at or event.at

    def _department_no_answer(self, _session: Session, row: Call, _event: e.DepartmentNoAnswer) -> None:
        row.department_no_answer = True

    def _leg_ended(self, session: Session, row: Call, event: e.AgentLegEnded) -> None:
        leg = session.get(CallLeg, event.leg_id)
        if leg is not None and leg.ended_at is None:
            leg.ended_at, leg.talked_s = event.at, event.talked_s
        wrap_up = session.get(CallWrapUp, (row.id, event.agent_id))
        if wrap_up is None:
            session.add(CallWrapUp(call_id=row.id, agent_id=event.agent_id))
        elif leg is not None and wrap_up.finished_at is not None and wrap_up.finished_at < leg.offered_at:
            wrap_up.finished_at = None  # the same call came back to this agent: it is written up once more

    def _ended(self, session: Session, row: Call, event: e.CallEnded) -> None:
        if row.ended_at is not None:
            return
        row.ended_at, row.outcome, row.hung_up_by = event.at, event.outcome.value, event.hung_up_by.value
        row.cause, row.state, row.held_since = event.cause, CallState.ENDED.value, None
        session.execute(
            update(CallLeg)
            .where(CallLeg.call_id == row.id, CallLeg.ended_at.is_(None), CallLeg.answered_at.is_(None))
            .values(ended_at=event.at, outcome=LegOutcome.CALLER_GONE.value)
        )


_CHANGES: dict[type[CallEvent], Callable[[CallProjection, Session, Call, Any], None]] = {
    e.CallArrived: CallProjection._arrived,
    e.PatientLegAnswered: CallProjection._patient_answered,
    e.NoticePlayed: CallProjection._notice,
    e.CallerIdentified: CallProjection._identified,
    e.CallQueued: CallProjection._queued,
    e.CallLeftQueue: CallProjection._left_queue,
    e.CallOffered: CallProjection._offered,
    e.OfferWithdrawn: CallProjection._withdrawn,
    e.CallAnswered: CallProjection._answered,
    e.CallHeld: CallProjection._held,
    e.CallRetrieved: CallProjection._retrieved,
    e.ConsultStarted: CallProjection._consult_started,
    e.ConsultAnswered: CallProjection._consult_answered,
    e.ConsultEnded: CallProjection._consult_ended,
    e.ConferenceStarted: CallProjection._conference,
    e.CallTransferred: CallProjection._transferred,
    e.DepartmentDialled: CallProjection._department_dialled,
    e.DepartmentAnswered: CallProjection._department_answered,
    e.DepartmentNoAnswer: CallProjection._department_no_answer,
    e.AgentLegEnded: CallProjection._leg_ended,
    e.CallEnded: CallProjection._ended,
}


def _move(row: Call, state: CallState) -> None:
    """A call that has ended never opens again (F08)."""
    if row.ended_at is None:
        row.state = state.value


def kind_of(event_class: type[CallEvent]) -> str:
    """``IvrStepTaken`` -> ``ivr_step_taken``."""
    return _WORD.sub("_", event_class.__name__).lower()


def _plain(value: Any) -> Any:
    """What JSON can hold; other values as text."""
    if isinstance(value, tuple):
        return list(value) or None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
