"""The flows over the real ground and the demo hospital: what is kept there is what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.demo import hospital
from crm_core.calls.events import CallerIdentified
from crm_core.campaigns.surveys import Surveys
from ivr.flows.ground import GroundCalls
from ivr.routes import IvrServices, flow_routes
from tests.support.ground import HOURS, Ground, make_ground
from tests.support.scripted_caller import Talk, catalogues
from tests.support.self_service import ASHA_PROOF, SelfServiceHouse

Call = Callable[..., Talk]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Made once: the flows only read it."""
    ground = make_ground(f"sqlite:///{tmp_path_factory.mktemp('ground') / 'hotline.db'}")
    hospital.load_people(ground.patients)
    hospital.load_appointments(ground.setup, ground.patients, ground.clock)
    return ground


@pytest.fixture
def call(ground: Ground, tmp_path: Path) -> Iterator[Call]:
    asked = GroundCalls(timeout_s=5)
    house = SelfServiceHouse(ground, asked)

    def receive(script: list[str], *, number: str) -> Talk:
        talk = Talk(script, number=number)
        services = IvrServices(
            ground.patients,
            ground.appointments,
            HOURS,
            Surveys(ground.database, ground.bus, ground.clock),
            talk.bus,
            ground.clock,
            catalogues(),
            tmp_path,
            self_service=house.ports(),
        )
        flow_routes(services, asked)["/inbound"].flow.run(talk.conversation)
        return talk

    yield receive
    asked.stop()


@pytest.mark.parametrize("number", ["13800000001", "+8613800000001", "008613800000001", "013800000001"])
def test_given_asha_in_any_spelling_when_she_proves_herself_then_her_appointment_is_read(
    number: str, call: Call
) -> None:
    talk = call(["2", *ASHA_PROOF, "#", "0"], number=number)
    (told,) = talk.bus.of(CallerIdentified)
    assert told.patient_id is not None
    assert "ordinal-1" in talk.line.heard_keys()
    assert not {"dept-unknown", "doctor-unknown"} & set(talk.line.heard_keys())


@pytest.mark.capability("C32")
def test_given_the_number_of_mother_and_child_when_called_then_asked_which(call: Call) -> None:
    talk = call(["1", "0"], number="13800000002")
    first, second = talk.bus.of(CallerIdentified)
    assert (first.patient_id, len(first.candidate_ids)) == (None, 2)
    assert second.patient_id == first.candidate_ids[0]


def test_given_a_number_nobody_has_when_called_then_a_neutral_greeting(call: Call) -> None:
    talk = call(["0"], number="13911112222")
    assert talk.bus.of(CallerIdentified) == []
    assert talk.line.asked[0][0] == ["hl/greeting", "hl/main-menu"]


@pytest.mark.capability("C2")
def test_given_the_departments_of_the_demo_when_asked_then_each_key_leads_to_its_department(
    ground: Ground, call: Call
) -> None:
    offered = {card.menu_digit: card for card in ground.appointments.departments() if card.menu_digit in "12345678"}
    offered.pop("", None)
    assert offered
    for key, card in offered.items():
        way = call(["5", key], number="13911112222").way
        assert way == (("department", card.code) if card.is_open_now else ("queue", "enquiry"))
