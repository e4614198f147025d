"""Families and merges as they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime
from crm_core.patients.models import STAYS_ON_MERGE


class FamilyLink(Base):
    """``relative_id`` is the patient's ``kin``; every link is kept in both directions."""

    __tablename__ = "family_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    relative_id: Mapped[int] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    kin: Mapped[str] = mapped_column(String(12))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    linked_by: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("patient_id", "relative_id", name="uq_family_links_pair"),
        CheckConstraint("patient_id <> relative_id", name="two_people"),
    )


class PatientMerge(Base):
    """One merge: who went into whom, what the two rows were before, and whether it was undone."""

    __tablename__ = "patient_merges"

    id: Mapped[int] = mapped_column(primary_key=True)
    survivor_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True, info=STAYS_ON_MERGE)
    merged_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True, info=STAYS_ON_MERGE)
    merged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    merged_by: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    before_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    """The columns that were changed in either row: before and after, as JSON."""
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None]
    undo_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index(
            "uq_patient_merges_open",
            "merged_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )


class MergeMove(Base):
    """One row of any table that pointed to the merged patient and points to the survivor now."""

    __tablename__ = "patient_merge_moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    merge_id: Mapped[int] = mapped_column(ForeignKey("patient_merges.id", ondelete="CASCADE"), index=True)
    table_name: Mapped[str] = mapped_column(String(64))
    column_name: Mapped[str] = mapped_column(String(64))
    row_key: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The primary key of the row as it is after the move."""
