"""The calling window of a campaign: checked when it comes in, kept as JSON, given back as a value."""

from __future__ import annotations

import re
from typing import Any

from crm_core.campaigns.cards import Window
from crm_core.errors import InvalidInput

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def checked(window: Window) -> Window:
    """Raises InvalidInput unless spans are in order, do not overlap and weekdays are 1..7."""
    if not window.spans or not window.weekdays:
        raise InvalidInput("a calling window needs at least one span and one weekday")
    flat = [moment for span in window.spans for moment in span]
    if any(not _TIME.fullmatch(moment) for moment in flat):
        raise InvalidInput("write times of a calling window like 09:00")
    if any(start >= end for start, end in window.spans) or flat != sorted(flat):
        raise InvalidInput("the spans of a calling window must be in order and must not overlap")
    if any(day not in range(1, 8) for day in window.weekdays):
        raise InvalidInput("weekdays of a calling window are 1 (Monday) to 7 (Sunday)")
    return window


def as_json(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {
        "spans": [list(span) for span in window.spans],
        "weekdays": list(window.weekdays),
        "dials_on_holidays": window.dials_on_holidays,
    }


def window_of(stored: dict[str, Any] | None) -> Window | None:
    """None: the campaign keeps to the window of the house."""
    if stored is None:
        return None
    return Window(
        spans=tuple((start, end) for start, end in stored["spans"]),
        weekdays=tuple(stored["weekdays"]),
        dials_on_holidays=bool(stored.get("dials_on_holidays", False)),
    )
