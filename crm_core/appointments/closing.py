"""停诊: closes sessions and ends the appointments in them, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.orm import Session

from crm_core.appointments.cards import AppointmentCard, ClosedSessions
from crm_core.appointments.events import ClinicClosed
from crm_core.appointments.kinds import AppointmentState, HoldState, SessionState, WaitingState
from crm_core.appointments.models import Appointment, ClinicSession, Doctor, Seat, Slot
from crm_core.appointments.models_booking import Hold, WaitingEntry
from crm_core.appointments.reading import read_cards
from crm_core.appointments.seats import detach
from crm_core.appointments.work import Work
from crm_core.errors import InvalidInput, NotFound


def sessions_wanted(
    session_id: int | None, doctor_code: str | None, day: date | None, period: str | None
) -> ColumnElement[bool]:
    """One session by id, or a doctor's day, or half of it."""
    if session_id is not None:
        return ClinicSession.id == session_id
    if doctor_code is None or day is None:
        raise InvalidInput("which session: its id, or doctor and day")
    of_doctor = ClinicSession.doctor_id.in_(select(Doctor.id).where(Doctor.code == doctor_code))
    half = ClinicSession.period == period if period is not None else true()
    return of_doctor & (ClinicSession.day == day) & half


def close_sessions(work: Work, wanted: ColumnElement[bool], *, reason: str, by: str) -> ClosedSessions:
    """Closing what is closed already changes nothing and tells the same patients again (F40)."""
    sessions = work.session.scalars(
        select(ClinicSession)
        .where(wanted)
        .order_by(ClinicSession.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if not sessions:
        raise NotFound("there is no such session")
    ids = [one.id for one in sessions]
    newly = [one for one in sessions if one.state == SessionState.OPEN]
    for one in newly:
        one.state, one.close_reason, one.closed_by, one.closed_at = SessionState.CLOSED, reason, by, work.now
    ended = _end_appointments(work, [one.id for one in newly], reason=reason, by=by)
    work.session.flush()
    for one in newly:  # who has been there already keeps his place in the count
        one.phone_taken = _taken_by_phone(work.session, one.id)
    if newly:
        closed = tuple(one.id for one in newly)
        work.events.append(
            ClinicClosed(at=work.now, session_ids=closed, appointment_ids=tuple(ended), reason=reason, by=by)
        )
    work.session.flush()
    return ClosedSessions(tuple(ids), tuple(affected_of(work.session, ids)))


def _taken_by_phone(session: Session, session_id: int) -> int:
    query = select(func.count()).select_from(Appointment).join(Slot, Slot.id == Appointment.slot_id)
    return session.scalar(query.where(Slot.session_id == session_id, Appointment.uses_phone_quota)) or 0


def affected_of(session: Session, session_ids: Sequence[int]) -> list[AppointmentCard]:
    """Everybody whose appointment the closing ended, first visit first: they have to be told."""
    return read_cards(
        session, ClinicSession.id.in_(session_ids), Appointment.state == AppointmentState.CLOSED_BY_HOSPITAL
    )


def _end_appointments(work: Work, session_ids: Sequence[int], *, reason: str, by: str) -> list[int]:
    slot_ids = select(Slot.id).where(Slot.session_id.in_(session_ids))
    holds = select(Hold).where(Hold.slot_id.in_(slot_ids), Hold.state == HoldState.ACTIVE)
    for hold in work.session.scalars(holds.execution_options(populate_existing=True)).all():
        detach(work, hold, HoldState.RELEASED)
        if hold.waiting_entry_id is not None:  # the offer is gone, the place in the line is not
            work.session.execute(
                update(WaitingEntry)
                .where(WaitingEntry.id == hold.waiting_entry_id, WaitingEntry.state == WaitingState.OFFERED)
                .values(state=WaitingState.WAITING, offered_at=None, answer_until=None)
            )
    booked = work.session.scalars(
        select(Appointment)
        .where(Appointment.slot_id.in_(slot_ids), Appointment.state == AppointmentState.BOOKED)
        .order_by(Appointment.starts_at, Appointment.id)
        .execution_options(populate_existing=True)
    ).all()
    for one in booked:
        one.state, one.seat_id, one.uses_phone_quota = AppointmentState.CLOSED_BY_HOSPITAL, None, False
        one.ended_at, one.ended_by, one.reason = work.now, by, reason
        work.note(one, AppointmentState.CLOSED_BY_HOSPITAL, by=by, reason=reason)
    work.session.flush()
    kept = select(Appointment.seat_id).where(Appointment.slot_id.in_(slot_ids), Appointment.seat_id.is_not(None))
    work.session.execute(
        update(Seat)
        .where(Seat.slot_id.in_(slot_ids), Seat.id.not_in(kept))
        .values(is_taken=False)
        .execution_options(synchronize_session=False)
    )
    return [one.id for one in booked]
