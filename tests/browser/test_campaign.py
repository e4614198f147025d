"""A survey from a list with mistakes to its results, all by hand in the browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.demo.carrier import Behaviour, BehaviourKind
from tests.browser.conftest import Shoot
from tests.browser.people import AgentScreen
from tests.support.product import Product

ANSWERS = "w5,1,w4,5,w4,4,w4,5,w4,#,w20"
CONTACTS = """姓名,电话
阿莎,13577770001
张敏,13577770002
刘强,13577770003
坏号码,12ab
,
"""


@pytest.mark.capability("C81")
@pytest.mark.capability("C91")
@pytest.mark.capability("C97")
@pytest.mark.fault("F85")
def test_given_a_list_with_bad_lines_when_chen_imports_and_starts_it_then_the_page_counts_to_the_end(
    product: Product, chen: AgentScreen, tmp_path: Path, shoot: Shoot
) -> None:
    product.carrier.set_behaviour("13577770001", Behaviour(BehaviourKind.ANSWER, ring_s=1, keys=ANSWERS))
    product.carrier.set_behaviour("13577770002", Behaviour(BehaviourKind.BUSY))
    product.carrier.set_behaviour("13577770003", Behaviour(BehaviourKind.ANSWER, ring_s=1, keys="w5,2,w20"))
    contacts = tmp_path / "名单.csv"
    contacts.write_text(CONTACTS, encoding="utf-8")

    chen.page.goto(product.settings.web_url + "/campaigns")
    chen.click("campaign-new")
    chen.see("campaign-title").fill("十一月满意度")
    attempts = chen.page.get_by_label("最多拨打次数", exact=True)
    attempts.fill("1")
    attempts.press("Tab")
    shoot(chen, "campaign-new")
    chen.click("campaign-create")

    chen.page.locator("[data-testid=import-dialog] input[type=file]").set_input_files(contacts)
    expect(chen.see("import-counts")).to_contain_text("可导入 3 行")
    errors = chen.see("import-errors")
    expect(errors).to_contain_text("5")
    expect(errors.locator("tbody tr")).not_to_have_count(0)
    shoot(chen, "campaign-import")
    chen.click("import-go")

    row = chen.page.locator("li[data-testid^=campaign-]", has_text="十一月满意度").first
    expect(row).to_have_attribute("data-state", "draft")
    expect(row.get_by_test_id("campaign-remaining")).to_have_text("3")
    row.get_by_test_id("campaign-start").click()
    chen.page.get_by_role("dialog").get_by_role("button", name="启动").click()
    expect(row).to_have_attribute("data-state", "running")
    expect(row.get_by_test_id("campaign-dialled")).not_to_have_text("0", timeout=15_000)
    shoot(chen, "campaign-running")
    expect(row).to_have_attribute("data-state", "finished", timeout=90_000)
    expect(row.get_by_test_id("campaign-dialled")).to_have_text("3")
    expect(row.get_by_test_id("campaign-remaining")).to_have_text("0")
    row.get_by_test_id("campaign-open").click()
    expect(chen.page.locator(".el-drawer")).to_contain_text("1 人作答")
    expect(chen.page.get_by_role("img", name="5 分 1 人").first).to_be_visible()
    shoot(chen, "campaign-results")
