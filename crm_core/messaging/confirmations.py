"""Messages about an appointment: each with time, place, doctor and cautions, each once (A5.4, C102)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from crm_core.messaging.cards import MessageCard
from crm_core.messaging.kinds import Channel
from crm_core.messaging.moments import moment_text
from crm_core.messaging.outbox import Outbox


class About(StrEnum):
    """What has become of the appointment; also the key of the template."""

    BOOKED = "appointment_booked"
    MOVED = "appointment_moved"
    CANCELLED = "appointment_cancelled"
    REMINDER = "appointment_reminder"
    CLOSED = "clinic_closed"


WITH_CAUTIONS = frozenset({About.BOOKED, About.MOVED, About.REMINDER})
DEFAULT_CAUTIONS = {
    "zh": "请携带身份证和就诊卡，提前30分钟取号",
    "en": "bring your ID and patient card 30 minutes early",
}
ANY_DOCTOR = {"zh": "当班医生", "en": "doctor on duty"}


@dataclass(frozen=True)
class AppointmentFacts:
    """``cautions``: of department or doctor, "" for the general ones; ``doctor`` "" means any doctor on duty."""

    appointment_id: int
    patient_id: int
    patient_name: str
    recipient: str
    starts_at: datetime
    department: str
    place: str
    doctor: str = ""
    cautions: str = ""
    language: str = "zh"
    call_id: str = ""
    version: int = 1
    """Grows with every move, so that a second move is a second message."""


class Confirmations:
    """Thread-safe."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def queue(
        self,
        about: About,
        facts: AppointmentFacts,
        *,
        channel: Channel = Channel.SMS,
        session: Session | None = None,
        not_before: datetime | None = None,
    ) -> MessageCard:
        """``session``: the caller's writing transaction; then appointment and message are kept together. Never after the
        appointment has begun. Raises InvalidInput for a recipient that cannot get it."""
        language = facts.language if facts.language in DEFAULT_CAUTIONS else "zh"
        values = {
            "name": facts.patient_name,
            "time": moment_text(facts.starts_at, language),
            "department": facts.department,
            "doctor": facts.doctor or ANY_DOCTOR[language],
        }
        if about in WITH_CAUTIONS:
            values["place"] = facts.place
            values["cautions"] = facts.cautions or DEFAULT_CAUTIONS[language]
        key = f"{about.value}:{channel.value}:{facts.appointment_id}:{facts.version}"
        arguments = {
            "dedupe_key": key, "channel": channel, "language": language, "patient_id": facts.patient_id,
            "call_id": facts.call_id, "not_before": not_before, "not_after": facts.starts_at,
        }  # fmt: skip
        if session is None:
            return self._outbox.queue(about.value, facts.recipient, values, **arguments)  # type: ignore[arg-type]
        return self._outbox.add(session, about.value, facts.recipient, values, **arguments)  # type: ignore[arg-type]
