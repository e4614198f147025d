"""kill -9 in the middle of a booking, before and after the commit: a retry finds it, nothing is lost, nothing is double."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core import schema
from crm_core.appointments.kinds import Channel
from crm_core.database import Database
from tests.support.booking_house import BookingHouse, broken_promises, wait_until_it_answers
from tests.support.booking_process import VARIABLE
from tests.support.ground import empty_postgresql
from tests.support.postgres import running_postgresql

CHECKOUT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(240)
PROCESS = CHECKOUT / "tests" / "support" / "booking_process.py"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_postgresql() as url:
        wait_until_it_answers(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BookingHouse]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/hotline.db"
    else:
        url = request.getfixturevalue("server")
        empty_postgresql(url)
    database = Database(url)
    schema.all_metadata().create_all(database.engine)
    house = BookingHouse(database)
    house.clinic("wang", days=2)
    yield house
    database.close()


class Caller:
    """One wish, asked by processes that may die, until an answer comes."""

    def __init__(self, house: BookingHouse, answers: Path) -> None:
        self._url = house.database.url.render_as_string(hide_password=False)
        self._answers = answers

    def ask(self, use_case: str, patient_id: int, number: int, key: str, *, dies_at: str = "") -> int:
        """The exit code."""
        environment = os.environ | {VARIABLE: dies_at, "PYTHONPATH": str(CHECKOUT)}
        arguments = [self._url, use_case, str(patient_id), str(number), key, str(self._answers)]
        done = subprocess.run(
            [sys.executable, str(PROCESS), *arguments], env=environment, timeout=60, capture_output=True
        )
        if done.returncode not in (0, -signal.SIGKILL):
            raise AssertionError(done.stderr.decode())
        return done.returncode

    def heard(self) -> list[str]:
        return self._answers.read_text().splitlines() if self._answers.exists() else []


@pytest.mark.fault("F28")
@pytest.mark.invariant("I3")
@pytest.mark.parametrize("dies_at", ["before_commit", "after_commit"])
def test_given_a_booking_when_killed_and_asked_again_then_it_is_booked_once(
    house: BookingHouse, tmp_path: Path, dies_at: str
) -> None:
    caller, patient, slot = Caller(house, tmp_path / "answers"), house.patient(), house.slots()[0]
    assert caller.ask("book", patient, slot.id, "leg-1", dies_at=dies_at) == -signal.SIGKILL
    assert caller.heard() == []
    found = house.booking.find("leg-1")
    assert (found is not None) is (dies_at == "after_commit")
    assert caller.ask("book", patient, slot.id, "leg-1") == 0
    [card] = house.booking.of_patient(patient)
    assert caller.heard() == [f"book {card.id}"]
    assert found is None or found.id == card.id
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F28")
@pytest.mark.invariant("I3")
def test_given_a_booking_that_nobody_was_told_of_when_the_patient_calls_back_then_he_is_told_of_it(
    house: BookingHouse, tmp_path: Path
) -> None:
    caller, patient, slot = Caller(house, tmp_path / "answers"), house.patient(), house.slots()[0]
    caller.ask("book", patient, slot.id, "leg-1", dies_at="after_commit")
    caller.ask("book", patient, slot.id, "leg-2")
    [card] = house.booking.of_patient(patient)
    assert caller.heard() == [f"book {card.id}"]
    assert len(house.booking.history(card.id)) == 1


def book(house: BookingHouse, patient_id: int, slot_id: int) -> int:
    return house.booking.book(
        patient_id=patient_id, slot_id=slot_id, idempotency_key="first", channel=Channel.PHONE, by="ivr"
    ).id


@pytest.mark.fault("F28")
@pytest.mark.fault("F40")
@pytest.mark.parametrize("dies_at", ["before_commit", "after_commit"])
def test_given_a_move_when_killed_and_asked_again_then_he_has_exactly_one_seat(
    house: BookingHouse, tmp_path: Path, dies_at: str
) -> None:
    caller, patient, (first, second) = Caller(house, tmp_path / "answers"), house.patient(), house.slots()
    old_id = book(house, patient, first.id)
    assert caller.ask("move", patient, old_id, f"leg-1:{second.id}", dies_at=dies_at) == -signal.SIGKILL
    active = [card.slot_id for card in house.booking.of_patient(patient) if card.state == "booked"]
    assert active == [first.id if dies_at == "before_commit" else second.id]
    assert caller.ask("move", patient, old_id, f"leg-1:{second.id}") == 0
    assert [card.slot_id for card in house.booking.of_patient(patient) if card.state == "booked"] == [second.id]
    assert [slot.id for slot in house.slots()] == [first.id]
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F28")
@pytest.mark.parametrize("dies_at", ["before_commit", "after_commit"])
def test_given_a_cancellation_when_killed_and_asked_again_then_the_seat_is_free_once(
    house: BookingHouse, tmp_path: Path, dies_at: str
) -> None:
    caller, patient, slots = Caller(house, tmp_path / "answers"), house.patient(), house.slots()
    appointment_id = book(house, patient, slots[0].id)
    assert caller.ask("cancel", patient, appointment_id, "-", dies_at=dies_at) == -signal.SIGKILL
    assert len(house.slots()) == (1 if dies_at == "before_commit" else 2)
    assert caller.ask("cancel", patient, appointment_id, "-") == 0
    assert len(house.slots()) == 2
    assert broken_promises(house.database) == {}


@pytest.mark.fault("F27")
def test_given_a_hold_of_a_process_that_was_killed_when_its_time_is_over_then_the_seat_is_free(
    house: BookingHouse, tmp_path: Path
) -> None:
    caller, slot = Caller(house, tmp_path / "answers"), house.slots()[0]
    assert caller.ask("hold", house.patient(), slot.id, "leg-1", dies_at="after_commit") == -signal.SIGKILL
    assert house.schedules.slot(slot.id).left == 0
    house.clock.advance(house.settings.hold_s)
    assert house.booking.expire_holds() == 1
    assert house.schedules.slot(slot.id).left == 1
    assert broken_promises(house.database) == {}
