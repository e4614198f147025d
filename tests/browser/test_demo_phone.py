"""A newcomer opens the browser telephone beside the desk and talks to himself through the whole product."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Shoot
from tests.browser.people import AgentScreen, Screen
from tests.support.product import Product


@pytest.mark.capability("C35")
@pytest.mark.capability("C29")
def test_given_the_phone_page_when_a_newcomer_calls_the_hotline_then_he_talks_with_bela_both_ways(
    product: Product, bela: AgentScreen, chen_browser: Browser, shoot: Shoot
) -> None:
    """The telephone stands in Chen's Chromium, so the patient speaks with Chen's voice here."""
    bela.ready()
    phone = Screen(product, chen_browser, desk=None, start_at="/phone")
    try:
        phone.shows("phone-registered", "registered")
        phone.click("phone-dial")
        phone.shows("phone-state", "talking")
        phone.hears_something()
        phone.click("key-0")
        shoot(phone, "phone")
        bela.see("pop-card").wait_for(timeout=20_000)
        expect(bela.see("pop-name")).to_have_text("阿莎")
        bela.answer()
        bela.hears("chen")
        phone.hears("bela")
        phone.click("phone-hang-up")
        bela.shows("state-button", "wrap_up")
        phone.shows("phone-state", "idle")
        bela.summarise("演示通话")
    finally:
        phone.close()
    assert phone.problems == []


@pytest.mark.capability("C35")
def test_given_bela_when_she_dials_a_number_then_the_patients_phone_rings_and_they_talk(
    product: Product, bela: AgentScreen
) -> None:
    """Click-to-dial: her own telephone answers by itself, then the patient's rings."""
    bela.ready()
    before = len(product.carrier.invite_log())
    bela.page.keyboard.press("F4")
    bela.see("dial-number").fill("13700003501")
    bela.click("dial")
    bela.shows("call-head", "talking", within_s=20)
    assert [invite.number for invite in product.carrier.invite_log()[before:]] == ["13700003501"]
    bela.hears_something()
    bela.page.keyboard.press("F2")
    bela.shows("state-button", "wrap_up")
    bela.summarise("已回电")
