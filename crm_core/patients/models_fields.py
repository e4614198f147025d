"""Fields that a hospital defines itself, their values, the history of every field, and the rules of the tiers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime


class FieldDefinition(Base):
    """A field of the patient sheet: the hospital's own, or how it treats a built-in one (C116)."""

    __tablename__ = "patient_field_definitions"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(48), unique=True)
    is_builtin: Mapped[bool] = mapped_column(default=False)
    label_zh: Mapped[str] = mapped_column(String(64))
    label_en: Mapped[str] = mapped_column(String(64), default="")
    kind: Mapped[str] = mapped_column(String(8))
    choices: Mapped[list[str]] = mapped_column(JSON, default=list)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)
    """None: the whole hospital."""
    is_required: Mapped[bool] = mapped_column(default=False)
    is_hidden: Mapped[bool] = mapped_column(default=False)
    is_masked: Mapped[bool] = mapped_column(default=False)
    level: Mapped[int] = mapped_column(default=3)
    """Data level 1-5 (R16)."""
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FieldValue(Base):
    """The value of one defined field; from data level 4 on it is encrypted."""

    __tablename__ = "patient_field_values"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    definition_id: Mapped[int] = mapped_column(ForeignKey("patient_field_definitions.id"), index=True)
    value: Mapped[str | None] = mapped_column(Text)
    value_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("patient_id", "definition_id", name="uq_patient_field_values_field"),)


class PatientChange(Base):
    """Who changed which field when. A secret field keeps neither its old nor its new value here."""

    __tablename__ = "patient_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    """None: a machine, or the patient himself by telephone."""
    field: Mapped[str] = mapped_column(String(48))
    old: Mapped[str] = mapped_column(Text, default="")
    new: Mapped[str] = mapped_column(Text, default="")
    is_secret: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(32), default="")
    """Which department or channel brought it (A3.5)."""
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index("ix_patient_changes_patient", "patient_id", "at"),)


class TierRuleRow(Base):
    """One way to reach a tier; all its conditions must hold. Without rows the shipped rules count."""

    __tablename__ = "tier_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(String(12))
    visits_min: Mapped[int] = mapped_column(default=0)
    spending_min_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    vip_level_min: Mapped[int] = mapped_column(default=0)
    no_shows_max: Mapped[int | None]
    """None: no-shows do not count."""
