"""Many callers at once want one time: its capacity is booked, everybody else is offered another or told (F38, F39)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ivr.flows.ground import GroundCalls
from tests.support.ground import Ground
from tests.support.scripted_caller import HANG_UP, Talk
from tests.support.self_service import HER_DOCTOR, SelfServiceHouse

CALLERS = 200
CAPACITY = 3
AT_ONCE = 12
PATIENT_S = 120.0
"""Callers here wait for a crowded test database as long as it takes; what is measured is who is booked."""


def _caller(house: SelfServiceHouse, number: str) -> Talk:
    """Her doctor, the first time that is offered, yes; whatever else is said, she hangs up."""
    return house.call(["1", "1", "1", "1", HANG_UP], number=number, call_id=f"hl1-{number}.1")


def _house(ground: Ground, calls: GroundCalls) -> SelfServiceHouse:
    house = SelfServiceHouse(ground, calls)
    house.asking_options = {"filler_after_s": PATIENT_S, "give_up_after_s": PATIENT_S}
    return house


@pytest.mark.fault("F38")
@pytest.mark.invariant("I2")
@pytest.mark.invariant("I3")
@pytest.mark.timeout(400)
def test_given_two_hundred_callers_for_one_slot_when_all_book_then_exactly_its_capacity_and_nothing_kept(
    ground: Ground,
) -> None:
    calls = GroundCalls(timeout_s=PATIENT_S, workers=AT_ONCE)
    house = _house(ground, calls)
    house.open_clinic(days=1, capacity=CAPACITY)
    numbers = [f"137{number:08d}" for number in range(CALLERS)]
    patients = [house.register(f"病{number}", number, tail=f"{at:03d}X") for at, number in enumerate(numbers)]
    for patient in patients:
        house.saw_her_doctor(patient)
    slots = house.clinic.schedules.open_slots("cardiology", HER_DOCTOR, limit=100)
    wanted = slots[0]
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        talks = list(crowd.map(lambda number: _caller(house, number), numbers))
    house.settle()
    said = [talk for talk in talks if "booked" in talk.line.heard_keys()]
    booked = [one for patient in patients for one in house.booked(patient)]
    assert len([one for one in booked if one.slot_id == wanted.id]) == CAPACITY
    assert len(said) == len(booked) <= CAPACITY * len(slots)
    others = [talk for talk in talks if "booked" not in talk.line.heard_keys()]
    assert all(
        {"booking-slot-taken", "booking-time", "booking-full-doctor"} & {*talk.line.heard_keys()} for talk in others
    )
    house.assert_nothing_is_wrong()


@pytest.mark.fault("F39")
@pytest.mark.invariant("I2")
def test_given_the_same_patient_twice_at_once_when_both_book_then_one_booking_and_both_hear_it(ground: Ground) -> None:
    calls = GroundCalls(timeout_s=PATIENT_S, workers=4)
    house = _house(ground, calls)
    house.open_clinic(days=1)
    asha = house.asha()
    with ThreadPoolExecutor(2) as both:
        talks = list(both.map(lambda leg: house.call(["1", "1", "1", "1", "1"], call_id=f"hl1-{leg}.1"), range(2)))
    house.settle()
    assert len(house.booked(asha)) == 1
    assert all("booked" in talk.line.heard_keys() for talk in talks)
    house.assert_nothing_is_wrong()
