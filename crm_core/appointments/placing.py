"""The one way into the book: a seat, the rules, the row, and what else has to change with it. Inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from crm_core.appointments import rules
from crm_core.appointments.cards import AppointmentCard
from crm_core.appointments.errors import (
    AlreadyStarted,
    HoldEnded,
    KeyReused,
    NotBooked,
    OnePerDepartmentPerDay,
    TooLate,
)
from crm_core.appointments.facts import booked_that_day, facts_of
from crm_core.appointments.kinds import AppointmentState, Channel, HoldState, WaitingState
from crm_core.appointments.models import Appointment
from crm_core.appointments.models_booking import Hold, WaitingEntry
from crm_core.appointments.reading import read_card, read_cards
from crm_core.appointments.seats import LockedSlot, detach, end_hold, give_back, lock_slots, locked_hold, take_seat
from crm_core.appointments.work import Work
from crm_core.errors import InvalidInput, NotFound

KEY_MAX = 160


@dataclass(frozen=True)
class Request:
    """Who wants what; ``key`` is the caller's own name for this one wish."""

    patient_id: int
    slot_id: int
    hold_id: int | None
    key: str
    channel: Channel
    by: str
    moving_id: int | None = None
    is_staff: bool = False
    reason: str = ""


def place_booking(work: Work, request: Request) -> AppointmentCard:
    """For bookings and moves."""
    if (done := _by_key(work, request)) is not None:
        return done
    old_slot_id = None if request.moving_id is None else _slot_of(work, request.moving_id)
    locked = lock_slots(work.session, {request.slot_id} | ({old_slot_id} if old_slot_id is not None else set()))
    place = locked[request.slot_id]
    existing = booked_that_day(work.session, place, request.patient_id, moving_id=request.moving_id)
    if existing is not None and _is_the_same(existing, request):
        return _already_there(work, place, request, existing.id)
    old = None if request.moving_id is None else _moving(work, request)
    try:
        rules.check(facts_of(work, place, request.patient_id, existing=existing), work.settings)
    except OnePerDepartmentPerDay as error:
        raise OnePerDepartmentPerDay(str(error), read_card(work.session, existing.id) if existing else None) from None
    if old is not None:
        if old.slot_id == request.slot_id:
            return _already_there(work, place, request, old.id)
        old_place = locked[old.slot_id] if old.slot_id is not None else None
        vacate(work, old_place, old, AppointmentState.MOVED, by=request.by, reason=request.reason)
    seat_id, uses_phone_quota = _seat_for(work, place, request)
    made = Appointment(
        patient_id=request.patient_id, doctor_id=place.doctor.id, starts_at=place.slot.starts_at,
        state=AppointmentState.BOOKED, department_id=place.clinic.department_id, day=place.clinic.day,
        slot_id=place.slot.id, seat_id=seat_id, idempotency_key=request.key, channel=request.channel,
        booked_by=request.by, booked_at=work.now, uses_phone_quota=uses_phone_quota, moved_from_id=request.moving_id,
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    work.note(made, "moved_here" if old is not None else AppointmentState.BOOKED, by=request.by, reason=request.reason)
    _leave_the_line(work, made)
    return read_card(work.session, made.id)


def _by_key(work: Work, request: Request) -> AppointmentCard | None:
    found = read_cards(work.session, Appointment.idempotency_key == request.key)
    if found and found[0].patient_id != request.patient_id:
        raise KeyReused("the idempotency key belongs to another patient's booking")
    return found[0] if found else None


def _is_the_same(existing: Appointment, request: Request) -> bool:
    """He asks again, with another key, for what he has (F39)."""
    is_booked = existing.state == AppointmentState.BOOKED and existing.slot_id == request.slot_id
    return is_booked and request.moving_id is None


def _already_there(work: Work, place: LockedSlot, request: Request, appointment_id: int) -> AppointmentCard:
    """The patient has this very slot: that is the answer, and a second seat is not kept for him."""
    hold = locked_hold(work.session, request.hold_id) if request.hold_id is not None else None
    if hold is not None and hold.state == HoldState.ACTIVE and hold.patient_id in (None, request.patient_id):
        end_hold(work, place, hold, HoldState.RELEASED)
    return read_card(work.session, appointment_id)


def _moving(work: Work, request: Request) -> Appointment:
    row = work.session.get(Appointment, request.moving_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"no appointment {request.moving_id}")
    check_changeable(work, row, is_staff=request.is_staff)
    return row


def _seat_for(work: Work, place: LockedSlot, request: Request) -> tuple[int, bool]:
    """The held seat, else any free one; and whether it counts for the telephone."""
    hold = locked_hold(work.session, request.hold_id) if request.hold_id is not None else None
    if hold is not None and hold.patient_id not in (None, request.patient_id):
        raise HoldEnded(f"hold {hold.id} is another patient's")
    if hold is not None and hold.state == HoldState.ACTIVE:
        seat_id, uses_phone_quota = detach(work, hold, HoldState.USED)
        if seat_id is not None:
            return seat_id, uses_phone_quota
    by_phone = rules.counts_for_phone(request.channel)
    return take_seat(work, place, by_phone=by_phone)[0], by_phone


def _leave_the_line(work: Work, made: Appointment) -> None:
    """Who is booked does not wait any longer for this department's day; nor does an accepted offer stay open."""
    offered = select(Hold.waiting_entry_id).where(
        Hold.slot_id == made.slot_id, Hold.state == HoldState.USED, Hold.waiting_entry_id.is_not(None)
    )
    work.session.execute(
        update(WaitingEntry)
        .where(
            WaitingEntry.patient_id == made.patient_id,
            WaitingEntry.department_id == made.department_id,
            WaitingEntry.day == made.day,
            (WaitingEntry.state == WaitingState.WAITING)
            | ((WaitingEntry.state == WaitingState.OFFERED) & WaitingEntry.id.in_(offered)),
        )
        .values(state=WaitingState.BOOKED, appointment_id=made.id)
        .execution_options(synchronize_session=False)
    )


def _slot_of(work: Work, appointment_id: int) -> int | None:
    return work.session.scalar(select(Appointment.slot_id).where(Appointment.id == appointment_id))


def locked_appointment(work: Work, appointment_id: int) -> tuple[Appointment, dict[int, LockedSlot]]:
    """Its session first, then its row: the order in which everybody locks."""
    slot_id = _slot_of(work, appointment_id)
    locked = lock_slots(work.session, {slot_id}) if slot_id is not None else {}
    row = work.session.get(Appointment, appointment_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"no appointment {appointment_id}")
    return row, locked


def check_changeable(work: Work, row: Appointment, *, is_staff: bool) -> None:
    if row.state != AppointmentState.BOOKED:
        raise NotBooked(f"appointment {row.id} is {row.state}")
    if row.starts_at <= work.now:
        raise AlreadyStarted(f"appointment {row.id} has begun")
    if not is_staff and rules.is_too_late_to_change(row.starts_at, work.now, work.settings):
        raise TooLate(f"appointment {row.id} begins too soon to be changed")


def vacate(
    work: Work, place: LockedSlot | None, row: Appointment, state: AppointmentState, *, by: str, reason: str
) -> None:
    """End an appointment; its seat goes to who waits for it, or becomes free."""
    seat_id, uses_phone_quota = row.seat_id, row.uses_phone_quota
    row.state, row.seat_id, row.uses_phone_quota = state, None, False
    row.ended_at, row.ended_by, row.reason = work.now, by, reason
    work.session.flush()
    if place is not None and seat_id is not None:
        give_back(work, place, seat_id, uses_phone_quota=uses_phone_quota)


def checked_key(key: str) -> str:
    if not 0 < len(key) <= KEY_MAX or not key.isprintable():
        raise InvalidInput(f"an idempotency key has 1 to {KEY_MAX} printable characters")
    return key
