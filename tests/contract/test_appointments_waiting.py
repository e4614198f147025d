"""候补 and 爽约: the line moves in order, a freed seat is never lost, three missed visits block (C104, C105)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from crm_core.appointments import errors, events
from crm_core.appointments.cards import AppointmentCard, WaitingCard
from crm_core.appointments.kinds import Channel, Period
from crm_core.appointments.rules import BookingSettings, blocked_until
from crm_core.clock import hospital_date
from crm_core.errors import InvalidInput, NotFound, WrongState
from tests.support.booking_house import DEPARTMENT, MONDAY, TUESDAY, BookingHouse, broken_promises
from tests.support.ground import Ground

PHONE, DESK = Channel.PHONE, Channel.DESK


@pytest.fixture
def house(ground: Ground) -> BookingHouse:
    house = BookingHouse(ground.database, ground.clock, ground.bus)
    house.clinic("wang")
    return house


def book(house: BookingHouse, patient_id: int, slot_id: int, channel: Channel = PHONE) -> AppointmentCard:
    key = f"{patient_id}:{slot_id}:{house.clock.now()}"
    return house.booking.book(patient_id=patient_id, slot_id=slot_id, idempotency_key=key, channel=channel, by="ivr")


def fill(house: BookingHouse, day: date = TUESDAY) -> list[AppointmentCard]:
    return [book(house, house.patient(), slot.id, DESK) for slot in house.slots(day=day) for _ in range(slot.left)]


def join(house: BookingHouse, patient_id: int | None = None, **wishes: object) -> WaitingCard:
    who = house.patient() if patient_id is None else patient_id
    values = {"department_code": DEPARTMENT, "day": TUESDAY, "channel": PHONE, "by": "ivr"} | wishes
    return house.waiting.join(patient_id=who, **values)  # type: ignore[arg-type]


def accept(house: BookingHouse, entry: WaitingCard) -> AppointmentCard:
    return house.waiting.accept(entry.id, idempotency_key=f"accept-{entry.id}", channel=PHONE, by="ivr")


@pytest.mark.capability("C105")
def test_given_a_line_when_a_seat_is_given_back_then_it_is_kept_for_the_first_and_for_nobody_else(
    house: BookingHouse,
) -> None:
    taken = fill(house)
    first, second = join(house), join(house)
    assert [house.waiting.place(entry.id) for entry in (first, second)] == [1, 2]
    house.booking.cancel(taken[0].id, by="patient")
    [told] = house.bus.of(events.WaitingOfferMade)
    assert (told.entry_id, told.slot_id) == (first.id, taken[0].slot_id)
    assert told.answer_until == house.clock.now() + timedelta(minutes=10)
    assert [card.id for card in house.waiting.open_offers()] == [first.id]
    assert house.slots() == []
    assert taken[0].slot_id is not None
    with pytest.raises(errors.SlotTaken):
        book(house, house.patient(), taken[0].slot_id)
    assert [house.waiting.place(entry.id) for entry in (first, second)] == [0, 1]
    card = accept(house, first)
    assert (card.slot_id, card.patient_id) == (taken[0].slot_id, first.patient_id)
    assert accept(house, first) == card, "the same key, the same answer"
    ended = house.waiting.card(first.id)
    assert (ended.state, ended.appointment_id) == ("booked", card.id)
    assert broken_promises(house.database) == {}


@pytest.mark.capability("C105")
@pytest.mark.parametrize("way", ["declines", "leaves", "does not answer"])
def test_given_an_offer_when_it_is_not_taken_then_the_next_is_asked_and_at_last_the_seat_is_free(
    house: BookingHouse, way: str
) -> None:
    taken = fill(house)
    first, second = join(house), join(house)
    house.booking.cancel(taken[0].id, by="patient")
    for entry in (first, second):
        assert [card.id for card in house.waiting.open_offers()] == [entry.id]
        if way == "declines":
            house.waiting.decline(entry.id)
        elif way == "leaves":
            house.waiting.leave(entry.id)
        else:
            house.clock.advance(601)
            assert house.waiting.expire_offers() == 1
    assert house.waiting.line(DEPARTMENT, TUESDAY) == []
    assert [slot.id for slot in house.slots()] == [taken[0].slot_id]
    with pytest.raises(errors.OfferEnded):
        accept(house, first)
    assert len(house.bus.of(events.WaitingOfferExpired)) == (2 if way == "does not answer" else 0)
    assert broken_promises(house.database) == {}


def test_given_a_wish_for_one_doctor_or_half_day_when_another_is_freed_then_he_is_not_asked(
    house: BookingHouse,
) -> None:
    house.clinic("li")
    taken = fill(house)
    picky, afternoon, any_doctor = join(house, doctor_code="li"), join(house, period=Period.AFTERNOON), join(house)
    assert [house.waiting.place(entry.id) for entry in (picky, afternoon, any_doctor)] == [1, 2, 3]
    wang = next(card for card in taken if card.doctor_code == "wang")
    house.booking.cancel(wang.id, by="p")
    assert [card.id for card in house.waiting.open_offers()] == [any_doctor.id]


@pytest.mark.capability("C101")
def test_given_a_full_phone_quota_when_a_desk_seat_is_freed_then_a_phone_waiter_is_not_asked(
    house: BookingHouse,
) -> None:
    house.clinic("li", department="dental", capacity=1, phone_quota=1)
    first, second = house.slots(department="dental")
    by_phone = book(house, house.patient(), first.id)
    at_desk = book(house, house.patient(), second.id, DESK)
    caller = join(house, department_code="dental")
    house.booking.cancel(at_desk.id, by="p")
    assert house.waiting.open_offers() == []
    house.booking.cancel(by_phone.id, by="p")
    assert [card.id for card in house.waiting.open_offers()] == [caller.id]
    assert broken_promises(house.database) == {}


def test_given_reasons_not_to_wait_when_joining_then_each_is_said(house: BookingHouse) -> None:
    with pytest.raises(errors.SeatsStillFree) as refusal:
        join(house)
    assert refusal.value.next_slots
    taken = fill(house)
    with pytest.raises(errors.OnePerDepartmentPerDay):
        join(house, taken[0].patient_id)
    entry = join(house)
    with pytest.raises(errors.AlreadyWaiting) as again:
        join(house, entry.patient_id)
    assert again.value.entry_id == entry.id
    for wrong in ({"department_code": "?"}, {"doctor_code": "?"}):
        with pytest.raises(NotFound):
            join(house, **wrong)
    with pytest.raises(InvalidInput):
        join(house, day=MONDAY - timedelta(days=1))
    with pytest.raises(errors.OfferEnded):
        house.waiting.decline(entry.id)
    house.waiting.leave(entry.id)
    house.waiting.leave(entry.id)
    assert join(house, entry.patient_id).id != entry.id


def test_given_a_waiting_patient_when_he_is_booked_otherwise_then_he_does_not_wait_any_more(
    house: BookingHouse,
) -> None:
    taken = fill(house)
    entry = join(house)
    house.clinic("li")
    slot = house.slots("li")[0]
    book(house, entry.patient_id, slot.id)
    assert house.waiting.card(entry.id).state == "booked"
    house.booking.cancel(taken[0].id, by="p")
    assert house.waiting.open_offers() == []


def test_given_seats_that_were_added_when_swept_then_they_are_offered_in_order(house: BookingHouse) -> None:
    fill(house)
    first, second, third = join(house), join(house), join(house)
    house.clinic("li")
    assert house.waiting.offer_free_seats() == 2
    assert [card.id for card in house.waiting.open_offers()] == [first.id, second.id]
    assert house.waiting.of_patient(third.patient_id)[0].state == "waiting"
    assert house.waiting.offer_free_seats() == 0


@pytest.mark.fault("F40")
def test_given_an_offer_when_the_session_is_closed_then_the_patient_keeps_his_place(house: BookingHouse) -> None:
    taken = fill(house)
    entry = join(house)
    house.booking.cancel(taken[0].id, by="p")
    house.schedules.close(doctor_code="wang", day=TUESDAY, reason="停电", by="chen")
    assert house.waiting.card(entry.id).state == "waiting"
    assert house.waiting.place(entry.id) == 1
    house.clinic("li")
    assert house.waiting.offer_free_seats() == 1
    assert accept(house, entry).doctor_code == "li"


# -- 爽约 ------------------------------------------------------------------------------------------------------------


def miss(house: BookingHouse, patient_id: int, times: int) -> None:
    """Book a day, let it pass, close it."""
    for _ in range(times):
        tomorrow = hospital_date(house.clock.now()) + timedelta(days=1)
        while tomorrow.weekday() > 4:
            house.clock.advance(24 * 3600)
            tomorrow += timedelta(days=1)
        house.schedules.lay_out(tomorrow, tomorrow)
        book(house, patient_id, house.slots(day=tomorrow)[0].id)
        house.clock.advance(24 * 3600)
        assert house.no_shows.mark_no_shows(tomorrow) == 1


@pytest.mark.capability("C104")
def test_given_three_missed_visits_when_booking_then_blocked_for_the_days_set_and_an_accepted_appeal_lifts(
    house: BookingHouse,
) -> None:
    patient = house.patient()
    miss(house, patient, 2)
    assert house.no_shows.of_patient(patient).blocked_until is None
    miss(house, patient, 1)
    record = house.no_shows.of_patient(patient)
    today = hospital_date(house.clock.now())
    assert (record.counted, record.blocked_until) == (3, today + timedelta(days=90))
    assert len(house.bus.of(events.AppointmentMissed)) == 3
    house.schedules.lay_out(today + timedelta(days=1), today + timedelta(days=4))
    slot = next(slot for days in range(1, 5) for slot in house.slots(day=today + timedelta(days=days)))
    with pytest.raises(errors.BlockedForNoShows) as refusal:
        book(house, patient, slot.id)
    assert refusal.value.until == record.blocked_until
    first, second = record.entries[0], record.entries[1]
    house.no_shows.appeal(first.id, text="住院了")
    assert [card.id for _, card in house.no_shows.open_appeals()] == [first.id]
    house.no_shows.decide(first.id, accepted=False, by="chen")
    assert house.no_shows.of_patient(patient).blocked_until is not None
    for again in (lambda: house.no_shows.appeal(first.id, text="x"),
                  lambda: house.no_shows.decide(first.id, accepted=True, by="chen")):  # fmt: skip
        with pytest.raises(WrongState):
            again()
    house.no_shows.appeal(second.id, text="地铁停运")
    house.no_shows.decide(second.id, accepted=True, by="chen")
    assert house.no_shows.of_patient(patient).blocked_until is None
    assert book(house, patient, slot.id).state == "booked"


def test_given_a_day_when_it_is_closed_then_only_who_was_booked_and_did_not_come_is_missed(house: BookingHouse) -> None:
    house.clinic("li")
    came, did_not, cancelled = (book(house, house.patient(), slot.id) for slot in house.slots()[:3])
    house.booking.cancel(cancelled.id, by="p")
    with pytest.raises(WrongState):
        house.no_shows.record_no_show(did_not.id, by="x")
    house.clock.advance(25 * 3600)
    assert not house.no_shows.arrivals_are_told(TUESDAY)
    house.booking.record_visit(came.id, by="his")
    assert house.no_shows.arrivals_are_told(TUESDAY)
    assert house.no_shows.mark_no_shows(TUESDAY) == 1
    assert house.no_shows.mark_no_shows(TUESDAY) == 0
    house.no_shows.record_no_show(did_not.id, by="x")
    assert [house.booking.card(one.id).state for one in (came, did_not, cancelled)] == [
        "visited",
        "missed",
        "cancelled",
    ]
    house.booking.record_visit(did_not.id, by="his")
    assert house.no_shows.of_patient(did_not.patient_id).entries == (), "the hospital system told it late"


@pytest.mark.parametrize(
    ("days_ago", "blocked"),
    [
        ((0, 1, 2), True),
        ((0, 364, 10), True),
        ((0, 1), False),
        ((0, 1, 365), False),
        ((), False),
        ((100, 101, 102), False),
    ],
)
def test_given_missed_days_when_counted_then_three_within_a_year_block_ninety_days(
    days_ago: tuple[int, ...], blocked: bool
) -> None:
    until = blocked_until([TUESDAY - timedelta(days=ago) for ago in days_ago], BookingSettings())
    assert (until is not None and until >= TUESDAY) is blocked
