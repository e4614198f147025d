"""Entering departments, doctors, weekly templates and known appointments: from the demo or the hospital system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, insert, select

from crm_core.appointments.keypad import spell_person, spell_word
from crm_core.appointments.kinds import Channel, Period
from crm_core.appointments.models import Appointment, Department, Doctor, ScheduleTemplate
from crm_core.clock import hospital_date
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound


@dataclass(frozen=True)
class NewTemplate:
    """One half day of a doctor's week, hospital time; ``weekday`` 0 is Monday."""

    doctor_code: str
    weekday: int
    period: Period
    starts: time
    ends: time
    slot_minutes: int
    capacity: int
    valid_from: date
    valid_until: date | None = None
    phone_quota: int | None = None
    """Seats the telephone may take of the whole session; None: all."""
    fee_fen: int = 0
    place: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6 or self.starts >= self.ends or self.slot_minutes < 1 or self.capacity < 1:
            raise InvalidInput(f"an impossible session of doctor {self.doctor_code}")


class AppointmentSetup:
    """Adds master data; one short transaction each."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def is_empty(self) -> bool:
        with self._db.read() as session:
            return not session.scalar(select(func.count()).select_from(Department))

    def add_department(
        self, code: str, name: str, *, name_en: str = "", place: str = "", menu_digit: str = "", phone_number: str = "",
        hours: tuple[str, ...] = (), introduction: str = "", introduction_en: str = "", directions: str = "",
        cautions: str = "",
    ) -> None:  # fmt: skip
        spelling = spell_word(name)
        with self._db.write() as session:
            session.add(
                Department(
                    code=code, name=name, name_en=name_en, place=place, menu_digit=menu_digit,
                    phone_number=phone_number, hours=list(hours), introduction=introduction,
                    introduction_en=introduction_en, directions=directions, cautions=cautions,
                    pinyin=spelling.pinyin, initials=spelling.initials, keypad=spelling.keypad,
                )
            )  # fmt: skip

    def add_doctor(
        self, code: str, name: str, *, title: str, department_code: str, introduction: str = "",
        introduction_en: str = "", is_bookable: bool = True,
    ) -> None:  # fmt: skip
        spelling = spell_person(name)
        with self._db.write() as session:
            department_id = session.scalar(select(Department.id).where(Department.code == department_code))
            if department_id is None:
                raise NotFound(f"no department {department_code}")
            session.add(
                Doctor(
                    code=code, name=name, title=title, department_id=department_id, introduction=introduction,
                    introduction_en=introduction_en, is_bookable=is_bookable, pinyin=spelling.pinyin,
                    initials=spelling.initials, keypad=spelling.keypad,
                )
            )  # fmt: skip

    def add_templates(self, templates: Iterable[NewTemplate]) -> int:
        """All or none. Raises NotFound for an unknown doctor; returns how many."""
        with self._db.write() as session:
            doctors: dict[str, int] = dict(session.execute(select(Doctor.code, Doctor.id)).all())
            rows = [_template_row(new, doctors) for new in templates]
            if rows:
                session.execute(insert(ScheduleTemplate), rows)
        return len(rows)

    def add_appointment(self, patient_id: int, doctor_code: str, starts_at: datetime) -> None:
        """An appointment that was booked elsewhere; it has no seat here."""
        with self._db.write() as session:
            row = session.execute(select(Doctor.id, Doctor.department_id).where(Doctor.code == doctor_code)).first()
            if row is None:
                raise NotFound(f"no doctor {doctor_code}")
            session.add(
                Appointment(
                    patient_id=patient_id, doctor_id=row[0], department_id=row[1], starts_at=starts_at,
                    day=hospital_date(starts_at), channel=Channel.HIS,
                )
            )  # fmt: skip


def _template_row(new: NewTemplate, doctors: Mapping[str, int]) -> dict[str, Any]:
    if new.doctor_code not in doctors:
        raise NotFound(f"no doctor {new.doctor_code}")
    return {
        "doctor_id": doctors[new.doctor_code],
        "weekday": new.weekday,
        "period": new.period,
        "starts": new.starts,
        "ends": new.ends,
        "slot_minutes": new.slot_minutes,
        "capacity": new.capacity,
        "phone_quota": new.phone_quota,
        "fee_fen": new.fee_fen,
        "place": new.place,
        "valid_from": new.valid_from,
        "valid_until": new.valid_until,
    }
