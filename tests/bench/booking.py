"""Measures contended booking: processes that all want the same few slots, on both databases, and counts what went wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text

from crm_core import schema
from crm_core.appointments.cards import SlotCard
from crm_core.database import Database
from crm_core.patients.models import Patient
from tests.bench.table import Row, percentile
from tests.support.booking_house import DEPARTMENT, TUESDAY, BookingHouse, broken_promises, wait_until_it_answers
from tests.support.postgres import running_postgresql

WORKER = Path(__file__).with_name("booking_worker.py")
CHECKOUT = Path(__file__).resolve().parents[2]
PROCESSES = 4
DOCTORS = 10
DAYS = 4
CAPACITY = 2
SLOT_MINUTES = 5
DOUBLE_BOOKED = """
    SELECT COUNT(*) FROM (
        SELECT a.slot_id FROM appointments a WHERE a.state = 'booked' AND a.slot_id IS NOT NULL
        GROUP BY a.slot_id HAVING COUNT(*) > (SELECT s.capacity FROM slots s WHERE s.id = a.slot_id)
        UNION ALL
        SELECT a.seat_id FROM appointments a WHERE a.seat_id IS NOT NULL GROUP BY a.seat_id HAVING COUNT(*) > 1) AS doubles"""


@dataclass(frozen=True)
class Contention:
    """What the processes heard, and what the tables say afterwards."""

    database: str
    attempts: int
    took_s: float
    booked: int
    places: int
    refusals: dict[str, int]
    double_booked: int
    broken: list[str]
    booked_p50_ms: float
    booked_p99_ms: float
    refused_p99_ms: float
    unheard: int = 0
    """Booked, but no process heard so: 0, nobody was killed."""

    @property
    def attempts_per_s(self) -> float:
        return self.attempts / self.took_s


def measure_booking(work: Path, *, attempts: int = 100_000, processes: int = PROCESSES) -> list[Contention]:
    """``attempts`` wishes on each database for the same slots; every seat is wanted many times over."""
    work.mkdir(parents=True, exist_ok=True)
    measured = [_measure("SQLite", f"sqlite:///{work}/booking.db", attempts=attempts, processes=processes)]
    with running_postgresql() as url:
        wait_until_it_answers(url)
        measured.append(_measure("PostgreSQL", url, attempts=attempts, processes=processes))
    return measured


def rows(measured: Sequence[Contention]) -> list[Row]:
    """For the table: doubles must be none, and every place must be given away."""
    found = []
    for one in measured:
        wrong = one.double_booked + len(one.broken) + one.unheard
        refused = ", ".join(f"{code} {count:,}" for code, count in sorted(one.refusals.items()))
        found += [
            Row(f"contended booking, {one.database}: double bookings", str(one.double_booked), "= 0", wrong == 0,
                how=f"{one.attempts:,} attempts of {PROCESSES} processes for {one.places:,} places, {one.booked:,} given away; "
                f"counted by SQL; refused: {refused}"),
            Row(f"contended booking, {one.database}: attempts", f"{one.attempts_per_s:,.0f}/s",
                how=f"booked p50 {one.booked_p50_ms:.1f} ms, p99 {one.booked_p99_ms:.1f} ms; refused p99 "
                f"{one.refused_p99_ms:.1f} ms and told where there is room"),
        ]  # fmt: skip
    return found


def _measure(name: str, url: str, *, attempts: int, processes: int) -> Contention:
    database = Database(url)
    schema.all_metadata().create_all(database.engine)
    house = BookingHouse(database)
    slots = _clinic(house)
    _add_patients(database, count=max(2000, attempts // 20))
    each = attempts // processes
    workers = [
        subprocess.Popen(
            [sys.executable, str(WORKER), url, str(number), str(each), str(processes)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()  # it has imported and connected
    began_s = time.monotonic()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    lines = [line.split() for worker in workers for line in worker.communicate()[0].splitlines()]
    took_s = time.monotonic() - began_s
    heard = [int(line[2]) for line in lines if line[0] == "booked"]
    with database.read() as session:
        doubles = session.scalar(text(DOUBLE_BOOKED)) or 0
        kept = set(session.scalars(text("SELECT id FROM appointments WHERE state = 'booked'")))
    broken = list(broken_promises(database))
    database.close()
    booked_ms = [float(line[1]) for line in lines if line[0] == "booked"]
    refused_ms = [float(line[1]) for line in lines if line[0] != "booked"]
    return Contention(
        database=name,
        attempts=len(lines),
        took_s=took_s,
        booked=len(kept),
        places=sum(slot.capacity for slot in slots),
        refusals=dict(Counter(line[0] for line in lines if line[0] != "booked")),
        double_booked=doubles,
        broken=broken,
        booked_p50_ms=percentile(booked_ms, 0.5),
        booked_p99_ms=percentile(booked_ms, 0.99),
        refused_p99_ms=percentile(refused_ms, 0.99),
        unheard=len(kept ^ set(heard)),
    )


def _clinic(house: BookingHouse) -> list[SlotCard]:
    """Doctors in departments of their own, so that the one-per-day rule is not what refuses."""
    for number in range(DOCTORS):
        house.clinic(
            f"doctor-{number}",
            department=f"{DEPARTMENT}-{number}",
            days=DAYS,
            capacity=CAPACITY,
            slot_minutes=SLOT_MINUTES,
        )
    days = [TUESDAY + timedelta(days=number) for number in range(DAYS)]
    return [
        slot
        for number in range(DOCTORS)
        for day in days
        for slot in house.schedules.open_slots(f"{DEPARTMENT}-{number}", day=day, limit=1000)
    ]


def _add_patients(database: Database, *, count: int) -> None:
    created_at = BookingHouse(database).clock.now()
    with database.write() as session:
        session.execute(
            insert(Patient),
            [{"name": f"p{n}", "created_at": created_at, "id_number_hash": f"hash-{n}"} for n in range(count)],
        )
