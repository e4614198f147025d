"""What a patient has allowed and how he proves who he is, as it is kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime


class Consent(Base):
    """One line of the consent ledger; lines are added, never changed. The latest one counts."""

    __tablename__ = "patient_consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8))
    is_granted: Mapped[bool]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the patient said so; may be earlier than the line (a signed paper)."""
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(64), default="")
    """Where it comes from: call, desk, paper, registration, migration…"""
    evidence: Mapped[str] = mapped_column(String(120), default="")
    """The id of the call, paper or message that proves it."""
    actor_id: Mapped[int | None]
    """Who wrote the line; None: the patient himself by telephone, or a machine."""

    __table_args__ = (Index("ix_patient_consents_patient", "patient_id", "purpose", "channel"),)


class PatientPin(Base):
    """The secret number of one patient: a keyed hash, hashed again with Argon2id."""

    __tablename__ = "patient_pins"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True)
    pin_hash: Mapped[str] = mapped_column(String(256))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by: Mapped[int | None]


class ProofAttempt(Base):
    """One try to prove an identity. It counts as failed from the moment it begins (a crash is no free try)."""

    __tablename__ = "identity_proof_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    """None: nobody was found for what the caller keyed."""
    number_hash: Mapped[str] = mapped_column(String(32))
    """The calling number; the hash of "" when it was withheld."""
    call_id: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date]
    """In the hospital's zone."""
    result: Mapped[str] = mapped_column(String(12), default="failed")
    """failed, passed, locked (nothing was compared), forgiven (a person has lifted the lock)."""
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_identity_proof_attempts_patient", "patient_id", "day"),
        Index("ix_identity_proof_attempts_number", "number_hash", "day"),
    )
