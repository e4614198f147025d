"""Patients, their telephone numbers and the other readings of their names as they are kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime
from crm_core.patients.models_trust import Consent

STAYS_ON_MERGE = {"stays_on_merge": True}
"""``info`` of a column that points to a patient and must not follow him into a merge."""


class Patient(Base):
    """One person. Columns named ``…_encrypted`` are unreadable without the key (R19)."""

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
    insurance: Mapped[str] = mapped_column(String(32), default="")
    allergies: Mapped[str] = mapped_column(Text, default="")
    cautions: Mapped[str] = mapped_column(Text, default="")
    hereditary_disease_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)

    education: Mapped[str] = mapped_column(String(16), default="", server_default="")
    occupation: Mapped[str] = mapped_column(String(64), default="", server_default="")
    marital_status: Mapped[str] = mapped_column(String(16), default="", server_default="")
    income_band_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    family_situation_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    customer_kind: Mapped[str] = mapped_column(String(16), default="patient", server_default="patient")
    died_on: Mapped[date | None]

    preferred_language: Mapped[str] = mapped_column(String(4), default="zh")
    preferred_time: Mapped[str] = mapped_column(String(64), default="")
    preferred_channel: Mapped[str] = mapped_column(String(8), default="call", server_default="call")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)

    vip_level: Mapped[int] = mapped_column(default=0)
    """Of the card; what it is worth today says ``rules.vip_level_on``."""
    vip_card: Mapped[str] = mapped_column(String(32), default="")
    vip_valid_from: Mapped[date | None]
    vip_valid_until: Mapped[date | None]
    """The last valid day; None: no end."""
    tier: Mapped[str] = mapped_column(String(12), default="iron")
    tier_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    tier_figures: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    tier_computed_on: Mapped[date | None]
    tier_hand_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why a person has set the tier; "" when the rule sets it."""
    tier_hand_by: Mapped[int | None]

    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), index=True)
    """The survivor of a merge; None for everybody who is himself."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    phones: Mapped[list[PatientPhone]] = relationship(
        back_populates="patient", cascade="all, delete-orphan", lazy="raise"
    )
    other_readings: Mapped[list[NameReading]] = relationship(cascade="all, delete-orphan", lazy="raise")
    consent_lines: Mapped[list[Consent]] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        Index("ix_patients_name", "name", postgresql_ops={"name": "varchar_pattern_ops"}),
        Index("ix_patients_name_pinyin", "name_pinyin", postgresql_ops={"name_pinyin": "varchar_pattern_ops"}),
        Index("ix_patients_name_initials", "name_initials", postgresql_ops={"name_initials": "varchar_pattern_ops"}),
        Index(
            "uq_patients_vip_card",
            "vip_card",
            unique=True,
            sqlite_where=text("vip_card <> ''"),
            postgresql_where=text("vip_card <> ''"),
        ),
    )


class PatientPhone(Base):
    """A number a patient can be reached on; the number is encrypted, the hash finds it."""

    __tablename__ = "patient_phones"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    number_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[str] = mapped_column(String(32))
    relation: Mapped[str] = mapped_column(String(8), default="self")
    is_owner: Mapped[bool] = mapped_column(default=True)
    owner_name: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Who answers there when it is not the patient."""
    position: Mapped[int] = mapped_column(default=0)
    may_call: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    may_sms: Mapped[bool] = mapped_column(default=True, server_default=text("true"))

    patient: Mapped[Patient] = relationship(back_populates="phones", lazy="raise")

    __table_args__ = (UniqueConstraint("number_hash", "patient_id", name="uq_patient_phones_number_patient"),)


class NameReading(Base):
    """Another way to read a name (单: shan, but many type dan), so that it is found by that too."""

    __tablename__ = "patient_name_readings"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    pinyin: Mapped[str] = mapped_column(String(128))
    initials: Mapped[str] = mapped_column(String(16))

    __table_args__ = (
        Index("ix_patient_name_readings_pinyin", "pinyin", postgresql_ops={"pinyin": "varchar_pattern_ops"}),
        Index("ix_patient_name_readings_initials", "initials", postgresql_ops={"initials": "varchar_pattern_ops"}),
    )
