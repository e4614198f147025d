"""Default deny, CSRF, Origin, headers, limits: generated over every route (R14, R48, R51, F70, F79, F90, F91)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from agent_desk.permissions import PERMISSIONS_OF_ROLE, Permission
from agent_desk.routes import Route, Router
from agent_desk.socket_events import SocketApi
from crm_core.agents.kinds import Role
from tests.support.desk_world import DeskWorld

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def rules(world: DeskWorld) -> list[tuple[str, str, Permission]]:
    permissions = world.server.app.extensions["hotline_permissions"]
    found = []
    for rule in world.server.app.url_map.iter_rules():
        path = re.sub(r"<int:[^>]+>", "1", rule.rule)
        path = re.sub(r"<[^>]+>", "x1", path)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found.append((method, path, permissions[rule.endpoint]))
    return found


@pytest.mark.requirement("R14")
def test_given_every_route_when_listed_then_each_has_a_declared_permission(world: DeskWorld) -> None:
    assert len(rules(world)) > 50
    open_to_all = {path for _, path, permission in rules(world) if permission is Permission.ANYBODY}
    assert {path for path in open_to_all if path.startswith("/api/")} == {
        "/api/v1/login", "/api/v1/logout", "/api/v1/session", "/api/v1/demo_phone",
    }  # fmt: skip


@pytest.mark.requirement("R14")
def test_given_a_route_beside_the_table_when_checked_then_the_start_fails(world: DeskWorld) -> None:
    app = world.server.app
    app._got_first_request = False
    app.add_url_rule("/secret", "secret", lambda: "x")
    router = Router(app, None, world.server.desk)  # type: ignore[arg-type]
    router.permissions = dict(app.extensions["hotline_permissions"])
    with pytest.raises(RuntimeError, match="/secret"):
        router.check()


@pytest.mark.requirement("R14")
def test_given_a_socket_event_beside_the_table_when_checked_then_the_start_fails(world: DeskWorld) -> None:
    world.server.socketio.on_event("backdoor", lambda: None)
    api = object.__new__(SocketApi)
    api.events = ()
    with pytest.raises(RuntimeError, match="backdoor"):
        api.check(world.server.socketio)


@pytest.mark.requirement("R14")
def test_given_nobody_logged_in_when_any_protected_route_is_asked_then_401(world: DeskWorld) -> None:
    browser = world.browser()
    for method, path, permission in rules(world):
        if permission is Permission.ANYBODY:
            continue
        answer = browser.http.open(path, method=method, json={}, headers={"X-CSRF-Token": browser.csrf})
        assert answer.status_code == 401, (method, path, answer.status_code)


@pytest.mark.requirement("R14")
@pytest.mark.parametrize("role", list(Role))
def test_given_a_role_when_it_asks_for_more_than_it_may_then_403(world: DeskWorld, role: Role) -> None:
    account = {Role.AGENT: world.bela, Role.SUPERVISOR: world.chen, Role.ADMIN: world.admin}[role]
    browser = world.browser(account)
    for method, path, permission in rules(world):
        if permission in (Permission.ANYBODY, Permission.LOGGED_IN) or permission in PERMISSIONS_OF_ROLE[role]:
            continue
        answer = browser.http.open(path, method=method, json={}, headers={"X-CSRF-Token": browser.csrf})
        assert answer.status_code == 403, (method, path, answer.status_code)
    refused = world.services.audit.entries(action="access.refused")
    assert all(entry.actor_id == account.id and entry.result == "refused" for entry in refused)


@pytest.mark.requirement("R51")
@pytest.mark.fault("F79")
@pytest.mark.parametrize("token", [None, "", "wrong", "x" * 5000, "é"])
def test_given_no_or_a_wrong_csrf_token_when_any_unsafe_route_is_called_then_refused(
    world: DeskWorld, token: str | None
) -> None:
    browser = world.browser(world.chen)
    headers = {} if token is None else {"X-CSRF-Token": token}
    checked = 0
    for method, path, _permission in rules(world):
        if method in UNSAFE:
            answer = browser.http.open(path, method=method, json={}, headers=headers)
            assert answer.status_code == 403, (method, path)
            assert answer.json["error"]["code"] == "csrf"
            checked += 1
    assert checked > 25
    assert world.telephony.commands == []


@pytest.mark.fault("F79")
def test_given_somebody_elses_token_when_used_then_refused(world: DeskWorld) -> None:
    mine, other = world.browser(world.bela), world.browser(world.bolin)
    answer = mine.http.post("/api/v1/desk/ready", json={}, headers={"X-CSRF-Token": other.csrf})
    assert answer.status_code == 403


@pytest.mark.requirement("R51")
@pytest.mark.fault("F70")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_given_another_site_when_it_posts_then_refused(world: DeskWorld, headers: dict[str, str]) -> None:
    browser = world.browser(world.bela)
    answer = browser.post("/desk/ready", headers=headers)
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "origin"


def test_given_the_own_or_the_public_origin_when_posting_then_taken(make_world: Callable[..., DeskWorld]) -> None:
    world = make_world(public_url="https://desk.hospital.example")
    browser = world.browser()
    for origin in ("http://localhost", "https://desk.hospital.example"):
        assert browser.post("/logout", headers={"Origin": origin}).status_code == 200
        browser.get("/session")


@pytest.mark.fault("F90")
def test_given_a_foreign_host_header_when_asked_then_400(world: DeskWorld) -> None:
    answer = world.server.app.test_client().get("/api/v1/session", headers={"Host": "evil.example"})
    assert answer.status_code == 400


@pytest.mark.requirement("R48")
@pytest.mark.requirement("R10")
def test_given_any_answer_when_looked_at_then_policy_without_inline_script_and_no_store(world: DeskWorld) -> None:
    browser = world.browser(world.bela)
    for answer in (browser.get("/dispositions"), browser.http.get("/nothing"), browser.get("/patients/999")):
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "ws://127.0.0.1:8188" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Permissions-Policy"].startswith("microphone=(self)")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.fault("F91")
@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"login":"' + b"a" * 70_000 + b'"}', "application/json", 413),
        (b"[" * 60_000, "application/json", 400),
        (b"{broken", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"login":1}', "application/json", 422),
    ],
)
def test_given_bad_bodies_when_posted_then_a_clear_refusal(
    world: DeskWorld, body: bytes, content_type: str, expected: int
) -> None:
    browser = world.browser()
    answer = browser.http.post(
        "/api/v1/login", data=body, content_type=content_type, headers={"X-CSRF-Token": browser.csrf}
    )
    assert answer.status_code == expected
    assert answer.json["error"]["message_zh"]


def test_given_invalid_fields_when_posted_then_422_with_fields(world: DeskWorld) -> None:
    browser = world.browser(world.bela)
    answer = browser.post("/calls/x1/digits", {"digits": "12;3"})
    assert answer.status_code == 422
    assert "digits" in answer.json["error"]["fields"]


def test_given_an_unknown_address_when_asked_then_404_in_the_one_error_shape(world: DeskWorld) -> None:
    browser = world.browser(world.bela)
    for answer in (browser.get("/nothing"), browser.http.get("/api/x"), browser.send("DELETE", "/session")):
        assert answer.status_code in (404, 405)
        assert set(answer.json["error"]) >= {"code", "message", "message_zh"}


@pytest.mark.fault("F81")
def test_given_a_script_when_it_walks_patients_then_it_is_slowed_down(world: DeskWorld) -> None:
    browser = world.browser(world.chen)
    codes = [browser.get(f"/patients/{1000 + i}").status_code for i in range(125)]
    assert codes[0] == 404
    assert codes[-1] == 429


def test_given_a_bug_in_a_route_when_asked_then_500_without_a_trace(world: DeskWorld) -> None:
    def broken(_caller: Any) -> None:
        raise ZeroDivisionError("secret detail")

    app = world.server.app
    app._got_first_request = False
    from flask_limiter import Limiter

    router = Router(app, Limiter(key_func=lambda: "k", app=app, storage_uri="memory://"), world.server.desk)
    router.add([Route("GET", "/api/v1/broken", Permission.ANYBODY, broken, "x")])
    answer = world.browser().get("/broken")
    assert answer.status_code == 500
    assert b"secret detail" not in answer.data
