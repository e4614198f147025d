"""Booking from the pop: three clicks to a booked appointment, its SMS on the messages page, one of two gets the last seat."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Ring, Shoot
from tests.browser.people import AgentScreen, masked
from tests.support.product import Product, eventually

ASHA_NUMBER = "13800000001"


@pytest.mark.capability("C102")
@pytest.mark.capability("C34")
def test_given_a_pop_when_bela_books_then_three_clicks_and_the_sms_is_on_the_messages_page(
    product: Product, bela: AgentScreen, chen: AgentScreen, ring: Ring, shoot: Shoot
) -> None:
    (asha,) = product.ground.patients.find_by_number(ASHA_NUMBER)
    before = {one.id for one in product.ground.bookings.booking.of_patient(asha.id)}
    bela.ready()
    patient = ring(ASHA_NUMBER)
    call_id = bela.answer()
    expect(bela.see("timeline")).to_be_visible()
    shoot(bela, "desk-timeline")
    seats = bela.page.locator("[data-testid^=session-]:enabled")

    bela.page.locator("#tab-booking").click()  # one
    expect(bela.see("booking-grid").or_(bela.page.get_by_text("这一周没有排班"))).to_be_visible()
    seats.first.click()  # two
    expect(bela.see("hold-clock")).to_be_visible()
    shoot(bela, "desk-booking")
    bela.click("booking-confirm")  # three

    made = eventually(
        lambda: [one for one in product.ground.bookings.booking.of_patient(asha.id) if one.id not in before],
        what="the appointment",
    )
    assert [one.state for one in made] == ["booked"]
    expect(bela.see(f"booked-{made[0].id}")).to_contain_text("已预约")
    expect(bela.see("hold-clock")).to_have_count(0)
    bela.page.locator("#tab-visits").click()
    bela.page.locator("#tab-fees").click()
    expect(bela.see("prove")).to_be_visible()
    bela.see("fact-name").fill("不是她")
    bela.see("fact-id_tail").fill("0000")
    bela.click("prove-go")
    expect(bela.see("prove-result")).to_contain_text("核验未通过")
    shoot(bela, "desk-identity")
    bela.see("answer-find").fill("amxl")
    bela.page.locator("[data-testid^=answer-]:not([data-testid=answer-find])").first.wait_for()
    shoot(bela, "desk-answers")
    assert masked(bela.see("patient-column").inner_text())

    chen.page.goto(product.settings.web_url + "/messages")
    expect(chen.see("messages")).to_contain_text("预约成功")
    assert [one.title for one in product.ground.messages.log.of_call(call_id)] == ["预约成功"]
    shoot(chen, "messages")
    chen.page.goto(product.settings.web_url + "/schedule")
    expect(chen.see("schedule")).to_be_visible()
    shoot(chen, "schedule")
    bela.page.locator("#tab-booking").click()
    bela.click(f"cancel-{made[0].id}")
    bela.click("cancel-go")
    expect(bela.see(f"booked-{made[0].id}")).to_contain_text("已取消")
    patient.hang_up()
    bela.shows("state-button", "wrap_up")
    bela.summarise("已预约后取消")


@pytest.mark.capability("C103")
@pytest.mark.invariant("I2")
def test_given_a_seat_that_bela_keeps_when_bolin_looks_then_it_is_grey_on_his_screen_at_once(
    product: Product, bela: AgentScreen, bolin: AgentScreen, ring: Ring, shoot: Shoot
) -> None:
    bela.ready()
    first = ring(ASHA_NUMBER)
    bela.answer()
    bolin.ready()
    second = ring("13800000002")
    bolin.answer()
    bolin.page.locator("[data-testid^=candidate-]").first.click()
    for screen in (bela, bolin):
        screen.page.locator("#tab-booking").click()
        expect(screen.see("booking-grid")).to_be_visible()
    department = bela.see("booking-department").inner_text().strip()
    bolin.click("booking-department")
    bolin.page.get_by_role("option", name=department, exact=True).click()
    seat = bela.page.locator("[data-testid^=session-]:enabled").first
    name = str(seat.get_attribute("data-testid"))
    shown = bolin.see(name)
    text = shown.inner_text()
    seat.click()
    expect(bela.see("hold-clock")).to_be_visible()
    expect(shown).not_to_have_text(text)
    shoot(bolin, "desk-booking-of-another")
    bela.page.keyboard.press("Escape")
    expect(shown).to_have_text(text)
    for patient, screen in ((first, bela), (second, bolin)):
        patient.hang_up()
        screen.shows("state-button", "wrap_up")
        screen.summarise("看过号源")
