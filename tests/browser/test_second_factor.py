"""Chen gets a second factor at the screen, logs in with it, and gives it up again."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete

from crm_core.agents.models import SecondFactorRow
from crm_core.clock import SystemClock
from tests.browser.conftest import Shoot
from tests.browser.people import AgentScreen, Screen
from tests.support.product import PASSWORD, Product


@pytest.mark.requirement("R7")
def test_given_chen_when_she_gets_a_second_factor_then_the_login_asks_for_its_code(
    product: Product, chen: AgentScreen, chen_browser: Browser, shoot: Shoot
) -> None:
    chen.click("user-menu")
    chen.click("second-factor")
    chen.see("second-factor-password").fill(PASSWORD)
    chen.click("second-factor-submit")
    expect(chen.see("second-factor-picture")).to_be_visible()
    totp = pyotp.TOTP(chen.see("second-factor-secret").inner_text())
    shoot(chen, "second-factor")
    now = SystemClock().now  # an authenticator app knows nothing of the moved clock of a demo
    try:
        chen.see("second-factor-code").fill(totp.at(now()))
        chen.click("second-factor-submit")
        expect(chen.see("second-factor-dialog")).to_be_hidden()

        door = Screen(product, chen_browser, desk=None, start_at="/login")
        door.see("login-name").fill("chen")
        door.see("login-password").fill(PASSWORD)
        door.click("login-submit")
        expect(door.see("login-totp")).to_be_visible()
        expect(door.see("login-error")).to_have_count(0)
        door.see("login-totp").fill(totp.at(now(), counter_offset=1))  # the code of now was used above
        door.click("login-submit")
        expect(door.see("user-menu")).to_contain_text("陈")
        door.close()
        assert door.problems == []
    finally:
        with product.ground.database.write() as session:
            session.execute(delete(SecondFactorRow))
    assert product.desk("chen").user["login"] == "chen", "the password alone again"
