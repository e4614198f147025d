"""The inbound conversation, told by scripted callers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from crm_core.calls.events import CallerIdentified, NoticePlayed
from crm_core.ids import PatientId
from crm_core.patients.cards import PatientCard
from ivr.conversation import CallerGone
from ivr.flows.ground import GroundCalls
from ivr.menu_runner import ROUNDS_MAX
from tests.support.proof_stand_ins import PROOF
from tests.support.scripted_caller import (
    ASHA,
    HANG_UP,
    SILENT,
    WANG_FANG,
    WANG_GANG,
    InboundHouse,
    Talk,
    catalogues,
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


def hang(house: InboundHouse) -> threading.Event:
    """The look-up answers only when the event is set."""
    released = threading.Event()

    def wait(number: str) -> list[PatientCard]:
        released.wait(20)
        return [ASHA]

    house.patients.find_by_number = wait  # type: ignore[method-assign]
    return released


@pytest.mark.capability("C1")
def test_given_a_call_when_received_then_the_notice_is_heard_first_and_its_end_is_told(house: InboundHouse) -> None:
    talk = house.receive(Talk(["0"]))
    assert talk.line.heard_keys()[:2] == ["recording-notice", "greeting"]
    (notice,) = talk.bus.of(NoticePlayed)
    assert (notice.call_id, notice.at) == (talk.conversation.call_id, talk.clock.now())


@pytest.mark.capability("C14")
def test_given_an_emergency_during_the_notice_when_received_then_no_menu_and_no_database(house: InboundHouse) -> None:
    released = hang(house)
    talk = house.receive(Talk([], during={"hl/recording-notice": "9"}))
    assert not released.is_set()
    released.set()
    assert talk.way == ("queue", "emergency")
    assert talk.line.variables["QUEUE_PRIO"] == "100"
    assert talk.line.heard_keys() == ["recording-notice", "emergency"]
    assert talk.bus.of(NoticePlayed) == []


@pytest.mark.capability("C14")
@pytest.mark.parametrize(
    "script", [["9"], ["2", "9"], ["2", *PROOF, "9"], ["5", "9"], ["7", "9"], [SILENT, SILENT, "9"]]
)
def test_given_nine_anywhere_when_pressed_then_the_emergency_queue(house: InboundHouse, script: list[str]) -> None:
    assert house.receive(Talk(script)).way == ("queue", "emergency")


@pytest.mark.parametrize("script", [["0"], ["2", "0"], ["2", *PROOF, "0"], ["5", "0"]])
def test_given_zero_anywhere_when_pressed_then_a_person(house: InboundHouse, script: list[str]) -> None:
    assert house.receive(Talk(script)).way == ("queue", "enquiry")


@pytest.mark.capability("C3")
@pytest.mark.invariant("I8")
@pytest.mark.parametrize("script", [["#", "A"], [SILENT] * 3, ["*"] * 9, ["2", "2", "12", "34"], ["5", "7", "7"]])
def test_given_mistakes_when_patience_ends_then_a_person_and_never_a_hangup(
    house: InboundHouse, script: list[str]
) -> None:
    talk = house.receive(Talk(script))
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "too-many-errors"


@pytest.mark.fault("F27")
@pytest.mark.parametrize("script", [[], ["2"], ["2", *PROOF], ["5"], ["7"], [HANG_UP]])
def test_given_a_hangup_at_any_step_when_received_then_the_route_is_still_a_person(
    house: InboundHouse, script: list[str]
) -> None:
    talk = Talk(script)
    with pytest.raises(CallerGone):
        house.receive(talk)
    assert talk.way == ("queue", "enquiry")


def test_given_a_hangup_in_the_notice_when_received_then_it_does_not_count_as_played(house: InboundHouse) -> None:
    talk = Talk([], during={"hl/recording-notice": HANG_UP})
    with pytest.raises(CallerGone):
        house.receive(talk)
    assert talk.bus.of(NoticePlayed) == []


def test_given_one_patient_on_the_number_when_received_then_he_is_greeted_and_told(house: InboundHouse) -> None:
    house.patients.patients = [WANG_FANG]
    talk = house.receive(Talk(["0"]))
    assert "surname-wang-ms" in talk.line.heard_keys()
    assert "patient-wang-fang" not in talk.line.heard_keys()
    (told,) = talk.bus.of(CallerIdentified)
    assert (told.patient_id, told.candidate_ids) == (WANG_FANG.id, (WANG_FANG.id,))


def test_given_an_unknown_number_when_received_then_a_neutral_greeting_and_no_identity(house: InboundHouse) -> None:
    house.patients.patients = []
    talk = house.receive(Talk(["0"]))
    assert talk.line.asked[0][0] == ["hl/greeting", "hl/main-menu"]
    assert talk.bus.of(CallerIdentified) == []


def test_given_an_unknown_caller_when_he_asks_for_his_appointments_then_a_person(house: InboundHouse) -> None:
    house.patients.patients = []
    talk = house.receive(Talk(["2"]))
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "unknown-caller"


@pytest.mark.capability("C32")
def test_given_two_patients_on_one_number_when_received_then_asked_and_not_guessed(house: InboundHouse) -> None:
    house.patients.patients = [WANG_FANG, WANG_GANG]
    talk = house.receive(Talk(["2", "0"]))
    first, second = talk.bus.of(CallerIdentified)
    assert (first.patient_id, first.candidate_ids) == (None, (WANG_FANG.id, WANG_GANG.id))
    assert second.patient_id == WANG_GANG.id
    asked = talk.line.asked[0][0]
    assert asked.index("hl/surname-wang-ms") < asked.index("hl/press-1") < asked.index("hl/surname-wang-mr")
    assert ("which-patient", "2") in talk.steps


@pytest.mark.capability("C32")
def test_given_nobody_chosen_of_two_when_silence_ends_then_a_person_and_nobody_is_bound(house: InboundHouse) -> None:
    house.patients.patients = [WANG_FANG, WANG_GANG]
    talk = house.receive(Talk([SILENT] * 3))
    assert [told.patient_id for told in talk.bus.of(CallerIdentified)] == [None]
    assert talk.way == ("queue", "enquiry")


def test_given_two_patients_with_one_surname_and_title_when_asked_then_full_names_tell_them_apart(
    house: InboundHouse,
) -> None:
    house.patients.patients = [WANG_FANG, replace(ASHA, id=PatientId(9), name="王芳芳")]
    asked = house.receive(Talk(["1", "0"])).line.asked[0][0]
    assert "hl/patient-wang-fang" in asked


@pytest.mark.capability("C5")
def test_given_closed_hours_when_received_then_told_and_emergency_and_duty_queue_stay(house: InboundHouse) -> None:
    house.hours.open = False
    talk = house.receive(Talk(["0"]))
    assert talk.line.asked[0][0] == ["hl/closed-hours", "hl/closed-menu", "hl/press-0-for-agent"]
    assert talk.way == ("queue", "enquiry")
    assert house.receive(Talk(["9"])).way == ("queue", "emergency")
    assert house.receive(Talk([SILENT] * 3)).way == ("queue", "enquiry")


@pytest.mark.capability("C32")
def test_given_closed_hours_and_two_patients_when_appointments_are_asked_then_which_one_is_asked(
    house: InboundHouse,
) -> None:
    house.hours.open = False
    house.patients.patients = [WANG_FANG, WANG_GANG]
    talk = house.receive(Talk(["2", "1", *PROOF, "#", "0"]))
    assert [node for node, _ in talk.steps] == [
        "closed",
        "which-patient",
        "identity_proof",
        "identity_proof",
        "identity_proof",
        "my_appointments",
        "closed",
    ]


def test_given_a_caller_who_goes_round_and_round_when_received_then_a_person_takes_over(house: InboundHouse) -> None:
    talk = house.receive(Talk(["5", "#"] * (ROUNDS_MAX + 5)))
    assert talk.way == ("queue", "enquiry")
    assert [node for node, _ in talk.steps].count("main") == ROUNDS_MAX


def test_given_a_patient_who_prefers_english_when_received_then_the_line_speaks_english(house: InboundHouse) -> None:
    house.patients.patients = [replace(ASHA, preferred_language="en")]
    talk = house.receive(Talk(["0"]))
    assert (talk.line.variables["HL_LANGUAGE"], talk.line.variables["CHANNEL(language)"]) == ("en", "en")


@pytest.mark.fault("F41")
def test_given_a_database_that_hangs_when_received_then_the_caller_is_served_as_unknown() -> None:
    ground = GroundCalls(timeout_s=0.05, workers=2)
    house = InboundHouse(ground)
    released = hang(house)
    talk = house.receive(Talk(["0"]))
    released.set()
    ground.stop()
    assert talk.way == ("queue", "enquiry")
    assert talk.bus.of(CallerIdentified) == []


@pytest.mark.fault("F41")
@pytest.mark.parametrize("script", [["2", *PROOF], ["5"]])
def test_given_a_database_that_fails_in_the_menu_when_asked_then_polite_and_a_person(
    house: InboundHouse, script: list[str]
) -> None:
    def broken(*_: object) -> list[object]:
        raise RuntimeError("database is locked")

    house.appointments.upcoming = house.appointments.departments = broken  # type: ignore
    talk = house.receive(Talk(script))
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "service-degraded"


@pytest.mark.fault("F41")
def test_given_too_many_hanging_questions_when_another_is_asked_then_it_fails_at_once() -> None:
    ground = GroundCalls(timeout_s=30, workers=1, pending_max=2)
    stuck = threading.Event()
    for _ in range(2):
        ground.begin(stuck.wait, 20)
    house = InboundHouse(ground)
    talk = house.receive(Talk(["0"]))
    stuck.set()
    ground.stop()
    assert talk.way == ("queue", "enquiry")


def test_given_every_prompt_of_the_flows_when_looked_up_then_both_languages_can_say_it() -> None:
    wanted = {
        "recording-notice", "greeting", "main-menu", "closed-hours", "press-0-for-agent", "wrong-key", "no-input",
        "too-many-errors", "emergency", "service-degraded", "unknown-caller", "several-patients",
        "patient-none-of-these", "proof-how", "identity-wrong", "identity-failed", "appointments-intro",
        "appointments-end", "appointments-menu", "no-appointments", "department-menu", "department-menu-end",
        "department-closed", "goodbye", "survey-intro", "survey-consent", "survey-stop-hint", "survey-stopped",
        "survey-refused", "survey-invalid", "survey-no-input", "survey-comment", "survey-thanks",
    }  # fmt: skip
    missing = {(language, key) for language, catalogue in catalogues().items() for key in wanted - catalogue.keys()}
    assert missing == set()


@pytest.mark.capability("C1")
@pytest.mark.capability("C2")
def test_given_keys_typed_during_the_notice_when_it_ends_then_they_answer_the_menus_and_the_notice_was_heard(
    house: InboundHouse,
) -> None:
    talk = house.receive(Talk([], number="18600000000", during={"hl/recording-notice": "51"}))
    assert ("main", "5") in talk.steps
    assert ("departments", "1") in talk.steps
    assert talk.line.variables["HL_NEXT"] == "department"
    assert talk.bus.of(NoticePlayed)
