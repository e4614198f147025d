"""Any order of holding, booking, moving, cancelling, waiting, closing, missing and crashing keeps every promise."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from crm_core.appointments.cards import AppointmentCard
from crm_core.appointments.kinds import AppointmentState, Channel, WaitingState
from crm_core.appointments.rules import BookingSettings
from crm_core.clock import ManualClock
from crm_core.errors import HotlineError
from tests.support.booking_house import TUESDAY, BookingHouse, broken_promises
from tests.support.ground import Ground

PATIENTS = 6
SEATED = ("booked", "visited", "missed")
patients = st.integers(0, PATIENTS - 1)
numbers = st.integers(0, 30)
channels = st.sampled_from([Channel.PHONE, Channel.DESK])
crashes = st.sampled_from([None, None, None, "before_commit", "after_commit"])


class Crashed(BaseException):
    """The process died at a failpoint: not an error that anybody catches."""


class BookingStory(RuleBasedStateMachine):
    """Two doctors of one department on one day: 4 slots of 1 and 2 seats, a phone quota, and impatient patients."""

    ground: Ground
    rounds = 0

    @initialize()
    def begin(self) -> None:
        type(self).rounds += 1
        self.clock = ManualClock()
        self.crash_at: str | None = None
        self.house = BookingHouse(
            self.ground.database, self.clock, self.ground.bus, BookingSettings(hold_s=300), failpoint=self._failpoint
        )
        self.department = f"department-{self.rounds}"
        self.wang, self.li = f"wang-{self.rounds}", f"li-{self.rounds}"
        self.house.clinic(self.wang, department=self.department, days=1, starts=time(8), ends=time(9))
        self.house.clinic(self.li, department=self.department, days=1, capacity=2, phone_quota=2)
        self.patients = self.house.patients(PATIENTS)
        self.slots = [slot.id for slot in self.house.slots(department=self.department)]
        self.told: dict[str, AppointmentCard] = {}
        self.holds: list[int] = []
        self.keys = 0
        self.unexpected: set[str] = set()

    def _failpoint(self, name: str) -> None:
        if name == self.crash_at:
            self.crash_at = None
            raise Crashed

    def _try(self, crash: str | None, call: Any) -> Any:
        """What the caller gets; a crash and a refusal give None."""
        self.crash_at = crash
        try:
            return call()
        except Crashed:
            return None
        except HotlineError as error:
            self.unexpected |= {error.code} & {"conflict", "busy", "outcome_unknown"}
            return None
        finally:
            self.crash_at = None

    def _book(self, key: str, crash: str | None, **wanted: Any) -> None:
        """Ask, and after a crash ask again with the same key: at most one appointment comes of it."""
        card = self._try(crash, lambda: self.house.booking.book(idempotency_key=key, by="story", **wanted))
        if card is None and crash == "after_commit":
            found = self.house.booking.find(key)
            again = self._try(None, lambda: self.house.booking.book(idempotency_key=key, by="story", **wanted))
            assert found is None or (again is not None and again.id == found.id), (
                "committed, but not found by the retry"
            )
            card = again
        if card is not None:
            self.told[key] = card

    def _key(self) -> str:
        self.keys += 1
        return f"{self.department}-{self.keys}"

    @rule(slot=numbers, patient=patients, channel=channels, crash=crashes)
    def book_slot(self, slot: int, patient: int, channel: Channel, crash: str | None) -> None:
        wanted = self.slots[slot % len(self.slots)]
        self._book(self._key(), crash, patient_id=self.patients[patient], slot_id=wanted, channel=channel)

    @rule(slot=numbers, patient=st.none() | patients, leg=st.integers(1, 3), channel=channels, crash=crashes)
    def hold(self, slot: int, patient: int | None, leg: int, channel: Channel, crash: str | None) -> None:
        wanted = self.slots[slot % len(self.slots)]
        who = None if patient is None else self.patients[patient]
        card = self._try(
            crash,
            lambda: self.house.booking.hold(
                wanted, leg_key=f"{self.department}-leg-{leg}", patient_id=who, channel=channel, ttl_s=300
            ),
        )
        if card is not None:
            self.holds.append(card.id)

    @rule(hold=numbers, patient=patients, channel=channels, crash=crashes)
    def book_hold(self, hold: int, patient: int, channel: Channel, crash: str | None) -> None:
        if self.holds:
            wanted = self.holds[hold % len(self.holds)]
            self._book(self._key(), crash, patient_id=self.patients[patient], hold_id=wanted, channel=channel)

    @rule(hold=numbers, crash=crashes)
    def release(self, hold: int, crash: str | None) -> None:
        if self.holds:
            self._try(crash, lambda: self.house.booking.release(self.holds[hold % len(self.holds)]))

    @rule(number=numbers, crash=crashes)
    def repeat(self, number: int, crash: str | None) -> None:
        """The same wish again, any time later: the same appointment."""
        if self.told:
            key, card = list(self.told.items())[number % len(self.told)]
            again = self._try(
                crash,
                lambda: self.house.booking.book(
                    patient_id=card.patient_id,
                    slot_id=self.slots[0],
                    idempotency_key=key,
                    channel=Channel.PHONE,
                    by="story",
                ),
            )
            assert again is None or again.id == card.id

    @rule(number=numbers, is_staff=st.booleans(), crash=crashes)
    def cancel(self, number: int, is_staff: bool, crash: str | None) -> None:
        if self.told:
            card = list(self.told.values())[number % len(self.told)]
            self._try(crash, lambda: self.house.booking.cancel(card.id, by="story", is_staff=is_staff))

    @rule(number=numbers, slot=numbers, channel=channels, crash=crashes)
    def move(self, number: int, slot: int, channel: Channel, crash: str | None) -> None:
        if not self.told:
            return
        card = list(self.told.values())[number % len(self.told)]
        key = self._key()
        moved = self._try(
            crash,
            lambda: self.house.booking.move(
                card.id,
                self.slots[slot % len(self.slots)],
                idempotency_key=key,
                channel=channel,
                by="story",
                is_staff=True,
            ),
        )
        if moved is not None and moved.moved_from_id is not None and self.house.booking.find(key):
            self.told[key] = moved
            assert self.house.booking.card(card.id).state == AppointmentState.MOVED

    @rule(patient=patients, doctor=st.sampled_from([None, 0, 1]), channel=channels, crash=crashes)
    def wait(self, patient: int, doctor: int | None, channel: Channel, crash: str | None) -> None:
        code = None if doctor is None else (self.wang, self.li)[doctor]
        self._try(
            crash,
            lambda: self.house.waiting.join(
                patient_id=self.patients[patient], department_code=self.department, doctor_code=code, day=TUESDAY,
                channel=channel, by="story",
            ),
        )  # fmt: skip

    @rule(number=numbers, answer=st.sampled_from(["accept", "decline", "leave"]), crash=crashes)
    def answer_offer(self, number: int, answer: str, crash: str | None) -> None:
        line = self.house.waiting.line(self.department, TUESDAY)
        if not line:
            return
        entry = line[number % len(line)]
        if answer != "accept":
            self._try(crash, lambda: getattr(self.house.waiting, answer)(entry.id))
            return
        key = self._key()
        card = self._try(
            crash,
            lambda: self.house.waiting.accept(entry.id, idempotency_key=key, channel=Channel.PHONE, by="story"),
        )
        if card is not None:
            assert card.patient_id == entry.patient_id
            self.told[key] = card
            assert self.house.waiting.card(entry.id).state in (WaitingState.BOOKED, WaitingState.OFFERED)

    @rule(crash=crashes)
    def sweep(self, crash: str | None) -> None:
        self._try(crash, self.house.booking.expire_holds)
        self._try(crash, self.house.waiting.offer_free_seats)

    @rule(doctor=st.booleans(), crash=crashes)
    def close(self, doctor: bool, crash: str | None) -> None:
        code = self.li if doctor else self.wang
        booked = {card.id for card in self._all() if card.doctor_code == code and card.state == AppointmentState.BOOKED}
        closed = self._try(
            crash, lambda: self.house.schedules.close(doctor_code=code, day=TUESDAY, reason="停诊", by="story")
        )
        if closed is not None:
            assert booked <= {card.id for card in closed.appointments}, "a patient of the closed session is not listed"

    @rule(doctor=st.booleans())
    def reopen(self, doctor: bool) -> None:
        code = self.li if doctor else self.wang
        [session] = self.house.schedules.doctor_hours(code, from_day=TUESDAY, days=1)
        self.house.schedules.reopen(session.id, by="story")

    @rule(minutes=st.sampled_from([1, 6, 11, 60, 700]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes * 60)

    @rule(crash=crashes)
    def day_ends(self, crash: str | None) -> None:
        self._try(crash, lambda: self.house.no_shows.mark_no_shows(TUESDAY))

    @invariant()
    def every_promise_is_kept(self) -> None:
        assert self.unexpected == set(), "one caller at a time never loses a race"
        assert broken_promises(self.ground.database) == {}

    @invariant()
    def what_was_told_is_there(self) -> None:
        """I3: whoever heard "booked" is found, and nobody has two seats of one slot."""
        kept = {card.id: card for card in self._all()}
        for card in self.told.values():
            assert card.id in kept
        active = [(card.patient_id, card.slot_id) for card in kept.values() if card.state in SEATED]
        assert len(active) == len(set(active))

    def _all(self) -> list[AppointmentCard]:
        return [card for patient in self.patients for card in self.house.booking.of_patient(patient)]


@pytest.mark.invariant("I2")
@pytest.mark.invariant("I3")
@pytest.mark.fault("F40")
@pytest.mark.capability("C103")
@pytest.mark.timeout(300)
def test_given_any_story_of_callers_desks_and_crashes_when_played_then_no_seat_is_double_and_no_booking_lost(
    ground: Ground,
) -> None:
    story: Any = type("Story", (BookingStory,), {"ground": ground})
    run_state_machine_as_test(
        story,
        settings=settings(
            max_examples=25 if ground.database.is_sqlite else 8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
