"""Booked, moved, cancelled: what a caller's wish does to the ground, each with the message that tells about it (C102)."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.appointments.cards import AppointmentCard, HoldCard, SlotCard
from crm_core.appointments.kinds import Channel
from crm_core.messaging.cards import MessageCard
from crm_core.messaging.confirmations import About, AppointmentFacts
from crm_core.messaging.kinds import MessageState
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation
from ivr.flows.asking import Asking
from ivr.flows.booking_ports import BookingPort, ConfirmationsPort
from ivr.flows.ground import GroundSilent, Pending

BY = "ivr"
MESSAGE_WAIT_S = 1.5


@dataclass(frozen=True)
class Kept:
    """A seat that is held for this call while the caller decides."""

    slot: SlotCard
    hold: HoldCard


@dataclass(frozen=True)
class Settled:
    """Durable. ``message`` is being queued, whether the caller stays or not."""

    appointment: AppointmentCard
    message: Pending[MessageCard]

    def has_message(self) -> bool:
        """False: refused, no number that can get it, or not known in time; then nothing is promised."""
        try:
            return self.message.result(timeout_s=MESSAGE_WAIT_S).state is not MessageState.REFUSED
        except GroundSilent:
            return False


class AppointmentDesk:
    """Immutable, shared by all callers. Raises the refusals of crm_core.appointments.errors, GroundSilent."""

    def __init__(self, booking: BookingPort, confirmations: ConfirmationsPort, *, asking: Asking) -> None:
        self._booking = booking
        self._confirmations = confirmations
        self._asking = asking

    def keep(self, talk: Conversation, slot: SlotCard, patient: PatientCard) -> Kept:
        """One seat a call: the one that was kept before is given back."""
        hold = self._asking.ask(talk, self._booking.hold, slot.id, leg_key=talk.call_id, patient_id=patient.id)
        return Kept(slot, hold)

    def give_back(self, talk: Conversation) -> None:
        """He wants another time: the one he had can be offered again."""
        self._asking.ask(talk, self._booking.release_leg, talk.call_id)

    def let_go(self, talk: Conversation) -> None:
        """Nothing stays kept for this call. Waits for nothing; a seat that is booked is not touched."""
        self._asking.begin(self._booking.release_leg, talk.call_id)

    def book(self, talk: Conversation, kept: Kept, patient: PatientCard) -> Settled:
        """Returns after the commit (I3). The key belongs to this hold: asked twice, it is one booking."""

        def commit() -> Settled:
            made = self._booking.book(
                patient_id=patient.id, hold_id=kept.hold.id, idempotency_key=_key(talk, kept, patient),
                channel=Channel.PHONE, by=BY,
            )  # fmt: skip
            return self._told(talk, About.BOOKED, made, patient)

        return self._asking.ask(talk, commit)

    def move(self, talk: Conversation, appointment: AppointmentCard, kept: Kept, patient: PatientCard) -> Settled:
        def commit() -> Settled:
            made = self._booking.move(
                appointment.id, hold_id=kept.hold.id, idempotency_key=_key(talk, kept, patient), channel=Channel.PHONE,
                by=BY,
            )  # fmt: skip
            return self._told(talk, About.MOVED, made, patient)

        return self._asking.ask(talk, commit)

    def cancel(self, talk: Conversation, appointment: AppointmentCard, patient: PatientCard) -> Settled:
        def commit() -> Settled:
            ended = self._booking.cancel(appointment.id, by=BY)
            return self._told(talk, About.CANCELLED, ended, patient)

        return self._asking.ask(talk, commit)

    def _told(self, talk: Conversation, about: About, appointment: AppointmentCard, patient: PatientCard) -> Settled:
        """To the number that calls: it is one of this patient's own, by which he was found. Once an appointment."""
        facts = AppointmentFacts(
            appointment_id=appointment.id, patient_id=patient.id, patient_name=patient.name,
            recipient=talk.caller.number, starts_at=appointment.starts_at, department=appointment.department_name,
            place=appointment.place, doctor=appointment.doctor_name, cautions=appointment.cautions,
            language=talk.language, call_id=talk.call_id,
        )  # fmt: skip
        return Settled(appointment, self._asking.begin(self._confirmations.queue, about, facts))


def _key(talk: Conversation, kept: Kept, patient: PatientCard) -> str:
    return f"{talk.call_id}:{patient.id}:{kept.slot.id}:{kept.hold.id}"
