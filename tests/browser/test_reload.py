"""F5 at the worst moment: the page, the half-typed words, the timer and the sound come back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from crm_core.calls.kinds import CallState, LegOutcome
from tests.browser.conftest import Ring
from tests.browser.people import AgentScreen, hears_pitch
from tests.support.product import Product, eventually


@pytest.mark.capability("C31")
@pytest.mark.capability("C45")
@pytest.mark.invariant("I8")
@pytest.mark.parametrize("attempt", range(2))
def test_given_a_talk_when_the_page_is_reloaded_then_pop_words_timer_and_both_voices_are_back(
    product: Product, bela: AgentScreen, ring: Ring, heard: Path, voices: dict[str, Path], attempt: int
) -> None:
    """Twice: sequence numbers of RTP begin by chance, and half of the chances once made the patient hear nothing."""
    bela.page.on("dialog", lambda question: question.accept())
    bela.ready()
    patient = ring("13800000001")
    call_id = bela.answer()
    hears_pitch(heard, "bela")
    bela.see("notes").fill("半句话还没说")
    before = product.ground.calls.record(call_id)

    bela.page.reload()
    bela.talks()
    expect(bela.see("notes")).to_have_value("半句话还没说")
    expect(bela.see("patient-name")).to_have_text("阿莎")
    timer = bela.see("call-head").locator(".timer")
    assert re.fullmatch(r"00:\d\d", timer.inner_text())
    expect(timer).not_to_have_text("00:00")
    bela.shows("phone-light", "on")
    eventually(lambda: bela.see("hold").is_enabled(), what="the telephone has the call again")
    hears_pitch(heard, "bela")
    patient.say(voices["patient"])
    bela.hears("patient")

    after = product.ground.calls.record(call_id)
    assert after.state is CallState.TALKING
    assert after.agent_answered_at == before.agent_answered_at
    assert [leg.id for leg in after.legs] == [leg.id for leg in before.legs], "one leg, before and after"
    bela.page.keyboard.press("F2")
    assert patient.wait_ended(10)
    bela.shows("state-button", "wrap_up")
    expect(bela.see("notes")).to_have_value("半句话还没说")
    bela.page.reload()
    bela.shows("state-button", "wrap_up")
    expect(bela.see("notes")).to_have_value("半句话还没说")
    bela.summarise("说完了")


@pytest.mark.capability("C31")
@pytest.mark.fault("F64")
@pytest.mark.invariant("I8")
def test_given_a_ringing_telephone_when_the_page_is_reloaded_then_it_rings_again_and_can_be_answered(
    product: Product, bela: AgentScreen, ring: Ring, heard: Path
) -> None:
    """The old page's telephone is dead: its ringing ends at once, and the queue offers the call to the new one."""
    bela.ready()
    patient = ring("13800000001")
    bela.see("pop-card").wait_for(timeout=30_000)
    bela.page.reload()
    expect(bela.see("answer")).to_be_enabled(timeout=5_000)
    expect(bela.see("pop-name")).to_have_text("阿莎")
    call_id = bela.answer()
    hears_pitch(heard, "bela")
    legs = product.ground.calls.record(call_id).legs
    assert [leg.outcome for leg in legs if leg.answered_at is None] == [LegOutcome.FAILED], (
        "one dead telephone, told as such"
    )
    patient.hang_up()
    bela.shows("state-button", "wrap_up")
    bela.summarise("已答复")


@pytest.mark.fault("F64")
@pytest.mark.invariant("I8")
def test_given_a_ringing_telephone_when_the_tab_is_closed_then_the_colleague_gets_the_call_and_the_agent_is_paused(
    bela: AgentScreen, bolin: AgentScreen, ring: Ring, heard: Path
) -> None:
    bela.ready()
    patient = ring("13800000001")
    bela.see("pop-card").wait_for(timeout=30_000)
    bolin.ready()
    bela.page.goto("about:blank")
    bolin.answer()
    hears_pitch(heard, "bolin")
    eventually(lambda: bela.state == "paused", what="nobody is ready without a telephone")
    patient.hang_up()
    bolin.shows("state-button", "wrap_up")
    bolin.summarise("已答复")


@pytest.mark.capability("C27")
@pytest.mark.capability("C31")
def test_given_a_ready_agent_when_the_page_is_reloaded_then_he_is_ready_again(bela: AgentScreen) -> None:
    bela.ready()
    bela.page.reload()
    bela.shows("phone-light", "on")
    bela.shows("state-button", "ready")
