"""What happens to the people at the desks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.agents.kinds import AgentState, StateBy
from crm_core.events import Event, ToAgent, ToSupervisors
from crm_core.ids import CallId


@dataclass(frozen=True, kw_only=True)
class AgentStateChanged(Event, ToAgent, ToSupervisors):
    """``old -> new``; ``since`` is when the new state began."""

    old: AgentState
    new: AgentState
    reason: str
    by: StateBy
    since: datetime
    call_id: CallId | None = None
    wrap_up_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AgentSignedOn(Event, ToAgent, ToSupervisors):
    queues: tuple[str, ...]
    extension: str


@dataclass(frozen=True, kw_only=True)
class AgentSignedOff(Event, ToAgent, ToSupervisors):
    extension: str


@dataclass(frozen=True, kw_only=True)
class SessionsRevoked(Event):
    """Log-out, disable, password or role change: every socket and page of this user must stop within 1 s (R9)."""

    user_id: int
    reason: str
