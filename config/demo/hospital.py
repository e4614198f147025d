"""Loads the demo hospital: the fixed cast, and around it as much of a hospital as is wanted; the same for the same seed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from config.demo.hospital_booking import DAYS_AHEAD, AppointmentBook
from config.demo.hospital_care import Care, CareMaker
from config.demo.hospital_cast import APPOINTMENTS, CAST, CAST_VISITS, DEPARTMENTS, DOCTORS, PATIENTS
from config.demo.hospital_catalogue import ITEMS, new_items, new_knowledge
from config.demo.hospital_crowd import Crowd, Registered, add_care, known_cards
from config.demo.hospital_facts import Facts, read_facts
from config.demo.hospital_people import Household, households
from config.demo.hospital_rows import DemoGround, Progress, StandingClock, Transaction, add
from config.demo.hospital_staff import DoctorOf, add_departments, add_doctors, add_templates, department_names
from config.settings_sections import DemoSize
from crm_core.agents.accounts import Accounts
from crm_core.appointments.kinds import Channel
from crm_core.appointments.laying_out import is_clinic_day, lay_out_day
from crm_core.appointments.models import Appointment, Department
from crm_core.audit.service import Audit
from crm_core.clock import HOSPITAL_ZONE, hospital_date
from crm_core.enquiries.cards import NewItem
from crm_core.enquiries.library import EnquiryLibrary
from crm_core.patients.service import Patients

if TYPE_CHECKING:
    from crm_core.appointments.setup import AppointmentSetup
    from crm_core.clock import Clock

__all__ = [
    "DEPARTMENTS", "DOCTORS", "PATIENTS", "DemoGround", "DemoSize", "Progress", "load_cast", "load_hospital",
]  # fmt: skip

SEED = 95169
_CHUNK = 2000
_ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFGHJKMNPQRSTUVWXYZ2345679"


_PEOPLE = {DemoSize.SMALL: 300, DemoSize.FULL: 20_000}
_CATALOGUE = {DemoSize.SMALL: 621, DemoSize.FULL: ITEMS}
"""The small one has every item and every drug once."""


@dataclass(frozen=True)
class OneTimePassword:
    """A password made just now; it must be changed at the first log-in and is shown only once."""

    username: str
    password: str
    role: str


def new_password() -> str:
    """14 characters that are easy to read aloud, about 80 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def load_cast(accounts: Accounts) -> list[OneTimePassword]:
    """The people of the demo; their passwords exist nowhere but in the answer (R1)."""
    made = []
    for login, name, role, extension, queues in CAST:
        password = new_password()
        accounts.create(login, password, name=name, role=role, extension=extension, queues=queues)
        made.append(OneTimePassword(login, password, f"{name} ({role.value}{' ' + extension if extension else ''})"))
    return made


def load_hospital(ground: DemoGround, *, size: DemoSize, seed: int = SEED, progress: Progress | None = None) -> bool:
    """True when it was loaded now, False when the database has departments. One transaction: an interrupted load leaves
    nothing, and the next one begins anew."""
    tell = progress or (lambda _done, _total, _what: None)
    today = hospital_date(ground.clock.now())
    ahead = (today + timedelta(days=day) for day in range(DAYS_AHEAD + 1))
    days = [day for day in ahead if is_clinic_day(ground.hours, day)]
    with ground.database.write() as session:
        if session.query(Department.id).first() is not None:
            return False
        _Load(ground, session, size=size, seed=seed, tell=tell).run(days)
    return True


