"""What the main menu leads to: my appointments behind a proof, departments by key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.appointments.service import DepartmentCard
from crm_core.ids import PatientId
from ivr.flows.ground import GroundCalls
from ivr.flows.my_appointments import ProofLock
from tests.support.scripted_caller import (
    ASHA,
    FakeAppointments,
    InboundHouse,
    Talk,
    quick_ground,
)


@pytest.fixture
def ground() -> Iterator[GroundCalls]:
    calls = quick_ground()
    yield calls
    calls.stop()


@pytest.fixture
def house(ground: GroundCalls) -> InboundHouse:
    return InboundHouse(ground)


@pytest.mark.requirement("R46")
@pytest.mark.fault("F34")
def test_given_a_known_number_when_appointments_are_asked_then_nothing_is_read_before_the_proof(
    house: InboundHouse,
) -> None:
    talk = house.receive(Talk(["1", "1111", "0"]))
    assert "appointments-intro" not in talk.line.heard_keys()
    assert house.patients.tried == ["1111"]


def test_given_the_proof_when_right_then_the_appointments_are_read_and_the_menu_comes_back(house: InboundHouse) -> None:
    talk = house.receive(Talk(["1", "0314", "#", "0"]))
    read = talk.line.asked[2][0]
    assert read[:2] == ["hl/appointments-intro", "hl/appointment-at"]
    assert {"hl/month-12", "hl/time-am-9-30", "hl/dept-cardiology", "hl/doctor-wang-jianguo"} <= set(read)
    assert [step for step in talk.steps if step[0] != "which-patient"] == [
        ("main", "1"), ("identity_proof", "****"), ("my_appointments", "#"), ("main", "0"),
    ]  # fmt: skip


def test_given_no_appointments_when_proven_then_it_is_said(house: InboundHouse) -> None:
    house.appointments.count = 0
    assert "no-appointments" in house.receive(Talk(["1", "0314", "#", "0"])).line.heard_keys()


@pytest.mark.requirement("R46")
@pytest.mark.fault("F35")
def test_given_three_wrong_proofs_when_given_then_a_person_and_the_next_call_is_not_asked_again(
    house: InboundHouse,
) -> None:
    talk = house.receive(Talk(["1", "1111", "2222", "3333"]))
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "identity-failed"
    again = house.receive(Talk(["1", "0314"]))
    assert again.way == ("queue", "enquiry")
    assert house.patients.tried == ["1111", "2222", "3333"]


@pytest.mark.fault("F35")
def test_given_guesses_spread_over_calls_when_made_then_they_are_counted_together(house: InboundHouse) -> None:
    house.receive(Talk(["1", "1111", "0"]))
    house.receive(Talk(["1", "2222", "0"]))
    house.receive(Talk(["1", "3333", "0314"]))
    assert house.patients.tried == ["1111", "2222", "3333"]


def test_given_a_lock_when_a_day_has_passed_then_the_proof_is_asked_again() -> None:
    talk = Talk()
    lock = ProofLock(talk.clock, size=2)
    for _ in range(3):
        lock.failed(ASHA.id)
    assert lock.is_locked(ASHA.id)
    talk.clock.advance(24 * 3600)
    assert not lock.is_locked(ASHA.id)


def test_given_many_guessed_patients_when_counted_then_memory_stays_bounded() -> None:
    lock = ProofLock(Talk().clock, size=2)
    for number in range(50):
        lock.failed(PatientId(number))
    assert len(lock._failures) == 2


@pytest.mark.capability("C2")
def test_given_a_department_key_when_pressed_then_the_caller_is_put_through(house: InboundHouse) -> None:
    talk = house.receive(Talk(["5", "1"]))
    assert talk.way == ("department", "cardiology")
    assert talk.line.variables["HL_DEPARTMENT_NUMBER"] == "05195550101"
    assert talk.line.heard_keys()[-3:] == ["connecting-to", "dept-cardiology", "please-wait"]


@pytest.mark.capability("C5")
def test_given_a_closed_department_when_chosen_then_it_is_said_and_a_person_takes_over(house: InboundHouse) -> None:
    talk = house.receive(Talk(["5", "2"]))
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "department-closed"


def test_given_hash_in_the_department_menu_when_pressed_then_the_main_menu_comes_back(house: InboundHouse) -> None:
    assert house.receive(Talk(["5", "#", "5", "1"])).way == ("department", "cardiology")


@pytest.mark.fault("F97")
@pytest.mark.parametrize(
    "bad",
    [
        DepartmentCard("cardiology", "心内科", "", "1&Local/x", "1", True),
        DepartmentCard("x,y", "心内科", "", "05195550101", "1", True),
        DepartmentCard("cardiology", "心内科", "", "", "1", True),
    ],
)
def test_given_a_department_without_usable_number_when_chosen_then_a_person(
    house: InboundHouse, bad: DepartmentCard
) -> None:
    house.appointments = FakeAppointments(departments=[bad])
    assert house.receive(Talk(["5", "1"])).way == ("queue", "enquiry")


def test_given_departments_on_reserved_or_no_keys_when_offered_then_they_are_left_out(house: InboundHouse) -> None:
    cards = [
        DepartmentCard("a", "心内科", "", "05195550101", "9", True),
        DepartmentCard("b", "骨科", "", "05195550101", "", True),
        DepartmentCard("c", "没有录音的科", "", "05195550101", "3", True),
    ]
    house.appointments = FakeAppointments(departments=cards)
    talk = house.receive(Talk(["5", "9"]))
    assert talk.way == ("queue", "enquiry")
    assert [node for node, _ in talk.steps] == ["main"]
