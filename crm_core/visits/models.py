"""Visits as they are kept: the stay itself, medication, reports, fees, deposits.

What a doctor wrote (condition, diagnosis, treatment, cautions, findings) is encrypted; names of drugs and examinations
are words of the catalogue and stay readable, so that follow-ups can select by them.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    external_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    """The number of the visit in the hospital's system; a visit delivered twice is one visit."""
    kind: Mapped[str] = mapped_column(String(12))
    department_code: Mapped[str] = mapped_column(String(32), index=True)
    department_name: Mapped[str] = mapped_column(String(64))
    doctor_code: Mapped[str] = mapped_column(String(32), default="")
    doctor_name: Mapped[str] = mapped_column(String(64), default="")
    """Names as they were on that day: doctors change departments."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """NULL: the patient is still in hospital (or with the doctor)."""
    ward: Mapped[str] = mapped_column(String(32), default="")
    bed: Mapped[str] = mapped_column(String(16), default="")
    clinical_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    recovery_days: Mapped[int | None]

    medications: Mapped[list[Medication]] = relationship(order_by="Medication.id", lazy="raise")
    reports: Mapped[list[Report]] = relationship(order_by="Report.id", lazy="raise")
    fees: Mapped[list[Fee]] = relationship(lazy="raise")
    deposits: Mapped[list[Deposit]] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_visits_patient_started", "patient_id", "started_at"),
        Index("ix_visits_started_at", "started_at"),
        Index(
            "ix_visits_open_stays",
            "patient_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class Medication(Base):
    """One line of a prescription."""

    __tablename__ = "visit_medications"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    name: Mapped[str] = mapped_column(String(128))
    specification: Mapped[str] = mapped_column(String(64), default="")
    usage: Mapped[str] = mapped_column(String(128), default="")
    started_on: Mapped[date]
    days_supplied: Mapped[int]
    runs_out_on: Mapped[date] = mapped_column(index=True)
    """The first day without medicine: ``started_on`` + ``days_supplied``."""

    __table_args__ = (Index("ix_visit_medications_patient_name", "patient_id", "name"),)


class Report(Base):
    __tablename__ = "visit_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(128))
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """NULL: not ready yet."""
    is_abnormal: Mapped[bool] = mapped_column(default=False)
    link: Mapped[str] = mapped_column(String(400), default="")
    finding_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)


class Fee(Base):
    """One charge; ``insurance_fen`` of it is paid by the insurance, the rest by the patient."""

    __tablename__ = "visit_fees"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    external_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(128), default="")
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    insurance_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    charged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_paid: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_visit_fees_patient_charged", "patient_id", "charged_at"),
        Index("ix_visit_fees_charged_at", "charged_at"),
    )


class Deposit(Base):
    """住院预交金: money paid in advance, negative when given back."""

    __tablename__ = "visit_deposits"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    external_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime] = mapped_column(UtcDateTime)
