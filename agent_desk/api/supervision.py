"""A supervisor's commands: listen, whisper, barge in; force an agent's state."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.agents.kinds import AgentState
from crm_core.calls.kinds import MonitorMode
from crm_core.errors import InvalidInput
from crm_core.ids import AgentId


class MonitorBody(BaseModel):
    agent_id: int = Field(ge=1)
    mode: MonitorMode


class ForceBody(BaseModel):
    state: Literal["ready", "paused", "offline"]
    reason: str = Field(default="", max_length=200)
    """paused: a pause reason's code (busy when it is none); any text is kept in the audit."""


def routes(desk: Desk) -> list[Route]:
    api = SupervisionApi(desk)
    return [
        Route(
            "POST", "/api/v1/monitor", Permission.AGENT_MONITOR, api.monitor, "监听 / 耳语 / 强插",
            body=MonitorBody, status=202, is_command=True, limit="120/minute",
        ),
        Route(
            "POST", "/api/v1/agents/<int:agent_id>/force", Permission.AGENT_FORCE, api.force,
            "强制示闲 / 示忙 / 签出", body=ForceBody, status=202, is_command=True, limit="120/minute",
        ),
    ]  # fmt: skip


class SupervisionApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def monitor(self, caller: Caller, body: MonitorBody) -> Json:
        if caller.account.extension is None:
            raise InvalidInput("a supervisor needs an extension to listen", code="no_extension")
        status = self._desk.services.agents.status(AgentId(body.agent_id))
        self._desk.note(
            caller, "agent.monitor", "agent", body.agent_id,
            detail={"mode": body.mode.value, "call_id": status.call_id or ""},
        )  # fmt: skip
        self._desk.services.telephony.monitor(AgentId(body.agent_id), caller.account.extension, body.mode)
        return {}

    def force(self, caller: Caller, agent_id: int, body: ForceBody) -> Json:
        agents = self._desk.services.agents
        known_reason = body.reason if body.reason.isascii() and body.reason.replace("_", "").isalpha() else ""
        agents.force(AgentId(agent_id), AgentState(body.state), known_reason)
        self._desk.note(caller, "agent.force", "agent", agent_id, reason=body.reason, detail={"state": body.state})
        self._desk.notifier.agent_changed(AgentId(agent_id))
        return {}