class _Load:
    """One load in one transaction."""

    def __init__(self, ground: DemoGround, session: Transaction, *, size: DemoSize, seed: int, tell: Progress) -> None:
        self._ground = ground
        self._session = session
        self._is_full = size is DemoSize.FULL
        self._size = size
        self._seed = seed
        self._tell = tell
        self._clock = StandingClock(ground.clock)
        self._today = hospital_date(self._clock.now())
        self._facts = read_facts()
        self._people = _PEOPLE[size]
        self._done, self._total = 0, self._people * 5 // 4
        """In patients; all the rest together is worth a quarter of them."""

    def run(self, days: Sequence[date]) -> None:
        """``days``: on which the hospital sees patients in the coming weeks."""
        session, facts = self._session, self._facts
        names = department_names(self._is_full)
        departments = add_departments(session, facts.departments, is_full=self._is_full)
        doctors = add_doctors(session, departments, facts.departments, seed=self._seed, is_full=self._is_full)
        add_templates(session, doctors, today=self._today)
        self._step(0.02, "price list")
        items = self._add_enquiries(facts, names)
        self._step(0.08, "schedules")
        book = AppointmentBook(self._clock, doctors, chance=Random(f"{self._seed} book"))
        for day in days:
            lay_out_day(session, day)
        care = CareMaker(
            facts, doctors, names, items, cipher=self._ground.cipher, chance=Random(f"{self._seed} care"),
            now=self._clock.now(),
        )  # fmt: skip
        self._step(0.08, "patients")
        self._add_cast(care, doctors)
        people = self._add_crowd(care, book)
        if self._is_full:
            book.fill(session, people)
        self._step(0.05, "counting")
        session.connection().exec_driver_sql("ANALYZE")
        self._step(0.02, "writing")

    def _step(self, part: float, what: str) -> None:
        self._done += int(self._people * part)
        self._tell(self._done, self._total, what)

    def _add_enquiries(self, facts: Facts, names: dict[str, str]) -> list[NewItem]:
        ground, items = self._ground, new_items(facts, self._today, _CATALOGUE[self._size])
        library = EnquiryLibrary(ground.database, self._clock, Audit(ground.database, self._clock))
        library.add_items(self._session, items)
        library.add_knowledge(self._session, new_knowledge(facts, names, self._today))
        return items

    def _add_cast(self, maker: CareMaker, doctors: Sequence[DoctorOf]) -> None:
        """Who is there already (an older home) stays as he is."""
        patients = Patients(self._ground.database, self._ground.cipher, self._clock)
        known = known_cards(self._session, [one.card_number for one in PATIENTS])
        lacking = [one for one in PATIENTS if one.card_number not in known]
        added = patients.add_many(self._session, lacking)
        known |= {one.card_number: number for one, number in zip(lacking, added, strict=True)}
        ids = [known[one.card_number] for one in PATIENTS]
        add_care(self._session, {number: _cast_care(maker, self._facts, place) for place, number in enumerate(ids)})
        by_code = {one.code: one for one in doctors}
        add(self._session, Appointment, [
            {
                "patient_id": ids[index], "doctor_id": by_code[code].id, "department_id": by_code[code].department_id,
                "starts_at": starts_at, "day": starts_at.date(), "state": "booked", "channel": Channel.HIS.value,
            }
            for index, code, starts_at in _cast_appointments(self._today)
        ])  # fmt: skip

    def _add_crowd(self, maker: CareMaker, book: AppointmentBook) -> list[Registered]:
        crowd = Crowd(self._ground, self._clock, maker, chance=Random(f"{self._seed} crowd"))
        homes = households(self._people, seed=self._seed, today=self._today, taken_names=[one.name for one in PATIENTS])
        people: list[Registered] = []
        while chunk := _next_chunk(homes):
            registered = crowd.register(self._session, chunk)
            book.add_past(self._session, registered)
            people += registered
            self._step(len(registered) / self._people, f"patients {len(people):,} of {self._people:,}")
        return people


def _next_chunk(homes: Iterator[Household]) -> list[Household]:
    return list(islice(homes, _CHUNK // 3))


def _cast_care(maker: CareMaker, facts: Facts, place: int) -> Care:
    care = Care()
    diseases = {(one.department, one.name): one for one in facts.diseases}
    for index, department, name, doctor, days_ago, is_stay in CAST_VISITS:
        if index == place:
            maker.add_visit(
                care,
                diseases[department, name],
                days_ago,
                PATIENTS[place].insurance,
                doctor_code=doctor,
                is_stay=is_stay,
            )
    return care


def _cast_appointments(today: date) -> Iterator[tuple[int, str, datetime]]:
    for index, doctor, days, clock_time in APPOINTMENTS:
        yield index, doctor, datetime.combine(today + timedelta(days=days), clock_time, tzinfo=HOSPITAL_ZONE)


def load_people(patients: Patients) -> None:
    """The named patients alone, for tests that need no hospital around them."""
    for new in PATIENTS:
        patients.register(new)


def load_appointments(setup: AppointmentSetup, patients: Patients, clock: Clock) -> None:
    """The menu's departments, the named doctors and the cast's appointments, counted from today."""
    patient_ids = [patients.search(new.card_number)[0].id for new in PATIENTS]
    for code, name, name_en, place, digit, number in DEPARTMENTS:
        setup.add_department(code, name, name_en=name_en, place=place, menu_digit=digit, phone_number=number)
    for code, name, title, department in DOCTORS:
        setup.add_doctor(code, name, title=title, department_code=department)
    for index, doctor, starts_at in _cast_appointments(hospital_date(clock.now())):
        setup.add_appointment(patient_ids[index], doctor, starts_at)
