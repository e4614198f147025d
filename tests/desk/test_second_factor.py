"""The second factor of supervisors and admins: got, asked for, used once, given up, reset (R7)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest

from crm_core.agents.accounts import Account
from crm_core.agents.second_factor import SecondFactorPolicy
from tests.support.desk_browser import PASSWORD, Browser
from tests.support.desk_world import DeskWorld

pytestmark = pytest.mark.requirement("R7")
Make = Callable[..., DeskWorld]


def code_now(world: DeskWorld, secret: str, *, steps_later: int = 0) -> str:
    return pyotp.TOTP(secret).at(world.clock.now(), counter_offset=steps_later)


def enrol(world: DeskWorld, account: Account) -> tuple[Browser, str]:
    browser = world.browser(account)
    begun = browser.post("/second_factor/begin", {"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    secret = str(begun.json["secret"])
    assert browser.post("/second_factor/confirm", {"code": code_now(world, secret)}).status_code == 200
    world.clock.advance(30)
    return browser, secret


def log_in(world: DeskWorld, login: str, code: str | None = None) -> Any:
    browser = world.browser()
    browser.get("/session")
    return browser.post("/login", {"login": login, "password": PASSWORD} | ({"totp": code} if code is not None else {}))


def test_given_a_supervisor_with_a_second_factor_when_logging_in_then_password_and_a_fresh_code_are_needed(
    world: DeskWorld,
) -> None:
    assert log_in(world, "chen").status_code == 200
    _, secret = enrol(world, world.chen)
    asked = log_in(world, "chen")
    assert (asked.status_code, asked.json["error"]["code"]) == (401, "totp_needed")
    assert log_in(world, "chen", "000000").json["error"]["code"] == "totp_wrong"
    code = code_now(world, secret)
    assert log_in(world, "chen", code).status_code == 200
    assert log_in(world, "chen", code).json["error"]["code"] == "totp_wrong", "each code once"
    assert log_in(world, "chen", code_now(world, secret, steps_later=-1)).status_code == 401, "nor an older one"
    assert log_in(world, "chen", code_now(world, secret, steps_later=1)).status_code == 200, "a clock one step ahead"
    assert log_in(world, "bela").status_code == 200
    assert {"second_factor.begun", "second_factor.enrolled", "login.failed"} <= set(world.actions())


def test_given_the_code_of_the_enrolment_when_used_to_log_in_then_refused(world: DeskWorld) -> None:
    browser = world.browser(world.chen)
    secret = browser.post("/second_factor/begin", {"password": PASSWORD}).json["secret"]
    code = code_now(world, secret)
    browser.post("/second_factor/confirm", {"code": code})
    assert log_in(world, "chen", code).json["error"]["code"] == "totp_wrong"


@pytest.mark.requirement("R5")
def test_given_somebody_with_the_password_when_he_guesses_codes_then_throttled(world: DeskWorld) -> None:
    _, secret = enrol(world, world.chen)
    for guess in range(5):
        assert log_in(world, "chen", f"{guess:06}").status_code == 401
    refused = log_in(world, "chen", code_now(world, secret))
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "throttled")


def test_given_a_password_without_code_when_asked_again_and_again_then_that_is_no_guess(world: DeskWorld) -> None:
    _, secret = enrol(world, world.chen)
    for _ in range(8):
        assert log_in(world, "chen").json["error"]["code"] == "totp_needed"
    assert log_in(world, "chen", code_now(world, secret)).status_code == 200


def test_given_a_seed_when_kept_then_encrypted_and_never_told_again(world: DeskWorld) -> None:
    browser = world.browser(world.chen)
    begun = browser.post("/second_factor/begin", {"password": PASSWORD}).json
    assert begun["uri"].startswith("otpauth://totp/")
    assert begun["picture"].startswith("data:image/svg+xml")
    world.database.engine.dispose()
    assert begun["secret"].encode() not in world.database_file.read_bytes()
    browser.post("/second_factor/confirm", {"code": code_now(world, begun["secret"])})
    again = browser.post("/second_factor/begin", {"password": PASSWORD})
    assert again.json["error"]["code"] == "second_factor_there"
    assert browser.get("/second_factor").json == {
        "is_enrolled": True, "is_required": False, "may_have": True, "must_enrol": False,
    }  # fmt: skip


def test_given_a_begun_but_unconfirmed_one_when_logging_in_then_not_asked_for(world: DeskWorld) -> None:
    world.browser(world.chen).post("/second_factor/begin", {"password": PASSWORD})
    assert log_in(world, "chen").status_code == 200


def test_given_an_open_screen_when_a_stranger_tries_then_the_password_and_a_code_stop_him(world: DeskWorld) -> None:
    browser, secret = enrol(world, world.chen)
    wrong = browser.post("/second_factor/remove", {"password": "guess-guess-guess", "code": code_now(world, secret)})
    assert wrong.json["error"]["code"] == "password_wrong"
    assert browser.post("/second_factor/remove", {"password": PASSWORD, "code": "000000"}).status_code == 422
    right = {"password": PASSWORD, "code": code_now(world, secret)}
    assert browser.post("/second_factor/remove", right).status_code == 200
    assert log_in(world, "chen").status_code == 200
    assert world.browser(world.bela).post("/second_factor/begin", {"password": PASSWORD}).status_code == 403, "an agent"


def test_given_a_lost_telephone_when_an_admin_resets_it_then_password_alone_again_and_old_sessions_are_dead(
    world: DeskWorld,
) -> None:
    chen, _ = enrol(world, world.chen)
    admin, _ = enrol(world, world.admin)
    path = f"/users/{world.chen.id}/second_factor/reset"
    assert world.browser(world.bela).post(path, {"reason": "手机遗失"}).status_code == 403
    own = admin.post(f"/users/{world.admin.id}/second_factor/reset", {"reason": "手机遗失"})
    assert own.status_code == 403, "nobody resets his own"
    assert admin.post(path, {"reason": "手机遗失"}).status_code == 200
    assert chen.get("/second_factor").status_code == 401
    assert log_in(world, "chen").status_code == 200
    assert admin.post(path, {"reason": "手机遗失"}).status_code == 404
    (entry,) = world.services.audit.entries(action="second_factor.reset")
    assert (entry.actor_id, entry.reason) == (int(world.admin.id), "手机遗失")


def test_given_it_is_required_when_there_is_none_then_only_the_way_to_get_one_is_open(make_world: Make) -> None:
    world = make_world(second_factor=SecondFactorPolicy.REQUIRED)
    told = log_in(world, "chen").json["user"]
    assert (told["must_enrol"], told["permissions"]) == (True, [])
    browser = world.browser(world.chen)
    refused = browser.get("/recordings")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "second_factor_enrol")
    enrol(world, world.chen)
    assert browser.get("/recordings").status_code == 200
    assert world.browser(world.bela).get("/dispositions").status_code == 200, "agents need none"


def test_given_it_is_off_when_somebody_has_one_then_it_is_not_asked_for(world: DeskWorld, tmp_path: Path) -> None:
    enrol(world, world.chen)
    world.database.engine.dispose()
    off = DeskWorld(tmp_path, world.database_file, second_factor=SecondFactorPolicy.OFF)
    assert log_in(off, "chen").status_code == 200
    assert off.browser(off.chen).get("/second_factor").json["may_have"] is False
    off.close()
