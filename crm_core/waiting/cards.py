"""What readers see of those who waited; numbers are masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.calls.kinds import LossReason
from crm_core.ids import AgentId, CallId, PatientId
from crm_core.waiting.kinds import CallBackState, ClosedHow, MissedState
from crm_core.waiting.rules import CallerFacts, Ranking


@dataclass(frozen=True)
class Standing:
    """What a calling number means before anybody knows who calls. One query."""

    nuisance_id: int | None = None
    lost_within_hour: int = 0


@dataclass(frozen=True)
class Placing:
    """Where a caller is to stand and who shall be asked first; ``last_agent_extension`` is "" when nobody is."""

    ranking: Ranking
    facts: CallerFacts
    last_agent_id: AgentId | None = None
    last_agent_extension: str = ""


@dataclass(frozen=True)
class LineView:
    """A queue as a caller would find it. ``wait_s`` None: nobody is on duty."""

    queue: str
    ahead: int
    agents_on_duty: int
    agents_free: int
    wait_s: float | None
    is_open: bool

    @property
    def must_wait(self) -> bool:
        return self.ahead >= self.agents_free


@dataclass(frozen=True)
class Stand:
    """One caller's place. ``entered_at`` None: he has not stood in line yet."""

    view: LineView
    priority: int = 0
    entered_at: datetime | None = None
    patient_id: PatientId | None = None


@dataclass(frozen=True)
class MissedCallerCard:
    id: int
    number_masked: str
    patient_id: PatientId | None
    queue: str
    reason: LossReason
    first_at: datetime
    last_at: datetime
    calls_count: int
    is_repeated: bool
    state: MissedState
    call_ids: tuple[CallId, ...]
    closed_at: datetime | None
    closed_how: ClosedHow | None
    closed_call_id: CallId | None


@dataclass(frozen=True)
class CallBackCard:
    id: int
    number_masked: str
    patient_id: PatientId | None
    queue: str
    priority: int
    entered_at: datetime
    requested_at: datetime
    due_at: datetime
    state: CallBackState
    attempts_count: int
    last_outcome: str
    was_open: bool
    """Asked for in opening hours."""

    @property
    def line_order(self) -> tuple[int, datetime]:
        """As CallRecord.line_order: both stand in one line."""
        return -self.priority, self.entered_at


@dataclass(frozen=True)
class CallBackClaim:
    """One attempt that belongs to a dialler; nothing was sent yet. ``number`` is normalised."""

    attempt_id: CallId
    request_id: int
    number: str
    queue: str
    priority: int
    entered_at: datetime
    language: str
    fencing_token: int


@dataclass(frozen=True)
class NuisanceCard:
    id: int
    number_masked: str
    reason: str
    added_by: AgentId
    added_at: datetime
    expires_at: datetime
    removed_at: datetime | None
