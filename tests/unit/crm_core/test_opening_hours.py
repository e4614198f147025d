"""Opening hours: weekly spans, legal holidays, moved working days, own table first (C5)."""

from datetime import UTC, date, datetime, time

import pytest

from crm_core.opening_hours import OpeningHours, Span

HOURS = OpeningHours(
    workday=(Span.parse("08:00-12:00"), Span.parse("13:30-17:30")), restday=(Span.parse("09:00-11:00"),)
)


def _at(text: str) -> datetime:
    """Hospital wall time."""
    return datetime.fromisoformat(text + "+08:00").astimezone(UTC)


@pytest.mark.capability("C5")
@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T08:00", True), ("2026-11-23T07:59", False), ("2026-11-23T12:00", False), ("2026-11-23T17:29", True),
        ("2026-11-22T10:00", True), ("2026-11-22T14:00", False),  # Sunday
        ("2026-10-01T14:00", False), ("2026-10-01T10:00", True),  # national day
        ("2026-10-10T14:00", True),  # a Saturday that is a working day (调休)
    ],
)  # fmt: skip
def test_given_a_moment_when_asked_then_holidays_and_moved_days_decide(moment: str, is_open: bool) -> None:
    assert HOURS.is_open(_at(moment)) is is_open


@pytest.mark.capability("C5")
def test_given_an_own_table_when_asked_then_it_wins_over_the_calendar() -> None:
    hours = OpeningHours(workday=HOURS.workday, overrides={date(2026, 11, 23): False})
    assert not hours.is_open(_at("2026-11-23T10:00"))


def test_given_a_year_the_calendar_does_not_know_when_asked_then_the_weekday_decides() -> None:
    assert HOURS.is_workday(date(2090, 1, 2))  # a Monday
    assert not HOURS.is_workday(date(2090, 1, 1))


def test_given_a_span_to_midnight_when_asked_then_the_last_second_is_in_it() -> None:
    assert Span.parse("00:00-24:00").has(time(23, 59, 59, 999999))
