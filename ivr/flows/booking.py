"""Menu 1: a caller books for himself or for somebody of his family who shares the number (C10)."""

from __future__ import annotations

from datetime import timedelta

from crm_core.appointments.cards import AppointmentCard
from crm_core.appointments.errors import OnePerDepartmentPerDay
from crm_core.appointments.kinds import Channel
from crm_core.clock import Clock
from crm_core.errors import HotlineError
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation
from ivr.flows.appointment_desk import AppointmentDesk, Kept
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import BookingPort
from ivr.flows.clinic_choice import BACK_KEY, ClinicChoice
from ivr.flows.identification import Identification
from ivr.flows.refusals import another_may_do, refuse
from ivr.flows.slot_choice import SlotChoice, Wish
from ivr.menu_visit import Visit

LAST_DOCTOR_KEY, OTHER_DEPARTMENT_KEY = "1", "2"
CONFIRM_KEY, AGAIN_KEY = "1", "2"
JUST_NOW = timedelta(minutes=30)


class BookingFlow:
    """Immutable, shared by all callers. A known patient's last doctor and next time cost four keys: 1 1 1 1."""

    def __init__(
        self,
        booking: BookingPort,
        *,
        identification: Identification,
        clinics: ClinicChoice,
        slots: SlotChoice,
        desk: AppointmentDesk,
        asking: Asking,
        phrases: BookingPhrases,
        clock: Clock,
    ) -> None:
        self._booking = booking
        self._identification = identification
        self._clinics = clinics
        self._slots = slots
        self._desk = desk
        self._asking = asking
        self._phrases = phrases
        self._clock = clock

    def run(self, talk: Conversation, visit: Visit) -> bool:
        patient = self._for_whom(talk, visit)
        wish = self._wish(talk, visit, patient)
        if wish is not None:
            self.book(talk, wish, patient)
        return False

    def book(self, talk: Conversation, wish: Wish, patient: PatientCard) -> bool:
        """True: booked. Whatever happens, nothing stays kept."""
        try:
            return self._book(talk, wish, patient)
        finally:
            self._desk.let_go(talk)

    def _for_whom(self, talk: Conversation, visit: Visit) -> PatientCard:
        is_again = visit.path.count(visit.node) > 1
        if len(visit.candidates) > 1 and (visit.patient is None or is_again):
            return self._identification.choose(talk, visit, node="booking_for_whom", asked="booking-for-whom")
        return self._identification.known(talk, visit)

    def _wish(self, talk: Conversation, visit: Visit, patient: PatientCard) -> Wish | None:
        """The last doctor first, when there is one (我上次看的医生); not named before a proof."""
        last = self._asking.ask(talk, self._booking.last_doctor, patient.id)
        if last is None or not last.is_bookable:
            return self._new_wish(talk)
        said = [
            *self._phrases.option("last-doctor", LAST_DOCTOR_KEY, talk.language),
            *self._phrases.option("other-department", OTHER_DEPARTMENT_KEY, talk.language),
            "department-menu-end",
        ]
        choices = {LAST_DOCTOR_KEY, OTHER_DEPARTMENT_KEY, BACK_KEY}
        key = talk.ask_choice([*visit.take_opening(), *said], choices, node="booking_last_doctor", again=said)
        if key == LAST_DOCTOR_KEY:
            return Wish(last.department_code, last.code, is_private=patient.id not in visit.proven_ids)
        return self._new_wish(talk) if key == OTHER_DEPARTMENT_KEY else None

    def _new_wish(self, talk: Conversation) -> Wish | None:
        department = self._clinics.department(talk)
        if department is None:
            return None
        doctor = self._clinics.doctor(talk, department.code)
        if doctor is None:
            return None
        return Wish(department.code, None if isinstance(doctor, bool) else doctor.code)

    def _book(self, talk: Conversation, wish: Wish, patient: PatientCard) -> bool:
        while True:
            kept = self._slots.choose(talk, wish, patient)
            if kept is None:
                return False
            is_private = wish.is_private and kept.slot.doctor_code == wish.doctor_code
            if not self._confirms(talk, kept, is_private=is_private):
                self._desk.give_back(talk)
                continue
            try:
                settled = self._desk.book(talk, kept, patient)
            except HotlineError as error:
                if self._is_told_already(talk, error, is_private=is_private):
                    return True
                why = another_may_do(error)
                if why is None:
                    refuse(talk, error, node="booking_confirm")
                    return False
                talk.say(why, node="booking_confirm")
                continue
            self._tell(talk, settled.appointment, is_private=is_private, has_message=settled.has_message())
            return True

    def _is_told_already(self, talk: Conversation, error: HotlineError, *, is_private: bool) -> bool:
        """Booked by telephone a moment ago and perhaps never heard, because the line broke: that is the answer (I3)."""
        existing = error.existing if isinstance(error, OnePerDepartmentPerDay) else None
        if existing is None or existing.channel != Channel.PHONE or existing.booked_at is None:
            return False
        if self._clock.now() - existing.booked_at > JUST_NOW:
            return False
        self._tell(talk, existing, is_private=is_private, has_message=False)
        return True

    def _confirms(self, talk: Conversation, kept: Kept, *, is_private: bool) -> bool:
        said = self._phrases.confirmation(kept.slot, talk.language, is_private=is_private)
        choices = {CONFIRM_KEY, AGAIN_KEY}
        return talk.ask_choice([*said, "booking-confirm-menu"], choices, node="booking_confirm") == CONFIRM_KEY

    def _tell(self, talk: Conversation, made: AppointmentCard, *, is_private: bool, has_message: bool) -> None:
        """已预约 is said behind the commit only (I3)."""
        said = self._phrases.booked(made, talk.language, is_private=is_private)
        sms = ["booking-sms"] if has_message else []
        talk.say(*said, *sms, "booking-arrive-early", node="booked")
