"""Weekly templates become dated sessions; what is left is told; 停诊 lists everybody concerned; names are found."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from crm_core.appointments import events
from crm_core.appointments.kinds import Channel, Period
from crm_core.appointments.setup import NewTemplate
from crm_core.errors import InvalidInput, NotFound
from crm_core.opening_hours import OpeningHours, Span
from tests.support.booking_house import DEPARTMENT, HOURS, MONDAY, TUESDAY, BookingHouse, broken_promises
from tests.support.ground import Ground

WEDNESDAY, SATURDAY = TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=4)
NEW_YEAR = date(2026, 1, 1)  # a Thursday


@pytest.fixture
def house(ground: Ground) -> BookingHouse:
    house = BookingHouse(ground.database, ground.clock, ground.bus)
    house.clinic("wang", "li", phone_quota=1, fee_fen=5000)
    return house


def book(house: BookingHouse, slot_id: int, patient_id: int | None = None) -> int:
    who = patient_id or house.patient()
    return house.booking.book(
        patient_id=who, slot_id=slot_id, idempotency_key=f"{who}:{slot_id}", channel=Channel.DESK, by="agent:1"
    ).id


@pytest.mark.capability("C101")
def test_given_templates_when_laid_out_twice_then_the_sessions_are_there_once(house: BookingHouse) -> None:
    made = house.schedules.lay_out(MONDAY, MONDAY + timedelta(days=9))
    assert made.sessions == 6, "two doctors on the three weekdays that were not laid out yet"
    assert made.days_off == (), "a Saturday is worked by doctors who have a template there"
    assert house.schedules.lay_out(MONDAY, MONDAY + timedelta(days=9)).sessions == 0
    [session] = house.schedules.doctor_hours("wang", from_day=TUESDAY, days=1)
    assert (session.left, session.phone_left, session.fee_fen, session.period) == (2, 1, 5000, "morning")
    first, second = house.schedules.slots_of(session.id)
    assert (second.starts_at - first.starts_at, first.capacity) == (timedelta(minutes=30), 1)
    assert first.starts_at.isoformat() == "2026-11-24T00:00:00+00:00", "08:00 in the hospital"


@pytest.mark.capability("C101")
def test_given_holidays_and_weekends_when_laid_out_then_only_clinic_days_have_sessions(ground: Ground) -> None:
    made_up = OpeningHours(
        workday=(Span.parse("08:00-17:30"),), overrides={WEDNESDAY: False, SATURDAY: True}, calendar=lambda day: None
    )
    house = BookingHouse(ground.database, ground.clock, ground.bus, hours=made_up)
    house.clinic("wang", days=0)
    house.setup.add_templates([NewTemplate("wang", 5, Period.MORNING, time(8), time(9), 30, 1, MONDAY)])
    made = house.schedules.lay_out(TUESDAY, SATURDAY)
    assert made.days_off == (WEDNESDAY,)
    assert [card.day for card in house.schedules.doctor_hours("wang", from_day=TUESDAY)] == [
        TUESDAY, WEDNESDAY + timedelta(days=1), WEDNESDAY + timedelta(days=2), SATURDAY,
    ]  # fmt: skip
    real = BookingHouse(ground.database, ground.clock, ground.bus, hours=HOURS)
    assert NEW_YEAR in real.schedules.lay_out(NEW_YEAR, NEW_YEAR).days_off


def test_given_templates_with_validity_when_laid_out_then_the_newer_one_holds_from_its_day(house: BookingHouse) -> None:
    later = MONDAY + timedelta(days=14)
    house.setup.add_templates(
        [
            NewTemplate("wang", 0, Period.MORNING, time(9), time(10), 20, 3, valid_from=later, valid_until=later),
            NewTemplate(
                "wang", 0, Period.AFTERNOON, time(14), time(14, 30), 30, 1, valid_from=NEW_YEAR, valid_until=NEW_YEAR
            ),
        ]
    )
    house.schedules.lay_out(later, later + timedelta(days=7))
    [first], [second] = (
        house.schedules.doctor_hours("wang", from_day=later + timedelta(days=days), days=1) for days in (0, 7)
    )
    assert [len(house.schedules.slots_of(one.id)) for one in (first, second)] == [3, 2]
    assert first.left == 9


@pytest.mark.parametrize(
    "wrong", [{"weekday": 7}, {"starts": time(9), "ends": time(9)}, {"slot_minutes": 0}, {"capacity": 0}]
)
def test_given_an_impossible_template_when_entered_then_refused(house: BookingHouse, wrong: dict[str, int]) -> None:
    values = {"weekday": 0, "starts": time(8), "ends": time(9), "slot_minutes": 10, "capacity": 1} | wrong
    with pytest.raises(InvalidInput):
        NewTemplate("wang", period=Period.MORNING, valid_from=MONDAY, **values)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        house.setup.add_templates([NewTemplate("?", 0, Period.MORNING, time(8), time(9), 10, 1, MONDAY)])


@pytest.mark.capability("C10")
def test_given_sessions_when_days_and_slots_are_asked_for_then_what_is_left_is_told(house: BookingHouse) -> None:
    for slot in house.slots(day=WEDNESDAY):
        book(house, slot.id)
    house.schedules.close(doctor_code="wang", day=TUESDAY, reason="会诊", by="chen")
    days = house.schedules.open_days(DEPARTMENT, from_day=TUESDAY, days=3)
    assert [(one.day, one.left, one.state_title) for one in days] == [
        (TUESDAY, 2, "余 2"), (WEDNESDAY, 0, "满"), (WEDNESDAY + timedelta(days=1), 4, "余 4"),
    ]  # fmt: skip
    [day] = house.schedules.open_days(DEPARTMENT, "wang", from_day=TUESDAY, days=1)
    assert (day.left, day.state_title) == (0, "停诊")
    by_phone = house.schedules.open_days(
        DEPARTMENT, from_day=WEDNESDAY + timedelta(days=1), days=1, channel=Channel.PHONE
    )
    assert by_phone[0].left == 2, "a quota of one for each doctor"
    assert [slot.doctor_code for slot in house.slots()] == ["li", "li"]
    assert house.schedules.open_slots(DEPARTMENT, day=TUESDAY, period=Period.AFTERNOON) == []
    assert len(house.schedules.open_slots(DEPARTMENT, limit=3)) == 3
    titles = [one.state_title for one in house.schedules.sessions(TUESDAY, department_code=DEPARTMENT)]
    assert titles == ["停诊", "余 2"]


@pytest.mark.capability("C10")
def test_given_doctors_when_listed_for_days_then_each_tells_what_he_has_left_and_when(house: BookingHouse) -> None:
    for slot in house.slots("wang"):
        book(house, slot.id)
    wang, li = house.schedules.doctors(DEPARTMENT, from_day=TUESDAY, days=2)
    assert (wang.left, wang.next_day) == (2, WEDNESDAY)
    assert (li.left, li.next_day) == (4, TUESDAY)
    assert house.schedules.doctors(DEPARTMENT)[0].left is None
    with pytest.raises(NotFound):
        house.schedules.doctor_hours("?")


def test_given_past_slots_of_today_when_asked_then_they_are_not_offered(house: BookingHouse) -> None:
    house.clock.advance(22.4 * 3600)  # Tuesday 08:24
    assert [slot.state_title for slot in house.schedules.slots_of(house.schedules.sessions(TUESDAY)[0].id)] == [
        "已过时"
    ] * 2
    assert house.slots() == []
    assert [one.state_title for one in house.schedules.open_days(DEPARTMENT, days=1)] == ["满"]


@pytest.mark.fault("F40")
@pytest.mark.capability("C101")
def test_given_booked_patients_when_the_session_is_closed_then_all_are_listed_and_told_and_again_when_repeated(
    house: BookingHouse,
) -> None:
    booked = [book(house, slot.id) for slot in house.slots("wang")]
    other = book(house, house.slots("li")[0].id)
    visit_later = book(house, house.slots("wang", WEDNESDAY)[0].id)
    house.booking.hold(house.slots("li")[0].id, leg_key="leg")
    closed = house.schedules.close(doctor_code="wang", day=TUESDAY, period=Period.MORNING, reason="医生请假", by="chen")
    assert [card.id for card in closed.appointments] == booked
    assert all((card.state, card.reason) == ("closed_by_hospital", "医生请假") for card in closed.appointments)
    assert {event.appointment_id for event in house.bus.of(events.AppointmentClosed)} == set(booked)
    [told] = house.bus.of(events.ClinicClosed)
    assert told.appointment_ids == tuple(booked)
    again = house.schedules.close(session_id=closed.session_ids[0], reason="x", by="y")
    assert again.appointments == closed.appointments
    assert len(house.bus.of(events.ClinicClosed)) == 1
    assert [house.booking.card(one).state for one in (other, visit_later)] == ["booked", "booked"]
    assert house.schedules.affected(closed.session_ids[0]) == list(closed.appointments)
    house.schedules.reopen(closed.session_ids[0], by="chen")
    assert len(house.slots("wang")) == 2
    assert broken_promises(house.database) == {}


def test_given_no_such_session_when_closed_then_said(house: BookingHouse) -> None:
    with pytest.raises(NotFound):
        house.schedules.close(doctor_code="wang", day=SATURDAY, reason="x", by="y")
    with pytest.raises(InvalidInput):
        house.schedules.close(doctor_code="wang", reason="x", by="y")


@pytest.mark.capability("C10")
@pytest.mark.parametrize("needle", ["消化内科", "消化", "化内", "xiaohua", "xhnk", "XHNK", "9465", "gastro", "Gastro"])
def test_given_a_department_when_searched_by_any_spelling_then_found(house: BookingHouse, needle: str) -> None:
    house.setup.add_department("gastro", "消化内科", name_en="Gastroenterology", directions="3层右转", cautions="空腹")
    [found] = house.schedules.find_departments(needle)
    assert (found.code, found.initials, found.keypad, found.directions) == ("gastro", "xhnk", "9465", "3层右转")


@pytest.mark.parametrize("needle", ["曾国强", "国强", "zengguo", "zgq", "947", "zeng-guoqiang"])
def test_given_a_doctor_when_searched_by_any_spelling_then_found_by_the_surname_s_own_reading(
    house: BookingHouse, needle: str
) -> None:
    house.setup.add_doctor("zeng-guoqiang", "曾国强", title="主任医师", department_code=DEPARTMENT, introduction="擅长")
    [found] = house.schedules.find_doctors(needle)
    assert (found.code, found.introduction, found.department_name) == ("zeng-guoqiang", "擅长", "心内科")
    assert house.schedules.find_doctors(needle, department_code="?") == []


@pytest.mark.fault("F60")
@pytest.mark.parametrize(
    "needle", ["", " ", "%", "_", "\\", "'; DROP TABLE doctors;--", "\x00", "{{7*7}}", "🏥", "9" * 5000]
)
def test_given_hostile_text_when_searched_then_nothing_is_found_and_nothing_breaks(
    house: BookingHouse, needle: str
) -> None:
    assert house.schedules.find_departments(needle) == []
    assert house.schedules.find_doctors(needle) == []
    assert len(house.schedules.departments()) == 1


def test_given_exact_and_partial_names_when_searched_then_the_exact_one_comes_first(house: BookingHouse) -> None:
    house.setup.add_department("cardiac-surgery", "心内科二病区")
    assert [card.name for card in house.schedules.find_departments("心内科")] == ["心内科", "心内科二病区"]
    assert house.schedules.department("cardiac-surgery").name == "心内科二病区"
