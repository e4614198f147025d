"""The administrator changes the voice menu by hand: mistakes are shown, the draft is played, published and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Shoot
from tests.browser.people import Screen
from tests.support.product import Product, eventually
from tests.support.sounds import tone, write_wav


@pytest.fixture
def admin(_quiet_house: None, product: Product, chen_browser: Browser) -> Iterator[Screen]:
    """Afterwards the menu and the greeting are as they were."""
    desk = product.desk("admin")
    before = desk.get("/menus")["published_id"]
    screen = Screen(product, chen_browser, desk=desk, start_at="/menus")
    yield screen
    screen.context.close()
    now = desk.get("/menus")
    if now["draft"] is not None:
        desk.post("/menus/draft/discard", {"lock_version": now["draft"]["lock_version"]})
    if now["published_id"] != before:
        desk.post(f"/menus/versions/{before}/roll_back", {"note": "test is over"})
    desk.post_raw("/prompts/zh/greeting/restore")
    assert screen.problems == []


def answer_box(screen: Screen, text: str, button: str) -> None:
    """The dialog that asks for a note."""
    box = screen.page.locator(".el-message-box")
    box.locator("input").fill(text)
    box.get_by_role("button", name=button).click()


@pytest.mark.capability("C4")
@pytest.mark.capability("C5")
@pytest.mark.capability("C6")
def test_given_a_menu_when_the_admin_edits_plays_publishes_and_rolls_back_then_each_is_seen(
    product: Product, admin: Screen, shoot: Shoot
) -> None:
    admin.click("menu-edit")
    admin.see("outline-main").first.click()

    zero = admin.see("key-0")
    zero.hover()
    zero.locator(".el-select__clear").click()
    expect(admin.see("node-findings")).to_contain_text("0 键转人工")
    expect(admin.see("menu-publish")).to_be_disabled()
    zero.click()
    admin.page.get_by_role("option", name="人工服务").locator("visible=true").click()
    expect(admin.see("menu-publish")).to_be_enabled()

    admin.see("key-3").click()
    admin.page.get_by_role("option", name="人工服务").locator("visible=true").click()
    expect(admin.see("menu-dirty")).to_be_visible()
    admin.page.keyboard.press("Control+s")
    expect(admin.see("menu-dirty")).to_be_hidden()
    expect(admin.page.locator(".el-message")).to_have_count(0)
    admin.see("outline-main").first.focus()
    shoot(admin, "menu-editor")

    admin.see("sim-caller").click()
    admin.page.get_by_role("option", name="测试患者（41 岁）").click()
    admin.click("sim-dial")
    admin.shows("simulator", "waits")
    admin.click("sim-2")
    expect(admin.see("transcript")).to_contain_text("身份证号码")
    for key in "2031519850315":
        admin.click(f"sim-{key}")
    expect(admin.see("transcript")).to_contain_text("心内科")
    shoot(admin, "menu-simulator")
    admin.click("sim-hash")
    expect(admin.see("outline-main").first).to_have_class("row selected visited standing")
    admin.click("sim-3")
    admin.shows("simulator", "queue")
    expect(admin.see("sim-end")).to_contain_text("咨询")

    admin.click("menu-publish")
    answer_box(admin, "3 键也可转人工", "发布")
    expect(admin.see("menu-state")).to_contain_text("已发布")
    published = product.desk("admin").get("/menus")
    assert published["versions"][0]["note"] == "3 键也可转人工"

    admin.click("open-versions")
    admin.see("versions").get_by_test_id("roll-back").first.click()
    answer_box(admin, "撤回", "回退到此版本")
    expect(admin.see("menu-state")).to_contain_text("已发布")
    eventually(lambda: product.desk("admin").get("/menus")["versions"][0]["note"] == "撤回", what="rolled back")


@pytest.mark.capability("C6")
def test_given_a_recording_when_uploaded_in_the_browser_then_auditioned_published_and_restored(
    product: Product, admin: Screen, tmp_path: Path, shoot: Shoot
) -> None:
    playing = product.settings.layout.sounds / "zh" / "hl" / "greeting.g722"
    shipped = playing.read_bytes()
    admin.page.goto(product.settings.web_url + "/prompts")
    admin.see("prompt-find").fill("欢迎")
    admin.click("open-greeting")
    recording = write_wav(tmp_path / "欢迎.wav", tone(1.2, hz=500, rate_hz=16_000), rate_hz=16_000)
    admin.see("prompt-file").set_input_files(recording)
    draft = admin.page.locator("[data-testid=prompt-drawer] li[data-state=draft]").first
    expect(draft).to_contain_text("录音")
    assert playing.read_bytes() == shipped
    expect(admin.page.locator(".el-message")).to_have_count(0)
    with admin.page.expect_response(lambda answer: "/audio?sound=" in answer.url) as audition:
        draft.get_by_role("button", name="试听").click()
    assert audition.value.ok
    shoot(admin, "prompts")
    draft.get_by_test_id("sound-publish").click()
    expect(admin.page.locator("[data-testid=prompt-drawer] li[data-state=published]").first).to_be_visible()
    assert playing.read_bytes() != shipped
    admin.click("prompt-restore")
    eventually(lambda: playing.read_bytes() == shipped, what="the shipped greeting again")
