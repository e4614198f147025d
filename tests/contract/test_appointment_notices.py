"""Messages about appointments that nobody else has sent: after a crash, when a clinic closes, when a seat is offered."""

from __future__ import annotations

import pytest

from crm_core.appointments.cards import AppointmentCard
from crm_core.appointments.kinds import Channel
from crm_core.messaging.appointment_notices import AppointmentNotices
from crm_core.messaging.confirmations import Confirmations
from crm_core.patients.cards import NewPatient
from tests.support.booking_house import TUESDAY, BookingHouse
from tests.support.ground import Ground
from tests.support.message_house import MessageHouse


class Office:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.house = BookingHouse(ground.database, ground.clock, ground.bus)
        self.house.clinic("wang")
        self.messages = MessageHouse(ground)
        self.notices = self.make_notices()
        self.notices.subscribe(ground.bus)

    def make_notices(self) -> AppointmentNotices:
        """One more, as after a restart."""
        outbox = self.messages.outbox
        return AppointmentNotices(
            self.ground.database, self.ground.clock, booking=self.house.booking, schedules=self.house.schedules,
            patients=self.ground.patients, confirmations=Confirmations(outbox), outbox=outbox,
        )  # fmt: skip

    def patient(self, number: str, id_number: str = "11010119880615002X") -> int:
        return self.ground.patients.register(
            NewPatient(name="阿莎", gender="female", phones=((number, "self"),), id_number=id_number)
        )

    def book(self, patient_id: int, place: int = 0) -> AppointmentCard:
        slot = self.house.slots()[place]
        return self.house.booking.book(
            patient_id=patient_id, slot_id=slot.id, idempotency_key=f"{patient_id}", channel=Channel.PHONE, by="ivr"
        )

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(one.template_key, one.recipient_masked) for one in self.messages.log.messages()]


@pytest.fixture
def office(ground: Ground) -> Office:
    return Office(ground)


@pytest.mark.capability("C102")
@pytest.mark.invariant("I3")
def test_given_a_booking_whose_message_a_crash_lost_when_started_again_then_it_is_sent_once(office: Office) -> None:
    office.book(office.patient("13800000001"))
    office.ground.clock.advance(30)
    office.make_notices().catch_up()
    assert office.sent == []
    office.ground.clock.advance(60)
    again = office.make_notices()
    assert (again.catch_up(), again.catch_up(), office.make_notices().catch_up()) == (1, 0, 1)
    assert office.sent == [("appointment_booked", "138****0001")]


def test_given_a_patient_without_a_mobile_when_caught_up_then_the_others_get_theirs(office: Office) -> None:
    office.book(office.patient("01066778801"))
    office.book(office.patient("13800000003", "110101198509210043"))
    office.ground.clock.advance(100)
    assert office.notices.catch_up() == 2
    assert office.sent == [("appointment_booked", "138****0003")]


@pytest.mark.capability("C94")
def test_given_a_clinic_that_closes_when_told_then_every_booked_patient_gets_a_message(office: Office) -> None:
    office.book(office.patient("13800000001"))
    office.house.schedules.close(doctor_code="wang", day=TUESDAY, reason="出差", by="chen")
    assert ("clinic_closed", "138****0001") in office.sent
