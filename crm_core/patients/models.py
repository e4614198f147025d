"""Patients and their telephone numbers as they are kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime


class Patient(Base):
    __tablename__ = "patients"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_pinyin: Mapped[str] = mapped_column(String(128), default="")
    name_initials: Mapped[str] = mapped_column(String(16), default="")
    gender: Mapped[str] = mapped_column(String(8), default="unknown")
    birth_date: Mapped[date | None]
    card_number: Mapped[str | None] = mapped_column(String(32), unique=True)
    """就诊卡号."""
    id_number_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    id_number_hash: Mapped[str | None] = mapped_column(String(32), unique=True)
    tier: Mapped[str] = mapped_column(String(12), default="iron")
    vip_level: Mapped[int] = mapped_column(default=0)
    vip_card: Mapped[str] = mapped_column(String(32), default="")
    insurance: Mapped[str] = mapped_column(String(32), default="")
    allergies: Mapped[str] = mapped_column(Text, default="")
    cautions: Mapped[str] = mapped_column(Text, default="")
    preferred_language: Mapped[str] = mapped_column(String(4), default="zh")
    preferred_time: Mapped[str] = mapped_column(String(64), default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    consents: Mapped[dict[str, bool]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    phones: Mapped[list[PatientPhone]] = relationship(
        back_populates="patient", cascade="all, delete-orphan", lazy="raise"
    )

    __table_args__ = (Index("ix_patients_name", "name"), Index("ix_patients_name_pinyin", "name_pinyin"))


class PatientPhone(Base):
    """A number a patient can be reached on; the number is encrypted, the hash finds it."""

    __tablename__ = "patient_phones"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    number_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[str] = mapped_column(String(32))
    relation: Mapped[str] = mapped_column(String(8), default="self")
    is_owner: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    patient: Mapped[Patient] = relationship(back_populates="phones", lazy="raise")

    __table_args__ = (UniqueConstraint("number_hash", "patient_id", name="uq_patient_phones_number_patient"),)
