"""Calls as they are kept: the record, its legs, every step, notes with dispositions, recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime


class Call(Base):
    """One call of one patient, from arrival to the end of his leg (I1)."""

    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    direction: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12))
    number_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_hash: Mapped[str | None] = mapped_column(String(32), index=True)
    caller_name: Mapped[str] = mapped_column(String(64), default="")
    dialled_number: Mapped[str] = mapped_column(String(64), default="")
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), index=True)
    candidate_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    queue: Mapped[str | None] = mapped_column(String(32))
    priority: Mapped[int] = mapped_column(default=0)
    department_no_answer: Mapped[bool] = mapped_column(default=False)
    """科室未接 (C8)."""
    started_by: Mapped[int | None]
    """The agent who dialled, for click-to-dial."""
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    notice_played_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    patient_answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the patient first stood in line; kept through breaks, transfers and a call-back (C18)."""
    marks: Mapped[list[str]] = mapped_column(JSON, default=list)
    overflow: Mapped[str | None] = mapped_column(String(8))
    loss_reason: Mapped[str | None] = mapped_column(String(12))
    waited_s: Mapped[float | None]
    """Wait in the last queue that the caller left."""
    agent_answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a person first talked with the patient."""
    held_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consult_target: Mapped[str | None] = mapped_column(String(64))
    consult_answered: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    hung_up_by: Mapped[str | None] = mapped_column(String(8))
    cause: Mapped[int] = mapped_column(default=0)

    legs: Mapped[list[CallLeg]] = relationship(order_by="CallLeg.offered_at", lazy="raise")
    steps: Mapped[list[CallStep]] = relationship(order_by="CallStep.id", lazy="raise")
    wrap_ups: Mapped[list[CallWrapUp]] = relationship(lazy="raise")

    __table_args__ = (Index("ix_calls_open", "ended_at", "state"), Index("ix_calls_queue_queued", "queue", "queued_at"))


class CallLeg(Base):
    """One agent's (or other party's) part in a call."""

    __tablename__ = "call_legs"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    queue: Mapped[str | None] = mapped_column(String(32))
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    talked_s: Mapped[float] = mapped_column(default=0.0)


class CallStep(Base):
    """The ledger of one call: every step of the caller and every change of the call, in order (C7)."""

    __tablename__ = "call_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(24))
    agent_id: Mapped[int | None]
    node: Mapped[str] = mapped_column(String(64), default="")
    key: Mapped[str] = mapped_column(String(32), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class CallWrapUp(Base):
    """What one agent wrote about a call: saved while typing, finished with a disposition (C31, C39)."""

    __tablename__ = "call_wrap_ups"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    notes: Mapped[str] = mapped_column(Text, default="")
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disposition: Mapped[str | None] = mapped_column(String(32))
    sub_disposition: Mapped[str | None] = mapped_column(String(32))
    is_resolved: Mapped[bool | None]
    is_overdue: Mapped[bool] = mapped_column(default=False)
    """Closed by the clock with the default code: listed for completion."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Recording(Base):
    """The recording of one answered call: from answer to end, patient and other side apart (C45, C46)."""

    __tablename__ = "recordings"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    reason: Mapped[str] = mapped_column(String(128), default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    length_s: Mapped[float | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    store_name: Mapped[str | None] = mapped_column(String(160))
    """The kept original (two channels), relative to the store."""
    copy_name: Mapped[str | None] = mapped_column(String(160))
    """The compressed copy for the player."""
    measures: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    peaks: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
