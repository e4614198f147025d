"""What every agent is doing now, as desks, boards and app_queue ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.agents.kinds import AgentState, StateBy
from crm_core.agents.models import AgentStatusRow, User
from crm_core.agents.rules import pause_reason_for_queue
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.ids import AgentId, CallId


@dataclass(frozen=True)
class AgentStatus:
    """One agent now."""

    agent_id: AgentId
    name: str
    extension: str | None
    queues: tuple[str, ...]
    state: AgentState
    reason: str
    since: datetime
    by: StateBy
    call_id: CallId | None
    wrap_up_until: datetime | None
    pause_after: str
    is_signed_on: bool
    is_registered: bool


class AgentStatuses:
    """Reading only. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._extensions: dict[str, AgentId] = {}

    def status(self, agent_id: AgentId) -> AgentStatus:
        with self._db.read() as session:
            user = session.get(User, agent_id)
            if user is None:
                raise NotFound("no such agent")
            return _status(user, status_row(session, agent_id))

    def all_statuses(self) -> list[AgentStatus]:
        """Everybody who has an extension."""
        with self._db.read() as session:
            rows = session.execute(
                select(User, AgentStatusRow)
                .join(AgentStatusRow, AgentStatusRow.agent_id == User.id)
                .where(User.extension.is_not(None), User.is_disabled.is_(False))
                .order_by(User.extension)
            )
            return [_status(user, row) for user, row in rows]

    def agent_of_extension(self, extension: str) -> AgentId | None:
        """Called for every telephony event: remembered."""
        if extension not in self._extensions:
            with self._db.read() as session:
                found = session.scalar(select(User.id).where(User.extension == extension))
            if found is None:
                return None
            self._extensions[extension] = AgentId(found)
        return self._extensions[extension]

    def extension_of(self, agent_id: AgentId) -> str | None:
        with self._db.read() as session:
            return session.scalar(select(User.extension).where(User.id == agent_id))

    def memberships(self) -> list[tuple[str, tuple[str, ...], str | None]]:
        """(extension, queues, pause reason or None) of everybody signed on: what app_queue must hold."""
        return [
            (s.extension, s.queues, pause_reason_for_queue(s.state, s.reason))
            for s in self.all_statuses()
            if s.extension and s.is_signed_on
        ]


def status_row(session: Session, agent_id: int) -> AgentStatusRow:
    """Raises NotFound."""
    row = session.get(AgentStatusRow, agent_id)
    if row is None:
        raise NotFound("no such agent")
    return row


def _status(user: User, row: AgentStatusRow) -> AgentStatus:
    return AgentStatus(
        agent_id=AgentId(user.id),
        name=user.name,
        extension=user.extension,
        queues=tuple(user.queues),
        state=AgentState(row.state),
        reason=row.reason,
        since=row.since,
        by=StateBy(row.by),
        call_id=CallId(row.call_id) if row.call_id else None,
        wrap_up_until=row.wrap_up_until,
        pause_after=row.pause_after,
        is_signed_on=row.signed_on_at is not None,
        is_registered=row.is_registered,
    )
