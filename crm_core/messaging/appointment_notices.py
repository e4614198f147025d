"""Tells patients about their appointments when nobody else has: clinics that close, offered seats, messages a crash lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from crm_core.appointments.booking import Booking
from crm_core.appointments.events import AppointmentClosed, WaitingOfferMade
from crm_core.appointments.models_booking import AppointmentStep
from crm_core.appointments.schedules import Schedules
from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import HotlineError, InvalidInput
from crm_core.messaging.confirmations import ANY_DOCTOR, About, AppointmentFacts, Confirmations
from crm_core.messaging.moments import moment_text
from crm_core.messaging.outbox import Outbox
from crm_core.messaging.recipients import mobile
from crm_core.patients.service import Patients

log = structlog.get_logger(__name__)

IMPORTED = "import"
"""``by`` of histories that came from elsewhere: nobody is told of them again."""

_ABOUT = {
    "booked": About.BOOKED,
    "moved_here": About.MOVED,
    "cancelled": About.CANCELLED,
    "closed_by_hospital": About.CLOSED,
}
"""Line of an appointment's history -> its message."""


class AppointmentNotices:
    """Who books tells at once, to the number he talks with; this one comes after him and never tells twice (same key)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        booking: Booking,
        schedules: Schedules,
        patients: Patients,
        confirmations: Confirmations,
        outbox: Outbox,
        waits_s: float = 60.0,
        looks_back_s: float = 86_400.0,
    ) -> None:
        """``waits_s``: how long the one who booked has; ``looks_back_s``: how far the first look after a start goes."""
        self._db = database
        self._clock = clock
        self._booking = booking
        self._schedules = schedules
        self._patients = patients
        self._confirmations = confirmations
        self._outbox = outbox
        self._waits = timedelta(seconds=waits_s)
        self._seen_until: datetime = clock.now() - timedelta(seconds=looks_back_s)

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(AppointmentClosed, self._on_closed)
        bus.subscribe(WaitingOfferMade, self._on_offer)

    def catch_up(self) -> int:
        """Every minute, and at the start: what was booked, moved, cancelled or closed and is old enough; how many."""
        until = self._clock.now() - self._waits
        query = (
            select(AppointmentStep.appointment_id, AppointmentStep.kind)
            .where(
                AppointmentStep.kind.in_(_ABOUT),
                AppointmentStep.at > self._seen_until,
                AppointmentStep.at <= until,
                AppointmentStep.by != IMPORTED,
            )
            .order_by(AppointmentStep.id)
        )
        with self._db.read() as session:
            steps = session.execute(query).all()
        for appointment_id, kind in steps:
            self._tell(appointment_id, _ABOUT[kind])
        self._seen_until = until
        return len(steps)

    def _on_closed(self, event: AppointmentClosed) -> None:
        self._tell(event.appointment_id, About.CLOSED)

    def _tell(self, appointment_id: int, about: About) -> None:
        try:
            card = self._booking.card(appointment_id)
            patient = self._patients.card(card.patient_id)
            facts = AppointmentFacts(
                appointment_id=card.id, patient_id=patient.id, patient_name=patient.name,
                recipient=self._mobile_of(patient.id), starts_at=card.starts_at, department=card.department_name,
                place=card.place, doctor=card.doctor_name, cautions=card.cautions, language=patient.preferred_language,
            )  # fmt: skip
            self._confirmations.queue(about, facts)
        except HotlineError as error:
            log.warning("appointment_notice_not_queued", appointment_id=appointment_id, code=error.code)

    def _on_offer(self, event: WaitingOfferMade) -> None:
        try:
            slot = self._schedules.slot(event.slot_id)
            patient = self._patients.card(event.patient_id)
            language = patient.preferred_language if patient.preferred_language in ANY_DOCTOR else "zh"
            minutes = max(1, round((event.answer_until - self._clock.now()).total_seconds() / 60))
            values = {
                "name": patient.name,
                "time": moment_text(slot.starts_at, language),
                "department": slot.department_name,
                "doctor": slot.doctor_name or ANY_DOCTOR[language],
                "minutes": str(minutes),
            }
            self._outbox.queue(
                "waiting_offer", self._mobile_of(patient.id), values, dedupe_key=f"waiting_offer:{event.hold_id}",
                language=language, patient_id=patient.id, not_after=event.answer_until,
            )  # fmt: skip
        except HotlineError as error:
            log.warning("waiting_offer_not_queued", entry_id=event.entry_id, code=error.code)

    def _mobile_of(self, patient_id: int) -> str:
        """The first of his numbers that is a mobile and open for texts (C121). Raises InvalidInput."""
        for phone in self._patients.card(patient_id).phones:
            if not phone.may_sms:
                continue
            try:
                return mobile(self._patients.number_of_phone(phone.id)[1]).address
            except InvalidInput:
                continue
        raise InvalidInput("the patient has no mobile", code="no_mobile")
