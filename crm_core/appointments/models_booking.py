"""What surrounds a booking, as it is kept: holds, the waiting list, missed visits, the history, slips for the wards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.appointments import models  # noqa: F401  the foreign keys point there
from crm_core.database import Base, UtcDateTime

_IN_LINE = text("state IN ('waiting', 'offered')")


class Hold(Base):
    """A seat kept for somebody who is still deciding: a caller's leg, a desk, or a patient of the waiting list."""

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seats.id"), unique=True)
    """None as soon as the hold is no longer active."""
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), index=True)
    leg_key: Mapped[str] = mapped_column(String(120))
    active_leg_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    """The leg's key while the hold is active: a leg holds one seat at a time."""
    waiting_entry_id: Mapped[int | None] = mapped_column(ForeignKey("waiting_entries.id"))
    uses_phone_quota: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="active")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_holds_state_expires", "state", "expires_at"), Index("ix_holds_slot", "slot_id"))


class WaitingEntry(Base):
    """候补: somebody who wants the next seat that becomes free of a department's or doctor's day."""

    __tablename__ = "waiting_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    doctor_id: Mapped[int | None] = mapped_column(ForeignKey("doctors.id"))
    """None: any doctor of the department."""
    day: Mapped[date]
    period: Mapped[str | None] = mapped_column(String(12))
    """None: any time of the day."""
    channel: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    joined_by: Mapped[str] = mapped_column(String(64), default="")
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"))

    __table_args__ = (
        Index("ix_waiting_entries_line", "department_id", "day", "state", "id"),
        Index(
            "uq_waiting_entries_one_per_day",
            "patient_id",
            "department_id",
            "day",
            unique=True,
            sqlite_where=_IN_LINE,
            postgresql_where=_IN_LINE,
        ),
    )


class NoShow(Base):
    """爽约: one missed visit; an accepted appeal takes it out of the count (C104)."""

    __tablename__ = "no_shows"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"), unique=True)
    day: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(64))
    appeal_state: Mapped[str] = mapped_column(String(12), default="none")
    appeal_text: Mapped[str] = mapped_column(String(500), default="")
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (Index("ix_no_shows_patient_day", "patient_id", "day"),)


class AppointmentStep(Base):
    """One line of an appointment's history, and the proof that the house was told of it.

    Written in the booking's own transaction; ``announced_at`` is set when its event was published, so that a crash
    between commit and publishing loses no event.
    """

    __tablename__ = "appointment_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_appointment_steps_announced", "announced_at", "id"),)


class VisitSlip(Base):
    """电子派单: who prepares one visit (window, nurse, pharmacy), by when, and whether he has acknowledged it (C107)."""

    __tablename__ = "visit_slips"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id"))
    duty: Mapped[str] = mapped_column(String(32))
    """What is to be prepared: reception, record, pharmacy..."""
    assignee: Mapped[str] = mapped_column(String(64))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12), default="assigned")
    """assigned, received, done."""
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_by: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (
        Index("uq_visit_slips_duty", "appointment_id", "duty", unique=True),
        Index("ix_visit_slips_assignee_state", "assignee", "state", "due_at"),
    )
