"""Moving, cancelling and holding: a seat is never lost, never double, and never kept for longer than its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.appointments import errors, events
from crm_core.appointments.kinds import Channel
from tests.support.booking_house import TUESDAY, BookingHouse, broken_promises
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


@pytest.mark.capability("C11")
def test_given_an_appointment_when_moved_then_the_old_seat_is_free_and_the_new_one_taken_at_once(
    house: BookingHouse,
) -> None:
    patient, (first, second) = house.patient(), house.slots()
    old = book(house, patient, first.id)
    new = house.booking.move(old.id, second.id, idempotency_key="move-1", channel=PHONE, by="patient")
    assert (new.moved_from_id, new.starts_at, new.state) == (old.id, second.starts_at, "booked")
    assert house.booking.card(old.id).state == "moved"
    assert [slot.id for slot in house.slots()] == [first.id]
    assert house.booking.move(old.id, second.id, idempotency_key="move-1", channel=PHONE, by="patient") == new
    [told] = house.bus.of(events.AppointmentMoved)
    assert (told.appointment_id, told.moved_from_id) == (new.id, old.id)
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F40")
def test_given_a_taken_slot_when_somebody_is_moved_there_then_he_keeps_what_he_had(house: BookingHouse) -> None:
    first, second = house.slots()
    mine = book(house, house.patient(), first.id)
    book(house, house.patient(), second.id)
    with pytest.raises(errors.SlotTaken):
        house.booking.move(mine.id, second.id, idempotency_key="m", channel=PHONE, by="patient")
    assert house.booking.card(mine.id) == mine
    assert broken_promises(house.database) == {}


def test_given_a_full_phone_quota_when_moved_within_the_session_then_the_quota_moves_along(house: BookingHouse) -> None:
    house.clinic("li", capacity=2, phone_quota=1)
    slot, other = house.slots("li")
    card = book(house, house.patient(), slot.id)
    assert house.booking.move(card.id, other.id, idempotency_key="m", channel=PHONE, by="p").slot_id == other.id
    assert broken_promises(house.database) == {}


def test_given_an_appointment_when_moved_to_its_own_slot_then_nothing_changes(house: BookingHouse) -> None:
    card = book(house, house.patient(), house.slots()[0].id)
    assert house.booking.move(card.id, card.slot_id, idempotency_key="m", channel=PHONE, by="p") == card


@pytest.mark.capability("C11")
def test_given_an_appointment_when_cancelled_twice_then_it_is_cancelled_once_and_the_seat_is_free(
    house: BookingHouse,
) -> None:
    slot = house.slots()[0]
    card = book(house, house.patient(), slot.id)
    once = house.booking.cancel(card.id, by="patient", reason="有事")
    assert (once.state, once.reason) == ("cancelled", "有事")
    assert house.booking.cancel(card.id, by="patient") == once
    assert len(house.bus.of(events.AppointmentCancelled)) == 1
    assert house.schedules.slot(slot.id).left == 1


def test_given_an_hour_before_when_the_patient_cancels_then_too_late_but_staff_still_can(house: BookingHouse) -> None:
    card = book(house, house.patient(), house.slots()[0].id)
    house.clock.advance(21.5 * 3600)
    with pytest.raises(errors.TooLate):
        house.booking.cancel(card.id, by="patient")
    with pytest.raises(errors.TooLate):
        house.booking.move(card.id, house.slots()[0].id, idempotency_key="m", channel=PHONE, by="p")
    assert house.booking.cancel(card.id, by="agent:1", is_staff=True).state == "cancelled"


@pytest.mark.parametrize("way", ["visited", "missed", "cancelled"])
def test_given_an_appointment_that_is_over_when_changed_then_refused(house: BookingHouse, way: str) -> None:
    card = book(house, house.patient(), house.slots()[0].id)
    if way == "cancelled":
        house.booking.cancel(card.id, by="p")
    else:
        house.clock.advance(25 * 3600)
        house.booking.record_visit(card.id, by="his") if way == "visited" else house.no_shows.record_no_show(
            card.id, by="x"
        )
    target = house.slots(day=TUESDAY + timedelta(days=1))[0]
    with pytest.raises(errors.NotBooked):
        house.booking.move(card.id, target.id, idempotency_key="m", channel=PHONE, by="p")
    if way != "cancelled":
        with pytest.raises(errors.NotBooked):
            house.booking.cancel(card.id, by="p")


@pytest.mark.fault("F27")
def test_given_a_held_seat_when_the_leg_ends_or_time_runs_out_then_it_is_free_again(house: BookingHouse) -> None:
    slot = house.slots()[0]
    hold = house.booking.hold(slot.id, leg_key="leg-1")
    assert house.schedules.slot(slot.id).left == 0
    with pytest.raises(errors.SlotTaken):
        book(house, house.patient(), slot.id)
    assert house.booking.release_leg("leg-1")
    assert not house.booking.release_leg("leg-1")
    assert house.schedules.slot(slot.id).left == 1
    house.booking.hold(slot.id, leg_key="leg-2", ttl_s=60)
    house.clock.advance(59)
    assert house.booking.expire_holds() == 0
    house.clock.advance(1)
    assert house.booking.expire_holds() == 1
    assert house.schedules.slot(slot.id).left == 1
    house.booking.release(hold.id)
    assert broken_promises(house.database) == {}


def test_given_a_hold_that_has_run_out_when_nobody_swept_then_the_next_caller_still_gets_the_seat(
    house: BookingHouse,
) -> None:
    slot = house.slots()[0]
    house.booking.hold(slot.id, leg_key="leg-1", ttl_s=60)
    house.clock.advance(61)
    assert book(house, house.patient(), slot.id).state == "booked"
    assert broken_promises(house.database) == {}


def test_given_a_hold_that_has_run_out_when_booked_then_it_works_while_there_is_room_and_else_says_taken(
    house: BookingHouse,
) -> None:
    first, second = house.slots()
    hold = house.booking.hold(first.id, leg_key="leg-1", ttl_s=60)
    house.clock.advance(61)
    house.booking.expire_holds()
    card = house.booking.book(patient_id=house.patient(), hold_id=hold.id, idempotency_key="a", channel=PHONE, by="x")
    assert card.slot_id == first.id
    late = house.booking.hold(second.id, leg_key="leg-2", ttl_s=60)
    house.booking.release(late.id)
    book(house, house.patient(), second.id)
    with pytest.raises(errors.SlotTaken):
        house.booking.book(patient_id=house.patient(), hold_id=late.id, idempotency_key="b", channel=PHONE, by="x")


def test_given_a_leg_that_holds_when_it_holds_another_slot_then_the_first_is_free(house: BookingHouse) -> None:
    first, second = house.slots()
    one = house.booking.hold(first.id, leg_key="leg", ttl_s=60)
    house.clock.advance(30)
    same = house.booking.hold(first.id, leg_key="leg", ttl_s=60)
    assert (same.id, same.expires_at - one.expires_at) == (one.id, timedelta(seconds=30))
    house.booking.hold(second.id, leg_key="leg")
    assert [slot.id for slot in house.slots()] == [first.id]
    assert broken_promises(house.database) == {}


def test_given_a_hold_of_a_patient_when_another_books_with_it_then_refused(house: BookingHouse) -> None:
    hold = house.booking.hold(house.slots()[0].id, leg_key="leg", patient_id=house.patient())
    with pytest.raises(errors.HoldEnded):
        house.booking.book(patient_id=house.patient(), hold_id=hold.id, idempotency_key="k", channel=PHONE, by="x")


def test_given_a_used_hold_when_released_or_expired_then_the_booking_stays(house: BookingHouse) -> None:
    hold = house.booking.hold(house.slots()[0].id, leg_key="leg", ttl_s=60)
    card = house.booking.book(patient_id=house.patient(), hold_id=hold.id, idempotency_key="k", channel=PHONE, by="x")
    house.booking.release(hold.id)
    house.clock.advance(100)
    assert house.booking.expire_holds() == 0
    assert house.booking.card(card.id).state == "booked"
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F40")
def test_given_somebody_who_has_been_there_when_the_session_is_closed_then_he_stays_in_the_telephones_count(
    house: BookingHouse,
) -> None:
    house.clinic("li", capacity=2, phone_quota=2)
    first, second = house.slots("li")
    came = book(house, house.patient(), first.id)
    book(house, house.patient(), second.id)
    house.clock.advance(23 * 3600)
    house.booking.record_visit(came.id, by="his")
    house.schedules.close(doctor_code="li", day=TUESDAY, reason="出差", by="chen")
    assert broken_promises(house.database) == {}
