"""Departments, doctors and booked appointments as they are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime


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


class Doctor(Base):
    __tablename__ = "doctors"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(32), default="")

    department: Mapped[Department] = relationship(lazy="raise")


class Appointment(Base):
    __tablename__ = "appointments"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16), default="booked")
    """booked, cancelled, visited, missed."""

    doctor: Mapped[Doctor] = relationship(lazy="raise")

    __table_args__ = (Index("ix_appointments_patient_starts", "patient_id", "starts_at"),)
