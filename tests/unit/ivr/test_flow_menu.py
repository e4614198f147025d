"""What the main menu leads to: my appointments behind a proof, departments by key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.appointments.service import DepartmentCard
from ivr.flows.ground import GroundCalls
from tests.support.proof_stand_ins import PROOF
from tests.support.scripted_caller import (
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
    talk = house.receive(Talk(["2", "2", "1111", "19900314", "0"]))
    assert "appointments-intro" not in talk.line.heard_keys()
    assert len(house.proofs.tried) == 1


@pytest.mark.capability("C11")
def test_given_the_proof_when_right_then_the_appointments_are_read_and_the_menu_comes_back(house: InboundHouse) -> None:
    talk = house.receive(Talk(["2", *PROOF, "#", "0"]))
    read = talk.line.asked[4][0]
    assert read[:2] == ["hl/appointments-intro", "hl/ordinal-1"]
    assert {"hl/month-12", "hl/time-am-9-30", "hl/dept-cardiology", "hl/doctor-wang-jianguo"} <= set(read)
    assert talk.steps == [
        ("main", "2"), ("identity_proof", "2"), ("identity_proof", "****"), ("identity_proof", "********"),
        ("my_appointments", "#"), ("main", "0"),
    ]  # fmt: skip


def test_given_a_proof_once_when_asked_for_again_in_the_call_then_it_is_remembered(house: InboundHouse) -> None:
    house.receive(Talk(["2", *PROOF, "#", "2", "#", "0"]))
    assert len(house.proofs.tried) == 1


def test_given_no_appointments_when_proven_then_it_is_said(house: InboundHouse) -> None:
    house.appointments.count = 0
    assert "no-appointments" in house.receive(Talk(["2", *PROOF, "#", "0"])).line.heard_keys()


@pytest.mark.requirement("R46")
@pytest.mark.fault("F35")
def test_given_three_wrong_proofs_when_given_then_a_person_and_the_next_call_is_not_asked_again(
    house: InboundHouse,
) -> None:
    wrong = ["2", "1111", "19900101"]
    talk = house.receive(Talk(["2", *wrong, *wrong, *wrong]))
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "identity-failed"
    again = house.receive(Talk(["2", *PROOF]))
    assert again.way == ("queue", "enquiry")
    assert len(house.proofs.tried) == 3


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
