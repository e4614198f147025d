"""How long the whole demo hospital takes to load, and how long a pop takes in it, on both databases."""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import text

from config.demo.hospital import DemoGround, DemoSize, load_hospital
from crm_core import schema
from crm_core.clock import SystemClock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.service import Patients
from crm_core.visits.service import Visits
from tests.bench.table import Row, at_most, percentile
from tests.support.postgres import running_postgresql

LOAD_LIMIT_S = 30.0
_KEY = b"a bench key of thirty-two bytes.."
_POPS = 1_000
_SEED = 95169


@dataclass(frozen=True)
class DemoLoad:
    """One database."""

    database: str
    load_s: float
    cpu_s: float
    """Of this process; PostgreSQL works in its own."""
    again_s: float
    """The second load, which finds everything there."""
    pop_ms: tuple[float, ...]
    """Number to cards, and the first one's last visit with its medication and reports."""


def measure_demo_load(work: Path, *, size: DemoSize = DemoSize.FULL) -> list[Row]:
    return rows(measure_both(work, size=size))


def measure_both(work: Path, *, size: DemoSize = DemoSize.FULL) -> list[DemoLoad]:
    work.mkdir(parents=True, exist_ok=True)
    with running_postgresql() as postgresql_url:
        urls = {"SQLite": f"sqlite:///{work}/demo.db", "PostgreSQL": postgresql_url}
        return [_measure(name, url, size) for name, url in urls.items()]


def rows(loads: Sequence[DemoLoad]) -> list[Row]:
    return [
        at_most(
            f"demo hospital loaded, {one.database}", one.load_s, LOAD_LIMIT_S, unit="s",
            how=f"30 departments, 200 doctors with two weeks of sessions, 2,000 items, 20,000 patients; "
            f"{one.cpu_s:.1f} s of CPU; a second load {one.again_s * 1000:.0f} ms; look-up with the last visit "
            f"p50 {percentile(one.pop_ms, 0.5):.1f} ms, p99 {percentile(one.pop_ms, 0.99):.1f} ms",
        )
        for one in loads
    ]  # fmt: skip


def _measure(name: str, url: str, size: DemoSize) -> DemoLoad:
    database = Database(url)
    with contextlib.closing(database):
        schema.all_metadata().create_all(database.engine)
        hours = OpeningHours(workday=(Span.parse("08:00-17:30"),))
        ground = DemoGround(database, FieldCipher.from_master(_KEY), SystemClock(), hours)
        began_s, cpu_s = time.monotonic(), time.process_time()
        load_hospital(ground, size=size)
        loaded_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
        began_s = time.monotonic()
        load_hospital(ground, size=size)
        return DemoLoad(name, loaded_s, cpu_s, time.monotonic() - began_s, _pops(ground))


def _pops(ground: DemoGround) -> tuple[float, ...]:
    patients = Patients(ground.database, ground.cipher, ground.clock)
    visits = Visits(ground.database, ground.cipher, ground.clock)
    with ground.database.read() as session:
        phone_ids = session.execute(text("SELECT id FROM patient_phones ORDER BY id")).scalars().all()
    numbers = [patients.number_of_phone(one)[1] for one in random.Random(_SEED).choices(phone_ids, k=_POPS)]
    times_ms = []
    for number in numbers:
        began_s = time.perf_counter()
        visits.last_visit(patients.find_by_number(number)[0].id)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    return tuple(times_ms)
