"""Missed callers, call-back requests with their attempts, and the nuisance list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime

_OPEN = text("state = 'open'")
_IN_LINE = text("state IN ('waiting', 'calling')")
_LIVE = text("ended_at IS NULL")


class MissedCaller(Base):
    """漏接: one work item for a number, whatever often it tries, until somebody has talked with it (C24)."""

    __tablename__ = "missed_callers"

    id: Mapped[int] = mapped_column(primary_key=True)
    number_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_hash: Mapped[str | None] = mapped_column(String(32))
    """None when the number was withheld: such a caller can only be closed by hand."""
    patient_id: Mapped[int | None] = mapped_column(index=True)
    queue: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(12))
    """LossReason of the last call."""
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    calls_count: Mapped[int] = mapped_column(default=1)
    is_repeated: Mapped[bool] = mapped_column(default=False)
    """多次未接通 (C23)."""
    state: Mapped[str] = mapped_column(String(8))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_how: Mapped[str | None] = mapped_column(String(16))
    closed_by: Mapped[int | None]
    closed_call_id: Mapped[str | None] = mapped_column(String(120))

    __table_args__ = (
        Index("uq_missed_callers_open", "number_hash", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_missed_callers_list", "state", "last_at"),
    )


class MissedCall(Base):
    """One lost call of an item."""

    __tablename__ = "missed_calls"

    call_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("missed_callers.id", ondelete="CASCADE"), index=True)
    number_hash: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(12))
    wanted_person: Mapped[bool]

    __table_args__ = (Index("ix_missed_calls_number_at", "number_hash", "at"),)


class CallBackRow(Base):
    """按键预约回拨: a place in the line that is kept without a telephone (C20)."""

    __tablename__ = "call_backs"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(String(120), unique=True)
    """The call in which it was asked for; asking twice in one call is asking once."""
    number_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[int | None]
    queue: Mapped[str] = mapped_column(String(32))
    priority: Mapped[int]
    language: Mapped[str] = mapped_column(String(2), default="zh")
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When he first stood in line; never changes."""
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    was_open: Mapped[bool]
    """Asked for in opening hours: then the next two hours are his wish, not ours."""
    state: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts_count: Mapped[int] = mapped_column(default=0)
    last_outcome: Mapped[str] = mapped_column(String(16), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_call_backs_in_line", "number_hash", unique=True, sqlite_where=_IN_LINE, postgresql_where=_IN_LINE),
        Index("ix_call_backs_state", "state", "queue", "due_at"),
    )


class CallBackAttempt(Base):
    """One dial attempt; ``id`` is the call's id in Asterisk. Live as long as ``ended_at`` is NULL."""

    __tablename__ = "call_back_attempts"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("call_backs.id", ondelete="CASCADE"), index=True)
    number_hash: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    fencing_token: Mapped[int]
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    served_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16), default="")

    __table_args__ = (
        Index("uq_call_back_attempts_live", "number_hash", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )


class NuisanceNumber(Base):
    """A number that is not put through until ``expires_at``; rows stay as the record of who listed it and why (C25)."""

    __tablename__ = "nuisance_numbers"

    id: Mapped[int] = mapped_column(primary_key=True)
    number_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_by: Mapped[int | None]
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_nuisance_numbers_number", "number_hash", "expires_at"),)
