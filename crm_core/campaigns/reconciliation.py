"""After a crash, a restart or a lost answer: match live attempts with what the telephone network knows (F51-F53)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm_core.bus import Bus
from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.attempts import give_back
from crm_core.campaigns.cards import CallTrace, Reconciled
from crm_core.campaigns.closing import close_with_result
from crm_core.campaigns.events import AttemptEnded, CampaignChanged
from crm_core.campaigns.kinds import AttemptState
from crm_core.campaigns.models import Attempt, DiallerLease
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.ids import CallId
from crm_core.ports import LiveCall

log = structlog.get_logger(__name__)

FindTrace = Callable[[CallId], CallTrace | None]
"""Looks an ended call up outside the campaign tables (call record, CDR); None: nobody knows it."""


class _Finding(StrEnum):
    ADOPTED = "adopted"
    CLOSED = "closed"
    RELEASED = "released"
    TO_REVIEW = "to_review"
    NOTHING = "nothing"


class Reconciliation:
    """Never dials and never lets a machine redial what may have been sent.

    An attempt Asterisk does not have is left alone for ``grace_s`` (its end may still be on the bus); then its trace
    closes it. Without a trace what the patient has answered counts, and an attempt without answers goes to review.
    """

    def __init__(self, database: Database, bus: Bus, clock: Clock, *, grace_s: float = 10.0) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._grace = timedelta(seconds=grace_s)

    def has_doubtful(self) -> bool:
        """True when something was sent and its end is not known: only then is Asterisk worth asking."""
        with self._db.read() as session:
            return (
                session.scalar(
                    select(Attempt.id).where(Attempt.ended_at.is_(None), Attempt.written_at.is_not(None)).limit(1)
                )
                is not None
            )

    def release_expired(self) -> Reconciled:
        """Claims of a dialler that is gone go back to their list: nothing was sent for them."""
        now = self._clock.now()
        with self._db.write() as session:
            leader = session.scalar(select(DiallerLease.fencing_token)) or 0
            rows = session.scalars(
                select(Attempt)
                .where(
                    Attempt.ended_at.is_(None),
                    Attempt.state == AttemptState.CLAIMED,
                    or_(Attempt.lease_until <= now, Attempt.fencing_token < leader),
                )
                .with_for_update()
            ).all()
            for attempt in rows:
                give_back(session, attempt, now=now, due_at=now)
        return Reconciled(released=len(rows))

    def reconcile(self, live_calls: Sequence[LiveCall], find_trace: FindTrace) -> Reconciled:
        """``live_calls`` must be what Asterisk answered just now."""
        now = self._clock.now()
        live = {str(call.call_id): call for call in live_calls}
        with self._db.read() as session:
            ids = session.scalars(
                select(Attempt.id).where(Attempt.ended_at.is_(None), Attempt.written_at.is_not(None))
            ).all()
        traces = {one: find_trace(CallId(one)) for one in ids if one not in live}
        counts = dict.fromkeys(_Finding, 0)
        for one in ids:
            with self._db.write() as session:
                finding, ended = self._one(session, one, live, traces, now)
            counts[finding] += 1
            self._publish(ended)
        return Reconciled(
            adopted=counts[_Finding.ADOPTED],
            closed=counts[_Finding.CLOSED],
            to_review=counts[_Finding.TO_REVIEW],
        )

    def _one(
        self,
        session: Session,
        attempt_id: str,
        live: Mapping[str, LiveCall],
        traces: Mapping[str, CallTrace | None],
        now: datetime,
    ) -> tuple[_Finding, AttemptEnded | None]:
        attempt = session.get(Attempt, attempt_id, with_for_update=True)
        if attempt is None or attempt.ended_at is not None or attempt.written_at is None:
            return _Finding.NOTHING, None
        call = live.get(attempt_id)
        if call is not None:
            return (_Finding.ADOPTED if _adopt(attempt, call) else _Finding.NOTHING), None
        if attempt.missing_since is None or attempt.missing_since > now:  # the second: the clock was set back
            attempt.missing_since = now
        if now - attempt.missing_since < self._grace:
            return _Finding.NOTHING, None
        trace = traces.get(attempt_id) or CallTrace(CallOutcome.LOST_EVENT, False, now)
        ended = close_with_result(
            session, attempt, trace.outcome, was_answered=trace.was_answered, cause=trace.cause, now=now
        )
        return (_Finding.TO_REVIEW if attempt.state == AttemptState.TO_REVIEW else _Finding.CLOSED), ended

    def _publish(self, ended: AttemptEnded | None) -> None:
        if ended is not None:
            log.info("attempt_reconciled", attempt_id=ended.attempt_id, outcome=ended.outcome)
            self._bus.publish(ended)
            self._bus.publish(CampaignChanged(at=ended.at, campaign_id=ended.campaign_id))


def _adopt(attempt: Attempt, call: LiveCall) -> bool:
    """Take a live call over; True when this told us something new."""
    state = AttemptState.TALKING if call.is_answered else AttemptState.RINGING
    is_news = attempt.missing_since is not None or attempt.state == AttemptState.WRITTEN
    attempt.missing_since = None
    if attempt.state == AttemptState.TALKING:
        return is_news
    is_news = is_news or attempt.state != state
    attempt.state = state
    attempt.ringing_at = attempt.ringing_at or call.started_at
    if call.is_answered:
        attempt.answered_at = attempt.answered_at or call.started_at
    return is_news
