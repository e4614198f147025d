"""Whose telephone is registered, and what follows for its agent's state when it vanishes or comes back."""

from __future__ import annotations

from datetime import datetime

from crm_core.agents.kinds import AgentState
from crm_core.agents.rules import AgentInput
from crm_core.agents.statuses import status_row
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.ids import AgentId

PHONE_LOST_REASON = "phone_lost"


class Registrations:
    """Thread-safe."""

    def __init__(self, database: Database, clock: Clock, *, gone_s: float) -> None:
        """``gone_s``: whose telephone is back within this time (a reload of the page) is ready again by itself."""
        self._db = database
        self._clock = clock
        self._gone_s = gone_s
        self._registered_at: dict[AgentId, datetime] = {}

    def note(self, agent_id: AgentId, *, is_registered: bool) -> AgentInput | None:
        """What this means for the agent's state; None when nothing."""
        if is_registered:
            self._registered_at[agent_id] = self._clock.now()
        with self._db.note() as session:
            row = status_row(session, agent_id)
            if row.is_registered == is_registered:
                return None
            row.is_registered = is_registered
            if not is_registered:
                return AgentInput.PHONE_LOST if row.state == AgentState.READY.value else None
            waits = row.state == AgentState.PAUSED.value and row.reason == PHONE_LOST_REASON
            is_soon = (self._clock.now() - row.since).total_seconds() <= self._gone_s
            return AgentInput.PHONE_BACK if waits and is_soon else None

    def has_new_since(self, agent_id: AgentId, moment: datetime) -> bool:
        """True when the telephone that is registered now came after ``moment``."""
        registered_at = self._registered_at.get(agent_id)
        return registered_at is not None and registered_at >= moment
