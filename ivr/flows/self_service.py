"""Puts together what a caller can do alone: the services it needs, and every flow that a menu may run on them."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.clock import Clock
from ivr.flows.answers import Answers
from ivr.flows.appointment_desk import AppointmentDesk
from ivr.flows.asking import Asking
from ivr.flows.booking import BookingFlow
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import (
    BookingPort,
    ConfirmationsPort,
    EnquiriesPort,
    EnquiryLogPort,
    OutboxPort,
    ProofsPort,
    SchedulesPort,
    VerificationPort,
    VisitsPort,
    WaitingListPort,
)
from ivr.flows.clinic_choice import ClinicChoice
from ivr.flows.doctor_hours import DoctorHoursFlow
from ivr.flows.enquiries import EnquiriesFlow
from ivr.flows.fees import FeesFlow
from ivr.flows.ground import AppointmentsPort, GroundCalls
from ivr.flows.identification import Identification
from ivr.flows.my_appointments import AppointmentChanges, MyAppointments
from ivr.flows.proving import Proving
from ivr.flows.slot_choice import SlotChoice
from ivr.flows.verification import VerificationFlow
from ivr.menu_visit import MenuFlow


@dataclass(frozen=True)
class SelfServicePorts:
    """What these flows need of the ground."""

    schedules: SchedulesPort
    booking: BookingPort
    waiting_list: WaitingListPort
    confirmations: ConfirmationsPort
    outbox: OutboxPort
    proofs: ProofsPort
    visits: VisitsPort
    enquiries: EnquiriesPort
    enquiry_log: EnquiryLogPort
    verification: VerificationPort


def self_service_flows(
    ports: SelfServicePorts,
    appointments: AppointmentsPort,
    *,
    identification: Identification,
    ground: GroundCalls,
    phrases: BookingPhrases,
    clock: Clock,
    asking: Asking | None = None,
) -> dict[str, MenuFlow]:
    """By the name under which a menu runs them. One breaker for all: they ask the same hospital."""
    asking = asking or Asking(ground, clock)
    desk = AppointmentDesk(ports.booking, ports.confirmations, asking=asking)
    clinics = ClinicChoice(ports.schedules, asking=asking, phrases=phrases)
    slots = SlotChoice(ports.schedules, ports.waiting_list, desk=desk, asking=asking, phrases=phrases)
    proving = Proving(ports.proofs, asking=asking)
    booking = BookingFlow(
        ports.booking, identification=identification, clinics=clinics, slots=slots, desk=desk, asking=asking,
        phrases=phrases, clock=clock,
    )  # fmt: skip
    answers = Answers(ports.outbox, ports.enquiry_log, asking=asking, phrases=phrases)
    return {
        "booking": booking,
        "my_appointments": MyAppointments(
            appointments, ports.waiting_list, identification=identification, proving=proving,
            changes=AppointmentChanges(slots, desk=desk, phrases=phrases), asking=asking, phrases=phrases,
        ),
        "doctor_hours": DoctorHoursFlow(
            ports.schedules, clinics=clinics, booking=booking, identification=identification, asking=asking,
            phrases=phrases,
        ),
        "fees": FeesFlow(
            ports.visits, identification=identification, proving=proving, asking=asking, phrases=phrases
        ),
        "enquiries": EnquiriesFlow(
            ports.enquiries, answers=answers, clinics=clinics, asking=asking, phrases=phrases
        ),
        "verification": VerificationFlow(ports.verification, asking=asking),
    }  # fmt: skip
