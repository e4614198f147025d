"""Booking by telephone, told by scripted callers over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crm_core.appointments.kinds import AppointmentState
from crm_core.patients.cards import NewPatient
from ivr.conversation import CallerGone
from ivr.flows.ground import GroundCalls
from tests.support.ground import fresh_sqlite, make_ground
from tests.support.scripted_caller import HANG_UP, Talk
from tests.support.self_service import ASHA_NUMBER, FAMILY_NUMBER, HER_DOCTOR, SelfServiceHouse

LAST_DOCTOR_FIRST_TIME = ["1", "1", "1", "1"]
"""Booking, the last doctor, the first time, yes."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SelfServiceHouse]:
    made = make_ground(fresh_sqlite(tmp_path / "hotline.db"))
    calls = GroundCalls(timeout_s=10.0, workers=4)
    house = SelfServiceHouse(made, calls)
    house.open_clinic()
    yield house
    house.settle()
    made.database.close()


def keys_pressed(talk: Talk) -> int:
    return sum(len(key) for _, key in talk.steps if key != "hangup")


@pytest.mark.capability("C10")
@pytest.mark.capability("C102")
@pytest.mark.invariant("I3")
def test_given_a_known_patient_when_she_books_her_last_doctor_then_four_keys_and_it_is_said_behind_the_commit(
    house: SelfServiceHouse,
) -> None:
    asha = house.asha()
    talk = house.call(LAST_DOCTOR_FIRST_TIME)
    (booked,) = house.booked(asha)
    assert (booked.doctor_code, booked.channel) == (HER_DOCTOR, "phone")
    assert keys_pressed(talk) == 4
    assert "booked" in talk.line.heard_keys()
    assert "booking-sms" in talk.line.heard_keys()
    house.settle()
    (message,) = house.messages.of_patient(asha)
    assert message.template_key == "appointment_booked"
    house.assert_nothing_is_wrong()


@pytest.mark.requirement("R46")
@pytest.mark.fault("F34")
def test_given_a_forged_number_when_it_books_then_neither_doctor_nor_department_of_the_record_is_named(
    house: SelfServiceHouse,
) -> None:
    house.asha()
    heard = house.call(LAST_DOCTOR_FIRST_TIME).line.heard_keys()
    assert [key for key in heard if key.startswith(("doctor-wang", "dept-cardiology", "surname-wang"))] == []


@pytest.mark.capability("C10")
def test_given_a_new_patient_when_booking_then_department_doctor_and_time_by_key(house: SelfServiceHouse) -> None:
    asha = house.asha(has_seen_her_doctor=False)
    talk = house.call(["1", "1", "2", "1", "1"])
    (booked,) = house.booked(asha)
    assert booked.department_code == "cardiology"
    assert {"dept-cardiology", "booking-confirm", "booked"} <= set(talk.line.heard_keys())


@pytest.mark.capability("C10")
def test_given_letters_on_the_keypad_when_typed_then_the_department_is_found(house: SelfServiceHouse) -> None:
    asha = house.asha(has_seen_her_doctor=False)
    house.call(["1", "7", "45", "1", "1", "1"])  # GK, any doctor
    assert [one.department_code for one in house.booked(asha)] == ["orthopedics"]


@pytest.mark.capability("C10")
def test_given_two_of_a_family_on_one_number_when_booking_then_asked_for_whom(house: SelfServiceHouse) -> None:
    mother = house.register("王芳", FAMILY_NUMBER, born=date(1985, 9, 21), tail="0043")
    son = house.register("李小明", FAMILY_NUMBER, born=date(2016, 3, 2), tail="0031")
    talk = house.call(["1", "1", "1", "1", "1", "1", "1", "2", "1", "1", "2", "1"], number=FAMILY_NUMBER)
    assert "booking-for-whom" in talk.line.heard_keys()
    assert [len(house.booked(one)) for one in (mother, son)] == [1, 1]


def test_given_other_times_and_days_when_asked_for_then_they_are_offered(house: SelfServiceHouse) -> None:
    asha = house.asha()
    house.call(["1", "1", "4", "1", "1"])
    first = house.booked(asha)[0]
    assert first.starts_at.minute == 30
    assert first.starts_at.hour == 1
    house.call(["1", "1", "5", "3", "2", "1"])
    later = max(house.booked(asha), key=lambda one: one.starts_at)
    assert later.starts_at.date() > first.starts_at.date()


def test_given_no_at_the_confirmation_when_another_time_is_chosen_then_only_that_one_is_booked(
    house: SelfServiceHouse,
) -> None:
    asha = house.asha()
    house.call(["1", "1", "1", "2", "2", "1"])
    (booked,) = house.booked(asha)
    assert booked.starts_at.minute == 30
    house.assert_nothing_is_wrong()


@pytest.mark.fault("F27")
@pytest.mark.invariant("I2")
@pytest.mark.parametrize("steps", range(5))
def test_given_a_hangup_at_every_step_when_gone_then_nothing_stays_kept(house: SelfServiceHouse, steps: int) -> None:
    asha = house.asha()
    house.call([*LAST_DOCTOR_FIRST_TIME[:steps], HANG_UP])
    house.settle()
    assert len(house.booked(asha)) == (1 if steps == 4 else 0)
    with house.made.database.read() as session:
        assert session.scalar(text("SELECT COUNT(*) FROM holds WHERE state = 'active'")) == 0
    house.assert_nothing_is_wrong()


