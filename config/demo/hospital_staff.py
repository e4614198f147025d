"""Departments, doctors and their weekly sessions, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from random import Random

from config.demo.hospital_cast import (
    ALWAYS_OPEN,
    DEPARTMENT_HOURS,
    DEPARTMENTS,
    DOCTORS,
    MORE_DEPARTMENTS,
    OFFICE_HOURS,
)
from config.demo.hospital_facts import DepartmentText
from config.demo.hospital_names import SURNAMES, a_given_name
from config.demo.hospital_rows import Row, Transaction, add, add_with_ids
from crm_core.appointments.keypad import spell_person, spell_word
from crm_core.appointments.kinds import Period
from crm_core.appointments.models import Department, Doctor, ScheduleTemplate
from crm_core.patients.names import pinyin_of

DOCTORS_ALL = 200
SLOT_MINUTES = 30
SURNAMES_SAID = 67
"""So many of the most frequent ones have a recorded sound with 医生 behind them."""
_TITLES = ("主任医师", "副主任医师", "主治医师", "副主任医师", "主治医师", "主治医师")
_TITLES_EN = {
    "主任医师": "chief physician",
    "副主任医师": "associate chief physician",
    "主治医师": "attending physician",
}
# title -> fee in fen, half days a week, seats a slot, part of the seats that the telephone may take (None: all)
_WORK: Mapping[str, tuple[int, int, int, float | None]] = {
    "主任医师": (6000, 3, 1, 0.5),
    "副主任医师": (4000, 4, 2, 0.6),
    "主治医师": (2500, 5, 2, None),
}
_HALF_DAYS = {Period.MORNING: (time(8), time(12)), Period.AFTERNOON: (time(13, 30), time(17, 30))}
_WEEK = [(day, period) for day in range(5) for period in _HALF_DAYS] + [(5, Period.MORNING), (6, Period.MORNING)]


@dataclass(frozen=True)
class DoctorOf:
    """A doctor with what bookings and visits need of him."""

    id: int
    code: str
    name: str
    title: str
    department: str
    department_id: int
    is_of_the_cast: bool

    @property
    def fee_fen(self) -> int:
        return _WORK[self.title][0]


@dataclass(frozen=True)
class _Known:
    code: str
    name: str
    title: str
    department: str


def department_names(is_full: bool) -> dict[str, str]:
    return {code: name for code, name, *_ in _departments(is_full)}


def add_departments(session: Transaction, texts: Mapping[str, DepartmentText], *, is_full: bool) -> dict[str, int]:
    """Code -> id."""
    rows = [_department_row(told, texts[told[0]]) for told in _departments(is_full)]
    ids = add_with_ids(session, Department, rows)
    return {row["code"]: one for row, one in zip(rows, ids, strict=True)}


def add_doctors(
    session: Transaction,
    departments: Mapping[str, int],
    texts: Mapping[str, DepartmentText],
    *,
    seed: int,
    is_full: bool,
) -> list[DoctorOf]:
    chance = Random(f"{seed} doctors")
    known = [_Known(*one) for one in DOCTORS]
    if is_full:
        known += _more_doctors(chance, list(departments), known)
    rows = [_doctor_row(one, departments[one.department], texts[one.department], chance) for one in known]
    ids = add_with_ids(session, Doctor, rows)
    return [
        DoctorOf(
            number, one.code, one.name, one.title, one.department, departments[one.department], place < len(DOCTORS)
        )
        for place, (number, one) in enumerate(zip(ids, known, strict=True))
    ]


def add_templates(session: Transaction, doctors: Sequence[DoctorOf], *, today: date) -> None:
    """Who is in the emergency department sits always and takes no bookings."""
    places = {code: place for code, _, _, place, *_ in _departments(is_full=True)}
    rows = [
        row
        for number, one in enumerate(doctors)
        if one.department != ALWAYS_OPEN
        for row in _template_rows(one, number, places[one.department], today)
    ]
    add(session, ScheduleTemplate, rows)


def _departments(is_full: bool) -> list[tuple[str, str, str, str, str, str]]:
    instead = {told[0]: told for told in MORE_DEPARTMENTS} if is_full else {}
    return [instead.pop(told[0], told) for told in DEPARTMENTS] + list(instead.values())


def _department_row(told: tuple[str, str, str, str, str, str], text: DepartmentText) -> Row:
    code, name, name_en, place, menu_digit, phone_number = told
    spelling = spell_word(name)
    own_hours = DEPARTMENT_HOURS.get(code, OFFICE_HOURS)
    return {
        "code": code,
        "name": name,
        "name_en": name_en,
        "place": place,
        "menu_digit": menu_digit,
        "phone_number": phone_number,
        # whoever tries the demo in the evening still reaches what the menu offers, and the emergency department
        "hours": [] if menu_digit or code == ALWAYS_OPEN else list(own_hours),
        "introduction": text.introduction,
        "introduction_en": text.introduction_en,
        "directions": text.directions,
        "cautions": text.cautions,
        "pinyin": spelling.pinyin,
        "initials": spelling.initials,
        "keypad": spelling.keypad,
    }


def _more_doctors(chance: Random, departments: Sequence[str], known: Sequence[_Known]) -> Iterator[_Known]:
    """So many that there are ``DOCTORS_ALL``; no two of a department share a surname, which is what a caller hears."""
    codes = {one.code for one in known}
    for place, department in enumerate(departments):
        there = [one for one in known if one.department == department]
        wanted = DOCTORS_ALL // len(departments) + (place < DOCTORS_ALL % len(departments))
        free = [name for name in SURNAMES[:SURNAMES_SAID] if name not in {one.name[: len(name)] for one in there}]
        surnames = chance.sample(free, wanted - len(there))
        for order, surname in enumerate(surnames):
            sex = chance.choice(("male", "female"))
            name = surname + a_given_name(chance, sex, chance.randint(1964, 1993))
            first, *rest = pinyin_of(name)
            code = plain = f"{first}-{''.join(rest)}"
            while code in codes:
                code = f"{plain}-{len(codes)}"
            codes.add(code)
            yield _Known(code, name, _TITLES[(order + len(there)) % len(_TITLES)], department)


def _doctor_row(one: _Known, department_id: int, text: DepartmentText, chance: Random) -> Row:
    spelling = spell_person(one.name)
    years = {"主任医师": 24, "副主任医师": 16, "主治医师": 9}[one.title] + chance.randrange(6)
    fields = chance.sample(text.fields, 2)
    return {
        "code": one.code,
        "department_id": department_id,
        "name": one.name,
        "title": one.title,
        "introduction": f"从事临床工作{years}年，擅长{'、'.join(zh for zh, _ in fields)}的诊治。",
        "introduction_en": f"{years} years of practice, {_TITLES_EN[one.title]}; {' and '.join(en for _, en in fields)}.",
        "pinyin": spelling.pinyin,
        "initials": spelling.initials,
        "keypad": spelling.keypad,
        "is_bookable": one.department != ALWAYS_OPEN,
    }


def _template_rows(one: DoctorOf, number: int, place: str, today: date) -> Iterator[Row]:
    fee_fen, half_days, capacity, phone_part = _WORK[one.title]
    monday = today - timedelta(days=today.weekday() + 7)
    for step in range(half_days):
        weekday, period = _WEEK[(number * 5 + step * 4 + step // 3) % len(_WEEK)]
        starts, ends = _HALF_DAYS[period]
        seats = (ends.hour * 60 + ends.minute - starts.hour * 60 - starts.minute) // SLOT_MINUTES * capacity
        yield {
            "doctor_id": one.id,
            "weekday": weekday,
            "period": period.value,
            "starts": starts,
            "ends": ends,
            "slot_minutes": SLOT_MINUTES,
            "capacity": capacity,
            "phone_quota": None if phone_part is None else int(seats * phone_part),
            "fee_fen": fee_fen,
            "place": f"{place}{number % 12 + 1}诊室",
            "valid_from": monday,
            "valid_until": None,
        }
