"""What must not be seen, and what must not be run: other people's patients, and script in a caller's name."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Ring
from tests.browser.people import AgentScreen
from tests.support.product import Product, eventually

TRACES_OF_ASHA = ("阿莎", "13800000001", "138****0001", "C0000001", "110101********002X", "青霉素")
HOSTILE_NAME = "<img src=x onerror=window.__xss=1>"
HOSTILE_NOTE = "</textarea><svg onload=window.__xss=1>{{constructor.constructor('window.__xss=1')()}}"


@pytest.mark.capability("C30")
@pytest.mark.invariant("I5")
@pytest.mark.fault("F69")
def test_given_dora_at_her_desk_when_others_serve_asha_then_nothing_of_asha_ever_reaches_doras_browser(
    product: Product, bela: AgentScreen, bolin: AgentScreen, dora: AgentScreen, ring: Ring
) -> None:
    """All frames of all websockets, all answers of the server, and the page itself are searched."""
    bodies: list[str] = []
    dora.page.on("response", lambda answer: "/api/" in answer.url and bodies.append(answer.text()))
    dora.ready()
    bela.ready()
    patient = ring("13800000001")
    bela.answer()
    bela.see("notes").fill("阿莎 13800000001 复诊")
    expect(bela.see("notes-saved")).to_contain_text("已暂存")
    expect(dora.see("pop-card")).to_have_count(0)
    bolin.ready()
    bela.choose_target("1002")
    bela.click("transfer-blind")
    bolin.answer()
    patient.hang_up()
    bolin.shows("state-button", "wrap_up")
    bolin.summarise("已答复")
    eventually(lambda: any("enquiry" in frame for frame in dora.frames), what="Dora's live link tells of the queue")

    seen = {"frames": "".join(dora.frames), "answers": "".join(bodies), "page": dora.page.content()}
    for place, text in seen.items():
        spelled_out = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
        for trace in TRACES_OF_ASHA:
            assert trace not in spelled_out, f"{trace} in Dora's {place}"
    assert dora.desk.get_raw(f"/calls/{bela_call(product)}").status_code == 404


def bela_call(product: Product) -> str:
    return str(product.call_of("13800000001").id)


@pytest.mark.fault("F74")
@pytest.mark.invariant("I5")
def test_given_script_in_the_callers_name_and_the_notes_when_they_are_shown_then_they_are_text(
    product: Product, bela: AgentScreen, chen: AgentScreen, ring: Ring
) -> None:
    bela.ready()
    patient = ring("18600007401", from_name=HOSTILE_NAME)
    expect(bela.see("pop-name")).to_have_text(HOSTILE_NAME, timeout=30_000)
    call_id = bela.answer()
    assert product.ground.calls.record(call_id).caller_name == HOSTILE_NAME
    patient.hang_up()
    bela.shows("state-button", "wrap_up")
    bela.see("notes").fill(HOSTILE_NOTE)
    bela.page.reload()
    expect(bela.see("notes")).to_have_value(HOSTILE_NOTE)
    bela.summarise(HOSTILE_NOTE)
    chen.page.goto(product.settings.web_url + "/recordings")
    expect(chen.see("recordings")).to_contain_text("186****7401")
    for screen in (bela, chen):
        assert screen.page.evaluate("() => window.__xss") is None
        assert screen.page.locator("img[src=x], svg[onload]").count() == 0
