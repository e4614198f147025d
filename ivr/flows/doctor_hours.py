"""Menu 3: when a doctor sits (坐诊时间表); from there straight to a booking with him."""

from __future__ import annotations

from crm_core.appointments.cards import DoctorCard
from crm_core.appointments.kinds import SlotState
from ivr.conversation import Conversation
from ivr.flows.asking import Asking
from ivr.flows.booking import BookingFlow
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import SchedulesPort
from ivr.flows.clinic_choice import DAYS_AHEAD, ClinicChoice
from ivr.flows.identification import Identification
from ivr.flows.slot_choice import Wish
from ivr.menu_visit import Visit

BOOK_KEY, OTHER_KEY, BACK_KEY = "1", "2", "#"
SESSIONS_READ = 6


class DoctorHoursFlow:
    """Public: needs no patient, only booking does."""

    def __init__(
        self,
        schedules: SchedulesPort,
        *,
        clinics: ClinicChoice,
        booking: BookingFlow,
        identification: Identification,
        asking: Asking,
        phrases: BookingPhrases,
    ) -> None:
        self._schedules = schedules
        self._clinics = clinics
        self._booking = booking
        self._identification = identification
        self._asking = asking
        self._phrases = phrases

    def run(self, talk: Conversation, visit: Visit) -> bool:
        while (department := self._clinics.department(talk)) is not None:
            doctor = self._clinics.doctor(talk, department.code, with_any=False)
            if not isinstance(doctor, DoctorCard):
                continue
            key = self._tell(talk, doctor)
            if key == BOOK_KEY:
                patient = self._identification.known(talk, visit)
                self._booking.book(talk, Wish(doctor.department_code, doctor.code), patient)
            if key != OTHER_KEY:
                return False
        return False

    def _tell(self, talk: Conversation, doctor: DoctorCard) -> str:
        found = self._asking.ask(talk, self._schedules.doctor_hours, doctor.code, days=DAYS_AHEAD)
        coming = [one for one in found if one.state != SlotState.PAST][:SESSIONS_READ]
        said = self._phrases.sessions(doctor, coming, talk.language) if coming else ["doctor-hours-none"]
        return talk.ask_choice([*said, "doctor-hours-menu"], {BOOK_KEY, OTHER_KEY, BACK_KEY}, node="doctor_hours")
