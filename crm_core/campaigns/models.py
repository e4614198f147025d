"""Campaigns, contacts, dial attempts and answers as they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime


class Campaign(Base):
    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(12), default="draft")
    concurrency: Mapped[int]
    max_attempts: Mapped[int]
    caller_id: Mapped[str] = mapped_column(String(32), default="")
    window: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    retry_minutes: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    wants_comment: Mapped[bool] = mapped_column(default=True)
    window_reason: Mapped[str] = mapped_column(String(120), default="")
    created_by: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SurveyQuestionRow(Base):
    __tablename__ = "survey_questions"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    prompt_key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(80), default="")
    min_score: Mapped[int]
    max_score: Mapped[int]


class Contact(Base):
    """One number of one campaign; the number is encrypted, the hash finds it."""

    __tablename__ = "campaign_contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    patient_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(64), default="")
    number_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts_count: Mapped[int] = mapped_column(default=0)
    last_outcome: Mapped[str] = mapped_column(String(16), default="")

    __table_args__ = (
        UniqueConstraint("campaign_id", "number_hash", name="uq_campaign_contacts_campaign_number"),
        Index("ix_campaign_contacts_due", "campaign_id", "state", "due_at"),
        Index("ix_campaign_contacts_progress", "campaign_id", "state", "last_outcome", "attempts_count"),
        Index("ix_campaign_contacts_number", "number_hash"),
    )


class Attempt(Base):
    """One dial attempt. ``id`` is the call's id in Asterisk. Live as long as ``ended_at`` is NULL."""

    __tablename__ = "dial_attempts"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("campaign_contacts.id", ondelete="CASCADE"), index=True)
    number_hash: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    owner: Mapped[str] = mapped_column(String(80))
    fencing_token: Mapped[int]
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ringing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When Asterisk was first asked and did not have the call (any more)."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16), default="")
    cause: Mapped[int] = mapped_column(default=0)
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    survey_finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    comment_name: Mapped[str] = mapped_column(String(160), default="")

    __table_args__ = (
        Index(
            "uq_dial_attempts_live_contact",
            "contact_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_dial_attempts_live",
            "campaign_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_dial_attempts_number", "number_hash", "written_at"),
    )


class SurveyAnswerRow(Base):
    __tablename__ = "survey_answers"

    attempt_id: Mapped[str] = mapped_column(ForeignKey("dial_attempts.id", ondelete="CASCADE"), primary_key=True)
    question: Mapped[str] = mapped_column(String(32), primary_key=True)
    score: Mapped[int]
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DoNotCall(Base):
    """不再来电: kept for ever, an import cannot remove it (R41)."""

    __tablename__ = "do_not_call"

    number_hash: Mapped[str] = mapped_column(String(32), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(120))


class DiallerLease(Base):
    """Who may dial now: one row, and a token that grows with every change of owner (F17, F55)."""

    __tablename__ = "dialler_lease"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    fencing_token: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
