"""A small clinic for booking tests: one department, doctors with a morning each, patients with real names."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from datetime import time as day_time
from typing import Any

import psycopg
from sqlalchemy import text

from crm_core.appointments.booking import Booking
from crm_core.appointments.cards import SlotCard
from crm_core.appointments.kinds import Period
from crm_core.appointments.no_shows import NoShows
from crm_core.appointments.rules import BookingSettings
from crm_core.appointments.schedules import Schedules
from crm_core.appointments.setup import AppointmentSetup, NewTemplate
from crm_core.appointments.waiting import WaitingList
from crm_core.appointments.work import BookingWork
from crm_core.bus import RecordingBus
from crm_core.clock import ManualClock, hospital_date
from crm_core.database import Database
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.models import Patient

MONDAY = date(2026, 11, 23)  # the clock of the tests starts there, at 10:00
TUESDAY = date(2026, 11, 24)
HOURS = OpeningHours(workday=(Span.parse("08:00-17:30"),))
DEPARTMENT = "cardiology"

# every one of these must be empty whatever happened
BROKEN_PROMISES = {
    "more active bookings than capacity (I2)": """
        SELECT s.id, s.capacity, COUNT(a.id) FROM slots s JOIN appointments a ON a.slot_id = s.id
        WHERE a.state IN ('booked', 'visited', 'missed') GROUP BY s.id, s.capacity HAVING COUNT(a.id) > s.capacity""",
    "two people on one seat": """
        SELECT seat_id, COUNT(*) FROM (
            SELECT seat_id FROM appointments WHERE seat_id IS NOT NULL
            UNION ALL SELECT seat_id FROM holds WHERE seat_id IS NOT NULL) AS used
        GROUP BY seat_id HAVING COUNT(*) > 1""",
    "a seat taken by nobody": """
        SELECT id FROM seats WHERE is_taken AND id NOT IN (SELECT seat_id FROM appointments WHERE seat_id IS NOT NULL)
        AND id NOT IN (SELECT seat_id FROM holds WHERE seat_id IS NOT NULL)""",
    "a free seat with somebody on it": """
        SELECT id FROM seats WHERE NOT is_taken AND (id IN (SELECT seat_id FROM appointments WHERE seat_id IS NOT NULL)
        OR id IN (SELECT seat_id FROM holds WHERE seat_id IS NOT NULL))""",
    "a seat of another slot": """
        SELECT a.id FROM appointments a JOIN seats t ON t.id = a.seat_id WHERE t.slot_id <> a.slot_id""",
    "two bookings of one patient, department and day": """
        SELECT patient_id, department_id, day FROM appointments WHERE state IN ('booked', 'visited', 'missed')
        AND slot_id IS NOT NULL GROUP BY patient_id, department_id, day HAVING COUNT(*) > 1""",
    "the telephone's count is wrong": """
        SELECT c.id FROM clinic_sessions c WHERE c.phone_taken <>
            (SELECT COUNT(*) FROM appointments a JOIN slots s ON s.id = a.slot_id WHERE s.session_id = c.id AND a.uses_phone_quota)
          + (SELECT COUNT(*) FROM holds h JOIN slots s ON s.id = h.slot_id WHERE s.session_id = c.id AND h.uses_phone_quota)""",
    "booked in a closed session": """
        SELECT a.id FROM appointments a JOIN slots s ON s.id = a.slot_id JOIN clinic_sessions c ON c.id = s.session_id
        WHERE c.state = 'closed' AND a.state = 'booked'""",
    "an offer without a seat, or a seat offered to nobody": """
        SELECT w.id FROM waiting_entries w LEFT JOIN holds h ON h.waiting_entry_id = w.id AND h.state = 'active'
        WHERE (w.state = 'offered') <> (h.id IS NOT NULL)""",
}  # fmt: skip


def broken_promises(database: Database) -> dict[str, list[Any]]:
    """What the tables say against us, by plain SQL; empty when all is well."""
    with database.read() as session:
        found = {name: list(session.execute(text(query)).all()) for name, query in BROKEN_PROMISES.items()}
    return {name: rows for name, rows in found.items() if rows}


def wait_until_it_answers(url: str, timeout_s: float = 60.0) -> None:
    """A PostgreSQL opens its port before it lets anybody in."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            with psycopg.connect(url, connect_timeout=5):
                return
        except psycopg.OperationalError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)


@dataclass
class BookingHouse:
    database: Database
    clock: ManualClock = field(default_factory=ManualClock)
    bus: RecordingBus = field(default_factory=RecordingBus)
    settings: BookingSettings = field(default_factory=BookingSettings)
    failpoint: Callable[[str], None] = lambda name: None
    hours: OpeningHours = HOURS

    def __post_init__(self) -> None:
        self.work = BookingWork(self.database, self.bus, self.clock, settings=self.settings, failpoint=self.failpoint)
        self.setup = AppointmentSetup(self.database)
        self.schedules = Schedules(self.work, self.hours)
        self.booking = Booking(self.work)
        self.no_shows = NoShows(self.work)
        self.waiting = WaitingList(self.work, self.booking)
        self._numbers = itertools.count(1)

    def with_settings(self, **changes: Any) -> BookingHouse:
        """The same house with another hospital's rules."""
        other = BookingHouse(self.database, self.clock, self.bus, replace(self.settings, **changes), self.failpoint)
        other._numbers = self._numbers
        return other

    def clinic(self, *doctors: str, department: str = DEPARTMENT, days: int = 4, **template: Any) -> None:
        """A department whose doctors sit every weekday morning, 08:00 to 09:00 when nothing else is said."""
        if department not in {card.code for card in self.schedules.departments()}:
            self.setup.add_department(department, "心内科", place="门诊楼3层A区", cautions="请空腹")
        known = {card.code for card in self.schedules.doctors()}
        values = {"starts": day_time(8), "ends": day_time(9), "slot_minutes": 30, "capacity": 1} | template
        for code in doctors:
            if code not in known:
                self.setup.add_doctor(code, "王建国", title="主任医师", department_code=department)
            self.setup.add_templates(
                NewTemplate(code, weekday, Period.MORNING, valid_from=MONDAY, **values) for weekday in range(5)
            )
        today = hospital_date(self.clock.now())
        self.schedules.lay_out(today, today + timedelta(days=days))

    def slots(self, doctor: str | None = None, day: date = TUESDAY, department: str = DEPARTMENT) -> list[SlotCard]:
        return self.schedules.open_slots(department, doctor, day=day, limit=100)

    def patient(self, *, has_id_number: bool = True) -> int:
        """A new patient's id."""
        number = next(self._numbers)
        with self.database.write() as session:
            row = Patient(
                name=f"病人{number}",
                created_at=self.clock.now(),
                id_number_hash=f"hash-{id(self)}-{number}"[-32:] if has_id_number else None,
            )
            session.add(row)
            session.flush()
            return row.id

    def patients(self, count: int) -> list[int]:
        return [self.patient() for _ in range(count)]
