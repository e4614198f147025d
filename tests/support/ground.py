"""A ground for tests: a fresh database with the demo hospital's cast, a clock that moves when told, a bus that keeps."""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from crm_core import schema
from crm_core.agents.accounts import Accounts
from crm_core.agents.kinds import Role
from crm_core.agents.service import Agents
from crm_core.appointments.service import Appointments
from crm_core.appointments.setup import AppointmentSetup
from crm_core.audit.service import Audit
from crm_core.bus import RecordingBus
from crm_core.calls.recordings import RecordingRecords
from crm_core.calls.service import CallRecords
from crm_core.clock import ManualClock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import HotlineError
from crm_core.ids import AgentId
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.service import Patients
from crm_core.reports.metrics import Metrics

PASSWORD = "Winter-Lantern-41"
MASTER_KEY = b"a test key of thirty-two bytes.."
HOURS = OpeningHours(workday=(Span.parse("08:00-17:30"),), restday=())


@dataclass
class FakeTelephony:
    """Remembers commands; phones are registered unless listed in ``unregistered``. ``failing`` is raised when set."""

    commands: list[tuple[Any, ...]] = field(default_factory=list)
    unregistered: set[str] = field(default_factory=set)
    failing: HotlineError | None = None
    is_up: bool = True

    def is_registered(self, extension: str) -> bool:
        return extension not in self.unregistered

    def live_calls(self) -> Sequence[Any]:
        return ()

    def __getattr__(self, name: str) -> Any:
        def command(*args: Any, **options: Any) -> None:
            if self.failing is not None:
                raise self.failing
            self.commands.append((name, *args, *options.values()))

        return command


@dataclass
class Ground:
    database: Database
    clock: ManualClock
    bus: RecordingBus
    cipher: FieldCipher
    telephony: FakeTelephony
    patients: Patients
    appointments: Appointments
    setup: AppointmentSetup
    calls: CallRecords
    recordings: RecordingRecords
    agents: Agents
    accounts: Accounts
    audit: Audit
    metrics: Metrics

    def agent(self, login: str = "bela", extension: str = "1001", *, role: Role = Role.AGENT) -> AgentId:
        """Create somebody who can log in; returns the id."""
        account = self.accounts.create(
            login, PASSWORD, name=login.title(), role=role, extension=extension, queues=("enquiry",), must_change_password=False
        )
        return account.id


def make_ground(url: str, *, migrate: bool = False) -> Ground:
    """``migrate`` builds the tables by the migrations instead of from the models (slower, and what a hospital has)."""
    database = Database(url)
    if migrate:
        schema.upgrade(database)
    elif not inspect(database.engine).has_table("patients"):
        schema.all_metadata().create_all(database.engine)
    clock, bus = ManualClock(), RecordingBus()
    cipher = FieldCipher.from_master(MASTER_KEY)
    telephony = FakeTelephony()
    calls = CallRecords(database, cipher, clock)
    recordings = RecordingRecords(database, cipher, clock)
    agents = Agents(database, bus, clock, telephony)  # type: ignore[arg-type]
    calls.subscribe(bus)
    recordings.subscribe(bus)
    agents.subscribe(bus)
    return Ground(
        database=database,
        clock=clock,
        bus=bus,
        cipher=cipher,
        telephony=telephony,
        patients=Patients(database, cipher, clock),
        appointments=Appointments(database, clock, HOURS),
        setup=AppointmentSetup(database),
        calls=calls,
        recordings=recordings,
        agents=agents,
        accounts=Accounts(
            database, bus, clock, context_words=("仁爱医院", "hotline"), hasher=PasswordHasher(1, 64, 1)
        ),
        audit=Audit(database, clock),
        metrics=Metrics(database, clock),
    )


def empty_postgresql(url: str) -> None:
    """Drop everything of a test database."""
    with _autocommit(url) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def fresh_sqlite(file: Path) -> str:
    """A database with all tables and no row: a copy of one that is made once."""
    shutil.copyfile(_sqlite_template(), file)
    return f"sqlite:///{file}"


@functools.cache
def _sqlite_template() -> Path:
    folder = tempfile.mkdtemp(prefix="hotline-tables-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = Path(folder) / "tables.db"
    engine = create_engine(f"sqlite:///{file}")
    schema.all_metadata().create_all(engine)
    engine.dispose()
    return file


def fresh_postgresql(url: str) -> None:
    """All tables and no row: tables that are as the models say are emptied, everything else is made anew."""
    tables = [table.name for table in schema.all_metadata().sorted_tables]
    with _autocommit(url) as connection:
        if sorted(inspect(connection).get_table_names()) == sorted(tables):
            rows = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)
            used = connection.execute(text(rows)).scalars().all()
            if used:
                connection.execute(text(f"TRUNCATE {', '.join(used)} RESTART IDENTITY CASCADE"))
            return
    empty_postgresql(url)
    engine = create_engine(url)
    schema.all_metadata().create_all(engine)
    engine.dispose()


@contextlib.contextmanager
def _autocommit(url: str) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
