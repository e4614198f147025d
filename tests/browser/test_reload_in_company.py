"""F5 where more than two are concerned: in a conference, in a call the agent has dialled, before and in a consultation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.demo.carrier import Behaviour
from crm_core.calls.kinds import CallState
from tests.browser.conftest import Ring
from tests.browser.people import AgentScreen, hears_not, hears_pitch
from tests.support.product import Product, eventually

BOTH_VOICES_SHARE = 0.15
DIALLED = "13700003502"


def reload(screen: AgentScreen) -> None:
    """F5, and the telephone has the call again."""
    screen.page.reload()
    screen.shows("phone-light", "on")
    eventually(lambda: screen.see("mute").is_enabled(), what="the telephone has the call again")


def consult(bela: AgentScreen, bolin: AgentScreen) -> None:
    bela.choose_target("1002")
    bela.click("transfer-attended")
    expect(bolin.see("answer")).to_be_enabled(timeout=15_000)
    bolin.page.keyboard.press("F2")
    bolin.shows("state-button", "talking")
    expect(bela.see("conference")).to_be_enabled()


@pytest.mark.capability("C31")
@pytest.mark.capability("C37")
@pytest.mark.parametrize("who", ["bela", "bolin"])
def test_given_a_conference_when_one_agent_reloads_then_all_three_hear_each_other_again(
    product: Product, bela: AgentScreen, bolin: AgentScreen, ring: Ring, heard: Path, voices: dict[str, Path], who: str
) -> None:
    bela.ready()
    patient = ring("13800000001")
    call_id = bela.answer()
    bolin.ready()
    consult(bela, bolin)
    bela.click("conference")
    bela.shows("call-head", "conference")
    hears_pitch(heard, "bolin", share=BOTH_VOICES_SHARE)

    one, other = (bela, bolin) if who == "bela" else (bolin, bela)
    reload(one)
    eventually(lambda: _kinds(product, call_id).count("conference_started") == 2, what="the line is open again")
    one.shows("call-head", "conference")
    other.shows("call-head", "conference")
    hears_pitch(heard, "bela", share=BOTH_VOICES_SHARE)
    hears_pitch(heard, "bolin", share=BOTH_VOICES_SHARE)
    patient.say(voices["patient"])
    one.hears("patient")
    one.hears(other.login)
    other.hears(one.login)
    other.hears("patient")
    one.page.keyboard.press("F2")
    one.shows("state-button", "wrap_up")
    other.talks()
    hears_pitch(heard, other.login)
    assert not patient.ended
    patient.hang_up()
    other.shows("state-button", "wrap_up")
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="the record is closed")


def _kinds(product: Product, call_id: str) -> list[str]:
    return [step.kind for step in product.ground.calls.record(call_id).steps]


@pytest.fixture
def dialled(product: Product, heard: Path, voices: dict[str, Path]) -> Iterator[str]:
    """A patient's number that rings long enough to reload a page, then speaks with the patient's voice."""
    product.carrier.set_behaviour(DIALLED, Behaviour(ring_s=6.0, say=voices["patient"], record=heard))
    yield DIALLED
    product.carrier.forget_behaviour(DIALLED)


@pytest.mark.capability("C31")
@pytest.mark.capability("C35")
@pytest.mark.parametrize("moment", ["ringing", "talking"])
def test_given_a_dialled_call_when_the_page_is_reloaded_then_both_hear_each_other(
    product: Product, bela: AgentScreen, dialled: str, heard: Path, moment: str
) -> None:
    bela.ready()
    before = len(product.carrier.invite_log())
    bela.page.keyboard.press("F4")
    bela.see("dial-number").fill(dialled)
    bela.click("dial")
    eventually(lambda: len(product.carrier.invite_log()) > before, what="the patient's telephone rings")
    if moment == "talking":
        bela.shows("call-head", "talking", within_s=20)
        bela.hears("patient")
    reload(bela)
    bela.shows("call-head", "talking", within_s=20)
    bela.hears("patient")
    hears_pitch(heard, "bela")
    (record,) = [one for one in product.ground.calls.open_calls() if one.state is CallState.TALKING]
    bela.page.keyboard.press("F2")
    bela.shows("state-button", "wrap_up")
    eventually(lambda: product.ground.calls.record(record.id).ended_at, what="the record is closed")
    assert len(product.carrier.invite_log()) == before + 1, "dialled once"
    bela.summarise("已回电")


@pytest.mark.capability("C31")
@pytest.mark.capability("C36")
@pytest.mark.parametrize("end", ["complete", "cancel", "conference"])
def test_given_a_reloaded_page_when_a_colleague_is_consulted_then_it_ends_as_the_agent_wishes(
    product: Product, bela: AgentScreen, bolin: AgentScreen, ring: Ring, heard: Path, end: str
) -> None:
    """The channel that took the call back must listen to the exchange's own codes as the first one did."""
    bela.ready()
    patient = ring("13800000001")
    call_id = bela.answer()
    reload(bela)
    bela.talks()
    bolin.ready()
    consult(bela, bolin)
    bela.hears("bolin")
    bolin.hears("bela")
    hears_not(heard, "bela")

    bela.click("conference" if end == "conference" else f"consult-{end}")
    if end == "complete":
        bela.shows("state-button", "wrap_up")
        bolin.talks()
        hears_pitch(heard, "bolin")
    elif end == "cancel":
        bolin.shows("state-button", "wrap_up")
        bela.talks()
        hears_pitch(heard, "bela")
    else:
        bela.shows("call-head", "conference")
        hears_pitch(heard, "bela", share=BOTH_VOICES_SHARE)
        hears_pitch(heard, "bolin", share=BOTH_VOICES_SHARE)
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="the record is closed")
