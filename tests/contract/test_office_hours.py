"""Named calendars of office hours, with legal holidays and exceptions, over both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from crm_core.clock import hospital_date
from crm_core.errors import InvalidInput, NotFound
from crm_core.menus.calendars import REMEMBERED_S, Calendars
from crm_core.menus.cards import DayKind, Editor
from crm_core.menus.errors import MenuChanged
from crm_core.opening_hours import OpeningHours, Span
from tests.support.ground import Ground

ALICE, BOB = Editor(7, "10.0.0.7"), Editor(8)
WEEK = {str(day): ["08:00-17:30"] for day in range(1, 6)} | {"makeup": ["08:00-17:30"], "holiday": ["09:00-12:00"]}


@pytest.fixture
def calendars(ground: Ground) -> Calendars:
    made = Calendars(ground.database, ground.clock, audit=ground.audit)
    made.seed(workday=(Span.parse("08:00-17:30"),), restday=())
    return made


def at(text: str) -> datetime:
    return (datetime.fromisoformat(text) - timedelta(hours=8)).replace(tzinfo=UTC)


@pytest.mark.capability("C5")
@pytest.mark.parametrize(
    ("moment", "is_open", "kind"),
    [
        ("2026-11-23T08:00", True, DayKind.WEEKLY),
        ("2026-11-23T17:30", False, DayKind.WEEKLY),
        ("2026-11-22T10:00", False, DayKind.WEEKLY),
        ("2026-10-01T10:00", True, DayKind.HOLIDAY),
        ("2026-10-01T13:00", False, DayKind.HOLIDAY),
        ("2026-10-10T16:00", True, DayKind.MAKEUP),
    ],
)
def test_given_week_holiday_and_makeup_day_when_asked_then_each_has_its_hours(
    calendars: Calendars, moment: str, is_open: bool, kind: DayKind
) -> None:
    calendars.save("pharmacy", WEEK, ALICE, title_zh="药房", title_en="Pharmacy", lock_version=0)
    assert calendars.is_open(at(moment), "pharmacy") is is_open
    assert calendars.day(at(moment).date(), "pharmacy").kind is kind


@pytest.mark.capability("C5")
def test_given_an_exception_when_set_then_it_wins_for_its_calendar_or_for_all(calendars: Calendars) -> None:
    day = date(2026, 11, 23)
    calendars.save("pharmacy", WEEK, ALICE, title_zh="药房", title_en="", lock_version=0)
    calendars.set_exception("*", day, ALICE, spans=[], reason="停电检修")
    assert calendars.is_open(at("2026-11-23T10:00")) is False
    one = calendars.set_exception("pharmacy", day, ALICE, spans=["10:00-11:00"], reason="值班")
    assert calendars.is_open(at("2026-11-23T10:00"), "pharmacy") is True
    assert calendars.day(day).reason == "停电检修"
    assert [(card.calendar, card.reason) for card in calendars.exceptions(day)] == [
        ("*", "停电检修"),
        ("pharmacy", "值班"),
    ]
    calendars.remove_exception(one.id, BOB)
    assert calendars.is_open(at("2026-11-23T10:00"), "pharmacy") is False


def test_given_the_settings_hours_when_calendars_are_stored_then_the_whole_house_obeys_them(
    calendars: Calendars,
) -> None:
    hours = OpeningHours(workday=(Span.parse("00:00-24:00"),), stored=calendars)
    assert not hours.is_open(at("2026-11-23T07:00"))
    assert hours.is_workday(date(2026, 11, 23))
    calendars.set_exception("hospital", date(2026, 11, 23), ALICE, spans=[], reason="院庆")
    assert not hours.is_open(at("2026-11-23T10:00"))
    assert not hours.is_workday(date(2026, 11, 23))


def test_given_nothing_stored_when_the_house_asks_then_the_settings_hold(ground: Ground) -> None:
    empty = Calendars(ground.database, ground.clock, audit=ground.audit)
    assert OpeningHours(workday=(Span.parse("08:00-09:00"),), stored=empty).is_open(at("2026-11-23T08:30"))
    with pytest.raises(NotFound):
        empty.is_open(at("2026-11-23T08:30"))


def test_given_an_edit_in_another_process_when_some_seconds_pass_then_it_is_seen(
    ground: Ground, calendars: Calendars
) -> None:
    other = Calendars(ground.database, ground.clock, audit=ground.audit)
    assert calendars.is_open(at("2026-11-23T10:00"))
    other.set_exception("hospital", hospital_date(at("2026-11-23T10:00")), ALICE, spans=[], reason="停诊")
    assert calendars.is_open(at("2026-11-23T10:00"))
    ground.clock.advance(REMEMBERED_S)
    assert not calendars.is_open(at("2026-11-23T10:00"))


@pytest.mark.parametrize(
    "spans", [["17:00-08:00"], ["08:00-12:00", "11:00-13:00"], ["eight"], ["25:00-26:00"], ["08:00-09:00"] * 7]
)
def test_given_impossible_hours_when_saved_then_refused(calendars: Calendars, spans: list[str]) -> None:
    with pytest.raises(InvalidInput):
        calendars.save("hospital", {"1": spans}, ALICE, title_zh="院", title_en="", lock_version=1)
    with pytest.raises(InvalidInput):
        calendars.set_exception("hospital", date(2026, 11, 23), ALICE, spans=spans, reason="x")


def test_given_two_editors_of_hours_when_the_second_saves_then_he_is_told(calendars: Calendars) -> None:
    calendars.save("hospital", WEEK, ALICE, title_zh="院", title_en="", lock_version=1)
    with pytest.raises(MenuChanged):
        calendars.save("hospital", WEEK, BOB, title_zh="院", title_en="", lock_version=1)
    with pytest.raises(MenuChanged):
        calendars.save("hospital", WEEK, BOB, title_zh="院", title_en="", lock_version=0)
