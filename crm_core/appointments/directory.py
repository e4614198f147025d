"""Departments and doctors, listed and found by name, pinyin, initials or telephone keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, case, or_, select

from crm_core.appointments.cards import DepartmentCard, DoctorCard, SessionCard
from crm_core.appointments.kinds import SlotState
from crm_core.appointments.models import ClinicSession, Department, Doctor
from crm_core.appointments.rules import BookingSettings
from crm_core.appointments.slots import Horizon, read_sessions
from crm_core.clock import Clock, at_hospital, hospital_date
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.opening_hours import OpeningHours, Span
from crm_core.phone_number import clean_text

Named = TypeVar("Named", type[Department], type[Doctor])
_FOUND_MAX = 50


class Directory:
    """Reading only. Thread-safe."""

    def __init__(
        self, database: Database, clock: Clock, hours: OpeningHours, *, settings: BookingSettings | None = None
    ) -> None:
        self._db = database
        self._clock = clock
        self._hours = hours
        self._settings = settings or BookingSettings()

    def departments(self) -> list[DepartmentCard]:
        """All departments, those with a menu key first."""
        order = (Department.menu_digit == "", Department.menu_digit, Department.id)
        with self._db.read() as session:
            return self._department_cards(session.scalars(select(Department).order_by(*order)).all())

    def department(self, code: str) -> DepartmentCard:
        """Raises NotFound."""
        with self._db.read() as session:
            row = session.scalar(select(Department).where(Department.code == code))
            if row is None:
                raise NotFound("no such department")
            return self._department_cards([row])[0]

    def find_departments(self, text: str, limit: int = 9) -> list[DepartmentCard]:
        """By a part of the name, pinyin, initials, telephone keys or code; the best match first."""
        if not (needle := _needle(text)):
            return []
        with self._db.read() as session:
            rows = session.scalars(
                select(Department)
                .where(or_(_is_like(Department, needle), Department.name_en.icontains(needle, autoescape=True)))
                .order_by(_rank(Department, needle), Department.id)
                .limit(min(limit, _FOUND_MAX))
            ).all()
            return self._department_cards(rows)

    def doctors(
        self, department_code: str | None = None, *, from_day: date | None = None, days: int | None = None
    ) -> list[DoctorCard]:
        """Doctors of a department, or all. With ``days``: how many seats each has left in them, from today or
        ``from_day`` on."""
        query = select(Doctor, Department).join(Department, Department.id == Doctor.department_id).order_by(Doctor.id)
        if department_code is not None:
            query = query.where(Department.code == department_code)
        sessions = [] if days is None else self._sessions(department_code, from_day, days)
        with self._db.read() as session:
            return [
                doctor_card(doctor, department, None if days is None else sessions)
                for doctor, department in session.execute(query)
            ]

    def doctor(self, code: str) -> DoctorCard:
        """Raises NotFound."""
        with self._db.read() as session:
            row = session.execute(
                select(Doctor, Department)
                .join(Department, Department.id == Doctor.department_id)
                .where(Doctor.code == code)
            ).first()
            if row is None:
                raise NotFound("no such doctor")
            return doctor_card(row[0], row[1], None)

    def find_doctors(self, text: str, limit: int = 9, *, department_code: str | None = None) -> list[DoctorCard]:
        """By a part of the name, pinyin, initials, telephone keys or code; the best match first."""
        if not (needle := _needle(text)):
            return []
        query = (
            select(Doctor, Department)
            .join(Department, Department.id == Doctor.department_id)
            .where(_is_like(Doctor, needle))
            .order_by(_rank(Doctor, needle), Doctor.id)
            .limit(min(limit, _FOUND_MAX))
        )
        if department_code is not None:
            query = query.where(Department.code == department_code)
        with self._db.read() as session:
            return [doctor_card(doctor, department, None) for doctor, department in session.execute(query)]

    def _sessions(self, department_code: str | None, from_day: date | None, days: int) -> list[SessionCard]:
        now = self._clock.now()
        first = from_day or hospital_date(now)
        horizon = Horizon.of(now, self._settings)
        wanted: list[ColumnElement[bool]] = [
            ClinicSession.day >= first,
            ClinicSession.day < first + timedelta(days=days),
            ClinicSession.day <= horizon.last_day,
        ]
        if department_code is not None:
            wanted.append(Department.code == department_code)
        with self._db.read() as session:
            return read_sessions(session, horizon, *wanted)

    def _department_cards(self, rows: Sequence[Department]) -> list[DepartmentCard]:
        moment = self._clock.now()
        return [self._department_card(row, moment) for row in rows]

    def _department_card(self, row: Department, moment: datetime) -> DepartmentCard:
        return DepartmentCard(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            phone_number=row.phone_number,
            menu_digit=row.menu_digit,
            is_open_now=self._is_open(row, moment),
            id=row.id,
            place=row.place,
            introduction=row.introduction,
            introduction_en=row.introduction_en,
            directions=row.directions,
            cautions=row.cautions,
            pinyin=row.pinyin,
            initials=row.initials,
            keypad=row.keypad,
        )

    def _is_open(self, department: Department, moment: datetime) -> bool:
        if not department.hours:
            return self._hours.is_open(moment)
        local = at_hospital(moment)
        return self._hours.is_workday(local.date()) and any(
            Span.parse(text).has(local.time()) for text in department.hours
        )


def _needle(text: str) -> str:
    return clean_text(text, limit=64).replace(" ", "")


def _is_like(named: Named, needle: str) -> ColumnElement[bool]:
    lowered = needle.lower()
    return or_(
        named.name.contains(needle, autoescape=True),
        named.code == needle,
        named.pinyin.startswith(lowered, autoescape=True),
        named.initials.startswith(lowered, autoescape=True),
        named.keypad.startswith(lowered, autoescape=True),
    )


def _rank(named: Named, needle: str) -> ColumnElement[int]:
    """Whole names and codes, then whole initials and keys, then beginnings, then parts."""
    lowered = needle.lower()
    return case(
        (or_(named.name == needle, named.code == needle), 0),
        (or_(named.initials == lowered, named.keypad == lowered, named.pinyin == lowered), 1),
        (named.name.startswith(needle, autoescape=True), 2),
        else_=3,
    )


def doctor_card(doctor: Doctor, department: Department, sessions: list[SessionCard] | None) -> DoctorCard:
    open_days = [
        (one.day, one.left) for one in sessions or () if one.doctor_code == doctor.code and one.state == SlotState.OPEN
    ]
    return DoctorCard(
        id=doctor.id,
        code=doctor.code,
        name=doctor.name,
        title=doctor.title,
        department_code=department.code,
        department_name=department.name,
        introduction=doctor.introduction,
        introduction_en=doctor.introduction_en,
        initials=doctor.initials,
        keypad=doctor.keypad,
        is_bookable=doctor.is_bookable,
        left=None if sessions is None else sum(left for _, left in open_days),
        next_day=min((day for day, _ in open_days), default=None),
    )
