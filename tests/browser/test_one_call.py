"""A patient's call in Bela's browser: the pop while it rings, both voices, hold, summary, recording."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from crm_core.calls.kinds import CallOutcome, CallState
from tests.browser.conftest import Ring, Shoot
from tests.browser.people import PITCH_HZ, AgentScreen, Screen, hears_not, hears_pitch, masked
from tests.support.chromium import last_samples, pitch_share
from tests.support.product import PASSWORD, Product, eventually

ASHA = "13800000001"


@pytest.mark.capability("C27")
@pytest.mark.capability("C28")
def test_given_bela_when_she_logs_in_and_signs_on_then_her_telephone_is_registered_and_she_may_be_called(
    product: Product, bela_browser: Browser, shoot: Shoot
) -> None:
    screen = Screen(product, bela_browser, desk=None, start_at="/login")
    screen.see("login-name").fill("bela")
    screen.see("login-password").fill("not her password")
    screen.click("login-submit")
    expect(screen.see("login-error")).to_be_visible()
    screen.see("login-password").fill(PASSWORD)
    shoot(screen, "login")
    screen.click("login-submit")
    screen.shows("phone-light", "off")
    screen.click("sign-on")
    screen.shows("phone-light", "on")
    screen.shows("state-button", "paused")
    screen.click("state-button")
    screen.click("state-ready")
    screen.shows("state-button", "ready")
    expect(screen.page.get_by_role("row", name="咨询").locator("td").nth(2)).to_have_text("1")
    shoot(screen, "desk-ready")
    screen.click("state-button")
    screen.click("state-sign-off")
    expect(screen.see("sign-on")).to_be_visible()
    screen.shows("phone-light", "off")
    screen.close()
    assert screen.problems == []


@pytest.mark.capability("C29")
@pytest.mark.capability("C35")
@pytest.mark.capability("C38")
@pytest.mark.capability("C39")
@pytest.mark.capability("C44")
@pytest.mark.capability("C45")
def test_given_asha_when_bela_takes_her_call_then_both_hear_one_another_through_hold_to_the_summary(
    product: Product, bela: AgentScreen, ring: Ring, heard: Path, voices: dict[str, Path], shoot: Shoot
) -> None:
    bela.ready()
    patient = ring(ASHA)
    pop = bela.see("pop-card")
    pop.wait_for(timeout=30_000)
    (call,) = product.ground.calls.open_calls_of(bela.id)
    assert call.state is CallState.RINGING, "the pop is there while the telephone rings"
    expect(bela.see("pop-name")).to_have_text("阿莎")
    expect(bela.see("pop-number")).to_have_text("138****0001")
    expect(bela.see("pop-queue")).to_have_text("咨询")
    expect(bela.see("pop-path")).to_contain_text("主菜单0")
    expect(pop).to_contain_text("黄金")
    shoot(bela, "desk-ringing")
    assert masked(bela.page.locator("body").inner_text())

    assert bela.answer(by_key=True) == call.id
    hears_pitch(heard, "bela")
    patient.say(voices["patient"])
    bela.hears("patient")
    bela.see("notes").fill("询问复诊时间，已答复下周二上午可来")
    expect(bela.see("notes-saved")).to_contain_text("已暂存")
    shoot(bela, "desk-talking")

    bela.page.keyboard.press("F9")
    bela.shows("call-head", "held")
    bela.shows("state-button", "holding")
    hears_not(heard, "bela")
    shoot(bela, "desk-held")
    bela.page.keyboard.press("F9")
    bela.talks()
    hears_pitch(heard, "bela")
    bela.hears("patient")

    bela.page.keyboard.press("F8")
    expect(bela.see("mute")).to_have_attribute("aria-pressed", "true")
    eventually(lambda: pitch_share(last_samples(heard, 1.0), PITCH_HZ["bela"]) < 0.05, what="muted")
    bela.page.keyboard.press("F8")
    hears_pitch(heard, "bela")

    bela.page.keyboard.press("F2")
    assert patient.wait_ended(10).answered_at
    bela.shows("state-button", "wrap_up")
    expect(bela.see("wrap-up-left")).to_be_visible()
    bela.choose_disposition()
    shoot(bela, "desk-wrap-up")
    bela.summarise("询问复诊时间，已答复")
    record = product.ground.calls.record(call.id)
    assert record.outcome is CallOutcome.ANSWERED
    assert [one.notes for one in record.wrap_ups] == ["询问复诊时间，已答复"]
    _both_lanes_have_their_voice(product, call.id)


def _both_lanes_have_their_voice(product: Product, call_id: str) -> None:
    recording = eventually(
        lambda: (found := product.ground.recordings.of_call(call_id)) and found.state.value == "ready" and found,
        within_s=30,
        what="recording ready",
    )
    assert recording.measures["patient_talk_ratio"] > 0.1
    assert recording.measures["agent_talk_ratio"] > 0.1
