"""Which outside numbers a person at a desk may dial, and how often (R45, F95)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date

from crm_core import phone_number
from crm_core.clock import Clock, hospital_date
from crm_core.errors import InvalidInput, NotAllowed
from crm_core.ids import AgentId


class DialPolicy:
    """Default deny: a number is dialled when an allowed prefix and no refused one begins it. Prefixes are national
    (``01`` fixed line, ``13`` mobile). Thread-safe."""

    def __init__(
        self,
        clock: Clock,
        *,
        allowed_prefixes: Sequence[str],
        refused_prefixes: Sequence[str] = (),
        calls_per_user_and_day: int = 200,
    ) -> None:
        self._clock = clock
        self._allowed = tuple(allowed_prefixes)
        self._refused = tuple(refused_prefixes)
        self._cap = calls_per_user_and_day
        self._day: date | None = None
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()

    def dialable(self, text: str) -> str:
        """The national form of a number that may be dialled. Raises InvalidInput or NotAllowed; nothing was sent."""
        number = phone_number.normalise(text)
        if number is None:
            raise InvalidInput("this is not a telephone number", code="number")
        national = phone_number.national(number)
        is_allowed = phone_number.is_domestic(number) and national.startswith(self._allowed)
        if not is_allowed or (self._refused and national.startswith(self._refused)):
            raise NotAllowed("the dial policy refuses this number", code="dial_policy")
        return national

    def count(self, user_id: AgentId) -> None:
        """One more outside call of this person today. Raises NotAllowed above the cap."""
        today = hospital_date(self._clock.now())
        with self._lock:
            if today != self._day:
                self._day, self._counts = today, {}
            if self._counts.get(user_id, 0) >= self._cap:
                raise NotAllowed("too many outside calls today", code="dial_cap")
            self._counts[user_id] = self._counts.get(user_id, 0) + 1
