"""Asha asks for her appointments: her telephone's own recording says the notice, the menu, and the booked visit."""

from pathlib import Path

import pytest

from ivr.prompt_catalogue import load_catalogue
from tests.support.listening import can_hear, contains_prompt, transcribe
from tests.support.product import Product, eventually

PROMPTS = load_catalogue("zh")

QUESTION_S = (13, 7, 7)
"""How long he listens to: how to prove, the last four, the date of birth."""


@pytest.mark.capability("C1")
@pytest.mark.capability("C11")
@pytest.mark.requirement("R46")
@pytest.mark.skipif(not can_hear(), reason="the recogniser is installed by ./hotline test")
def test_given_asha_when_she_proves_herself_then_she_hears_her_next_appointment(
    product: Product, tmp_path: Path
) -> None:
    before = product.ground.clock.now().timestamp()
    patient = product.call("13800000001", keys="w3", record=tmp_path / "heard.wav")
    call = eventually(lambda: product.call_of("13800000001", after=before - 1), what="call")
    eventually(lambda: product.ground.calls.record(call.id).notice_played_at, within_s=15, what="notice played")
    eventually(lambda: not patient.ended and _seconds(product, call.id) > 18, within_s=30, what="menu heard")
    patient.press("2")
    eventually(lambda: _nodes(product, call.id)[-1:] == ["main"], what="menu left")
    for steps, keys in enumerate(("2", "002*", "19880615"), 1):
        asked_at = _seconds(product, call.id)
        heard_s = QUESTION_S[steps - 1]
        eventually(lambda at=asked_at + heard_s: _seconds(product, call.id) > at, within_s=30, what="question heard")
        patient.press(keys)
        eventually(
            lambda wanted=steps: _nodes(product, call.id).count("identity_proof") == wanted, within_s=20, what=keys
        )
    proved_at = _seconds(product, call.id)
    eventually(lambda: _seconds(product, call.id) > proved_at + 16, within_s=30, what="appointment heard")
    patient.hang_up()
    heard = transcribe(patient.wait_ended(10).heard_path)
    for key in ("recording-notice", "greeting", "proof-how", "appointments-intro", "dept-cardiology"):
        assert contains_prompt(heard, PROMPTS.text(key), max_cer=0.35), (key, PROMPTS.text(key), heard)
    assert "九点" in heard or "9点" in heard, heard


@pytest.mark.fault("F34")
@pytest.mark.fault("F35")
@pytest.mark.requirement("R46")
@pytest.mark.skipif(not can_hear(), reason="the recogniser is installed by ./hotline test")
def test_given_a_spoofed_caller_number_when_the_proof_is_wrong_then_nothing_personal_is_said_and_a_person_takes_over(
    product: Product, tmp_path: Path
) -> None:
    patient = product.call(
        "13800000005", keys="w3,2" + ",w8,2,w5,1111,w6,19990101" * 3 + ",w12", record=tmp_path / "heard.wav", max_s=150
    )
    call = eventually(lambda: product.call_of("13800000005"), what="call")
    eventually(lambda: product.ground.calls.record(call.id).queued_at, within_s=140, what="a person takes over")
    patient.hang_up()
    heard = transcribe(patient.wait_ended(10).heard_path)
    assert "医生" not in heard
    assert not contains_prompt(heard, PROMPTS.text("appointments-intro"), max_cer=0.2), heard


def _seconds(product: Product, call_id: str) -> float:
    record = product.ground.calls.record(call_id)
    return (product.ground.clock.now() - record.arrived_at).total_seconds()


def _nodes(product: Product, call_id: str) -> list[str]:
    return [step.node for step in product.ground.calls.record(call_id).ivr_path]
