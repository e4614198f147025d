"""Reads appointments as cards: one statement for any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crm_core.appointments.cards import AppointmentCard, StepCard
from crm_core.appointments.kinds import SEATED_STATES
from crm_core.appointments.models import Appointment, ClinicSession, Department, Doctor, Seat, Slot
from crm_core.appointments.models_booking import AppointmentStep
from crm_core.errors import NotFound

_APPOINTMENTS = (
    select(Appointment, Doctor, Department, Seat.number, ClinicSession.place, ClinicSession.fee_fen)
    .join(Doctor, Doctor.id == Appointment.doctor_id)
    .join(Department, Department.id == func.coalesce(Appointment.department_id, Doctor.department_id))
    .outerjoin(Seat, Seat.id == Appointment.seat_id)
    .outerjoin(Slot, Slot.id == Appointment.slot_id)
    .outerjoin(ClinicSession, ClinicSession.id == Slot.session_id)
)


def read_cards(
    session: Session, *wanted: ColumnElement[bool], order_by: Sequence[Any] = (), limit: int = 1000
) -> list[AppointmentCard]:
    """In the order of ``order_by``; earliest visit first when there is none."""
    query = _APPOINTMENTS.where(*wanted).order_by(*(order_by or (Appointment.starts_at, Appointment.id))).limit(limit)
    return [_card(*row) for row in session.execute(query)]


def read_card(session: Session, appointment_id: int) -> AppointmentCard:
    found = read_cards(session, Appointment.id == appointment_id)
    if not found:
        raise NotFound(f"no appointment {appointment_id}")
    return found[0]


def read_steps(session: Session, appointment_id: int) -> list[StepCard]:
    rows = session.scalars(
        select(AppointmentStep).where(AppointmentStep.appointment_id == appointment_id).order_by(AppointmentStep.id)
    )
    return [StepCard(row.kind, row.at, row.by, row.reason) for row in rows]


def is_seated() -> ColumnElement[bool]:
    """Appointments that keep their seat and count for one-per-day."""
    return Appointment.state.in_(SEATED_STATES)


def _card(
    row: Appointment, doctor: Doctor, department: Department, number: int | None, place: str | None, fee_fen: int | None
) -> AppointmentCard:
    return AppointmentCard(
        id=row.id,
        starts_at=row.starts_at,
        department_code=department.code,
        department_name=department.name,
        doctor_code=doctor.code,
        doctor_name=doctor.name,
        place=place or department.place,
        state=row.state,
        patient_id=row.patient_id,
        slot_id=row.slot_id,
        number=number,
        doctor_title=doctor.title,
        fee_fen=fee_fen or 0,
        channel=row.channel,
        cautions=department.cautions,
        reason=row.reason,
        booked_at=row.booked_at,
        moved_from_id=row.moved_from_id,
    )
