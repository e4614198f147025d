"""What a patient reads after his booking was made, moved or cancelled at the desk (A5.4)."""

from __future__ import annotations

import structlog

from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from crm_core import phone_number
from crm_core.appointments.cards import AppointmentCard
from crm_core.errors import HotlineError, InvalidInput
from crm_core.messaging.confirmations import About, AppointmentFacts, Confirmations
from crm_core.messaging.recipients import mobile

log = structlog.get_logger(__name__)


class BookingMessages:
    """Queues each message once, by appointment; the one who tells others of it uses the same key."""

    def __init__(self, desk: Desk, confirmations: Confirmations | None) -> None:
        self._desk = desk
        self._confirmations = confirmations

    def tell(self, caller: Caller, call_id: str, card: AppointmentCard, about: About) -> Json | None:
        """Where it goes and in which state it is; ``problem`` when nothing goes. None without an outbox."""
        if self._confirmations is None:
            return None
        try:
            facts = self._facts(call_id, card)
            made = self._confirmations.queue(about, facts)
        except HotlineError as error:
            log.warning("confirmation_not_queued", code=error.code, appointment_id=card.id)
            return {"problem": error.code}
        return {"id": made.id, "state": made.state.value, "recipient_masked": made.recipient_masked}

    def _facts(self, call_id: str, card: AppointmentCard) -> AppointmentFacts:
        patient = self._desk.services.patients.card(card.patient_id)
        return AppointmentFacts(
            appointment_id=card.id,
            patient_id=card.patient_id,
            patient_name=patient.name,
            recipient=self._recipient(call_id, card.patient_id),
            starts_at=card.starts_at,
            department=card.department_name,
            place=card.place,
            doctor=card.doctor_name,
            cautions=card.cautions,
            language=patient.preferred_language,
            call_id=call_id,
        )

    def _recipient(self, call_id: str, patient_id: int) -> str:
        """The mobile he calls from when it is his, else the first of his numbers that is one. Raises InvalidInput."""
        patient = self._desk.services.patients.card(patient_id)
        open_for_texts = [phone for phone in patient.phones if phone.may_sms]
        own = [self._desk.services.patients.number_of_phone(phone.id)[1] for phone in open_for_texts]
        calling = self._desk.services.calls.record(call_id).number
        same = [one for one in own if phone_number.normalise(one) == phone_number.normalise(calling)]
        for number in (*same, *own):
            try:
                return mobile(number).address
            except InvalidInput:
                continue
        raise InvalidInput("the patient has no mobile", code="no_mobile")
