"""The dialler's side of call-backs: claim, commit before dialling, follow each attempt to its end (I4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.bus import Bus
from crm_core.calls import events as call
from crm_core.calls.kinds import CallOutcome, LegKind
from crm_core.calls.models import Call
from crm_core.campaigns.cards import Leadership
from crm_core.campaigns.leadership import still_leads
from crm_core.campaigns.models import Attempt
from crm_core.campaigns.rules import UNSURE
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.events import Event
from crm_core.ids import CallId, PatientId, new_call_id
from crm_core.waiting.call_backs import end_request
from crm_core.waiting.cards import CallBackClaim
from crm_core.waiting.events import CallBackAttemptEnded, CallBackChanged
from crm_core.waiting.kinds import CallBackAttemptState, CallBackOutcome, CallBackState
from crm_core.waiting.models import CallBackAttempt, CallBackRow
from crm_core.waiting.rules import call_back_outcome, next_call_back

log = structlog.get_logger(__name__)

ID_PREFIX = "out-cb"
_BUSY_S = 5.0
"""A number that speaks with us, or that a campaign rings, is looked at again after this pause."""

State = CallBackAttemptState


class CallBackAttempts:
    """The same rule as for campaigns: *claimed* proves that nothing was sent, *written* that it may have been.

    ``failpoint`` is called with the name of each step; tests kill the process there. Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        clock: Clock,
        cipher: FieldCipher,
        lease_s: float = 60.0,
        grace_s: float = 15.0,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        """``grace_s``: how long the end of a call that Asterisk does not have any more may still be on the bus."""
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher
        self._lease = timedelta(seconds=lease_s)
        self._grace = timedelta(seconds=grace_s)
        self._failpoint = failpoint

    def subscribe(self, bus: Bus) -> None:
        """After the call records."""
        bus.subscribe(call.PatientLegAnswered, self._on_patient_answered)
        bus.subscribe(call.CallAnswered, self._on_agent_answered)
        bus.subscribe(call.CallEnded, self._on_call_ended)

    # -- dialling -------------------------------------------------------------------------------------------------

    def in_flight(self, queue: str) -> list[tuple[CallId, int]]:
        """(call id, request id) of attempts that hold a free agent: claimed, ringing, greeted, not yet with an agent."""
        query = (
            select(CallBackAttempt.id, CallBackAttempt.request_id)
            .join(CallBackRow, CallBackRow.id == CallBackAttempt.request_id)
            .where(CallBackRow.queue == queue, CallBackAttempt.ended_at.is_(None), CallBackAttempt.served_at.is_(None))
        )
        with self._db.read() as session:
            return [(CallId(row.id), row.request_id) for row in session.execute(query)]

    def claim(self, leadership: Leadership, request_id: int) -> CallBackClaim | None:
        """One conditional UPDATE and the attempt, committed together; None when it cannot be dialled now."""
        now = self._clock.now()
        try:
            with self._db.write() as session:
                if not still_leads(session, leadership, now):
                    return None
                row = session.get(CallBackRow, request_id, with_for_update=True)
                if row is None or row.state != CallBackState.WAITING or row.due_at > now:
                    return None
                if _is_busy(session, row.number_hash):
                    row.due_at = now + timedelta(seconds=_BUSY_S)
                    return None
                row.state = CallBackState.CALLING
                claim = CallBackClaim(
                    new_call_id(ID_PREFIX), row.id, self._cipher.decrypt(row.number_encrypted), row.queue,
                    row.priority, row.entered_at, row.language, leadership.fencing_token,
                )  # fmt: skip
                session.add(
                    CallBackAttempt(
                        id=claim.attempt_id, request_id=row.id, number_hash=row.number_hash, state=State.CLAIMED,
                        fencing_token=leadership.fencing_token, lease_until=now + self._lease, claimed_at=now,
                    )
                )  # fmt: skip
        except IntegrityError:  # a live attempt to this number
            return None
        self._publish(CallBackChanged(at=now, request_id=row.id, queue=row.queue, state=CallBackState.CALLING))
        return claim

    def mark_written(self, claim: CallBackClaim, leadership: Leadership) -> bool:
        """The last check, in the transaction that commits *written*. Only True allows the caller to send."""
        now = self._clock.now()
        with self._db.write() as session:
            row = session.get(CallBackAttempt, claim.attempt_id, with_for_update=True)
            if row is None or row.state != State.CLAIMED or row.lease_until <= now:
                return False
            if row.fencing_token != leadership.fencing_token or not still_leads(session, leadership, now):
                return False
            row.state, row.written_at = State.WRITTEN, now
            session.get_one(CallBackRow, row.request_id).attempts_count += 1
        return True

    def release(self, attempt_id: CallId, *, delay_s: float, was_written: bool = False) -> None:
        """Give the place back to the line, certain that nothing was sent."""
        now = self._clock.now()
        allowed = (State.CLAIMED, State.WRITTEN) if was_written else (State.CLAIMED,)
        with self._db.write() as session:
            row = session.get(CallBackAttempt, attempt_id, with_for_update=True)
            event = None
            if row is not None and row.ended_at is None and row.state in allowed:
                event = _give_back(session, row, now, due_at=now + timedelta(seconds=delay_s))
        self._publish(event)

    def close_unreached(self, attempt_id: CallId, outcome: CallBackOutcome) -> None:
        """Asterisk refused the command: nobody's telephone rang."""
        with self._db.write() as session:
            events = self._close(session, session.get(CallBackAttempt, attempt_id, with_for_update=True), outcome)
        self._publish(*events)

    # -- what the network says ------------------------------------------------------------------------------------

    def _on_patient_answered(self, event: call.PatientLegAnswered) -> None:
        """The record learns whose old place this call has, before it enters the queue."""
        if not is_call_back(event.call_id):
            return
        with self._db.write() as session:
            row = session.get(CallBackAttempt, event.call_id, with_for_update=True)
            if row is None or row.ended_at is not None or row.answered_at is not None:
                return
            row.state, row.answered_at, row.missing_since = State.TALKING, event.at, None
            request = session.get_one(CallBackRow, row.request_id)
            connected = call.CallBackConnected(
                at=event.at, call_id=event.call_id, request_id=request.id, queue=request.queue,
                priority=request.priority, entered_at=request.entered_at,
                patient_id=PatientId(request.patient_id) if request.patient_id is not None else None,
            )  # fmt: skip
        self._failpoint("talking")
        self._publish(connected)

    def _on_agent_answered(self, event: call.CallAnswered) -> None:
        if event.kind is not LegKind.AGENT or not is_call_back(event.call_id):
            return
        with self._db.write() as session:
            row = session.get(CallBackAttempt, event.call_id, with_for_update=True)
            if row is None or row.served_at is not None:
                return
            row.served_at = event.at
            request = session.get_one(CallBackRow, row.request_id)
            done = end_request(request, CallBackState.DONE, self._clock.now())
        self._publish(done)

    def _on_call_ended(self, event: call.CallEnded) -> None:
        """An end that was not seen closes nothing: reconciliation asks first."""
        if not is_call_back(event.call_id):
            return
        with self._db.write() as session:
            row = session.get(CallBackAttempt, event.call_id, with_for_update=True)
            if row is None or not _may_close(row):
                return
            if event.outcome in UNSURE and row.served_at is None:
                row.missing_since = row.missing_since or self._clock.now()
                return
            events = self._close(session, row, _outcome_of(row, event.outcome))
        self._failpoint("commit")
        self._publish(*events)

    def has_doubtful(self) -> bool:
        """True when something was sent and its end is not known."""
        with self._db.read() as session:
            live = (CallBackAttempt.ended_at.is_(None), CallBackAttempt.written_at.is_not(None))
            return session.scalar(select(CallBackAttempt.id).where(*live).limit(1)) is not None

    def release_expired(self) -> int:
        """Claims of a dialler that is gone: nothing was sent for them. Returns how many."""
        now = self._clock.now()
        with self._db.write() as session:
            rows = session.scalars(
                select(CallBackAttempt)
                .where(
                    CallBackAttempt.ended_at.is_(None), CallBackAttempt.state == State.CLAIMED,
                    CallBackAttempt.lease_until <= now,
                )
                .with_for_update()
            ).all()  # fmt: skip
            events = [_give_back(session, row, now, due_at=now) for row in rows]
        self._publish(*events)
        return len(events)

    def reconcile(self, live_call_ids: Sequence[str]) -> None:
        """``live_call_ids`` is what Asterisk answered just now. What it does not have is closed by its call record;
        without one nobody knows whether a telephone rang, and a person decides (I4)."""
        now = self._clock.now()
        with self._db.read() as session:
            live = (CallBackAttempt.ended_at.is_(None), CallBackAttempt.written_at.is_not(None))
            ids = session.scalars(select(CallBackAttempt.id).where(*live)).all()
        for attempt_id in ids:
            with self._db.write() as session:
                row = session.get_one(CallBackAttempt, attempt_id, with_for_update=True)
                events = self._reconciled(session, row, now, is_live=attempt_id in live_call_ids)
            self._publish(*events)

    def _reconciled(self, session: Session, row: CallBackAttempt, now: datetime, *, is_live: bool) -> list[Event]:
        if is_live:
            row.missing_since = None
            return []
        row.missing_since = row.missing_since or now
        if row.ended_at is not None or now - row.missing_since < self._grace:
            return []
        ended = session.get(Call, row.id)
        known = CallOutcome(ended.outcome) if ended is not None and ended.outcome else CallOutcome.LOST_EVENT
        outcome = _outcome_of(row, known)
        log.warning("call_back_reconciled", call_id=row.id, outcome=outcome)
        return self._close(session, row, outcome)

    def _close(self, session: Session, row: CallBackAttempt | None, outcome: CallBackOutcome) -> list[Event]:
        """Attempt and request in one transaction; nothing when it was closed before."""
        if row is None or not _may_close(row):
            return []
        now = self._clock.now()
        row.state = State.TO_REVIEW if outcome is CallBackOutcome.UNKNOWN else State.ENDED
        row.outcome, row.ended_at = outcome, row.ended_at or now
        ended = CallBackAttemptEnded(at=now, call_id=CallId(row.id), request_id=row.request_id, outcome=outcome)
        request = session.get_one(CallBackRow, row.request_id)
        request.last_outcome = outcome
        if request.state not in (CallBackState.CALLING, CallBackState.TO_REVIEW):
            return [ended]
        state, delay = next_call_back(outcome, attempts_count=request.attempts_count)
        if delay is None:
            return [ended, end_request(request, state, now)]
        request.state, request.due_at, request.ended_at = state, now + delay, None
        return [ended, CallBackChanged(at=now, request_id=request.id, queue=request.queue, state=state)]

    def _publish(self, *events: Event | None) -> None:
        for event in events:
            if event is not None:
                self._bus.publish(event)


