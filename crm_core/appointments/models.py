"""Departments, doctors, their weekly and dated sessions with seats, and the appointments on them, as they are kept."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime

_KEEPS_ITS_SEAT = text("slot_id IS NOT NULL AND state IN ('booked', 'visited', 'missed')")


class Department(Base):
    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    name_en: Mapped[str] = mapped_column(String(64), default="")
    place: Mapped[str] = mapped_column(String(64), default="")
    phone_number: Mapped[str] = mapped_column(String(32), default="")
    menu_digit: Mapped[str] = mapped_column(String(2), default="")
    """The key in the department menu; "" when it is not offered there."""
    hours: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Working-day spans like ``08:00-17:00``; empty means the hospital's hours."""
    introduction: Mapped[str] = mapped_column(Text, default="")
    introduction_en: Mapped[str] = mapped_column(Text, default="")
    directions: Mapped[str] = mapped_column(Text, default="")
    cautions: Mapped[str] = mapped_column(Text, default="")
    """What a visitor must know before he comes: fasting, papers to bring."""
    pinyin: Mapped[str] = mapped_column(String(128), default="")
    initials: Mapped[str] = mapped_column(String(16), default="")
    keypad: Mapped[str] = mapped_column(String(16), default="")
    """The initials as keys of a telephone: 心内科 = xnk = 965."""


class Doctor(Base):
    __tablename__ = "doctors"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(32), default="")
    introduction: Mapped[str] = mapped_column(Text, default="")
    introduction_en: Mapped[str] = mapped_column(Text, default="")
    pinyin: Mapped[str] = mapped_column(String(128), default="")
    initials: Mapped[str] = mapped_column(String(16), default="")
    keypad: Mapped[str] = mapped_column(String(16), default="")
    is_bookable: Mapped[bool] = mapped_column(default=True)

    department: Mapped[Department] = relationship(lazy="raise")


class ScheduleTemplate(Base):
    """One half day of a doctor's week; dated sessions are laid out from it."""

    __tablename__ = "schedule_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.id"), index=True)
    weekday: Mapped[int]
    """0 is Monday."""
    period: Mapped[str] = mapped_column(String(12))
    starts: Mapped[time]
    ends: Mapped[time]
    slot_minutes: Mapped[int]
    capacity: Mapped[int]
    """Seats per slot."""
    phone_quota: Mapped[int | None]
    """How many seats of the whole session the telephone may take; None: all."""
    fee_fen: Mapped[int] = mapped_column(default=0)
    place: Mapped[str] = mapped_column(String(64), default="")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    """The last day; None: until further notice."""

    __table_args__ = (CheckConstraint("capacity > 0 AND slot_minutes > 0", name="some_seats"),)


class ClinicSession(Base):
    """One half day of one doctor on one date. Its row is the lock under which its seats change hands."""

    __tablename__ = "clinic_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.id"))
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    template_id: Mapped[int | None] = mapped_column(ForeignKey("schedule_templates.id", ondelete="SET NULL"))
    day: Mapped[date]
    period: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(String(64), default="")
    fee_fen: Mapped[int] = mapped_column(default=0)
    phone_quota: Mapped[int | None]
    phone_taken: Mapped[int] = mapped_column(default=0)
    """Seats held or booked by telephone."""
    state: Mapped[str] = mapped_column(String(8), default="open")
    close_reason: Mapped[str] = mapped_column(String(200), default="")
    closed_by: Mapped[str] = mapped_column(String(64), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("doctor_id", "day", "period", name="uq_clinic_sessions_doctor_day_period"),
        Index("ix_clinic_sessions_department_day", "department_id", "day"),
        CheckConstraint("phone_taken >= 0 AND (phone_quota IS NULL OR phone_taken <= phone_quota)", name="phone_quota"),
    )


class Slot(Base):
    __tablename__ = "slots"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("clinic_sessions.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    capacity: Mapped[int]

    __table_args__ = (UniqueConstraint("session_id", "starts_at", name="uq_slots_session_starts"),)


class Seat(Base):
    """One place of a slot. As many rows as the slot has capacity: what is not there cannot be booked (I2)."""

    __tablename__ = "seats"

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slots.id"))
    number: Mapped[int]
    """就诊序号: the place in the session's order, 1 is the first patient of the half day."""
    is_taken: Mapped[bool] = mapped_column(default=False)
    """Held or booked."""

    __table_args__ = (
        UniqueConstraint("slot_id", "number", name="uq_seats_slot_number"),
        Index("ix_seats_slot_taken", "slot_id", "is_taken"),
    )


class Appointment(Base):
    """A patient's booking. Rows without a slot came from the hospital system or an older version."""

    __tablename__ = "appointments"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20), default="booked")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    day: Mapped[date | None]
    """The hospital's date of ``starts_at``."""
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slots.id"), index=True)
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seats.id"), unique=True)
    """None as soon as the seat was given back: two appointments never have the same seat (I2)."""
    idempotency_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    channel: Mapped[str] = mapped_column(String(8), default="")
    booked_by: Mapped[str] = mapped_column(String(64), default="")
    booked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uses_phone_quota: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    moved_from_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id"))

    doctor: Mapped[Doctor] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_appointments_patient_starts", "patient_id", "starts_at"),
        Index("ix_appointments_day_state", "day", "state"),
        Index(
            "uq_appointments_one_per_day",
            "patient_id",
            "department_id",
            "day",
            unique=True,
            sqlite_where=_KEEPS_ITS_SEAT,
            postgresql_where=_KEEPS_ITS_SEAT,
        ),
        CheckConstraint("slot_id IS NULL OR state <> 'booked' OR seat_id IS NOT NULL", name="booked_has_seat"),
    )
