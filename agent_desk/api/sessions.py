"""Log in, log out, who am I, new password, and the browser's telephone."""

from __future__ import annotations

from typing import Any

from flask import session
from pydantic import BaseModel, Field

from agent_desk.desk import Caller, Desk
from agent_desk.errors import DeskError
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission, permissions_of
from agent_desk.routes import Route
from agent_desk.security import client_address, ensure_csrf_token, is_loopback
from crm_core.agents.accounts import Account, Throttled
from crm_core.errors import NotAllowed, NotFound


class LoginBody(BaseModel):
    login: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)
    totp: str | None = Field(default=None, max_length=8)
    """The code of now, of accounts that have a second factor."""


class PasswordBody(BaseModel):
    old: str = Field(min_length=1, max_length=256)
    new: str = Field(min_length=1, max_length=256)


def routes(desk: Desk) -> list[Route]:
    api = SessionApi(desk)
    anybody, logged_in = Permission.ANYBODY, Permission.LOGGED_IN
    return [
        Route(
            "POST", "/api/v1/login", anybody, api.login, "Log in", body=LoginBody,
            limit="30/minute", counts_failures_only=True,
        ),
        Route("POST", "/api/v1/logout", anybody, api.logout, "Log out: every session of the account ends"),
        Route("GET", "/api/v1/session", anybody, api.show, "Who is logged in"),
        Route(
            "POST", "/api/v1/password", logged_in, api.change_password, "New password; every session ends",
            body=PasswordBody, limit="10/minute",
        ),
        Route("GET", "/api/v1/softphone", Permission.DESK_USE, api.softphone, "What this browser's telephone needs"),
        Route("GET", "/api/v1/demo_phone", anybody, api.demo_phone, "The browser telephone of the demo"),
    ]  # fmt: skip


class SessionApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._build_id = _build_id(desk)

    def login(self, _caller: Caller | None, body: LoginBody) -> Any:
        address = client_address()
        try:
            account = self._desk.services.accounts.authenticate(
                body.login, body.password, address, check=lambda known: self._is_code_right(known, body.totp or "")
            )
        except Throttled:
            self._note_failure(body.login, address, "throttled")
            raise
        except NotAllowed as error:
            self._note_failure(body.login, address, "code" if error.code == "totp_wrong" else "refused")
            code = "totp_wrong" if error.code == "totp_wrong" else "login_failed"
            raise DeskError(code, str(error)) from None
        begun = self._desk.sessions.begin(session, account)
        self._desk.services.audit.write(account.id, "login", "account", int(account.id), ip=address)
        must_enrol = self._desk.services.must_enrol(account)
        return {
            "user": user(account, unused=self._desk.services.offices.unused(), must_enrol=must_enrol),
            "csrf_token": session["csrf"],
            "began_at": iso(begun.began_at),
        }

    def logout(self, caller: Caller | None) -> Any:
        if caller is not None:
            self._desk.services.accounts.end_sessions(int(caller.id), "logged out")
            self._desk.note(caller, "logout", "account", int(caller.id))
        session.clear()
        return {}

    def show(self, caller: Caller | None) -> Any:
        token = ensure_csrf_token()
        if caller is None:
            raise DeskError("session_ended" if "login" in session else "not_logged_in", "nobody is logged in")
        settings = self._desk.settings
        return {
            "user": user(caller.account, unused=self._desk.services.offices.unused(), must_enrol=caller.must_enrol),
            "server_time": iso(self._desk.services.clock.now()),
            "build_id": self._build_id,
            "hospital": {"name": settings.hospital_name, "service_number": settings.service_number},
            "csrf_token": token,
        }

    def change_password(self, caller: Caller, body: PasswordBody) -> Any:
        try:
            self._desk.services.accounts.change_password(caller.id, body.old, body.new)
        except NotAllowed:
            self._desk.note(caller, "password.change", "account", int(caller.id), result="refused")
            raise
        self._desk.note(caller, "password.change", "account", int(caller.id))
        session.clear()
        return {}

    def softphone(self, caller: Caller) -> Json:
        if caller.account.extension is None:
            raise NotFound("this account has no extension")
        phone = self._desk.services.phones.softphone(caller.account.extension, caller.account.name)
        return vars(phone) | {}

    def demo_phone(self, caller: Caller | None) -> Json:
        phone = self._desk.services.phones.demo_phone() if self._desk.settings.is_demo else None
        if phone is None or (caller is None and not is_loopback(client_address())):
            raise NotFound("there is no demo telephone")
        return vars(phone) | {"patients": [vars(one) for one in phone.patients]}

    def _is_code_right(self, account: Account, code: str) -> bool:
        """Raises DeskError ``totp_needed`` when a code is asked for and none was sent: no failure, the form asks for it."""
        factors = self._desk.services.second_factors
        if factors is None or not factors.state(account).is_enrolled:
            return True
        if not code.strip():
            raise DeskError("totp_needed", "the one-time code is needed")
        return factors.verify(account, code)

    def _note_failure(self, login: str, address: str, result: str) -> None:
        """People type passwords into the login field: only a login that exists is written down (R29)."""
        wanted = login.strip().lower()
        known = next((int(one.id) for one in self._desk.services.accounts.accounts() if one.login == wanted), None)
        self._desk.services.audit.write(
            None, "login.failed", "account", known if known is not None else "unknown", ip=address, result=result
        )


def user(account: Account, *, unused: frozenset[Permission], must_enrol: bool = False) -> Json:
    """``unused``: rights that open nothing at this desk."""
    is_shut = account.must_change_password or must_enrol
    return {
        "id": int(account.id),
        "login": account.login,
        "name": account.name,
        "role": account.role.value,
        "extension": account.extension,
        "queues": list(account.queues),
        "must_change_password": account.must_change_password,
        "must_enrol": must_enrol,
        "permissions": [] if is_shut else sorted(one.value for one in permissions_of(account.role) - unused),
    }


def _build_id(desk: Desk) -> str:
    try:
        return (desk.settings.static_folder / "build_id.txt").read_text(encoding="ascii").strip()[:64]
    except (OSError, UnicodeDecodeError):
        return ""
