"""Slots, sessions, holds and appointments -> JSON for the booking tab, and refusals with what helps to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from agent_desk.errors import DeskError
from agent_desk.payloads import Json, iso
from crm_core.appointments import errors
from crm_core.appointments.cards import AppointmentCard, HoldCard, SessionCard, SlotCard, WaitingCard
from crm_core.appointments.kinds import (
    APPOINTMENT_TITLES,
    PERIOD_TITLES,
    WAITING_TITLES,
    AppointmentState,
    Period,
    WaitingState,
)
from crm_core.errors import HotlineError


def period_title(period: str | None) -> str:
    return PERIOD_TITLES[Period(period)] if period in set(Period) else ""


def session(card: SessionCard) -> Json:
    return {
        "id": card.id,
        "day": card.day.isoformat(),
        "period": card.period,
        "period_title": period_title(card.period),
        "starts_at": iso(card.starts_at),
        "ends_at": iso(card.ends_at),
        "doctor_code": card.doctor_code,
        "doctor_name": card.doctor_name,
        "doctor_title": card.doctor_title,
        "department_code": card.department_code,
        "department_name": card.department_name,
        "place": card.place,
        "fee_fen": card.fee_fen,
        "state": card.state.value,
        "left": card.left,
        "phone_left": card.phone_left,
        "title": card.state_title,
        "close_reason": card.close_reason,
    }


def slot(card: SlotCard) -> Json:
    return {
        "id": card.id,
        "session_id": card.session_id,
        "starts_at": iso(card.starts_at),
        "state": card.state.value,
        "left": card.left_by_phone,
        "title": card.state_title,
        "doctor_name": card.doctor_name,
        "department_name": card.department_name,
        "place": card.place,
        "fee_fen": card.fee_fen,
    }


def hold(card: HoldCard) -> Json:
    return {
        "id": card.id,
        "slot_id": card.slot_id,
        "starts_at": iso(card.starts_at),
        "expires_at": iso(card.expires_at),
        "number": card.number,
    }


def appointment(card: AppointmentCard) -> Json:
    return {
        "id": card.id,
        "starts_at": iso(card.starts_at),
        "department_code": card.department_code,
        "department_name": card.department_name,
        "doctor_code": card.doctor_code,
        "doctor_name": card.doctor_name,
        "doctor_title": card.doctor_title,
        "place": card.place,
        "number": card.number,
        "fee_fen": card.fee_fen,
        "state": card.state,
        "state_title": APPOINTMENT_TITLES[AppointmentState(card.state)],
        "cautions": card.cautions,
        "reason": card.reason,
        "booked_at": iso(card.booked_at),
        "may_change": card.state == AppointmentState.BOOKED,
    }


def waiting(card: WaitingCard, place: int) -> Json:
    return {
        "id": card.id,
        "department_code": card.department_code,
        "department_name": card.department_name,
        "doctor_name": card.doctor_name,
        "day": card.day.isoformat(),
        "period_title": period_title(card.period),
        "state": card.state,
        "state_title": WAITING_TITLES[WaitingState(card.state)],
        "place": place,
        "starts_at": iso(card.starts_at),
        "answer_until": iso(card.answer_until),
    }


@contextmanager
def refusals() -> Iterator[None]:
    """A refused booking tells why, and where there is room instead."""
    try:
        yield
    except HotlineError as error:
        details = _details(error)
        if not details:
            raise
        raise DeskError(error.code, str(error), **details) from error


def _details(error: HotlineError) -> dict[str, Any]:
    if isinstance(error, errors.SlotTaken | errors.QuotaExhausted | errors.SeatsStillFree):
        return {"next_slots": [slot(one) for one in error.next_slots]}
    if isinstance(error, errors.OnePerDepartmentPerDay) and error.existing is not None:
        return {"existing": appointment(error.existing)}
    if isinstance(error, errors.BlockedForNoShows):
        return _day("until", error.until)
    if isinstance(error, errors.TooEarly):
        return _day("opens_on", error.opens_on)
    if isinstance(error, errors.SessionClosed) and error.reason:
        return {"reason": error.reason}
    return {}


def _day(name: str, day: date) -> dict[str, Any]:
    return {name: day.isoformat()}
