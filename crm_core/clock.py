"""The only place that asks what time it is; tests pass a clock they can move."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

HOSPITAL_ZONE = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Wall time for records and rules, monotonic time for waiting."""

    def now(self) -> datetime:
        """Aware UTC time."""

    def monotonic_s(self) -> float:
        """Seconds that never go back; only differences mean anything."""


class SystemClock:
    """The machine's clock; ``offset`` moves the wall time of demo and test homes (never with a real trunk)."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic_s(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told; it starts on a Monday at 10:00 in the hospital."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
        self._monotonic_s = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def set(self, now: datetime) -> None:
        """Jump the wall clock (NTP step, next day); monotonic time does not move."""
        self._now = now.astimezone(UTC)


def at_hospital(moment: datetime) -> datetime:
    """The same moment as people in the hospital read it from the wall."""
    return moment.astimezone(HOSPITAL_ZONE)


def hospital_date(moment: datetime) -> date:
    return at_hospital(moment).date()
