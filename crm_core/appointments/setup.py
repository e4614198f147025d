"""Entering departments, doctors and booked appointments: from the demo or the hospital system."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from crm_core.appointments.models import Appointment, Department, Doctor
from crm_core.database import Database
from crm_core.errors import NotFound


class AppointmentSetup:
    """Adds master data; one short transaction each."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def is_empty(self) -> bool:
        with self._db.read() as session:
            return not session.scalar(select(func.count()).select_from(Department))

    def add_department(
        self, code: str, name: str, *, name_en: str = "", place: str = "", menu_digit: str = "", phone_number: str = "",
        hours: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        with self._db.write() as session:
            session.add(
                Department(
                    code=code, name=name, name_en=name_en, place=place, menu_digit=menu_digit,
                    phone_number=phone_number, hours=list(hours),
                )
            )  # fmt: skip

    def add_doctor(self, code: str, name: str, *, title: str, department_code: str) -> None:
        with self._db.write() as session:
            department_id = session.scalar(select(Department.id).where(Department.code == department_code))
            if department_id is None:
                raise NotFound(f"no department {department_code}")
            session.add(Doctor(code=code, name=name, title=title, department_id=department_id))

    def add_appointment(self, patient_id: int, doctor_code: str, starts_at: datetime) -> None:
        with self._db.write() as session:
            doctor_id = session.scalar(select(Doctor.id).where(Doctor.code == doctor_code))
            if doctor_id is None:
                raise NotFound(f"no doctor {doctor_code}")
            session.add(Appointment(patient_id=patient_id, doctor_id=doctor_id, starts_at=starts_at))
