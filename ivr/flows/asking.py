"""Asks the ground while a caller waits: a filler sentence when it is slow, a rest when it fails again and again (F36)."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from crm_core.appointments.errors import BookingBusy
from crm_core.clock import Clock
from crm_core.errors import OutcomeUnknown
from ivr.conversation import EMERGENCY_KEY, Conversation
from ivr.flows.ground import GroundCalls, GroundSilent, Pending

P = ParamSpec("P")
T = TypeVar("T")

FILLER_AFTER_S = 1.5
GIVE_UP_AFTER_S = 4.0
"""Counted from the end of the filler sentence."""
FAILURES_MAX = 5
REST_S = 15.0


class Breaker:
    """Opens after failures in a row; then one question in every ``rest_s`` is let through. Shared by all callers."""

    def __init__(self, clock: Clock, *, failures_max: int = FAILURES_MAX, rest_s: float = REST_S) -> None:
        self._clock = clock
        self._failures_max = failures_max
        self._rest_s = rest_s
        self._failures = 0
        self._tried_s = 0.0
        self._lock = threading.Lock()

    def lets_through(self) -> bool:
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._failures >= self._failures_max and now_s - self._tried_s < self._rest_s:
                return False
            self._tried_s = now_s
            return True

    def ended(self, *, well: bool) -> None:
        with self._lock:
            self._failures = 0 if well else self._failures + 1


class Asking:
    """Refusals of the ground (HotlineError) are raised as they are; silence, failure and an open breaker as GroundSilent."""

    def __init__(
        self,
        ground: GroundCalls,
        clock: Clock,
        *,
        filler_after_s: float = FILLER_AFTER_S,
        give_up_after_s: float = GIVE_UP_AFTER_S,
        breaker: Breaker | None = None,
    ) -> None:
        self._ground = ground
        self._filler_after_s = filler_after_s
        self._give_up_after_s = give_up_after_s
        self._breaker = breaker or Breaker(clock)

    def begin(self, function: Callable[P, T], *args: P.args, **values: P.kwargs) -> Pending[T]:
        """Asked to the end, whether the caller stays or not; nobody has to wait for it."""
        question = functools.partial(function, *args, **values)
        functools.update_wrapper(question, function)
        return self._ground.begin(question)

    def ask(self, talk: Conversation, function: Callable[P, T], *args: P.args, **values: P.kwargs) -> T:
        """What has left is not taken back: when we give up, it may still be done."""
        if not self._breaker.lets_through():
            raise GroundSilent("the breaker is open")
        pending = self.begin(function, *args, **values)
        if not pending.is_there_within(self._filler_after_s):
            talk.say("system-slow", node="filler", stop_keys=EMERGENCY_KEY)
        try:
            answer = pending.answer(self._give_up_after_s)
        except (GroundSilent, BookingBusy, OutcomeUnknown) as error:
            self._breaker.ended(well=False)
            raise GroundSilent(str(error)) from error
        self._breaker.ended(well=True)
        return answer
