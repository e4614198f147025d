"""When a patient may be called: the house's window, the campaign's own, holidays and the hard outer limit."""

from __future__ import annotations

import os
import time as process_time
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.campaigns.cards import Window
from crm_core.clock import HOSPITAL_ZONE, at_hospital
from crm_core.opening_hours import OpeningHours
from scheduler.calling_windows import HARD_END, HARD_START, CallingWindows, HouseWindow

HOURS = OpeningHours(workday=())


def windows(house: HouseWindow | None = None) -> CallingWindows:
    return CallingWindows(house or HouseWindow(), HOURS.is_workday)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HOSPITAL_ZONE)


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    process_time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    process_time.tzset()


@pytest.mark.requirement("R39")
@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T11:59:59", True),
        ("2026-11-23T12:00:00", False),
        ("2026-11-23T13:59:59", False),
        ("2026-11-23T14:00:00", True),
        ("2026-11-23T19:59:59", True),
        ("2026-11-23T20:00:00", False),
        ("2026-11-21T10:00:00", True),  # an ordinary Saturday
        ("2026-10-01T10:00:00", False),  # national day, a Thursday
        ("2026-10-03T10:00:00", False),  # the Saturday inside the same holiday
        ("2026-10-10T10:00:00", True),  # a Saturday made a working day
    ],
)
def test_given_the_house_s_window_when_asked_then_open_only_inside(at: str, is_open: bool) -> None:
    assert windows().check(moment(at)).is_open is is_open


@pytest.mark.parametrize(
    ("at", "reason", "opens"),
    [
        ("2026-11-23T07:00:00", "8:00–21:00 之外不外呼，09:00 继续", "2026-11-23T09:00:00"),
        ("2026-11-23T12:30:00", "午休时段，14:00 继续", "2026-11-23T14:00:00"),
        ("2026-11-23T20:30:00", "不在外呼时段内，11-24 09:00 继续", "2026-11-24T09:00:00"),
        ("2026-10-01T10:00:00", "法定节假日不外呼，10-08 09:00 继续", "2026-10-08T09:00:00"),
    ],
)
def test_given_a_closed_window_when_asked_then_it_says_why_and_until_when(at: str, reason: str, opens: str) -> None:
    answer = windows().check(moment(at))
    assert (answer.is_open, answer.reason_zh) == (False, reason)
    assert answer.opens_at == moment(opens)
    assert answer.opens_at is not None
    assert answer.opens_at.tzinfo is UTC


def test_given_days_of_a_campaign_when_asked_then_they_bind_and_a_window_that_never_opens_says_so() -> None:
    only_sunday = Window(spans=(("09:00", "10:00"),), weekdays=(7,))
    assert windows().check(moment("2026-11-22T09:30:00"), only_sunday).is_open
    assert windows().check(moment("2026-11-23T09:30:00"), only_sunday).reason_zh.startswith("今天不在外呼日内")
    night = Window(spans=(("21:00", "23:00"),))
    answer = windows().check(moment("2026-11-23T22:00:00"), night)
    assert (answer.is_open, answer.opens_at) == (False, None)


@pytest.mark.invariant("I9")
@pytest.mark.fault("F56")
@given(
    st.integers(1735689600, 1830211200).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.lists(st.times(), min_size=2, max_size=2, unique=True),
    st.sets(st.integers(1, 7), min_size=1),
    st.booleans(),
)
def test_given_any_window_and_moment_when_open_then_inside_the_hard_limit_and_reopening_is_true(
    at: datetime, ends: list[time], weekdays: set[int], holidays: bool
) -> None:
    start, end = sorted(f"{one:%H:%M}" for one in ends)
    window = Window(
        spans=((start, end),) if start < end else (("09:00", "10:00"),),
        weekdays=sorted(weekdays),
        dials_on_holidays=holidays,
    )
    answer = windows().check(at, window)
    local = at_hospital(at)
    if answer.is_open:
        assert HARD_START <= local.time() < HARD_END
        assert local.isoweekday() in weekdays
        assert not answer.reason_zh
    else:
        assert answer.reason_zh
        if answer.opens_at is not None:
            assert answer.opens_at > at
            assert windows().check(answer.opens_at, window).is_open
            assert not windows().check(answer.opens_at - timedelta(seconds=1), window).is_open


@pytest.mark.fault("F57")
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai"], indirect=True)
@pytest.mark.usefixtures("zone")
def test_given_a_machine_in_another_zone_when_asked_then_the_same_answer() -> None:
    answer = windows().check(datetime(2026, 3, 8, 4, 30, tzinfo=UTC))
    assert (answer.is_open, answer.reason_zh) == (False, "午休时段，14:00 继续")
    assert windows().check(datetime(2026, 3, 8, 6, 0, tzinfo=UTC)).is_open


def test_given_settings_without_pause_when_made_then_one_span() -> None:
    house = HouseWindow(pause_start=time(12, 0), pause_end=time(12, 0), dials_on_holidays=True)
    assert house.as_window().spans == (("09:00", "20:00"),)
    assert windows(house).check(moment("2026-10-01T12:30:00")).is_open


def test_given_a_year_the_calendar_does_not_know_when_asked_then_the_weekday_rule_answers() -> None:
    unknown = CallingWindows(HouseWindow(), OpeningHours(workday=(), calendar=lambda day: None).is_workday)
    assert not unknown.is_holiday(date(2031, 5, 3))
    assert unknown.check(moment("2031-05-03T10:00:00")).is_open