def is_call_back(call_id: str) -> bool:
    """True for calls that a call-back made."""
    return call_id.startswith(f"{ID_PREFIX}-")


def _may_close(row: CallBackAttempt) -> bool:
    """Live attempts, and those to review: the truth may come late. A closed one never reopens (F08)."""
    return row.ended_at is None or row.state == State.TO_REVIEW


def _outcome_of(row: CallBackAttempt, result: CallOutcome) -> CallBackOutcome:
    return call_back_outcome(result, was_answered=row.answered_at is not None, was_served=row.served_at is not None)


def _give_back(session: Session, row: CallBackAttempt, now: datetime, *, due_at: datetime) -> CallBackChanged:
    request = session.get_one(CallBackRow, row.request_id)
    if row.written_at is not None:
        request.attempts_count -= 1
    row.state, row.ended_at, row.written_at = State.RELEASED, now, None
    request.state, request.due_at = CallBackState.WAITING, due_at
    return CallBackChanged(at=now, request_id=request.id, queue=request.queue, state=CallBackState.WAITING)


def _is_busy(session: Session, number_hash: str) -> bool:
    """This number speaks or waits with us now, or a campaign rings it."""
    in_call = exists().where(Call.number_hash == number_hash, Call.ended_at.is_(None))
    in_campaign = exists().where(Attempt.number_hash == number_hash, Attempt.ended_at.is_(None))
    return bool(session.scalar(select(in_call | in_campaign)))
