"""One patient, two agents in two browsers: who hears whom, and whose screen shows what."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.demo.carrier_calls import CallHandle
from crm_core.calls.kinds import CallState
from tests.browser.conftest import Ring, Shoot
from tests.browser.people import AgentScreen, hears_not, hears_pitch
from tests.support.product import Product, eventually

BOTH_VOICES_SHARE = 0.15


@pytest.fixture
def talk(bela: AgentScreen, ring: Ring) -> tuple[CallHandle, str]:
    """Bela talks with Asha; the call and its id."""
    bela.ready()
    patient = ring("13800000001")
    return patient, bela.answer()


@pytest.mark.capability("C36")
@pytest.mark.capability("C30")
def test_given_a_talk_when_bela_transfers_blind_then_bolin_has_call_patient_and_notes(
    product: Product, bela: AgentScreen, bolin: AgentScreen, talk: tuple[CallHandle, str], heard: Path
) -> None:
    patient, call_id = talk
    bela.see("notes").fill("想改约到下周")
    expect(bela.see("notes-saved")).to_contain_text("已暂存")
    bolin.ready()
    expect(bolin.see("pop-card")).to_have_count(0)

    bela.choose_target("1002")
    bela.click("transfer-blind")
    bela.shows("state-button", "wrap_up")
    expect(bolin.see("pop-name")).to_have_text("阿莎")
    expect(bolin.see("pop-card")).to_contain_text("贝拉")
    assert bolin.answer(by_key=False) == call_id, "one id over the transfer"
    hears_pitch(heard, "bolin")
    expect(bolin.see("handed-over")).to_contain_text("想改约到下周")

    patient.hang_up()
    bolin.shows("state-button", "wrap_up")
    record = product.ground.calls.record(call_id)
    assert [leg.agent_id for leg in record.legs if leg.answered_at] == [bela.id, bolin.id]
    bela.summarise("已转柏林")
    bolin.summarise("已改约")


@pytest.mark.capability("C36")
def test_given_a_talk_when_bela_consults_bolin_then_the_patient_waits_and_then_talks_with_bolin(
    product: Product, bela: AgentScreen, bolin: AgentScreen, talk: tuple[CallHandle, str], heard: Path, shoot: Shoot
) -> None:
    patient, _call_id = talk
    bolin.ready()
    bela.choose_target("1002")
    shoot(bela, "desk-transfer")
    bela.click("transfer-attended")
    expect(bela.see("consult-bar")).to_contain_text("柏林")
    expect(bolin.see("answer")).to_be_enabled(timeout=15_000)
    bolin.page.keyboard.press("F2")
    bolin.shows("state-button", "talking")
    bela.hears("bolin")
    bolin.hears("bela")
    hears_not(heard, "bela")
    shoot(bela, "desk-consult")

    bela.click("consult-complete")
    bela.shows("state-button", "wrap_up")
    bolin.talks()
    hears_pitch(heard, "bolin")
    expect(bolin.see("patient-name")).to_have_text("阿莎")
    bolin.page.keyboard.press("F2")
    assert patient.wait_ended(10)
    bolin.shows("state-button", "wrap_up")


@pytest.mark.capability("C36")
@pytest.mark.capability("C37")
def test_given_a_consultation_when_cancelled_and_asked_again_then_the_conference_has_three_voices(
    product: Product, bela: AgentScreen, bolin: AgentScreen, talk: tuple[CallHandle, str], heard: Path,
    voices: dict[str, Path],
) -> None:  # fmt: skip
    patient, call_id = talk
    bolin.ready()
    _consult(bela, bolin)
    bela.click("consult-cancel")
    expect(bela.see("consult-bar")).to_have_count(0)
    bela.talks()
    hears_pitch(heard, "bela")
    bolin.shows("state-button", "wrap_up")
    bolin.summarise("只是咨询")

    _consult(bela, bolin)
    bela.click("conference")
    bela.shows("call-head", "conference")
    hears_pitch(heard, "bolin", share=BOTH_VOICES_SHARE)
    hears_pitch(heard, "bela", share=BOTH_VOICES_SHARE)
    patient.say(voices["patient"])
    bolin.hears("patient")
    bolin.hears("bela")
    bela.page.keyboard.press("F2")
    bela.shows("state-button", "wrap_up")
    bolin.talks()
    assert not patient.ended, "who leaves a conference takes nobody with him"
    hears_pitch(heard, "bolin")
    bolin.hears("patient")
    patient.hang_up()
    bolin.shows("state-button", "wrap_up")
    assert product.ground.calls.record(call_id).ended_at


@pytest.mark.capability("C36")
def test_given_a_consultation_when_cancelled_before_he_answers_then_the_colleague_is_ready_again_at_once(
    bela: AgentScreen, bolin: AgentScreen, talk: tuple[CallHandle, str], heard: Path
) -> None:
    """He has talked with nobody: there is nothing to wrap up."""
    patient, _call_id = talk
    bolin.ready()
    bela.choose_target("1002")
    bela.click("transfer-attended")
    expect(bolin.see("answer")).to_be_enabled(timeout=15_000)
    bela.click("consult-cancel")
    expect(bolin.see("pop-card")).to_have_count(0)
    bolin.shows("state-button", "ready")
    expect(bela.see("consult-bar")).to_have_count(0)
    bela.talks()
    hears_pitch(heard, "bela")
    patient.hang_up()
    bela.shows("state-button", "wrap_up")


def _consult(bela: AgentScreen, bolin: AgentScreen) -> None:
    bela.choose_target("1002")
    bela.click("transfer-attended")
    expect(bolin.see("answer")).to_be_enabled(timeout=15_000)
    bolin.page.keyboard.press("F2")
    bolin.shows("state-button", "talking")
    expect(bela.see("conference")).to_be_enabled()


@pytest.mark.capability("C30")
def test_given_a_ringing_telephone_when_rejected_then_the_pop_is_withdrawn_and_goes_to_the_colleague(
    product: Product, bela: AgentScreen, bolin: AgentScreen, ring: Ring
) -> None:
    bela.ready()
    patient = ring("13800000001")
    bela.see("pop-card").wait_for(timeout=30_000)
    bolin.ready()
    expect(bolin.see("pop-card")).to_have_count(0)
    bela.page.keyboard.press("F3")
    expect(bela.see("pop-card")).to_have_count(0)
    expect(bela.page.get_by_text("阿莎")).to_have_count(0)
    call_id = bolin.answer()
    assert product.ground.calls.record(call_id).state is CallState.TALKING
    assert not patient.ended
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="end")
