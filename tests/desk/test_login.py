"""Logging in and out, sessions, throttling (R1, R5, R6, R8, R9, F81, F82)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.agents.kinds import Role
from tests.support.desk_world import PASSWORD, DeskWorld


def test_given_right_credentials_when_logging_in_then_the_person_with_permissions(world: DeskWorld) -> None:
    browser = world.browser()
    answer = browser.log_in("bela")
    assert answer.status_code == 200
    assert answer.json["user"]["permissions"] == ["call.control", "desk.use", "patient.unmask", "patient.view"]
    shown = browser.get("/session").json
    assert shown["user"]["login"] == "bela"
    assert shown["hospital"] == {"name": "仁爱医院", "service_number": "95169"}
    assert shown["csrf_token"] == browser.csrf
    assert "login" in world.actions()


@pytest.mark.requirement("R6")
def test_given_unknown_user_wrong_password_or_disabled_when_logging_in_then_the_same_answer(world: DeskWorld) -> None:
    world.services.accounts.set_disabled(world.dora.id, True)
    answers = [
        world.browser().log_in(login, password)
        for login, password in (("nobody", PASSWORD), ("bela", "wrong password"), ("dora", PASSWORD))
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({answer.data for answer in answers}) == 1
    assert world.actions().count("login.failed") == 3


@pytest.mark.requirement("R29")
def test_given_a_password_typed_into_the_login_field_when_refused_then_it_is_not_written_down(world: DeskWorld) -> None:
    world.browser().log_in("hunter2-secret", "bela")
    entry = world.services.audit.entries(action="login.failed")[0]
    assert "hunter2" not in repr(entry)


@pytest.mark.requirement("R5")
@pytest.mark.fault("F81")
def test_given_five_wrong_passwords_when_trying_again_then_throttled_but_the_agent_elsewhere_is_not(
    world: DeskWorld,
) -> None:
    on_duty = world.browser(world.bela)
    attacker = world.browser()
    for _ in range(5):
        attacker.log_in("bela", "wrong password")
    refused = attacker.log_in("bela", PASSWORD)
    assert refused.status_code == 429
    assert refused.json["error"]["retry_after_s"] > 0
    assert on_duty.get("/session").status_code == 200
    elsewhere = world.browser()
    answer = elsewhere.post("/login", {"login": "bela", "password": PASSWORD}, environ_base={"REMOTE_ADDR": "10.0.0.7"})
    assert answer.status_code == 200


@pytest.mark.fault("F81")
def test_given_one_address_that_tries_many_accounts_when_it_goes_on_then_the_address_is_throttled(
    world: DeskWorld,
) -> None:
    sprayer = world.browser()
    with world.server.app.app_context():
        codes = [sprayer.post("/login", {"login": f"user{i}", "password": ""}).status_code for i in range(32)]
    assert codes[:30] == [422] * 30
    assert codes[-1] == 429


@pytest.mark.requirement("R9")
@pytest.mark.fault("F82")
def test_given_a_session_from_before_when_logging_in_then_it_is_a_new_one(world: DeskWorld) -> None:
    browser = world.browser()
    before = browser.csrf
    browser.log_in("bela")
    assert browser.csrf != before
    with browser.http.session_transaction() as cookie:
        first = cookie["login"][0]
    browser.log_in("bela")
    with browser.http.session_transaction() as cookie:
        assert cookie["login"][0] != first


@pytest.mark.requirement("R9")
@pytest.mark.fault("F82")
def test_given_a_copied_cookie_when_its_owner_logs_out_then_the_copy_is_dead(world: DeskWorld) -> None:
    owner, thief = world.browser(world.bela), world.browser()
    stolen = owner.http.get_cookie("hotline_session").value
    thief.http.set_cookie("hotline_session", stolen)
    assert thief.get("/dispositions").status_code == 200
    owner.post("/logout")
    thief.http.set_cookie("hotline_session", stolen)
    assert thief.get("/dispositions").status_code == 401
    assert owner.get("/dispositions").status_code == 401


@pytest.mark.requirement("R9")
@pytest.mark.fault("F82")
def test_given_a_log_out_when_the_program_is_started_again_then_a_copied_cookie_stays_dead(
    world: DeskWorld, tmp_path: Path
) -> None:
    owner = world.browser(world.bela)
    stolen = owner.http.get_cookie("hotline_session").value
    owner.post("/logout")
    world.database.engine.dispose()
    again = DeskWorld(tmp_path, world.database_file)
    thief = again.browser()
    thief.http.set_cookie("hotline_session", stolen)
    assert thief.get("/dispositions").status_code == 401
    assert again.browser(again.bela).get("/dispositions").status_code == 200
    again.close()


@pytest.mark.requirement("R9")
@pytest.mark.parametrize("change", ["password", "disable", "role"])
def test_given_a_session_when_password_state_or_role_changes_then_it_is_dead(world: DeskWorld, change: str) -> None:
    browser = world.browser(world.bela)
    assert browser.get("/dispositions").status_code == 200
    accounts = world.services.accounts
    {
        "password": lambda: accounts.set_password(world.bela.id, "another long secret 9"),
        "disable": lambda: accounts.set_disabled(world.bela.id, True),
        "role": lambda: accounts.set_role(world.bela.id, Role.SUPERVISOR),
    }[change]()
    assert browser.get("/dispositions").status_code == 401


def test_given_the_old_password_when_changing_it_then_every_session_ends(world: DeskWorld) -> None:
    browser, other = world.browser(world.bela), world.browser(world.bela)
    assert browser.post("/password", {"old": "wrong wrong", "new": "a very new secret 7"}).status_code == 403
    assert browser.post("/password", {"old": PASSWORD, "new": "short"}).json["error"]["code"] == "password_length"
    assert browser.post("/password", {"old": PASSWORD, "new": "a very new secret 7"}).status_code == 200
    assert browser.get("/dispositions").status_code == 401
    assert other.get("/dispositions").status_code == 401


@pytest.mark.requirement("R1")
def test_given_a_one_time_password_when_logged_in_then_only_changing_it_is_possible(world: DeskWorld) -> None:
    world.services.accounts.set_password(world.bela.id, "one time secret 5", must_change=True)
    browser = world.browser(world.services.accounts.account(world.bela.id))
    assert browser.get("/session").json["user"]["permissions"] == []
    assert browser.get("/dispositions").json["error"]["code"] == "password_change"
    assert browser.post("/desk/sign_on").status_code == 403
    assert browser.post("/password", {"old": "one time secret 5", "new": "a very new secret 7"}).status_code == 200
    again = world.browser(world.services.accounts.account(world.bela.id))
    assert again.get("/dispositions").status_code == 200


@pytest.mark.requirement("R8")
def test_given_fifteen_idle_minutes_when_paused_then_out_but_not_while_on_duty(world: DeskWorld) -> None:
    idle, on_duty = world.browser(world.dora), world.browser(world.bela)
    world.sign_on(world.bela)
    world.clock.advance(15 * 60 + 1)
    assert idle.get("/dispositions").status_code == 401
    assert on_duty.get("/dispositions").status_code == 200


@pytest.mark.requirement("R8")
def test_given_a_live_call_when_twelve_hours_are_over_then_the_session_lives_until_the_call_is_done(
    world: DeskWorld,
) -> None:
    browser = world.browser(world.bela)
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    world.clock.advance(12 * 3600 + 1)
    assert browser.get(f"/calls/{call_id}").status_code == 200
    leg = world.services.calls.record(call_id).legs[0]
    world.end_leg(call_id, world.bela, leg.id)
    world.services.agents.finish_wrap_up(world.bela.id, pause_reason="meal")
    assert browser.get(f"/calls/{call_id}").status_code == 401


def test_given_activity_when_time_passes_then_idle_time_begins_again(world: DeskWorld) -> None:
    browser = world.browser(world.dora)
    for _ in range(3):
        world.clock.advance(10 * 60)
        assert browser.get("/dispositions").status_code == 200


@pytest.mark.fault("F72")
def test_given_a_restart_of_the_server_when_the_browser_comes_back_then_it_is_still_logged_in(
    world: DeskWorld,
) -> None:
    from agent_desk.app import create_server

    browser = world.browser(world.bela)
    world.server = create_server(world.services, world.settings)
    again = world.browser()
    again.http.set_cookie("hotline_session", browser.http.get_cookie("hotline_session").value)
    assert again.get("/dispositions").status_code == 200


@pytest.mark.requirement("R10")
def test_given_tls_in_front_when_logging_in_then_secure_host_cookies(make_world: Callable[..., DeskWorld]) -> None:
    world = make_world(has_secure_cookies=True)
    answer = world.server.app.test_client().get("/api/v1/session", base_url="https://localhost")
    cookies = answer.headers.getlist("Set-Cookie")
    session_cookie = next(one for one in cookies if one.startswith("__Host-hotline="))
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in session_cookie
    assert "Domain" not in session_cookie
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.fault("F82")
@pytest.mark.parametrize("login", [None, [], ["x"], ["a", "b", "c", "d", "e"], {"x": 1}, ["s", 1, 1, 1e300, 1]])
def test_given_nonsense_in_a_signed_cookie_when_read_then_simply_not_logged_in(world: DeskWorld, login: object) -> None:
    browser = world.browser()
    with browser.http.session_transaction() as cookie:
        cookie["login"] = login
    assert browser.get("/dispositions").status_code == 401
