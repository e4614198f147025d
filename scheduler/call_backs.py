"""Dials call-backs: one tick looks at every line, and a free agent goes to whoever stands first (C20, I4, I9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall_time

import structlog

from crm_core.calls.queues import QUEUES
from crm_core.campaigns.cards import Leadership
from crm_core.campaigns.leadership import Leaderships
from crm_core.clock import Clock, at_hospital
from crm_core.errors import HotlineError, InvalidInput, OutcomeUnknown, TelephonyRefused, TelephonyUnavailable
from crm_core.ids import CallId
from crm_core.ports import CallBackCall, Telephony
from crm_core.waiting.call_back_attempts import CallBackAttempts
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.cards import CallBackCard, CallBackClaim
from crm_core.waiting.kinds import CallBackOutcome, CallBackState
from crm_core.waiting.lines import Lines
from crm_core.waiting.rules import InLine, next_to_dial
from scheduler.calling_windows import CallingWindows

log = structlog.get_logger(__name__)

NIGHT_START = wall_time(21, 0)
NIGHT_END = wall_time(8, 0)
"""Nobody is rung at night, whatever he asked for by day (R39)."""

WISH_HOLDS = timedelta(hours=2)
"""So long a call-back asked for in opening hours is the patient's own wish, not bound to the calling window."""

_SOON_S = 10.0


@dataclass(frozen=True)
class CallBackLimits:
    ring_timeout_s: float = 25.0
    leader_lease_s: float = 15.0
    queues: tuple[str, ...] = tuple(queue.name for queue in QUEUES)


def may_call_back(now: datetime, request: CallBackCard, *, windows: CallingWindows) -> bool:
    """True when this patient may be rung at this moment."""
    local = at_hospital(now).time()
    if local >= NIGHT_START or local < NIGHT_END:
        return False
    if request.was_open and now - request.requested_at <= WISH_HOLDS:
        return True
    return windows.check(now).is_open


class CallBackDialer:
    """``tick`` is called by one scheduler job; it never runs twice at once. Telephony calls block some seconds at most."""

    def __init__(
        self,
        call_backs: CallBacks,
        attempts: CallBackAttempts,
        lines: Lines,
        leaderships: Leaderships,
        telephony: Telephony,
        *,
        windows: CallingWindows,
        clock: Clock,
        owner: str,
        limits: CallBackLimits | None = None,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        """``owner``: the same as the campaign dialler's of this process; both dial under one leadership."""
        self._call_backs = call_backs
        self._attempts = attempts
        self._lines = lines
        self._leaderships = leaderships
        self._telephony = telephony
        self._windows = windows
        self._clock = clock
        self._owner = owner
        self._limits = limits or CallBackLimits()
        self._failpoint = failpoint
        self._held: set[CallId] = set()
        """Attempts whose place is held in the queue; forgotten by a restart: then it ends by itself."""
        self._is_stopping = False
        self.dialled_count = 0

    def tick(self) -> int:
        """Dial what may be dialled now, free places that nobody needs; returns the number of calls placed."""
        self._attempts.release_expired()
        if self._is_stopping or not self._telephony.is_up:
            return 0
        self._reconcile()
        before = self.dialled_count
        in_flight = {queue: self._attempts.in_flight(queue) for queue in self._limits.queues}
        self._release_places(in_flight)
        if any(one.state is CallBackState.WAITING for one in self._call_backs.in_line()):
            leadership = self._leaderships.acquire(self._owner, lease_s=self._limits.leader_lease_s)
            if leadership is not None:
                self._dial_lines(leadership, in_flight)
        return self.dialled_count - before

    def stop(self) -> None:
        """No call after this."""
        self._is_stopping = True

    def _reconcile(self) -> None:
        """While Asterisk cannot be asked nothing is decided: silence is no proof."""
        if not self._attempts.has_doubtful():
            return
        try:
            live = [str(call.call_id) for call in self._telephony.live_calls()]
        except HotlineError as error:
            log.warning("call_backs_not_reconciled", code=error.code)
            return
        self._attempts.reconcile(live)

    def _dial_lines(self, leadership: Leadership, in_flight: dict[str, list[tuple[CallId, int]]]) -> None:
        """An agent who serves several queues is free only once: the attempts of all queues share the free agents."""
        for queue in self._limits.queues:
            waiting = {record.id: record.line_order for record in self._lines.all_waiting(queue)}
            ringing_out = [one for one in in_flight[queue] if one[0] not in waiting]
            free = self._lines.free_agents(self._limits.queues) - sum(
                len(others) for name, others in in_flight.items() if name != queue
            )
            chosen = next_to_dial(
                self._line(queue, ringing_out),
                free=min(free, self._lines.free_agents([queue])),
                in_flight=len(ringing_out),
            )
            for request_id in chosen:
                claim = self._attempts.claim(leadership, request_id)
                if claim is None:
                    continue
                in_flight[queue].append((claim.attempt_id, request_id))
                if not self._dial(claim, leadership):
                    return

    def _line(self, queue: str, ringing_out: Sequence[tuple[CallId, int]]) -> list[InLine]:
        """Live callers whom no agent's telephone rings for yet, attempts under way, and requests that may be dialled."""
        now = self._clock.now()
        under_way = {request_id for _, request_id in ringing_out}
        line = [InLine(record.line_order) for record in self._lines.waiting_calls(queue)]
        for request in self._call_backs.in_line(queue):
            if request.id in under_way:
                line.append(InLine(request.line_order))
            elif request.state is CallBackState.WAITING and may_call_back(now, request, windows=self._windows):
                line.append(InLine(request.line_order, request.id))
        return line

    def _dial(self, claim: CallBackClaim, leadership: Leadership) -> bool:
        """False: telephony does not answer, wait for the next tick."""
        self._failpoint("claimed")
        if self._is_stopping or not self._attempts.mark_written(claim, leadership):
            self._attempts.release(claim.attempt_id, delay_s=0)
            return True
        self._failpoint("written")
        call = CallBackCall(
            claim.attempt_id, claim.number, claim.queue, claim.priority, claim.entered_at, claim.language
        )
        try:
            self._telephony.originate_call_back(call, ring_timeout_s=self._limits.ring_timeout_s)
        except TelephonyUnavailable:  # nothing was sent, by the port's word
            self._attempts.release(claim.attempt_id, delay_s=_SOON_S, was_written=True)
            return False
        except OutcomeUnknown:  # it may ring already: only reconciliation may say what became of it
            log.warning("call_back_outcome_unknown", call_id=claim.attempt_id)
            return False
        except InvalidInput:
            self._attempts.close_unreached(claim.attempt_id, CallBackOutcome.UNOBTAINABLE)
            return True
        except TelephonyRefused as error:
            log.warning("call_back_refused", call_id=claim.attempt_id, code=error.code)
            self._attempts.close_unreached(claim.attempt_id, CallBackOutcome.FAILED)
            return True
        self._failpoint("originated")
        self._held.add(claim.attempt_id)
        self.dialled_count += 1
        log.info("call_back_dialled", call_id=claim.attempt_id)
        return True

    def _release_places(self, in_flight: dict[str, list[tuple[CallId, int]]]) -> None:
        """Who stands in the queue himself, or is not being rung any more, needs nobody to stand there for him."""
        ringing_out = {call_id for attempts in in_flight.values() for call_id, _ in attempts}
        standing = {record.id for queue in self._limits.queues for record in self._lines.all_waiting(queue)}
        for call_id in [one for one in self._held if one not in ringing_out or one in standing]:
            self._telephony.release_place(call_id)
            self._held.discard(call_id)
