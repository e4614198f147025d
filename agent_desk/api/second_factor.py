"""The second factor: getting one, its first code, giving it up; an admin helps who has lost his telephone (R7)."""

from __future__ import annotations

import segno
from pydantic import BaseModel, Field

from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.agents.second_factor import SecondFactors
from crm_core.errors import InvalidInput, NotAllowed, NotFound


class BeginBody(BaseModel):
    password: str = Field(min_length=1, max_length=256)


class CodeBody(BaseModel):
    code: str = Field(min_length=6, max_length=8)


class RemoveBody(BaseModel):
    password: str = Field(min_length=1, max_length=256)
    code: str = Field(min_length=6, max_length=8)


class ResetBody(BaseModel):
    reason: str = Field(min_length=2, max_length=200)


def routes(desk: Desk) -> list[Route]:
    api = SecondFactorApi(desk)
    own, base = Permission.LOGGED_IN, "/api/v1/second_factor"
    return [
        Route("GET", base, own, api.show, "Whether this account has one, may have one, must have one"),
        Route("POST", f"{base}/begin", own, api.begin, "A new seed as picture", body=BeginBody, limit="10/minute"),
        Route("POST", f"{base}/confirm", own, api.confirm, "The first code: in force", body=CodeBody, limit="10/minute"),
        Route("POST", f"{base}/remove", own, api.remove, "Give it up", body=RemoveBody, limit="10/minute"),
        Route(
            "POST", "/api/v1/users/<int:user_id>/second_factor/reset", Permission.USER_MANAGE, api.reset,
            "Somebody has lost his telephone: his second factor and sessions end", body=ResetBody, limit="10/minute",
        ),
    ]  # fmt: skip


class SecondFactorApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, caller: Caller) -> Json:
        return vars(self._factors.state(caller.account)) | {"must_enrol": caller.must_enrol}

    def begin(self, caller: Caller, body: BeginBody) -> Json:
        self._check_password(caller, body.password)
        enrolment = self._factors.begin(caller.account)
        self._desk.note(caller, "second_factor.begun", "account", int(caller.id))
        picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=4, border=2)
        return {"secret": enrolment.secret, "uri": enrolment.uri, "picture": picture}

    def confirm(self, caller: Caller, body: CodeBody) -> Json:
        self._factors.confirm(caller.account, body.code)
        self._desk.note(caller, "second_factor.enrolled", "account", int(caller.id))
        return {}

    def remove(self, caller: Caller, body: RemoveBody) -> Json:
        self._check_password(caller, body.password)
        if not self._factors.state(caller.account).is_enrolled:
            raise NotFound("there is no second factor")
        if not self._factors.verify(caller.account, body.code):
            self._desk.note(caller, "second_factor.removed", "account", int(caller.id), result="refused")
            raise InvalidInput("the one-time code is wrong or was used before", code="second_factor_code")
        self._factors.remove(int(caller.id))
        self._desk.note(caller, "second_factor.removed", "account", int(caller.id))
        return {}

    def reset(self, caller: Caller, user_id: int, body: ResetBody) -> Json:
        """Nobody resets his own: a stolen admin session would need no code then."""
        if user_id == int(caller.id):
            raise NotAllowed("another admin must do this")
        account = self._desk.services.accounts.account(user_id)
        if not self._factors.remove(int(account.id)):
            raise NotFound("there is no second factor")
        self._desk.note(caller, "second_factor.reset", "account", user_id, reason=body.reason)
        self._desk.services.accounts.end_sessions(user_id, "second factor reset")
        return {}

    def _check_password(self, caller: Caller, password: str) -> None:
        if not self._desk.services.accounts.is_password_of(int(caller.id), password):
            self._desk.note(caller, "second_factor.password", "account", int(caller.id), result="refused")
            raise NotAllowed("the password is wrong", code="password_wrong")

    @property
    def _factors(self) -> SecondFactors:
        found = self._desk.services.second_factors
        if found is None:
            raise NotFound("there is no second factor here")
        return found
