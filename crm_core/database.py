"""The one way to the database: short reading and writing transactions over SQLite or PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

BUSY_TIMEOUT_S = 5.0
"""How long a transaction waits for a locked database before it fails (F41)."""


class Base(DeclarativeBase):
    """All mapped classes of the house."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; ``timestamptz`` in PostgreSQL, naive UTC text in SQLite. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone reached the database")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Sessions by purpose. ``read()`` and ``write()`` give one transaction each; never nest them in one thread.

    On SQLite (WAL) every write begins with BEGIN IMMEDIATE and writers of this process queue in order instead of
    spinning on the lock. ``write()`` commits when the block ends and rolls back when it raises.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 10, echo: bool = False) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._make_engine(pool_size, echo, synchronous="FULL")
        is_file = self.is_sqlite and self.url.database not in (None, "", ":memory:")
        self._note_engine = self._make_engine(2, echo, synchronous="NORMAL") if is_file else self.engine
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._writer = threading.Lock() if self.is_sqlite else None

    def _make_engine(self, pool_size: int, echo: bool, *, synchronous: str) -> Engine:
        if not self.is_sqlite:
            return create_engine(self.url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, echo=echo)
        engine = create_engine(
            self.url,
            echo=echo,
            pool_size=pool_size,
            max_overflow=pool_size * 4,
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "isolation_level": None},
        )
        event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, synchronous))
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the data; changes made in it are thrown away."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is durable when the block has ended without an error."""
        with self._write(self.engine) as session:
            yield session

    @contextmanager
    def note(self) -> Iterator[Session]:
        """A write that survives every crash of ours, but may lose its last moments in a power cut (SQLite only).

        For the ledger of calls and agent states, which are many and are told by the network, not by us: they wait for
        no disk. Bookings, dial attempts, audit and accounts use ``write``.
        """
        with self._write(self._note_engine) as session:
            yield session

    @contextmanager
    def _write(self, engine: Engine) -> Iterator[Session]:
        if self._writer is None:
            with self._sessions(bind=engine) as session, session.begin():
                yield session
            return
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise TimeoutError("the database is busy")
        try:
            with self._sessions(bind=engine.execution_options(hotline_write=True)) as session, session.begin():
                yield session
        finally:
            self._writer.release()

    def close(self) -> None:
        self.engine.dispose()
        self._note_engine.dispose()


def _prepare_sqlite(connection: Any, synchronous: str) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("hotline_write") else "BEGIN")
