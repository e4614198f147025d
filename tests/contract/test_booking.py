"""Booking, moving and cancelling: the rules, the keys, the holds, what is said and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from crm_core.appointments import errors, events
from crm_core.appointments.kinds import Channel
from crm_core.errors import HotlineError, InvalidInput, NotFound
from tests.support.booking_house import DEPARTMENT, MONDAY, TUESDAY, BookingHouse, broken_promises
from tests.support.ground import Ground

PHONE, DESK = Channel.PHONE, Channel.DESK


@pytest.fixture
def house(ground: Ground) -> BookingHouse:
    house = BookingHouse(ground.database, ground.clock, ground.bus)
    house.clinic("wang")
    return house


def book(house: BookingHouse, patient_id: int, slot_id: int, key: str = "", channel: Channel = PHONE):  # type: ignore[no-untyped-def]
    key = key or f"{patient_id}:{slot_id}"
    return house.booking.book(patient_id=patient_id, slot_id=slot_id, idempotency_key=key, channel=channel, by="ivr")


@pytest.mark.capability("C102")
def test_given_a_free_slot_when_booked_then_the_card_says_when_where_whom_and_what_to_mind(house: BookingHouse) -> None:
    slot = house.slots()[1]
    card = book(house, house.patient(), slot.id)
    assert (card.state, card.starts_at, card.place, card.doctor_name) == (
        "booked",
        slot.starts_at,
        "门诊楼3层A区",
        "王建国",
    )
    assert (card.cautions, card.number, card.doctor_title, card.slot_id) == ("请空腹", 2, "主任医师", slot.id)
    assert house.booking.card(card.id) == card
    [told] = house.bus.of(events.AppointmentBooked)
    assert (told.appointment_id, told.patient_id, told.channel) == (card.id, card.patient_id, "phone")
    assert [step.kind for step in house.booking.history(card.id)] == ["booked"]


@pytest.mark.invariant("I3")
def test_given_a_booking_when_repeated_with_the_same_key_then_the_answer_is_the_same_and_nothing_is_added(
    house: BookingHouse,
) -> None:
    patient, slot = house.patient(), house.slots()[0]
    first = book(house, patient, slot.id, "call-1")
    assert book(house, patient, slot.id, "call-1") == first
    assert house.booking.find("call-1") == first
    assert len(house.booking.of_patient(patient)) == 1
    assert len(house.bus.of(events.AppointmentBooked)) == 1


@pytest.mark.fault("F39")
def test_given_a_booking_when_the_same_patient_asks_for_the_slot_on_another_call_then_it_is_the_same_booking(
    house: BookingHouse,
) -> None:
    house.clinic("li", capacity=2)
    patient, slot = house.patient(), house.slots("li")[0]
    first = book(house, patient, slot.id, "call-1")
    hold = house.booking.hold(slot.id, leg_key="leg-2", patient_id=patient)
    again = house.booking.book(patient_id=patient, hold_id=hold.id, idempotency_key="call-2", channel=PHONE, by="ivr")
    assert again == first
    assert house.schedules.slot(slot.id).left == 1
    assert broken_promises(house.database) == {}


def test_given_a_key_of_another_patient_when_used_then_refused(house: BookingHouse) -> None:
    first, second = house.slots()
    book(house, house.patient(), first.id, "call-1")
    with pytest.raises(errors.KeyReused):
        book(house, house.patient(), second.id, "call-1")


@pytest.mark.parametrize("key", ["", "x" * 161, "a\nb", "a\x00b"])
def test_given_an_unusable_key_when_booked_then_refused(house: BookingHouse, key: str) -> None:
    with pytest.raises(InvalidInput):
        house.booking.book(
            patient_id=house.patient(), slot_id=house.slots()[0].id, idempotency_key=key, channel=PHONE, by="x"
        )


@pytest.mark.capability("C103")
@pytest.mark.invariant("I2")
def test_given_the_last_seat_when_a_second_wants_it_then_he_hears_that_it_is_taken_and_what_is_next(
    house: BookingHouse,
) -> None:
    house.clinic("li")
    first, second = house.slots("wang")
    book(house, house.patient(), first.id)
    with pytest.raises(errors.SlotTaken) as refusal:
        book(house, house.patient(), first.id)
    assert refusal.value.code == "slot_taken"
    named = refusal.value.next_slots
    assert named[0].id == second.id, "the same doctor first"
    assert {slot.doctor_code for slot in named} == {"wang", "li"} or len(named) == 3
    assert all(slot.left > 0 for slot in named)


def closed(house: BookingHouse) -> None:
    house.schedules.close(doctor_code="wang", day=TUESDAY, reason="会诊", by="chen")


def begun(house: BookingHouse) -> None:
    house.clock.advance(24 * 3600)


def minutes_before(house: BookingHouse) -> None:
    house.clock.advance(22 * 3600 - 5 * 60)


REFUSALS: dict[str, tuple[Callable[[BookingHouse], None], type[HotlineError]]] = {
    "停诊": (closed, errors.SessionClosed),
    "begun": (begun, errors.AlreadyStarted),
    "five minutes before": (minutes_before, errors.TooLate),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_given_a_slot_that_cannot_be_booked_when_held_or_booked_then_its_own_error_says_why(
    house: BookingHouse, name: str
) -> None:
    happens, error = REFUSALS[name]
    slot, patient = house.slots()[0], house.patient()
    happens(house)
    with pytest.raises(error):
        book(house, patient, slot.id)
    with pytest.raises(error):
        house.booking.hold(slot.id, leg_key="leg")
    assert house.booking.of_patient(patient) == []
    assert broken_promises(house.database) == {}


def test_given_a_day_far_ahead_when_booked_then_it_is_too_early_and_the_opening_day_is_named(
    house: BookingHouse,
) -> None:
    house.schedules.lay_out(MONDAY + timedelta(days=20), MONDAY + timedelta(days=22))
    session = house.schedules.doctor_hours("wang", from_day=MONDAY + timedelta(days=21), days=1)[0]
    slot = house.schedules.slots_of(session.id)[0]
    with pytest.raises(errors.TooEarly) as refusal:
        book(house, house.patient(), slot.id)
    assert refusal.value.opens_on == MONDAY + timedelta(days=7)
    assert house.slots(day=slot.day) == [], "and it is not offered"


@pytest.mark.capability("C102")
def test_given_a_patient_without_identity_number_when_booked_then_refused_unless_the_hospital_does_not_ask(
    house: BookingHouse,
) -> None:
    patient, slot = house.patient(has_id_number=False), house.slots()[0]
    with pytest.raises(errors.NotRealName):
        book(house, patient, slot.id)
    assert book(house.with_settings(needs_real_name=False), patient, slot.id).state == "booked"


@pytest.mark.capability("C102")
def test_given_a_booking_when_another_of_the_day_and_department_is_wanted_then_refused_with_the_first(
    house: BookingHouse,
) -> None:
    house.clinic("li")
    patient = house.patient()
    first = book(house, patient, house.slots("wang")[0].id)
    with pytest.raises(errors.OnePerDepartmentPerDay) as refusal:
        book(house, patient, house.slots("li")[1].id)
    assert refusal.value.existing == first
    book(house, patient, house.slots(day=TUESDAY + timedelta(days=1))[0].id)
    house.clinic("sun", department="dental")
    book(house, patient, house.slots(department="dental")[0].id)
    house.booking.cancel(first.id, by="patient")
    assert book(house, patient, house.slots("li")[1].id).state == "booked"


def test_given_what_does_not_exist_when_booked_then_not_found(house: BookingHouse) -> None:
    with pytest.raises(NotFound):
        book(house, house.patient(), 999_999)
    with pytest.raises(NotFound):
        book(house, 999_999, house.slots()[0].id)
    with pytest.raises(NotFound):
        house.booking.cancel(999_999, by="x")
    with pytest.raises(NotFound):
        house.booking.release(999_999)


@pytest.mark.capability("C101")
def test_given_a_phone_quota_when_the_telephone_has_taken_it_then_only_the_desk_books_on(house: BookingHouse) -> None:
    house.clinic("li", capacity=2, phone_quota=1)
    slot, other = house.slots("li")
    assert slot.left_by_phone == 1
    card = book(house, house.patient(), slot.id)
    assert (house.schedules.slot(slot.id).left, house.schedules.slot(slot.id).left_by_phone) == (1, 0)
    with pytest.raises(errors.QuotaExhausted) as refusal:
        book(house, house.patient(), other.id)
    assert refusal.value.next_slots
    assert all(one.left_by_phone for one in refusal.value.next_slots)
    assert house.schedules.open_slots(DEPARTMENT, "li", day=TUESDAY, channel=PHONE) == []
    book(house, house.patient(), slot.id, channel=DESK)
    house.booking.cancel(card.id, by="patient")
    book(house, house.patient(), other.id)
    assert broken_promises(house.database) == {}


@pytest.mark.capability("C10")
def test_given_visits_when_asked_for_the_last_doctor_then_the_latest_one_counts(house: BookingHouse) -> None:
    house.clinic("li")
    patient = house.patient()
    assert house.booking.last_doctor(patient) is None
    first = book(house, patient, house.slots("wang")[0].id)
    assert house.booking.last_doctor(patient) is None, "he has not seen him yet"
    house.clock.advance(24 * 3600)
    house.booking.record_visit(first.id, by="his")
    book(house, patient, house.slots("li", TUESDAY + timedelta(days=2))[0].id)
    found = house.booking.last_doctor(patient)
    assert found is not None
    assert found.code == "wang"


@pytest.mark.fault("F60")
def test_given_hostile_words_when_booked_and_cancelled_then_they_are_kept_harmless(house: BookingHouse) -> None:
    card = house.booking.book(
        patient_id=house.patient(), slot_id=house.slots()[0].id, idempotency_key="'; DROP TABLE slots;--", channel=PHONE,
        by="ivr\r\nAction: Originate\x00" + "长" * 500,
    )  # fmt: skip
    done = house.booking.cancel(card.id, by="x" * 500, reason="<script>\u202e" + "很" * 900)
    assert "\n" not in done.reason
    assert "\u202e" not in done.reason
    assert len(done.reason) <= 200


def test_given_a_crash_before_the_event_was_told_when_started_again_then_it_is_told_once(ground: Ground) -> None:
    class Died(BaseException):
        pass

    def die(name: str) -> None:
        if name == "after_commit":
            raise Died

    house = BookingHouse(ground.database, ground.clock, ground.bus)
    house.clinic("wang", ends=time(9))
    patient, slot = house.patient(), house.slots()[0]
    doomed = BookingHouse(ground.database, ground.clock, ground.bus, failpoint=die)
    with pytest.raises(Died):
        book(doomed, patient, slot.id, "call-1")
    assert house.bus.of(events.AppointmentBooked) == []
    assert house.booking.announce_missed() == 0, "it may be on its way still"
    ground.clock.advance(31)
    assert house.booking.announce_missed() == 1
    assert house.booking.announce_missed() == 0
    [told] = house.bus.of(events.AppointmentBooked)
    found = house.booking.find("call-1")
    assert found is not None
    assert told.appointment_id == found.id
