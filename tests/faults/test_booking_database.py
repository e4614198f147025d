"""The database is locked, away or dies in COMMIT: a wait with an end, a clear refusal, or the outcome found by the key."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event

from crm_core import database as database_module
from crm_core import schema
from crm_core.appointments import errors
from crm_core.appointments.kinds import Channel
from crm_core.database import Database
from crm_core.errors import OutcomeUnknown
from tests.support.booking_house import BookingHouse, broken_promises, wait_until_it_answers
from tests.support.ground import empty_postgresql
from tests.support.postgres import running_postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgresql() as url:
        wait_until_it_answers(url)
        yield url


@pytest.fixture
def postgresql(server: str) -> Iterator[Database]:
    empty_postgresql(server)
    database = Database(server)
    schema.all_metadata().create_all(database.engine)
    yield database
    database.close()


class BackendKiller:
    """Ends the server's process of a connection, as a crash or an operator would, at the chosen moment of one transaction."""

    def __init__(self, database: Database, url: str) -> None:
        self._url = url.replace("+psycopg", "")
        self.left = 0
        self.is_after_commit = False
        event.listen(database.engine, "commit", self._on_commit)

    def arm(self, times: int, *, is_after_commit: bool) -> None:
        self.left, self.is_after_commit = times, is_after_commit

    def _on_commit(self, connection: object) -> None:
        """SQLAlchemy is about to send COMMIT: the backend dies before it arrives, or after it was done, unheard."""
        if not self.left:
            return
        self.left -= 1
        driver = connection.connection.driver_connection  # type: ignore[attr-defined]
        if self.is_after_commit:
            driver.execute("COMMIT")
        with psycopg.connect(self._url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (driver.info.backend_pid,))


@pytest.fixture
def killer(postgresql: Database, server: str) -> BackendKiller:
    return BackendKiller(postgresql, server)


def booked(house: BookingHouse, patient_id: int, slot_id: int) -> Callable[[], object]:
    return lambda: house.booking.book(
        patient_id=patient_id, slot_id=slot_id, idempotency_key="leg-1", channel=Channel.PHONE, by="ivr"
    )


@pytest.mark.fault("F46")
@pytest.mark.invariant("I3")
@pytest.mark.parametrize("is_after_commit", [False, True])
def test_given_the_backend_dies_in_commit_when_booking_then_the_key_finds_the_outcome_by_itself(
    postgresql: Database, killer: BackendKiller, is_after_commit: bool
) -> None:
    house = BookingHouse(postgresql)
    house.clinic("wang", days=2)
    patient, slot = house.patient(), house.slots()[0]
    killer.arm(1, is_after_commit=is_after_commit)
    card = booked(house, patient, slot.id)()
    assert killer.left == 0, "the backend was killed"
    assert house.booking.of_patient(patient) == [card]
    assert broken_promises(postgresql) == {}


@pytest.mark.fault("F46")
@pytest.mark.invariant("I3")
@pytest.mark.parametrize("is_after_commit", [False, True])
def test_given_the_backend_dies_again_and_again_when_booking_then_it_is_not_said_and_a_later_retry_books_once(
    postgresql: Database, killer: BackendKiller, is_after_commit: bool
) -> None:
    house = BookingHouse(postgresql)
    house.clinic("wang", days=2)
    patient, slot = house.patient(), house.slots()[0]
    killer.arm(2, is_after_commit=is_after_commit)
    if is_after_commit:
        booked(house, patient, slot.id)()  # the second try only reads: it finds the first
        killer.arm(0, is_after_commit=False)
    else:
        with pytest.raises(OutcomeUnknown):
            booked(house, patient, slot.id)()
    booked(house, patient, slot.id)()
    assert len(house.booking.of_patient(patient)) == 1
    assert broken_promises(postgresql) == {}


@pytest.mark.fault("F36")
@pytest.mark.fault("F41")
def test_given_a_second_writer_who_does_not_let_go_when_booking_then_the_wait_ends_and_nothing_is_half_booked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.3)
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    schema.all_metadata().create_all(database.engine)
    house = BookingHouse(database)
    house.clinic("wang", days=2)
    patient, slot = house.patient(), house.slots()[0]
    intruder = sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.BookingBusy) as refusal:
        booked(house, patient, slot.id)()
    assert refusal.value.code == "busy"
    assert house.slots()[0].id == slot.id, "reading goes on"
    intruder.execute("ROLLBACK")
    intruder.close()
    booked(house, patient, slot.id)()
    assert len(house.booking.of_patient(patient)) == 1
    assert broken_promises(database) == {}
    database.close()


@pytest.mark.fault("F36")
def test_given_no_database_when_booking_then_it_is_said_and_no_traceback_of_a_driver_comes_through() -> None:
    house = BookingHouse(Database("postgresql://hotline@127.0.0.1:1/postgres"))
    with pytest.raises(errors.BookingBusy):
        booked(house, 1, 1)()
    house.database.close()
