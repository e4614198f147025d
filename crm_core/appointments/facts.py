"""Gathers what the rules of booking look at: the patient, his missed visits, his other booking of the day."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.appointments.kinds import AppealState
from crm_core.appointments.models import Appointment
from crm_core.appointments.models_booking import NoShow
from crm_core.appointments.reading import is_seated
from crm_core.appointments.rules import BookingSettings, Facts, blocked_until
from crm_core.appointments.seats import LockedSlot
from crm_core.appointments.work import Work
from crm_core.clock import hospital_date
from crm_core.errors import NotFound
from crm_core.patients.models import Patient


def facts_of(work: Work, locked: LockedSlot, patient_id: int | None, *, existing: Appointment | None = None) -> Facts:
    """``existing``: the patient's other appointment of that day in the department. None as patient: only a hold."""
    has_id_number, until = False, None
    if patient_id is not None:
        row = work.session.execute(select(Patient.id_number_hash).where(Patient.id == patient_id)).first()
        if row is None:
            raise NotFound(f"no patient {patient_id}")
        has_id_number = row[0] is not None
        until = blocked_until(
            counted_days(work.session, patient_id, hospital_date(work.now), work.settings), work.settings
        )
    return Facts(
        now=work.now,
        starts_at=locked.slot.starts_at,
        session_state=locked.clinic.state,
        close_reason=locked.clinic.close_reason,
        doctor_is_bookable=locked.doctor.is_bookable,
        has_id_number=has_id_number,
        blocked_until=until,
        is_booked_that_day=existing is not None,
    )


def booked_that_day(
    session: Session, locked: LockedSlot, patient_id: int, *, moving_id: int | None = None
) -> Appointment | None:
    """His appointment in this department on this day, other than the one that is being moved."""
    return session.scalars(
        select(Appointment)
        .where(
            Appointment.patient_id == patient_id,
            Appointment.department_id == locked.clinic.department_id,
            Appointment.day == locked.clinic.day,
            is_seated(),
            Appointment.id != (moving_id or 0),
        )
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()


def counted_days(session: Session, patient_id: int, today: date, settings: BookingSettings) -> list[date]:
    """Missed visits that can still matter and were not taken back by an appeal."""
    since = today - timedelta(days=settings.no_show_window_days + settings.block_days)
    return list(
        session.scalars(
            select(NoShow.day).where(
                NoShow.patient_id == patient_id, NoShow.day >= since, NoShow.appeal_state != AppealState.ACCEPTED
            )
        )
    )
