"""Everybody at once: one slot, one patient, one quota, two movers, a closing in between. The database decides, not luck."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import time

import pytest

from crm_core import database as database_module
from crm_core.appointments import errors
from crm_core.appointments.cards import AppointmentCard
from crm_core.appointments.kinds import Channel
from crm_core.database import Database
from crm_core.errors import HotlineError
from tests.support.booking_house import DEPARTMENT, TUESDAY, BookingHouse, broken_promises
from tests.support.ground import Ground

THREADS = 64
CALLERS = 200


@pytest.fixture
def house(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[BookingHouse]:
    """A pool like a big server's, so that PostgreSQL really has many transactions side by side; and patience, so that a
    loaded machine does not send callers to a person instead (F41 has a test of its own)."""
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 100.0)
    database = Database(ground.database.url, pool_size=16)
    house = BookingHouse(database, ground.clock, ground.bus)
    house.clinic("wang", "li", days=2, capacity=3)
    yield house
    database.close()


def at_once(calls: Sequence[Callable[[], AppointmentCard]]) -> tuple[list[AppointmentCard], list[HotlineError]]:
    """Run all in threads that start together; what was booked, and what was refused."""
    start = threading.Barrier(min(THREADS, len(calls)))
    waited = threading.local()

    def run(call: Callable[[], AppointmentCard]) -> AppointmentCard | HotlineError:
        if not getattr(waited, "done", False):
            waited.done = True
            start.wait(30)
        try:
            return call()
        except HotlineError as error:
            return error

    with ThreadPoolExecutor(min(THREADS, len(calls))) as pool:
        results = list(pool.map(run, calls))
    return [r for r in results if isinstance(r, AppointmentCard)], [r for r in results if isinstance(r, HotlineError)]


def booking(house: BookingHouse, patient_id: int, slot_id: int, *, key: str = "", channel: Channel = Channel.DESK):  # type: ignore[no-untyped-def]
    return lambda: house.booking.book(
        patient_id=patient_id,
        slot_id=slot_id,
        idempotency_key=key or f"{patient_id}:{slot_id}",
        channel=channel,
        by="x",
    )


@pytest.mark.fault("F38")
@pytest.mark.invariant("I2")
@pytest.mark.capability("C103")
def test_given_two_hundred_callers_when_they_want_one_slot_then_its_capacity_is_booked_and_the_rest_hear_the_next(
    house: BookingHouse,
) -> None:
    slot = house.slots("wang")[0]
    cards, refusals = at_once([booking(house, patient, slot.id) for patient in house.patients(CALLERS)])
    assert len(cards) == 3
    assert len({card.number for card in cards}) == 3
    assert Counter(error.code for error in refusals) == {"slot_taken": CALLERS - 3}
    assert all(isinstance(error, errors.SlotTaken) and error.next_slots for error in refusals)
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F39")
@pytest.mark.invariant("I3")
@pytest.mark.parametrize("keys", ["one", "many"])
def test_given_one_patient_when_he_books_the_same_slot_many_times_at_once_then_one_booking_and_one_answer(
    house: BookingHouse, keys: str
) -> None:
    patient, slot = house.patient(), house.slots("wang")[0]
    calls = [booking(house, patient, slot.id, key="k" if keys == "one" else f"k{number}") for number in range(THREADS)]
    cards, refusals = at_once(calls)
    assert refusals == []
    assert len({card.id for card in cards}) == 1
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F39")
@pytest.mark.fault("F42")
@pytest.mark.invariant("I2")
def test_given_one_patient_when_he_books_different_doctors_of_the_day_at_once_then_only_one_is_his(
    house: BookingHouse,
) -> None:
    patient = house.patient()
    cards, refusals = at_once([booking(house, patient, slot.id) for slot in house.slots() for _ in range(8)])
    assert len({card.id for card in cards}) == 1
    assert {error.code for error in refusals} == {"one_per_department_per_day"}
    assert broken_promises(house.database) == {}


@pytest.mark.capability("C101")
def test_given_a_phone_quota_when_everybody_calls_at_once_then_exactly_the_quota_is_booked_by_phone(
    house: BookingHouse,
) -> None:
    house.clinic("zhou", department="dental", capacity=10, phone_quota=4, ends=time(9))
    slots = house.slots(department="dental")
    calls = [
        booking(house, patient, slots[number % 2].id, channel=Channel.PHONE)
        for number, patient in enumerate(house.patients(THREADS))
    ]
    cards, refusals = at_once(calls)
    assert len(cards) == 4
    assert {error.code for error in refusals} == {"phone_quota_exhausted"}
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F40")
@pytest.mark.fault("F42")
def test_given_patients_who_swap_and_cancel_when_all_at_once_then_nobody_waits_for_ever_and_nothing_is_double(
    house: BookingHouse,
) -> None:
    slots = house.slots()
    patients = house.patients(12)
    mine = [booking(house, patient, slots[number % len(slots)].id)() for number, patient in enumerate(patients)]

    def move(number: int, turn: int) -> Callable[[], AppointmentCard]:
        target = slots[(number + turn) % len(slots)].id
        return lambda: house.booking.move(
            mine[number].id, target, idempotency_key=f"m{number}:{turn}", channel=Channel.DESK, by="x", is_staff=True
        )

    calls = [move(number, turn) for turn in range(1, 4) for number in range(12)]
    calls += [lambda card=card: house.booking.cancel(card.id, by="x", is_staff=True) for card in mine[:4]]  # type: ignore[misc]
    _, refusals = at_once(calls)
    assert {error.code for error in refusals} <= {"slot_taken", "not_booked", "one_per_department_per_day"}
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F40")
def test_given_a_closing_in_the_middle_of_a_run_when_all_is_over_then_every_booked_patient_is_listed(
    house: BookingHouse,
) -> None:
    slots = house.slots("wang")
    calls = [booking(house, patient, slots[number % 2].id) for number, patient in enumerate(house.patients(40))]
    closed = []

    def close() -> AppointmentCard:
        closed.append(house.schedules.close(doctor_code="wang", day=TUESDAY, reason="停诊", by="chen"))
        raise HotlineError("closed")

    cards, refusals = at_once([*calls[:3], close, *calls[3:]])
    assert {card.id for card in closed[0].appointments} == {card.id for card in cards}
    assert {error.code for error in refusals} <= {"slot_taken", "session_closed", "error"}
    assert broken_promises(house.database) == {}


@pytest.mark.capability("C105")
def test_given_a_line_when_many_cancel_at_once_then_each_waiting_patient_has_one_offer(house: BookingHouse) -> None:
    cards = [booking(house, house.patient(), slot.id)() for slot in house.slots() for _ in range(slot.left)]
    entries = [
        house.waiting.join(
            patient_id=house.patient(), department_code=DEPARTMENT, day=TUESDAY, channel=Channel.DESK, by="x"
        )
        for _ in range(5)
    ]
    at_once([lambda card=card: house.booking.cancel(card.id, by="x", is_staff=True) for card in cards])  # type: ignore[misc]
    assert sorted(one.id for one in house.waiting.open_offers()) == [entry.id for entry in entries]
    assert sum(slot.left for slot in house.slots()) == len(cards) - len(entries)
    assert broken_promises(house.database) == {}