@pytest.mark.fault("F27")
@pytest.mark.invariant("I3")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_given_a_hangup_around_the_commit_when_she_calls_again_then_one_booking_and_one_message(
    house: SelfServiceHouse, moment: str
) -> None:
    """The line is lost while the booking office works; the second call finds what the first one left."""
    asha = house.asha()

    class Dying:
        def __init__(self, real: Any, line: list[Talk]) -> None:
            self._real, self._line = real, line

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def book(self, **wanted: Any) -> Any:
            if moment == "before":
                self._line[0].line.is_gone = True
            made = self._real.book(**wanted)
            self._line[0].line.is_gone = True
            return made

    talk = Talk(LAST_DOCTOR_FIRST_TIME, call_id="hl1-99.1")
    talk.clock = house.made.clock
    house.wraps = lambda name, service: Dying(service, [talk]) if name == "booking" else service
    with pytest.raises(CallerGone):
        house.receive(talk)
    assert "booked" not in talk.line.heard_keys()
    house.wraps = lambda _name, service: service
    again = house.call(LAST_DOCTOR_FIRST_TIME)
    assert "booked" in again.line.heard_keys()
    assert len(house.booked(asha)) == 1
    house.settle()
    assert len(house.messages.of_patient(asha)) == 1
    house.assert_nothing_is_wrong()


@pytest.mark.capability("C104")
def test_given_one_in_the_department_that_day_when_another_is_wanted_then_refused_politely_and_back(
    house: SelfServiceHouse,
) -> None:
    asha = house.asha()
    house.call(LAST_DOCTOR_FIRST_TIME)
    house.made.clock.advance(3600)
    talk = house.call(["1", "1", "1", "1", "#", "0"])
    assert "booking-one-a-day" in talk.line.heard_keys()
    assert talk.way == ("queue", "enquiry")
    assert len(house.booked(asha)) == 1


@pytest.mark.capability("C104")
def test_given_a_patient_without_identity_number_when_booking_then_a_person(house: SelfServiceHouse) -> None:
    house.patients.register(NewPatient(name="张敏", gender="female", phones=((ASHA_NUMBER, "self"),)))  # type: ignore[attr-defined]
    talk = house.call(["1", "1", "1", "1", "1"])
    assert "booking-real-name" in talk.line.heard_keys()
    assert talk.way == ("queue", "enquiry")


@pytest.mark.capability("C105")
def test_given_a_doctor_who_is_full_when_wanted_then_the_waiting_list_is_offered_and_the_place_told(
    house: SelfServiceHouse,
) -> None:
    asha = house.asha()
    for slot in house.clinic.schedules.open_slots("cardiology", HER_DOCTOR, limit=100):
        house.clinic.booking.book(
            patient_id=house.clinic.patient(), slot_id=slot.id, idempotency_key=f"k{slot.id}", channel="desk", by="t"
        )
    talk = house.call(["1", "1", "1"])
    assert {"booking-full-doctor", "waiting-list-offer", "waiting-list-joined"} <= set(talk.line.heard_keys())
    (waits,) = house.clinic.waiting.of_patient(asha)
    assert waits.doctor_code == HER_DOCTOR
    other = house.call(["1", "1", "2"]).line.heard_keys()
    assert other.count("main-menu") >= 2  # he may choose a department himself
    assert not [key for key in other if key.startswith(("dept-", "doctor-"))]  # hers would come from the record (F34)
    assert house.booked(asha) == []


@pytest.mark.fault("F38")
@pytest.mark.invariant("I2")
def test_given_the_time_is_taken_while_she_decides_when_chosen_then_others_are_offered(house: SelfServiceHouse) -> None:
    asha = house.asha()

    class Faster:
        """Somebody else takes the first time in the moment in which she chooses it."""

        def __init__(self, real: Any) -> None:
            self._real, self._taken = real, False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def hold(self, slot_id: int, **wanted: Any) -> Any:
            if not self._taken:
                self._taken = True
                other = house.clinic.patient()
                self._real.book(patient_id=other, slot_id=slot_id, idempotency_key="o", channel="desk", by="t")
            return self._real.hold(slot_id, **wanted)

    faster = Faster(house.clinic.booking)
    house.wraps = lambda name, service: faster if name == "booking" else service
    talk = house.call(["1", "1", "1", "1", "1"])
    assert "booking-slot-taken" in talk.line.heard_keys()
    assert len(house.booked(asha)) == 1
    house.assert_nothing_is_wrong()


@pytest.mark.capability("C11")
def test_given_an_unknown_caller_when_booking_then_a_person(house: SelfServiceHouse) -> None:
    talk = house.call(["1"], number="13900000000")
    assert talk.line.heard_keys()[-1] == "unknown-caller"


def test_given_a_booked_visit_when_the_state_is_read_then_it_is_booked_once(house: SelfServiceHouse) -> None:
    asha = house.asha()
    house.call(LAST_DOCTOR_FIRST_TIME)
    states = {one.state for one in house.clinic.booking.of_patient(asha) if one.slot_id is not None}
    assert states == {AppointmentState.BOOKED}
