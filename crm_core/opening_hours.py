"""When the hospital is open: weekly hours, legal holidays, moved working days, own exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Protocol

from crm_core.clock import at_hospital
from crm_core.errors import NotFound

WORKDAY, RESTDAY = "workday", "restday"
HOSPITAL = "hospital"
"""The calendar of the whole house."""


@dataclass(frozen=True)
class Span:
    """One stretch of a day, ``start`` included, ``end`` excluded, hospital time."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Span:
        """``08:00-17:30``; ``24:00`` is the end of the day. Raises ValueError."""
        start, _, end = (part.strip() for part in text.partition("-"))
        return cls(time.fromisoformat(start), time.max if end == "24:00" else time.fromisoformat(end))

    def has(self, moment: time) -> bool:
        return self.start <= moment and (moment < self.end or self.end == time.max)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{'24:00' if self.end == time.max else f'{self.end:%H:%M}'}"


class StoredHours(Protocol):
    """Hours edited in the browser; None where nothing is stored."""

    def spans_on(self, day: date) -> Sequence[Span] | None: ...

    def is_workday(self, day: date) -> bool | None:
        """What the table of exceptions says of this day."""


@dataclass(frozen=True)
class OpeningHours:
    """``workday`` and ``restday`` spans; ``stored`` hours and ``overrides`` (date -> is it a workday) win (C5)."""

    workday: Sequence[Span]
    restday: Sequence[Span] = ()
    overrides: Mapping[date, bool] = field(default_factory=dict)
    calendar: Callable[[date], bool | None] | None = None
    """The legal calendar: True workday, False holiday, None unknown year. Default: chinesecalendar."""
    stored: StoredHours | None = None

    def is_workday(self, day: date) -> bool:
        """Own table first, legal calendar second, weekday rule last."""
        if day in self.overrides:
            return self.overrides[day]
        told = self.stored.is_workday(day) if self.stored else None
        if told is not None:
            return told
        known = (self.calendar or legal_workday)(day)
        return day.weekday() < 5 if known is None else known

    def is_open(self, moment: datetime, calendar: str = HOSPITAL) -> bool:
        """The settings know one calendar; a stored one of another name is asked of crm_core.menus. Raises NotFound."""
        if calendar != HOSPITAL:
            raise NotFound(f"no calendar {calendar!r}")
        local = at_hospital(moment)
        return any(span.has(local.time()) for span in self._spans(local.date()))

    def _spans(self, day: date) -> Sequence[Span]:
        told = self.stored.spans_on(day) if self.stored and day not in self.overrides else None
        if told is not None:
            return told
        return self.workday if self.is_workday(day) else self.restday


class LegalDay(StrEnum):
    """A day that the State Council has taken out of the week: 法定节假日, or 调休 (a weekend day that is worked)."""

    HOLIDAY = "holiday"
    MAKEUP = "makeup"


def legal_workday(day: date) -> bool | None:
    """The published holiday calendar (法定节假日 and 调休); None for a year it does not know yet."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def legal_day(day: date) -> LegalDay | None:
    """None for an ordinary day, and for every day of a year that is not published yet."""
    import chinese_calendar

    try:
        is_holiday, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    if name is None:
        return None
    return LegalDay.HOLIDAY if is_holiday else LegalDay.MAKEUP
