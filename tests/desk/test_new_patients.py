"""An unknown caller gets a card during the call; who is known already is shown instead of made twice (C33)."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.ids import CallId
from tests.support.desk_browser import Browser
from tests.support.desk_world import ASHA_NUMBER, DeskWorld

UNKNOWN = "13912345678"
ASHA_ID_NUMBER = "110101195803021234"
FORM = {"name": "新来的", "gender": "male", "birth_date": "1990-05-06", "relation": "self"}


@pytest.fixture
def bela(world: DeskWorld) -> Browser:
    world.sign_on(world.bela)
    browser = world.browser(world.bela).connect()
    browser.subscribe()
    return browser


def create(browser: Browser, call_id: CallId, **more: Any) -> Any:
    return browser.post(f"/calls/{call_id}/patient/new", FORM | more)


@pytest.mark.capability("C33")
def test_given_an_unknown_caller_when_his_card_is_made_then_it_is_on_the_call_and_found_next_time(
    world: DeskWorld, bela: Browser
) -> None:
    call_id = world.talk(world.bela, number=UNKNOWN)
    bela.take()
    shown = bela.calls()[call_id]
    assert (shown["patient"], shown["candidates"], shown["place"]) == (None, [], "江苏省常州市")
    answer = create(bela, call_id)
    assert answer.status_code == 201
    bela.take()
    patient = bela.calls()[call_id]["patient"]
    assert (patient["name"], patient["gender"], patient["birth_date"]) == ("新来的", "male", "1990-05-06")
    assert [(one["masked"], one["relation"]) for one in patient["phones"]] == [("139****5678", "self")]
    assert world.services.calls.record(call_id).patient_id == answer.json["patient_id"]
    (found,) = world.services.patients.find_by_number("+86 139 1234 5678")
    assert found.id == answer.json["patient_id"]
    assert {"patient.register", "call.patient_chosen"} <= set(world.actions())


@pytest.mark.capability("C33")
def test_given_the_same_identity_number_when_registered_then_shown_instead_of_made_and_can_be_chosen(
    world: DeskWorld, bela: Browser
) -> None:
    call_id = world.talk(world.bela, number=UNKNOWN)
    answer = create(bela, call_id, name="阿莎", id_number=ASHA_ID_NUMBER)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "duplicate_patient")
    (candidate,) = answer.json["error"]["candidates"]
    assert (candidate["id"], candidate["is_certain"], candidate["name"]) == (int(world.asha), True, "阿莎")
    assert ASHA_ID_NUMBER not in answer.text
    assert ASHA_NUMBER not in answer.text
    assert world.services.calls.record(call_id).patient_id is None
    again = create(bela, call_id, name="阿莎", id_number=ASHA_ID_NUMBER, despite=[int(world.asha)])
    assert again.status_code == 409, "an identity number belongs to one person"
    chosen = create(bela, call_id, name="阿莎", id_number=ASHA_ID_NUMBER, same_as=int(world.asha))
    assert (chosen.status_code, chosen.json["patient_id"]) == (201, int(world.asha))
    assert world.services.calls.record(call_id).patient_id == world.asha


@pytest.mark.capability("C33")
def test_given_the_same_name_and_number_when_another_person_then_made_only_after_the_agent_has_looked(
    world: DeskWorld, bela: Browser
) -> None:
    call_id = world.talk(world.bela, number=ASHA_NUMBER)
    answer = create(bela, call_id, name="阿莎", relation="child")
    (candidate,) = answer.json["error"]["candidates"]
    assert (candidate["is_certain"], candidate["reasons"]) == (False, ["name_and_number"])
    made = create(bela, call_id, name="阿莎", relation="child", despite=[candidate["id"]])
    assert made.status_code == 201
    assert made.json["patient_id"] != int(world.asha)


@pytest.mark.requirement("R15")
@pytest.mark.invariant("I5")
def test_given_a_form_that_does_not_find_a_patient_when_he_is_named_all_the_same_then_404_and_noted(
    world: DeskWorld, bela: Browser
) -> None:
    call_id = world.talk(world.bela, number=UNKNOWN)
    assert create(bela, call_id, same_as=int(world.asha)).status_code == 404
    assert world.services.calls.record(call_id).patient_id is None
    assert "access.refused" in world.actions()
    world.sign_on(world.dora)
    assert create(world.browser(world.dora), call_id).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "  "}, {"name": "x" * 65}, {"gender": "robot"}, {"birth_date": "1990-13-01"},
        {"birth_date": "2999-01-01"}, {"relation": "neighbour"}, {"id_number": "123"}, {"id_number": "x" * 18},
    ],
)  # fmt: skip
def test_given_a_wrong_form_when_sent_then_422_and_nobody_is_made(
    world: DeskWorld, bela: Browser, wrong: dict[str, str]
) -> None:
    call_id = world.talk(world.bela, number=UNKNOWN)
    assert create(bela, call_id, **wrong).status_code == 422
    assert world.services.patients.find_by_number(UNKNOWN) == []


def test_given_a_withheld_number_when_registered_then_the_patient_has_none(world: DeskWorld, bela: Browser) -> None:
    call_id = world.talk(world.bela, number="anonymous")
    answer = create(bela, call_id)
    assert answer.status_code == 201
    assert world.services.patients.card(answer.json["patient_id"]).phones == ()
