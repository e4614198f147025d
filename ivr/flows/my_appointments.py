"""Menu 2: after a proof a caller hears his appointments, one by one, and cancels or moves them; then where he waits (C11)."""

from __future__ import annotations

from typing import Protocol

from crm_core.appointments import errors
from crm_core.appointments.cards import AppointmentCard, WaitingCard
from crm_core.errors import HotlineError
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.appointment_desk import AppointmentDesk
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.ground import AppointmentsPort
from ivr.flows.identification import Identification
from ivr.flows.proving import Proving
from ivr.flows.refusals import another_may_do
from ivr.flows.slot_choice import SlotChoice, Wish
from ivr.menu_visit import Visit

APPOINTMENTS_READ = 9
CANCEL_KEY, MOVE_KEY, NEXT_KEY, BACK_KEY = "1", "2", "3", "#"
YES_KEY, NO_KEY = "1", "2"
LEAVE_KEY = "1"


class Changes(Protocol):
    """What may be done with one appointment; both say what came of it."""

    def cancel(self, talk: Conversation, appointment: AppointmentCard, patient: PatientCard) -> None: ...

    def move(self, talk: Conversation, appointment: AppointmentCard, patient: PatientCard) -> None: ...


class WaitsPort(Protocol):
    """Where a patient stands in line."""

    def of_patient(self, patient_id: int) -> list[WaitingCard]: ...

    def place(self, entry_id: int) -> int: ...

    def leave(self, entry_id: int) -> None: ...


class MyAppointments:
    """The number that calls proves nothing (F34): first the proof, then the reading. Immutable, shared by all callers."""

    def __init__(
        self,
        appointments: AppointmentsPort,
        waiting_list: WaitsPort,
        *,
        identification: Identification,
        proving: Proving,
        changes: Changes,
        asking: Asking,
        phrases: BookingPhrases,
    ) -> None:
        self._appointments = appointments
        self._waiting_list = waiting_list
        self._identification = identification
        self._proving = proving
        self._changes = changes
        self._asking = asking
        self._phrases = phrases

    def run(self, talk: Conversation, visit: Visit) -> bool:
        """Returns to the menu. Raises WantsPerson (not proven, nobody known), GroundSilent."""
        patient = self._identification.known(talk, visit)
        if not self._proving.prove(talk, visit, patient):
            return False
        found = self._asking.ask(talk, self._appointments.upcoming, patient.id, APPOINTMENTS_READ)
        waits = self._asking.ask(talk, self._waiting_list.of_patient, patient.id)
        if not found and not waits:
            talk.ask_choice(["no-appointments", "appointments-menu"], {BACK_KEY}, node="my_appointments")
            return False
        intro = ["appointments-intro"]
        for ordinal, one in enumerate(found, 1):
            said = [*intro, *self._phrases.numbered(ordinal, one, talk.language)]
            key = talk.ask_choice(
                [*said, "appointment-menu"], {CANCEL_KEY, MOVE_KEY, NEXT_KEY, BACK_KEY}, node="my_appointments"
            )
            if key == BACK_KEY:
                return False
            if key == CANCEL_KEY:
                self._changes.cancel(talk, one, patient)
            if key == MOVE_KEY:
                self._changes.move(talk, one, patient)
            intro = []
        for card in waits:
            self._wait(talk, card)
        talk.say("appointments-end", node="my_appointments")
        return False

    def _wait(self, talk: Conversation, card: WaitingCard) -> None:
        """候补: his place in line, and the way out of it. An offered seat is answered where it was offered."""
        place = self._asking.ask(talk, self._waiting_list.place, card.id)
        said = self._phrases.waiting(card, place, talk.language)
        if talk.ask_choice([*said, "waiting-list-menu"], {LEAVE_KEY, BACK_KEY}, node="waiting_place") == LEAVE_KEY:
            self._asking.ask(talk, self._waiting_list.leave, card.id)
            talk.say("waiting-list-left", node="waiting_place")


class AppointmentChanges:
    """Implements Changes on the real booking office. Immutable, shared by all callers."""

    def __init__(self, slots: SlotChoice, *, desk: AppointmentDesk, phrases: BookingPhrases) -> None:
        self._slots = slots
        self._desk = desk
        self._phrases = phrases

    def cancel(self, talk: Conversation, appointment: AppointmentCard, patient: PatientCard) -> None:
        said = self._phrases.cancel_confirmation(appointment, talk.language)
        if talk.ask_choice([*said, "cancel-confirm-menu"], {YES_KEY, NO_KEY}, node="cancel") == NO_KEY:
            talk.say("cancel-kept", node="cancel")
            return
        try:
            self._desk.cancel(talk, appointment, patient)
        except (errors.TooLate, errors.AlreadyStarted, errors.NotBooked):
            talk.say("cancel-too-late", node="cancel")
            raise WantsPerson(Reason.NOTHING_TO_OFFER) from None
        talk.say("cancel-done", node="cancel")

    def move(self, talk: Conversation, appointment: AppointmentCard, patient: PatientCard) -> None:
        """The same doctor at another time. The old appointment stays until the new one is durable."""
        try:
            self._move(talk, appointment, patient)
        finally:
            self._desk.let_go(talk)

    def _move(self, talk: Conversation, appointment: AppointmentCard, patient: PatientCard) -> None:
        talk.say("move-choose", node="move")
        kept = self._slots.choose(talk, Wish(appointment.department_code, appointment.doctor_code), patient)
        if kept is None:
            talk.say("cancel-kept", node="move")
            return
        said = self._phrases.move_confirmation(kept.slot, talk.language)
        if talk.ask_choice([*said, "move-confirm-menu"], {YES_KEY, NO_KEY}, node="move") == NO_KEY:
            talk.say("cancel-kept", node="move")
            return
        try:
            settled = self._desk.move(talk, appointment, kept, patient)
        except HotlineError as error:
            why = another_may_do(error)
            talk.say(*([why] if why else []), "move-failed", node="move")
            return
        sms = ["booking-sms"] if settled.has_message() else []
        talk.say(*self._phrases.moved(settled.appointment, talk.language), *sms, node="moved")
