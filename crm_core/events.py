"""What all events have in common, and who may receive them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.ids import AgentId, CallId


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that has happened. Frozen; ``at`` is aware UTC. A plain ``Event`` never leaves the server."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class CallEvent(Event):
    """Something that happened to one call; internal unless its class says otherwise."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True)
class ToAgent:
    """Mixin: this event concerns one agent and may be shown to that agent (and nobody else of the agents)."""

    agent_id: AgentId


class ToSupervisors:
    """Mixin: this event may be shown to supervisors."""


class ToDesks:
    """Mixin: this event holds no personal data and may be shown at every desk."""
