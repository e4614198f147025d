"""Messages, own wordings of templates, and verification codes as they are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime


class TemplateRow(Base):
    """A hospital's own wording; the built-in one counts while there is none."""

    __tablename__ = "message_templates"

    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    subject: Mapped[str] = mapped_column(String(60), default="")
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int]


class Message(Base):
    """One message to one person (C123). Recipient and text are encrypted; lists show the masked recipient."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    """The same key is the same message, whoever queues it how often."""
    template_key: Mapped[str] = mapped_column(String(48))
    title: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(2))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"))
    call_id: Mapped[str] = mapped_column(String(120), default="", index=True)
    queued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """NULL: a flow or a job."""
    recipient_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    recipient_hash: Mapped[str] = mapped_column(String(32))
    recipient_masked: Mapped[str] = mapped_column(String(64))
    content_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8))
    attempts_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str] = mapped_column(String(100), default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provider_id: Mapped[str] = mapped_column(String(80), default="")
    error: Mapped[str] = mapped_column(String(120), default="")
    parts: Mapped[int] = mapped_column(default=1)
    cost_fen: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        Index("ix_messages_due", "state", "channel", "next_at"),
        Index("ix_messages_patient", "patient_id", "created_at"),
        Index("ix_messages_recipient", "recipient_hash", "created_at"),
    )


class VerificationCode(Base):
    """防诈骗核验: what the hospital announced by SMS, so that a patient can ask whether a call was ours (C93)."""

    __tablename__ = "verification_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    number_hash: Mapped[str] = mapped_column(String(32))
    code_hash: Mapped[str] = mapped_column(String(32))
    """Keyed hash of number and code together: the same code of another patient looks different."""
    purpose: Mapped[str] = mapped_column(String(32))
    reference: Mapped[str] = mapped_column(String(120))
    """The call or attempt that was announced."""
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_verification_codes_lookup", "number_hash", "code_hash"),)


class VerificationTry(Base):
    """A wrong code; too many from one number, or from all together, are slowed (F35)."""

    __tablename__ = "verification_tries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    number_hash: Mapped[str] = mapped_column(String(32))
