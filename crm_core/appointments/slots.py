"""What is left: free seats by slot, session and day, read in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from crm_core.appointments.cards import SessionCard, SlotCard
from crm_core.appointments.kinds import Channel, SessionState, SlotState
from crm_core.appointments.models import ClinicSession, Department, Doctor, Seat, Slot
from crm_core.appointments.rules import BookingSettings
from crm_core.clock import hospital_date


@dataclass(frozen=True)
class Horizon:
    """Between which moments a slot can be booked now."""

    earliest: datetime
    last_day: date

    @classmethod
    def of(cls, now: datetime, settings: BookingSettings) -> Horizon:
        lead = timedelta(minutes=settings.book_until_minutes)
        return cls(now + lead, hospital_date(now) + timedelta(days=settings.days_ahead))

    def bookable(self) -> list[ColumnElement[bool]]:
        return [
            Slot.starts_at >= self.earliest,
            ClinicSession.day <= self.last_day,
            ClinicSession.state == SessionState.OPEN,
            Doctor.is_bookable.is_(True),
        ]


_LEFT = (
    select(func.count())
    .where(Seat.slot_id == Slot.id, Seat.is_taken.is_(False))
    .correlate(Slot)
    .scalar_subquery()
)  # fmt: skip
_HAS_SEAT = exists().where(Seat.slot_id == Slot.id, Seat.is_taken.is_(False)).correlate(Slot)
_HAS_PHONE_QUOTA = ClinicSession.phone_quota.is_(None) | (ClinicSession.phone_taken < ClinicSession.phone_quota)
_SLOTS = (
    select(Slot, ClinicSession, Doctor, Department, _LEFT)
    .join(ClinicSession, ClinicSession.id == Slot.session_id)
    .join(Doctor, Doctor.id == ClinicSession.doctor_id)
    .join(Department, Department.id == ClinicSession.department_id)
)
_wanted, _wanted_clinic = aliased(Slot), aliased(ClinicSession)
_NEXT_FREE = (
    _SLOTS.join(_wanted, _wanted.id == bindparam("slot_id"))
    .join(_wanted_clinic, _wanted_clinic.id == _wanted.session_id)
    .where(
        ClinicSession.department_id == _wanted_clinic.department_id,
        ClinicSession.state == SessionState.OPEN,
        ClinicSession.day >= _wanted_clinic.day,
        ClinicSession.day <= bindparam("last_day"),
        Doctor.is_bookable.is_(True),
        Slot.id != _wanted.id,
        Slot.starts_at >= _wanted.starts_at,
        Slot.starts_at >= bindparam("earliest"),
        _HAS_SEAT,
        _HAS_PHONE_QUOTA | ~bindparam("by_phone", type_=Boolean),
    )
    .order_by(case((ClinicSession.doctor_id == _wanted_clinic.doctor_id, 0), else_=1), Slot.starts_at, Slot.id)
    .limit(bindparam("limit"))
)
_NEXT_FREE_THAT_DAY = _NEXT_FREE.where(ClinicSession.day == _wanted_clinic.day)


def has_room(channel: Channel | None) -> list[ColumnElement[bool]]:
    """A free seat, and for the telephone one of its quota."""
    return [_HAS_SEAT, *([_HAS_PHONE_QUOTA] if channel == Channel.PHONE else [])]


def read_slots(
    session: Session,
    horizon: Horizon,
    *wanted: ColumnElement[bool],
    order_by: Sequence[Any] = (),
    limit: int = 500,
) -> list[SlotCard]:
    """Slots that fit, earliest first when no order is given."""
    query = _SLOTS.where(*wanted).order_by(*(order_by or (Slot.starts_at, Doctor.id))).limit(limit)
    return [_slot_card(horizon, *row) for row in session.execute(query)]


def next_free(
    session: Session, horizon: Horizon, slot_id: int, *, channel: Channel | None, limit: int = 3
) -> list[SlotCard]:
    """Where somebody who wanted this slot can go: this doctor's free slots from then on, then his colleagues'.

    Those of the same day when there are enough; whole weeks are only looked through when there are not.
    """
    values = {
        "slot_id": slot_id,
        "earliest": horizon.earliest,
        "last_day": horizon.last_day,
        "by_phone": channel == Channel.PHONE,
        "limit": limit,
    }
    found = session.execute(_NEXT_FREE_THAT_DAY, values).all()
    if len(found) < limit:
        found = session.execute(_NEXT_FREE, values).all()
    return [_slot_card(horizon, *row) for row in found]


def read_sessions(session: Session, horizon: Horizon, *wanted: ColumnElement[bool]) -> list[SessionCard]:
    """Sessions by day; ``left`` counts what can still be booked."""
    left = (
        select(func.count())
        .select_from(Seat)
        .join(Slot, Slot.id == Seat.slot_id)
        .where(Slot.session_id == ClinicSession.id, Seat.is_taken.is_(False), Slot.starts_at >= horizon.earliest)
        .correlate(ClinicSession)
        .scalar_subquery()
    )
    query = (
        select(ClinicSession, Doctor, Department, left)
        .join(Doctor, Doctor.id == ClinicSession.doctor_id)
        .join(Department, Department.id == ClinicSession.department_id)
        .where(*wanted)
        .order_by(ClinicSession.day, ClinicSession.starts_at, Doctor.id)
    )
    return [_session_card(horizon, *row) for row in session.execute(query)]


def phone_left(clinic: ClinicSession) -> int | None:
    return None if clinic.phone_quota is None else max(0, clinic.phone_quota - clinic.phone_taken)


def _state(clinic: ClinicSession, *, left: int, is_past: bool) -> SlotState:
    if clinic.state != SessionState.OPEN:
        return SlotState.CLOSED
    if is_past:
        return SlotState.PAST
    return SlotState.OPEN if left else SlotState.FULL


def _slot_card(
    horizon: Horizon, slot: Slot, clinic: ClinicSession, doctor: Doctor, department: Department, left: int
) -> SlotCard:
    return SlotCard(
        id=slot.id,
        session_id=clinic.id,
        starts_at=slot.starts_at,
        day=clinic.day,
        period=clinic.period,
        doctor_code=doctor.code,
        doctor_name=doctor.name,
        doctor_title=doctor.title,
        department_code=department.code,
        department_name=department.name,
        place=clinic.place or department.place,
        fee_fen=clinic.fee_fen,
        capacity=slot.capacity,
        left=left,
        phone_left=phone_left(clinic),
        state=_state(clinic, left=left, is_past=slot.starts_at < horizon.earliest),
    )


def _session_card(
    horizon: Horizon, clinic: ClinicSession, doctor: Doctor, department: Department, left: int
) -> SessionCard:
    return SessionCard(
        id=clinic.id,
        doctor_code=doctor.code,
        doctor_name=doctor.name,
        doctor_title=doctor.title,
        department_code=department.code,
        department_name=department.name,
        day=clinic.day,
        period=clinic.period,
        starts_at=clinic.starts_at,
        ends_at=clinic.ends_at,
        place=clinic.place or department.place,
        fee_fen=clinic.fee_fen,
        state=_state(clinic, left=left, is_past=clinic.ends_at <= horizon.earliest),
        left=left,
        phone_left=phone_left(clinic),
        close_reason=clinic.close_reason,
    )
