"""When the hospital is open: weekly hours, legal holidays, moved working days, own exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from crm_core.clock import at_hospital

WORKDAY, RESTDAY = "workday", "restday"


@dataclass(frozen=True)
class Span:
    """One stretch of a day, ``start`` included, ``end`` excluded, hospital time."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Span:
        """``08:00-17:30``; ``24:00`` is the end of the day."""
        start, _, end = (part.strip() for part in text.partition("-"))
        return cls(time.fromisoformat(start), time.max if end == "24:00" else time.fromisoformat(end))

    def has(self, moment: time) -> bool:
        return self.start <= moment and (moment < self.end or self.end == time.max)


@dataclass(frozen=True)
class OpeningHours:
    """``workday`` and ``restday`` spans; ``overrides`` (date -> is it a workday) win over the calendar (C5)."""

    workday: Sequence[Span]
    restday: Sequence[Span] = ()
    overrides: Mapping[date, bool] = field(default_factory=dict)
    calendar: Callable[[date], bool | None] | None = None
    """The legal calendar: True workday, False holiday, None unknown year. Default: chinesecalendar."""

    def is_workday(self, day: date) -> bool:
        """Own table first, legal calendar second, weekday rule last."""
        if day in self.overrides:
            return self.overrides[day]
        known = (self.calendar or legal_workday)(day)
        return day.weekday() < 5 if known is None else known

    def is_open(self, moment: datetime) -> bool:
        local = at_hospital(moment)
        spans = self.workday if self.is_workday(local.date()) else self.restday
        return any(span.has(local.time()) for span in spans)


def legal_workday(day: date) -> bool | None:
    """The published holiday calendar (法定节假日 and 调休); None for a year it does not know yet."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
