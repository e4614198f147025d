"""What a caller can do alone beside booking, told by scripted callers over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from crm_core.enquiries.cards import NewItem, NewKnowledge
from crm_core.visits.cards import NewDeposit, NewFee, NewVisit
from crm_core.visits.records import VisitRecords
from ivr.flows.ground import GroundCalls
from tests.support.ground import fresh_sqlite, make_ground
from tests.support.patient_world import BELA
from tests.support.scripted_caller import HANG_UP, SILENT, Talk
from tests.support.self_service import ASHA_NUMBER, ASHA_PIN, ASHA_PROOF, HER_DOCTOR, SelfServiceHouse

WRONG_PROOF = ("2", "1111", "19990101")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SelfServiceHouse]:
    made = make_ground(fresh_sqlite(tmp_path / "hotline.db"))
    house = SelfServiceHouse(made, GroundCalls(timeout_s=10.0, workers=4))
    house.open_clinic()
    yield house
    house.settle()
    made.database.close()


def book(house: SelfServiceHouse) -> None:
    assert "booked" in house.call(["1", "1", "1", "1"]).line.heard_keys()
    house.made.clock.advance(3600)


# -- my appointments ---------------------------------------------------------------------------------------------


@pytest.mark.capability("C11")
def test_given_a_proved_caller_when_she_cancels_then_the_seat_is_free_and_the_message_tells_it(
    house: SelfServiceHouse,
) -> None:
    asha = house.asha()
    book(house)
    talk = house.call(["2", *ASHA_PROOF, "1", "1", "0"])
    assert {"cancel-confirm", "cancel-done"} <= set(talk.line.heard_keys())
    assert house.booked(asha) == []
    house.settle()
    sent = [one.template_key for one in house.messages.of_patient(asha)]
    assert sorted(sent) == ["appointment_booked", "appointment_cancelled"]
    house.assert_nothing_is_wrong()


@pytest.mark.capability("C11")
@pytest.mark.fault("F27")
@pytest.mark.parametrize("steps", range(9))
def test_given_a_hangup_at_every_step_of_moving_when_gone_then_she_has_one_appointment(
    house: SelfServiceHouse, steps: int
) -> None:
    asha = house.asha()
    book(house)
    (old,) = house.booked(asha)
    script = ["2", *ASHA_PROOF, "2", "2", "1"]
    house.call([*script[:steps], HANG_UP])
    house.settle()
    (one,) = house.booked(asha)
    assert (one.id != old.id) == (steps >= len(script))
    house.assert_nothing_is_wrong()


@pytest.mark.capability("C11")
def test_given_no_at_the_question_when_asked_then_nothing_is_changed(house: SelfServiceHouse) -> None:
    asha = house.asha()
    book(house)
    for script in (
        ["2", *ASHA_PROOF, "1", "2", "0"],
        ["2", *ASHA_PROOF, "2", "1", "2", "0"],
        ["2", *ASHA_PROOF, "3", "0"],
    ):
        house.call(script)
    assert len(house.booked(asha)) == 1
    house.assert_nothing_is_wrong()


@pytest.mark.capability("C105")
def test_given_a_place_in_the_line_when_heard_then_it_is_told_and_can_be_left(house: SelfServiceHouse) -> None:
    asha = house.asha()
    for slot in house.clinic.schedules.open_slots("cardiology", HER_DOCTOR, limit=100):
        house.clinic.booking.book(
            patient_id=house.clinic.patient(), slot_id=slot.id, idempotency_key=f"k{slot.id}", channel="desk", by="t"
        )
    house.call(["1", "1", "1"])
    talk = house.call(["2", *ASHA_PROOF, "1", "0"])
    assert {"waiting-list-ahead", "number-1", "waiting-list-left"} <= set(talk.line.heard_keys())
    assert house.clinic.waiting.of_patient(asha) == []


# -- fees --------------------------------------------------------------------------------------------------------


def in_hospital(house: SelfServiceHouse, asha: int) -> None:
    now = house.made.clock.now()
    VisitRecords(house.made.database, house.made.cipher).record(
        NewVisit(
            asha,
            "inpatient",
            "cardiology",
            "心内科",
            now - timedelta(days=2),
            fees=(NewFee("drug", 12350, 10000), NewFee("bed", 8000)),
            deposits=(NewDeposit(100_000),),
        )
    )


@pytest.mark.capability("C12")
@pytest.mark.capability("C110")
@pytest.mark.parametrize("proof", [ASHA_PROOF, ("1", ASHA_PIN)])
def test_given_a_proof_when_fees_are_asked_then_kinds_sum_and_balance_are_said(
    house: SelfServiceHouse, proof: tuple[str, ...]
) -> None:
    asha = house.asha()
    in_hospital(house, asha)
    house.people.proofs.set_pin(asha, ASHA_PIN, actor=BELA)
    heard = set(house.call(["4", *proof, "#", "0"]).line.heard_keys())
    assert {"fees-intro", "fee-drugs", "fee-bed", "fees-total", "fee-insurance", "fee-unpaid", "balance-is"} <= heard


@pytest.mark.requirement("R46")
@pytest.mark.fault("F34")
@pytest.mark.fault("F35")
def test_given_guesses_when_three_were_wrong_then_a_person_nothing_said_and_locked_in_every_flow(
    house: SelfServiceHouse,
) -> None:
    in_hospital(house, house.asha())
    talk = house.call(["4", *WRONG_PROOF, *WRONG_PROOF, *WRONG_PROOF])
    assert talk.way == ("queue", "enquiry")
    assert talk.line.heard_keys()[-1] == "identity-failed"
    again = house.call(["2", *ASHA_PROOF])
    assert again.way == ("queue", "enquiry")
    assert not {"fees-intro", "appointments-intro"} & {*talk.line.heard_keys(), *again.line.heard_keys()}
    assert "****" in {key for _, key in talk.steps}
    assert "1111" not in {key for _, key in talk.steps}


# -- public answers ----------------------------------------------------------------------------------------------


@pytest.mark.capability("C101")
def test_given_a_doctor_when_her_hours_are_asked_then_they_are_said_and_she_can_be_booked(
    house: SelfServiceHouse,
) -> None:
    asha = house.asha()
    talk = house.call(["3", "1", "1", "1", "1", "1"])
    assert {"consults-at", "option-morning", "session-open", "booked"} <= set(talk.line.heard_keys())
    assert [one.doctor_code for one in house.booked(asha)] == [HER_DOCTOR]


def fill_library(house: SelfServiceHouse, *, valid_until: date) -> None:
    ratios = (("employee", 700), ("resident", 500))
    house.library.put_item(
        NewItem("amx", "drug", "阿莫西林", 1250, "药剂科", valid_until, reimbursement_permille=ratios), None
    )
    house.library.put_knowledge(NewKnowledge("way", "directions", "路线", "您好", "院办", valid_until), None)


@pytest.mark.capability("C9")
def test_given_letters_of_a_drug_when_typed_then_price_and_ratio_are_told_and_sent(house: SelfServiceHouse) -> None:
    asha = house.asha()
    fill_library(house, valid_until=date(2027, 1, 1))
    talk = house.call(["6", "3", "2695", "1", "#", "4", "2695", "#", "#", "0"])
    heard = set(talk.line.heard_keys())
    assert "sms-sent" in heard
    assert "answer-not-ready" in heard  # no voice is installed here: a figure without its name is only sent
    house.settle()
    (message,) = house.messages.of_patient(asha)
    assert message.template_key == "enquiry_answer"
    assert [one.item_code for one in house.enquiry_log.of_call(talk.conversation.call_id)] == ["amx", "amx"]


@pytest.mark.capability("C109")
def test_given_an_answer_that_has_a_sound_when_asked_then_it_is_said(house: SelfServiceHouse) -> None:
    house.asha()
    fill_library(house, valid_until=date(2027, 1, 1))
    talk = house.call(["6", "6", "#", "#", "0"])
    assert {"hello", "answer-menu"} <= set(talk.line.heard_keys())


@pytest.mark.capability("C109")
def test_given_answers_that_have_expired_when_asked_then_they_are_not_told(house: SelfServiceHouse) -> None:
    house.asha()
    fill_library(house, valid_until=date(2026, 11, 1))
    talk = house.call(["6", "6"])
    assert talk.way == ("queue", "enquiry")
    assert "answer-expired" in talk.line.heard_keys()
    assert "item-none" in house.call(["6", "3", "2695", "#", "0"]).line.heard_keys()


@pytest.mark.capability("C93")
def test_given_a_code_when_keyed_then_whether_it_was_ours(house: SelfServiceHouse) -> None:
    issued = house.verification.issue(ASHA_NUMBER, "follow_up", "attempt-1")
    house.asha()
    assert "verify-ours" in house.call(["7", "2", issued.code, "0"]).line.heard_keys()
    heard = house.call(["7", "2", "000000" if issued.code != "000000" else "111111", HANG_UP]).line.heard_keys()
    assert "verify-not-ours" in heard
    assert "verify-ours" not in heard
    stranger = house.call(["7", "2", issued.code, HANG_UP], number="13900001111")
    assert "verify-not-ours" in stranger.line.heard_keys()


# -- elderly, English ---------------------------------------------------------------------------------------------


@pytest.mark.capability("C15")
def test_given_a_patient_of_seventy_when_she_calls_then_no_menu_and_a_person(house: SelfServiceHouse) -> None:
    house.register("李秀英", ASHA_NUMBER, born=date(1950, 3, 1))
    talk = house.call([])
    assert talk.way == ("queue", "enquiry")
    assert "main-menu" not in talk.line.heard_keys()
    assert talk.line.heard_keys()[-1] == "elderly-greeting"


@pytest.mark.capability("C15")
@pytest.mark.parametrize("during", [{"hl/elderly-greeting": "2"}, {"hl/recording-notice": "5"}])
def test_given_a_patient_of_seventy_when_she_presses_a_key_then_the_menu_works(
    house: SelfServiceHouse, during: dict[str, str]
) -> None:
    house.register("李秀英", ASHA_NUMBER, born=date(1950, 3, 1))
    talk = house.call(["5", "#", "0"], during=during)
    assert "department-menu" in talk.line.heard_keys()


@pytest.mark.capability("C15")
def test_given_a_patient_of_seventy_in_need_when_nine_then_the_emergency(house: SelfServiceHouse) -> None:
    house.register("李秀英", ASHA_NUMBER, born=date(1950, 3, 1))
    assert house.call([], during={"hl/elderly-greeting": "9"}).way == ("queue", "emergency")


@pytest.mark.capability("C2")
def test_given_eight_when_pressed_then_the_whole_way_is_english_and_the_agent_sees_it(house: SelfServiceHouse) -> None:
    asha = house.asha()
    talk = house.call(["8", "1", "1", "1", "1"])
    assert talk.line.variables["HL_LANGUAGE"] == "en"
    assert len(house.booked(asha)) == 1
    assert "for" in talk.line.heard_keys()


# -- hostile callers ------------------------------------------------------------------------------------------------

HOSTILE = [
    "", "anonymous", "unknown", "+86", "+8613800000001", "008613800000001", "0" * 500, "1" * 64, "😀", "\u202e138",
    "\x00", "138\x00", '"', "''", "'; DROP TABLE patients;--", "' OR '1'='1", "$(id)", "`id`", "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0", "@SUM(1)", "../../etc/passwd", "a\r\nVia: x", "%s%s%n", "{{7*7}}", "${jndi:ldap://x}", "\\", "*",
    "#", "1,2", "138 0000 0001", "-1", "1e9", "０１３８", "\ufeff138", "\x7f", "\t", "sip:138@evil", "PJSIP/1001&Local/x", "测试",
]  # fmt: skip
FLOWS = {
    "booking": ["1", "1", "1", "1", "1"],
    "my appointments": ["2", *WRONG_PROOF, "0"],
    "doctor's hours": ["3", "1", "1", "1", "1", "1"],
    "fees": ["4", *WRONG_PROOF, "0"],
    "departments": ["5", "1"],
    "enquiries": ["6", "3", "2695", "1", "0"],
    "verification": ["7", "2", "123456", "0"],
}


@pytest.mark.fault("F32")
@pytest.mark.fault("F33")
@pytest.mark.requirement("R46")
@pytest.mark.parametrize("flow", FLOWS)
def test_given_forty_hostile_caller_ids_when_they_go_through_a_flow_then_each_is_served_and_nothing_is_left(
    house: SelfServiceHouse, flow: str
) -> None:
    assert len(HOSTILE) == 40
    house.asha()
    fill_library(house, valid_until=date(2027, 1, 1))
    for number in HOSTILE:
        talk = house.call(FLOWS[flow], number=number)
        assert talk.line.variables["HL_NEXT"] in {"queue", "department"}, number
    house.settle()
    house.assert_nothing_is_wrong()


@pytest.mark.fault("F29")
@pytest.mark.fault("F30")
@pytest.mark.fault("F31")
@pytest.mark.invariant("I8")
@pytest.mark.parametrize("garbage", [["A", "B"], [SILENT] * 3, ["*"] * 9, ["9" * 200, "##"]])
@pytest.mark.parametrize("flow", FLOWS)
def test_given_garbage_floods_or_silence_inside_a_flow_when_patience_ends_then_never_a_dead_end(
    house: SelfServiceHouse, flow: str, garbage: list[str]
) -> None:
    house.asha()
    talk = house.call([*FLOWS[flow][:1], *garbage])
    assert talk.way[0] in {"queue", "department"}
    assert isinstance(talk, Talk)
