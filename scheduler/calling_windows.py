"""May a patient be called at this moment? Answers with the reason and the next moment to ask (R39, F56-F58)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from crm_core.campaigns.cards import Window
from crm_core.clock import HOSPITAL_ZONE, at_hospital

HARD_START = time(8, 0)
HARD_END = time(21, 0)
"""No setting and no campaign can dial outside these (R39)."""

_SEARCH_DAYS = 30
_HOLIDAY_RUN_DAYS = 10


@dataclass(frozen=True)
class WindowAnswer:
    """``reason_zh`` is "" when open; ``opens_at`` (aware UTC) is None when open, or when no day of the next 30 is."""

    is_open: bool
    reason_zh: str = ""
    opens_at: datetime | None = None


@dataclass(frozen=True)
class HouseWindow:
    """The window of the house, from settings; a midday pause of no length is no pause."""

    start: time = time(9, 0)
    end: time = time(20, 0)
    pause_start: time = time(12, 0)
    pause_end: time = time(14, 0)
    dials_on_holidays: bool = False

    def as_window(self) -> Window:
        cuts = [self.start, self.end]
        if self.start < self.pause_start < self.pause_end < self.end:
            cuts = [self.start, self.pause_start, self.pause_end, self.end]
        texts = [f"{cut:%H:%M}" for cut in cuts]
        return Window(spans=tuple(zip(texts[::2], texts[1::2], strict=True)), dials_on_holidays=self.dials_on_holidays)


class CallingWindows:
    """Pure but for the calendar it is given. Always hospital wall time, whatever the machine's zone is (F57)."""

    def __init__(self, house: HouseWindow, is_workday: Callable[[date], bool]) -> None:
        self._house = house.as_window()
        self._is_workday = is_workday

    def check(self, moment: datetime, window: Window | None = None) -> WindowAnswer:
        """``window`` None: the window of the house."""
        window = window or self._house
        local = at_hospital(moment)
        reason = self._why_closed(local, window)
        if not reason:
            return WindowAnswer(True)
        opens_at = self._opens_at(local, window)
        return WindowAnswer(False, _with_opening(reason, local, opens_at), opens_at)

    def is_holiday(self, day: date) -> bool:
        """A public holiday: a weekday without work, or a weekend day in one row with such a day."""
        if self._is_workday(day):
            return False
        if day.weekday() < 5:
            return True
        return any(self._row_has_weekday(day, timedelta(days=step)) for step in (-1, 1))

    def _row_has_weekday(self, day: date, step: timedelta) -> bool:
        """Walk along the row of days off; an ordinary weekend ends at a working day."""
        for _ in range(_HOLIDAY_RUN_DAYS):
            day += step
            if self._is_workday(day):
                return False
            if day.weekday() < 5:
                return True
        return False

    def _why_closed(self, local: datetime, window: Window) -> str:
        """ "" when open."""
        if not window.dials_on_holidays and self.is_holiday(local.date()):
            return "法定节假日不外呼"
        if local.isoweekday() not in window.weekdays:
            return "今天不在外呼日内"
        if not HARD_START <= local.time() < HARD_END:
            return "8:00–21:00 之外不外呼"
        spans = _spans(window)
        if any(start <= local.time() < end for start, end in spans):
            return ""
        return "午休时段" if spans[0][0] <= local.time() < spans[-1][1] else "不在外呼时段内"

    def _opens_at(self, local: datetime, window: Window) -> datetime | None:
        for offset in range(_SEARCH_DAYS):
            day = local.date() + timedelta(days=offset)
            for start, _ in _spans(window):
                opening = datetime.combine(day, max(start, HARD_START), HOSPITAL_ZONE)
                if opening > local and not self._why_closed(opening, window):
                    return opening.astimezone(UTC)
        return None


def _spans(window: Window) -> Sequence[tuple[time, time]]:
    return [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in window.spans]


def _with_opening(reason: str, local: datetime, opens_at: datetime | None) -> str:
    if opens_at is None:
        return reason
    opening = at_hospital(opens_at)
    if opening.date() == local.date():
        return f"{reason}，{opening:%H:%M} 继续"
    return f"{reason}，{opening:%m-%d %H:%M} 继续"
