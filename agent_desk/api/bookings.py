"""Booking for the patient on the telephone: what is free, hold, book, move, cancel, wait for a seat (C102-C105)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from flask import request
from pydantic import BaseModel, Field

from agent_desk import booking_payloads as shown
from agent_desk.api.booking_messages import BookingMessages
from agent_desk.desk import IDEMPOTENCY_HEADER, Caller, Desk
from agent_desk.offices import BookingDesk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.scope import OutOfScope
from crm_core.appointments.cards import AppointmentCard, WaitingCard
from crm_core.appointments.kinds import Channel, Period
from crm_core.clock import hospital_date
from crm_core.errors import InvalidInput, NotFound
from crm_core.ids import CallId
from crm_core.messaging.confirmations import About

GRID_DAYS = 7
"""A week of one department at a time."""
Card = TypeVar("Card", AppointmentCard, WaitingCard)
_CODE = r"^[A-Za-z0-9_.-]{1,32}$"


class GridQuery(BaseModel):
    department: str = Field(pattern=_CODE)
    from_day: date | None = None


class HoldBody(BaseModel):
    slot_id: int = Field(ge=1)
    patient_id: int = Field(ge=1)


class BookBody(BaseModel):
    """Exactly one of the two: a seat that is held, or any seat of a slot."""

    patient_id: int = Field(ge=1)
    slot_id: int | None = Field(default=None, ge=1)
    hold_id: int | None = Field(default=None, ge=1)


class MoveBody(BaseModel):
    slot_id: int | None = Field(default=None, ge=1)
    hold_id: int | None = Field(default=None, ge=1)


class CancelBody(BaseModel):
    reason: str = Field(default="", max_length=200)


class WaitBody(BaseModel):
    patient_id: int = Field(ge=1)
    department: str = Field(pattern=_CODE)
    doctor: str | None = Field(default=None, pattern=_CODE)
    day: date
    period: Period | None = None


def routes(desk: Desk) -> list[Route]:
    office = desk.services.offices.bookings
    if office is None:
        return []
    api = BookingApi(desk, office)
    call, edit = "/api/v1/calls/<call_id>", Permission.BOOKING_EDIT
    of_call = f"{call}/appointments/<int:appointment_id>"
    entry = f"{call}/waiting/<int:entry_id>"
    return [
        Route("GET", "/api/v1/booking/departments", edit, api.departments, "Where one can book"),
        Route("GET", "/api/v1/booking/sessions", edit, api.grid, "A week of a department", query=GridQuery),
        Route("GET", "/api/v1/booking/sessions/<int:session_id>/slots", edit, api.slots, "The times of a half day"),
        Route("GET", "/api/v1/patients/<int:patient_id>/bookings", edit, api.of_patient, "Booked, waiting, blocked"),
        Route("POST", f"{call}/hold", edit, api.hold, "Keep a seat", body=HoldBody, limit="120/minute"),
        Route("POST", f"{call}/hold/release", edit, api.release, "Give it back", limit="120/minute"),
        Route("POST", f"{call}/appointments", edit, api.book, "Book", body=BookBody, status=201, limit="60/minute"),
        Route("POST", f"{of_call}/move", edit, api.move, "Move", body=MoveBody, limit="60/minute"),
        Route("POST", f"{of_call}/cancel", edit, api.cancel, "Cancel", body=CancelBody, limit="60/minute"),
        Route("POST", f"{call}/waiting", edit, api.wait, "Stand in line for a seat", body=WaitBody, status=201),
        Route("POST", f"{entry}/leave", edit, api.leave, "Wait no more"),
        Route("POST", f"{entry}/accept", edit, api.accept, "Take the offered seat"),
    ]


class BookingApi:
    """Every command belongs to a call of the agent, so that a booking can be heard again. What is held is the call's."""

    def __init__(self, desk: Desk, office: BookingDesk) -> None:
        self._desk = desk
        self._booking = office.booking
        self._schedules = office.schedules
        self._waiting = office.waiting_list
        self._no_shows = office.no_shows
        self._messages = BookingMessages(desk, office.confirmations)

    # -- looking --------------------------------------------------------------------------------------------------

    def departments(self, _caller: Caller) -> Json:
        found = self._schedules.departments()
        return {"items": [{"code": one.code, "name": one.name, "place": one.place} for one in found]}

    def grid(self, _caller: Caller, query: GridQuery) -> Json:
        today = hospital_date(self._desk.services.clock.now())
        first = max(query.from_day or today, today)
        if first > today + timedelta(days=366):
            raise InvalidInput("so far ahead nobody sits")
        self._schedules.department(query.department)
        days = [first + timedelta(days=number) for number in range(GRID_DAYS)]
        sessions = [
            one for day in days for one in self._schedules.sessions(day, department_code=query.department)
        ]  # fmt: skip
        return {
            "today": today.isoformat(),
            "days": [day.isoformat() for day in days],
            "sessions": [shown.session(one) for one in sessions],
        }

    def slots(self, _caller: Caller, session_id: int) -> Json:
        return {"items": [shown.slot(one) for one in self._schedules.slots_of(session_id)]}

    def of_patient(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        card = self._desk.services.patients.card(patient_id)
        blocked = self._no_shows.of_patient(patient_id)
        last = self._booking.last_doctor(patient_id)
        self._desk.note(caller, "patient.view", "patient", patient_id, detail={"what": "bookings"})
        return {
            "appointments": [shown.appointment(one) for one in self._booking.of_patient(patient_id)],
            "waiting": [
                shown.waiting(one, self._waiting.place(one.id)) for one in self._waiting.of_patient(patient_id)
            ],
            "is_real_name": bool(card.id_number_masked),
            "no_shows": blocked.counted,
            "blocked_until": blocked.blocked_until.isoformat() if blocked.blocked_until else None,
            "last_doctor": {"code": last.code, "name": last.name, "department_code": last.department_code}
            if last
            else None,
        }  # fmt: skip

    # -- booking --------------------------------------------------------------------------------------------------

    def hold(self, caller: Caller, call_id: str, body: HoldBody) -> Json:
        patient_id = self._allowed(caller, call_id, body.patient_id)
        with shown.refusals():
            made = self._booking.hold(
                body.slot_id, leg_key=_leg_key(caller, call_id), patient_id=patient_id, channel=Channel.PHONE
            )
        self._slot_changed(made.slot_id)
        return {"hold": shown.hold(made)}

    def release(self, caller: Caller, call_id: str) -> Json:
        self._desk.scope.own_call(caller, call_id)
        if self._booking.release_leg(_leg_key(caller, call_id)):
            self._desk.notifier.all_slots_changed()
        return {}

    def book(self, caller: Caller, call_id: str, body: BookBody) -> Json:
        patient_id = self._allowed(caller, call_id, body.patient_id)
        key = _key(call_id, patient_id, body.slot_id, body.hold_id)
        with shown.refusals():
            made = self._booking.book(
                patient_id=patient_id, slot_id=body.slot_id, hold_id=body.hold_id,
                idempotency_key=key, channel=Channel.PHONE, by=_by(caller),
            )  # fmt: skip
        return self._done(caller, call_id, made, About.BOOKED)

    def move(self, caller: Caller, call_id: str, appointment_id: int, body: MoveBody) -> Json:
        card = self._owned(caller, call_id, appointment_id)
        with shown.refusals():
            made = self._booking.move(
                appointment_id, body.slot_id, hold_id=body.hold_id, is_staff=True,
                idempotency_key=_key(call_id, card.patient_id, body.slot_id, body.hold_id, moving=appointment_id),
                channel=Channel.PHONE, by=_by(caller),
            )  # fmt: skip
        if made.id == appointment_id:  # he is there already: nothing to tell
            return {"appointment": shown.appointment(made), "message": None}
        return self._done(caller, call_id, made, About.MOVED)

    def cancel(self, caller: Caller, call_id: str, appointment_id: int, body: CancelBody) -> Json:
        self._owned(caller, call_id, appointment_id)
        with shown.refusals():
            made = self._booking.cancel(appointment_id, by=_by(caller), reason=body.reason, is_staff=True)
        return self._done(caller, call_id, made, About.CANCELLED)

    # -- the waiting list -----------------------------------------------------------------------------------------

    def wait(self, caller: Caller, call_id: str, body: WaitBody) -> Json:
        patient_id = self._allowed(caller, call_id, body.patient_id)
        with shown.refusals():
            made = self._waiting.join(
                patient_id=patient_id, department_code=body.department, doctor_code=body.doctor, day=body.day,
                period=body.period, channel=Channel.PHONE, by=_by(caller),
            )  # fmt: skip
        self._desk.note(caller, "waiting.join", "patient", patient_id, detail={"call": call_id, "entry": made.id})
        return {"waiting": shown.waiting(made, self._waiting.place(made.id))}

    def leave(self, caller: Caller, call_id: str, entry_id: int) -> Json:
        patient_id = self._waiter(caller, call_id, entry_id)
        self._waiting.leave(entry_id)
        self._desk.note(caller, "waiting.leave", "patient", patient_id, detail={"call": call_id, "entry": entry_id})
        return {}

    def accept(self, caller: Caller, call_id: str, entry_id: int) -> Json:
        self._waiter(caller, call_id, entry_id)
        with shown.refusals():
            made = self._waiting.accept(
                entry_id, idempotency_key=f"waiting:{entry_id}", channel=Channel.PHONE, by=_by(caller)
            )
        return self._done(caller, call_id, made, About.BOOKED)

    # -- what all of them ask -------------------------------------------------------------------------------------

    def _allowed(self, caller: Caller, call_id: str, patient_id: int) -> int:
        """The id under which this patient lives now, after merges."""
        self._desk.scope.own_call(caller, call_id)
        self._desk.scope.patient(caller, patient_id)
        return int(self._desk.services.patients.survivor_of(patient_id))

    def _owned(self, caller: Caller, call_id: str, appointment_id: int) -> AppointmentCard:
        return self._in_scope(caller, call_id, lambda: self._booking.card(appointment_id))

    def _waiter(self, caller: Caller, call_id: str, entry_id: int) -> int:
        return self._in_scope(caller, call_id, lambda: self._waiting.card(entry_id)).patient_id

    def _in_scope(self, caller: Caller, call_id: str, read: Callable[[], Card]) -> Card:
        """Foreign and missing look the same."""
        self._desk.scope.own_call(caller, call_id)
        try:
            card = read()
            self._desk.scope.patient(caller, card.patient_id)
        except NotFound as error:
            raise OutOfScope("no such booking") from error
        return card

    def _done(self, caller: Caller, call_id: str, card: AppointmentCard, about: About) -> Json:
        """The booking is kept already: what follows must not make it look refused."""
        self._desk.note(
            caller, about.value.replace("appointment_", "appointment."), "appointment", card.id,
            detail={"call": call_id, "patient_id": card.patient_id},
        )  # fmt: skip
        message = self._messages.tell(caller, call_id, card, about)
        self._desk.entities.forget_background(CallId(call_id))
        self._desk.notifier.call_changed(CallId(call_id))
        return {"appointment": shown.appointment(card), "message": message}

    def _slot_changed(self, slot_id: int) -> None:
        self._desk.notifier.slots_changed(self._schedules.slot(slot_id).department_code)


def _leg_key(caller: Caller, call_id: str) -> str:
    """One seat for an agent and his call."""
    return f"desk:{int(caller.id)}:{call_id}"


def _key(call_id: str, patient_id: int, slot_id: int | None, hold_id: int | None, *, moving: int | None = None) -> str:
    """One wish: the same click, or its repeat by the network, is the same booking; another click is another wish."""
    click = request.headers.get(IDEMPOTENCY_HEADER, "")[:32]
    return f"{call_id}:{patient_id}:{slot_id or 0}:{hold_id or 0}:{moving or 0}:{click}"


def _by(caller: Caller) -> str:
    return f"desk:{caller.account.login}"
