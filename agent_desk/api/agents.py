"""An agent's own state: sign on and off, ready, pause; and the lists his desk chooses from."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from agent_desk.desk import Caller, Desk
from agent_desk.errors import DeskError
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.agents.kinds import PAUSE_REASONS, SYSTEM_PAUSE_REASONS
from crm_core.calls.dispositions import DISPOSITIONS
from crm_core.calls.queues import QUEUES


class PauseBody(BaseModel):
    reason: str = Field(min_length=1, max_length=32)


def routes(desk: Desk) -> list[Route]:
    api = AgentApi(desk)
    use = Permission.DESK_USE
    return [
        Route("POST", "/api/v1/desk/sign_on", use, api.sign_on, "签入", status=202, is_command=True),
        Route("POST", "/api/v1/desk/sign_off", use, api.sign_off, "签出", status=202, is_command=True),
        Route("POST", "/api/v1/desk/ready", use, api.ready, "示闲", status=202, is_command=True),
        Route("POST", "/api/v1/desk/pause", use, api.pause, "示忙", body=PauseBody, status=202, is_command=True),
        Route("GET", "/api/v1/transfer_targets", use, api.transfer_targets, "Where a call can be transferred to"),
        Route("GET", "/api/v1/dispositions", use, api.dispositions, "The two-level list of dispositions"),
        Route("GET", "/api/v1/pause_reasons", use, api.pause_reasons, "The reasons an agent may choose"),
    ]


class AgentApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._agents = desk.services.agents

    def sign_on(self, caller: Caller) -> Json:
        """Refused while the account is signed on in another browser that is still there (C27)."""
        mine = caller.session.session_id
        other = self._desk.duty_sessions.get(int(caller.id))
        is_signed_on = self._agents.status(caller.id).is_signed_on
        if is_signed_on and other is not None and other != mine and self._desk.sockets.is_live(other):
            raise DeskError("signed_on_elsewhere", "this account is signed on in another browser")
        self._agents.sign_on(caller.id)
        self._desk.duty_sessions[int(caller.id)] = mine
        return self._told(caller)

    def sign_off(self, caller: Caller) -> Json:
        self._agents.sign_off(caller.id)
        self._desk.duty_sessions.pop(int(caller.id), None)
        return self._told(caller)

    def ready(self, caller: Caller) -> Json:
        self._agents.ready(caller.id)
        return self._told(caller)

    def pause(self, caller: Caller, body: PauseBody) -> Json:
        self._agents.pause(caller.id, body.reason)
        return self._told(caller)

    def _told(self, caller: Caller) -> Json:
        self._desk.notifier.agent_changed(caller.id)
        return {}

    def transfer_targets(self, caller: Caller) -> Json:
        departments = self._desk.services.appointments.departments()
        return {
            "agents": [
                {"id": int(one.agent_id), "name": one.name, "extension": one.extension, "state": one.state.value}
                for one in self._agents.all_statuses()
                if one.agent_id != caller.id
            ],
            "queues": [{"name": queue.name, "title": queue.title} for queue in QUEUES],
            "departments": [
                {"code": one.code, "name": one.name, "is_open_now": one.is_open_now}
                for one in departments
                if one.phone_number
            ],
        }

    def dispositions(self, _caller: Caller) -> list[Any]:
        return [
            {
                "code": one.code,
                "title": one.title,
                "children": [{"code": code, "title": title} for code, title in one.children],
            }
            for one in DISPOSITIONS
        ]

    def pause_reasons(self, _caller: Caller) -> list[Any]:
        return [
            {"code": code, "title": title} for code, title in PAUSE_REASONS.items() if code not in SYSTEM_PAUSE_REASONS
        ]
