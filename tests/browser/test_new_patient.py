"""An unknown caller: his card is made while he talks; who is known already is shown instead."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Ring, Shoot
from tests.browser.people import AgentScreen, masked
from tests.support.product import Product, eventually

ASHA_ID_NUMBER = "110101195803021234"
"""Of nobody's making: its check character is wrong, so the desk itself refuses it."""


@pytest.mark.capability("C33")
def test_given_an_unknown_number_when_bela_makes_a_card_then_it_is_on_the_call_and_in_the_next_pop(
    product: Product, bela: AgentScreen, ring: Ring, shoot: Shoot
) -> None:
    number = "13912340033"
    bela.ready()
    patient = ring(number)
    call_id = bela.answer()
    bela.click("new-patient")
    dialog = bela.see("new-patient-dialog")
    expect(dialog).to_contain_text("139****0033")
    bela.click("new-patient-save")
    expect(dialog).to_contain_text("请填写姓名")
    bela.see("new-patient-name").fill("欧阳新")
    bela.see("new-patient-id-number").fill(ASHA_ID_NUMBER)
    expect(dialog).to_contain_text("身份证号不正确")
    bela.see("new-patient-id-number").fill("11010519491231002X")
    shoot(bela, "new-patient")
    bela.click("new-patient-save")
    expect(bela.see("patient-name")).to_have_text("欧阳新")
    assert masked(bela.see("patient-column").inner_text())
    (found,) = product.ground.patients.find_by_number(number)
    assert (found.name, str(found.birth_date), found.gender) == ("欧阳新", "1949-12-31", "female")
    assert product.ground.calls.record(call_id).patient_id == found.id
    patient.hang_up()
    bela.shows("state-button", "wrap_up")
    bela.summarise("已建档")

    again = ring(number)
    bela.see("pop-card").wait_for(timeout=30_000)
    expect(bela.see("pop-name")).to_have_text("欧阳新")
    bela.answer()
    again.hang_up()
    bela.shows("state-button", "wrap_up")
    bela.summarise("再次来电")

    other = ring("13912340034")
    call_id = bela.answer()
    bela.click("new-patient")
    bela.see("new-patient-name").fill("欧阳新")
    bela.see("new-patient-id-number").fill("11010519491231002X")
    bela.click("new-patient-save")
    expect(bela.see("duplicates")).to_contain_text("该患者已有档案")
    bela.click(f"same-as-{found.id}")
    expect(bela.see("patient-name")).to_have_text("欧阳新")
    eventually(
        lambda: product.ground.calls.record(call_id).patient_id == found.id, what="the call is the known patient's"
    )
    other.hang_up()
    bela.shows("state-button", "wrap_up")
