"""Appointments and departments as callers and desks ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from crm_core.appointments.models import Appointment, Department, Doctor
from crm_core.clock import Clock, at_hospital
from crm_core.database import Database
from crm_core.opening_hours import OpeningHours, Span


@dataclass(frozen=True)
class AppointmentCard:
    id: int
    starts_at: datetime
    department_code: str
    department_name: str
    doctor_code: str
    doctor_name: str
    place: str
    state: str


@dataclass(frozen=True)
class DepartmentCard:
    code: str
    name: str
    name_en: str
    phone_number: str
    menu_digit: str
    is_open_now: bool


class Appointments:
    """Reading appointments and departments. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, hours: OpeningHours) -> None:
        self._db = database
        self._clock = clock
        self._hours = hours

    def upcoming(self, patient_id: int, limit: int = 3) -> list[AppointmentCard]:
        """Booked appointments that have not begun, the next one first."""
        with self._db.read() as session:
            rows = session.scalars(
                select(Appointment)
                .where(
                    Appointment.patient_id == patient_id,
                    Appointment.state == "booked",
                    Appointment.starts_at >= self._clock.now(),
                )
                .order_by(Appointment.starts_at)
                .options(joinedload(Appointment.doctor).joinedload(Doctor.department))
                .limit(limit)
            )
            return [_card(row) for row in rows]

    def departments(self) -> list[DepartmentCard]:
        """All departments, those with a menu key first."""
        moment = self._clock.now()
        with self._db.read() as session:
            rows = session.scalars(
                select(Department).order_by(Department.menu_digit == "", Department.menu_digit, Department.id)
            )
            return [
                DepartmentCard(
                    row.code, row.name, row.name_en, row.phone_number, row.menu_digit, self._is_open(row, moment)
                )
                for row in rows
            ]

    def _is_open(self, department: Department, moment: datetime) -> bool:
        if not department.hours:
            return self._hours.is_open(moment)
        local = at_hospital(moment)
        return self._hours.is_workday(local.date()) and any(
            Span.parse(text).has(local.time()) for text in department.hours
        )


def _card(row: Appointment) -> AppointmentCard:
    department = row.doctor.department
    return AppointmentCard(
        id=row.id,
        starts_at=row.starts_at,
        department_code=department.code,
        department_name=department.name,
        doctor_code=row.doctor.code,
        doctor_name=row.doctor.name,
        place=department.place,
        state=row.state,
    )
