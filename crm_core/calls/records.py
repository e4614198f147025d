"""What readers see of a call: frozen records made from the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_core import phone_number
from crm_core.calls.kinds import (
    CallMark,
    CallOutcome,
    CallState,
    Direction,
    HungUpBy,
    LegKind,
    LegOutcome,
    LossReason,
    Overflow,
    RecordingState,
)
from crm_core.calls.models import Call, CallLeg, CallStep, CallWrapUp, Recording
from crm_core.crypto import FieldCipher
from crm_core.ids import AgentId, CallId, LegId, PatientId

WAITING_STATES = (CallState.QUEUED, CallState.RINGING)


@dataclass(frozen=True)
class LegRecord:
    id: LegId
    agent_id: AgentId | None
    kind: LegKind
    queue: str | None
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: LegOutcome | None
    talked_s: float

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True)
class StepRecord:
    """One line of the call's ledger. ``kind`` is the event's name in snake case (``ivr_step_taken``, ``call_held``...)."""

    at: datetime
    kind: str
    agent_id: AgentId | None
    node: str
    key: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class WrapUpRecord:
    agent_id: AgentId
    notes: str
    saved_at: datetime | None
    disposition: str | None
    sub_disposition: str | None
    is_resolved: bool | None
    is_overdue: bool
    finished_at: datetime | None


@dataclass(frozen=True)
class CallRecord:
    """One call with everything that happened to it so far."""

    id: CallId
    direction: Direction
    state: CallState
    number: str
    """Normalised or cleaned; "" when withheld. Never leaves the server unmasked without permission."""
    caller_name: str
    dialled_number: str
    patient_id: PatientId | None
    candidate_ids: tuple[PatientId, ...]
    queue: str | None
    priority: int
    department_no_answer: bool
    started_by: AgentId | None
    arrived_at: datetime
    notice_played_at: datetime | None
    patient_answered_at: datetime | None
    queued_at: datetime | None
    waited_s: float | None
    agent_answered_at: datetime | None
    held_since: datetime | None
    consult_target: str | None
    consult_answered: bool
    ended_at: datetime | None
    outcome: CallOutcome | None
    hung_up_by: HungUpBy | None
    cause: int
    entered_at: datetime | None = None
    """When the patient first stood in line: what the order of the line goes by (C18)."""
    marks: tuple[CallMark, ...] = ()
    overflow: Overflow | None = None
    """The caller was told that nobody can take him now and has not queued since."""
    loss_reason: LossReason | None = None
    legs: tuple[LegRecord, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    wrap_ups: tuple[WrapUpRecord, ...] = ()

    @property
    def number_masked(self) -> str:
        return phone_number.mask(self.number)

    def leg_of(self, agent_id: int) -> LegRecord | None:
        """The newest leg of this agent, None when he has none."""
        return next((leg for leg in reversed(self.legs) if leg.agent_id == agent_id), None)

    def wrap_up_of(self, agent_id: int) -> WrapUpRecord | None:
        return next((w for w in self.wrap_ups if w.agent_id == agent_id), None)

    def concerns(self, agent_id: int) -> bool:
        """True while the call is this agent's: his leg is open, or his wrap-up is not finished."""
        wrap_up = self.wrap_up_of(agent_id)
        has_open_leg = any(leg.agent_id == agent_id and leg.is_open for leg in self.legs)
        return has_open_leg or (wrap_up is not None and wrap_up.finished_at is None)

    @property
    def is_waiting(self) -> bool:
        """In a queue, not yet with a person."""
        return (
            self.ended_at is None
            and self.state in WAITING_STATES
            and self.queued_at is not None
            and self.waited_s is None
        )

    @property
    def line_order(self) -> tuple[int, datetime]:
        """Callers are served in ascending order: higher priority first, then who stood in line first (C18)."""
        return -self.priority, self.entered_at or self.queued_at or self.arrived_at

    @property
    def ivr_path(self) -> tuple[StepRecord, ...]:
        return tuple(step for step in self.steps if step.kind == "ivr_step_taken")


@dataclass(frozen=True)
class RecordingRecord:
    id: int
    call_id: CallId
    state: RecordingState
    reason: str
    started_at: datetime
    closed_at: datetime | None
    length_s: float | None
    size_bytes: int | None
    sha256: str | None
    store_name: str | None
    copy_name: str | None
    measures: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, Any] = field(default_factory=dict)


def recording_record(row: Recording) -> RecordingRecord:
    return RecordingRecord(
        id=row.id,
        call_id=CallId(row.call_id),
        state=RecordingState(row.state),
        reason=row.reason,
        started_at=row.started_at,
        closed_at=row.closed_at,
        length_s=row.length_s,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        store_name=row.store_name,
        copy_name=row.copy_name,
        measures=dict(row.measures),
        peaks=dict(row.peaks),
    )


def call_record(row: Call, cipher: FieldCipher, *, with_children: bool = True) -> CallRecord:
    """``with_children`` needs legs, steps and wrap-ups loaded."""
    return CallRecord(
        id=CallId(row.id),
        direction=Direction(row.direction),
        state=CallState(row.state),
        number=cipher.decrypt(row.number_encrypted) if row.number_encrypted else "",
        caller_name=row.caller_name,
        dialled_number=row.dialled_number,
        patient_id=PatientId(row.patient_id) if row.patient_id is not None else None,
        candidate_ids=tuple(PatientId(i) for i in row.candidate_ids),
        queue=row.queue,
        priority=row.priority,
        department_no_answer=row.department_no_answer,
        started_by=AgentId(row.started_by) if row.started_by is not None else None,
        arrived_at=row.arrived_at,
        notice_played_at=row.notice_played_at,
        patient_answered_at=row.patient_answered_at,
        queued_at=row.queued_at,
        waited_s=row.waited_s,
        agent_answered_at=row.agent_answered_at,
        held_since=row.held_since,
        consult_target=row.consult_target,
        consult_answered=row.consult_answered,
        ended_at=row.ended_at,
        outcome=CallOutcome(row.outcome) if row.outcome else None,
        hung_up_by=HungUpBy(row.hung_up_by) if row.hung_up_by else None,
        cause=row.cause,
        entered_at=row.entered_at,
        marks=tuple(map(CallMark, row.marks)),
        overflow=Overflow(row.overflow) if row.overflow else None,
        loss_reason=LossReason(row.loss_reason) if row.loss_reason else None,
        legs=tuple(map(_leg, row.legs)) if with_children else (),
        steps=tuple(map(_step, row.steps)) if with_children else (),
        wrap_ups=tuple(map(_wrap_up, row.wrap_ups)) if with_children else (),
    )


def _leg(row: CallLeg) -> LegRecord:
    return LegRecord(
        LegId(row.id),
        AgentId(row.agent_id) if row.agent_id is not None else None,
        LegKind(row.kind),
        row.queue,
        row.offered_at,
        row.answered_at,
        row.ended_at,
        LegOutcome(row.outcome) if row.outcome else None,
        row.talked_s,
    )


def _step(row: CallStep) -> StepRecord:
    agent_id = AgentId(row.agent_id) if row.agent_id is not None else None
    return StepRecord(row.at, row.kind, agent_id, row.node, row.key, dict(row.detail))


def _wrap_up(row: CallWrapUp) -> WrapUpRecord:
    return WrapUpRecord(
        AgentId(row.agent_id),
        row.notes,
        row.saved_at,
        row.disposition,
        row.sub_disposition,
        row.is_resolved,
        row.is_overdue,
        row.finished_at,
    )
