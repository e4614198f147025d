"""Seats change hands: locked, taken, kept for somebody, given back, passed on to who waits. Inside a transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from crm_core.appointments.errors import QuotaExhausted, SlotTaken
from crm_core.appointments.events import WaitingOfferExpired, WaitingOfferMade
from crm_core.appointments.kinds import Channel, HoldState, SessionState, WaitingState
from crm_core.appointments.models import Appointment, ClinicSession, Department, Doctor, Seat, Slot
from crm_core.appointments.models_booking import Hold, WaitingEntry
from crm_core.appointments.rules import counts_for_phone
from crm_core.appointments.work import Work
from crm_core.errors import NotFound


@dataclass(frozen=True)
class LockedSlot:
    """A slot whose session is ours until the transaction ends: nobody else books, frees or closes in it."""

    slot: Slot
    clinic: ClinicSession
    doctor: Doctor
    department: Department


def lock_slots(session: Session, slot_ids: Collection[int]) -> dict[int, LockedSlot]:
    """Lock the sessions of these slots, always in the order of their ids, so that two movers never wait for each other.

    SQLite has one writer, which is lock enough; PostgreSQL locks the session rows.
    """
    rows = session.execute(
        select(Slot, ClinicSession, Doctor, Department)
        .join(ClinicSession, ClinicSession.id == Slot.session_id)
        .join(Doctor, Doctor.id == ClinicSession.doctor_id)
        .join(Department, Department.id == ClinicSession.department_id)
        .where(Slot.id.in_(slot_ids))
        .order_by(ClinicSession.id)
        .with_for_update(of=ClinicSession, key_share=True)
        .execution_options(populate_existing=True)
    )
    locked = {row[0].id: LockedSlot(*row) for row in rows}
    if missing := set(slot_ids) - set(locked):
        raise NotFound(f"no slot {min(missing)}")
    return locked


def lock_slot(session: Session, slot_id: int) -> LockedSlot:
    return lock_slots(session, {slot_id})[slot_id]


_HOPELESS = (
    select(Slot.id)
    .join(ClinicSession, ClinicSession.id == Slot.session_id)
    .where(
        Slot.id == bindparam("slot_id"),
        Slot.starts_at > bindparam("now"),
        ClinicSession.state == SessionState.OPEN,
        ~exists().where(Seat.slot_id == Slot.id, Seat.is_taken.is_(False)),
        ~exists().where(
            Hold.slot_id == Slot.id,
            Hold.state == HoldState.ACTIVE,
            (Hold.expires_at <= bindparam("now")) | (Hold.active_leg_key == bindparam("key")),
        ),
        ~exists().where(Appointment.idempotency_key == bindparam("key")),
        ~exists().where(Appointment.slot_id == Slot.id, Appointment.patient_id == bindparam("patient_id")),
    )
)


def refuse_early(session: Session, slot_id: int, *, key: str, patient_id: int | None, now: datetime) -> None:
    """A crowd that wants what is gone is told so without queueing for the lock. Raises SlotTaken.

    Only when nothing under the lock could say otherwise: no seat, no hold that has run out, nothing of his own.
    """
    values = {"slot_id": slot_id, "now": now, "key": key, "patient_id": patient_id or 0}
    if session.execute(_HOPELESS, values).first() is not None:
        raise SlotTaken(f"slot {slot_id} has no seat left")


def locked_hold(session: Session, hold_id: int) -> Hold | None:
    """The hold as it is now, under the lock of its session."""
    return session.get(Hold, hold_id, populate_existing=True)


def take_seat(work: Work, locked: LockedSlot, *, by_phone: bool) -> tuple[int, int]:
    """The first free seat: its id and number. Raises QuotaExhausted, SlotTaken.

    Seats whose holds have run out are freed first, but only when they are needed.
    """
    for is_last_try in (False, True):
        has_quota = not by_phone or has_phone_quota(locked.clinic)
        if has_quota and (seat := _take_free(work.session, locked.slot.id)):
            if by_phone:
                locked.clinic.phone_taken += 1
            return seat
        if not is_last_try and not expire_in_session(work, locked):
            break
    if not has_quota:
        raise QuotaExhausted(f"session {locked.clinic.id} has no seats left for the telephone")
    raise SlotTaken(f"slot {locked.slot.id} has no seat left")


def keep_seat(
    work: Work,
    locked: LockedSlot,
    seat_id: int,
    *,
    leg_key: str,
    patient_id: int | None,
    expires_at: datetime,
    uses_phone_quota: bool = False,
    waiting_entry_id: int | None = None,
) -> Hold:
    """Put a taken seat into a new hold."""
    hold = Hold(
        slot_id=locked.slot.id, seat_id=seat_id, patient_id=patient_id, leg_key=leg_key, active_leg_key=leg_key,
        waiting_entry_id=waiting_entry_id, uses_phone_quota=uses_phone_quota, state=HoldState.ACTIVE,
        created_at=work.now, expires_at=expires_at,
    )  # fmt: skip
    work.session.add(hold)
    work.session.flush()
    return hold


def detach(work: Work, hold: Hold, state: HoldState) -> tuple[int | None, bool]:
    """End a hold without freeing its seat: gives the seat and whether it counts for the telephone."""
    seat_id, uses_phone_quota = hold.seat_id, hold.uses_phone_quota
    hold.seat_id = None
    hold.active_leg_key = None
    hold.uses_phone_quota = False
    hold.state = state
    work.session.flush()
    return seat_id, uses_phone_quota


def end_hold(work: Work, locked: LockedSlot, hold: Hold, state: HoldState) -> None:
    """Release or expire: the seat goes to who waits for it, or becomes free."""
    _close_offer(work, hold, state)
    seat_id, uses_phone_quota = detach(work, hold, state)
    if seat_id is not None:
        give_back(work, locked, seat_id, uses_phone_quota=uses_phone_quota)


def expire_in_session(work: Work, locked: LockedSlot) -> int:
    """End every hold of the session that has run out; returns how many."""
    due = work.session.execute(
        select(Hold, Slot)
        .join(Slot, Slot.id == Hold.slot_id)
        .where(Slot.session_id == locked.clinic.id, Hold.state == HoldState.ACTIVE, Hold.expires_at <= work.now)
        .order_by(Hold.id)
        .execution_options(populate_existing=True)
    ).all()
    for hold, slot in due:
        place = LockedSlot(slot, locked.clinic, locked.doctor, locked.department)
        end_hold(work, place, hold, HoldState.EXPIRED)
    return len(due)


def give_back(work: Work, locked: LockedSlot, seat_id: int, *, uses_phone_quota: bool) -> None:
    """A seat was vacated: it is kept for the first in the line, or is free."""
    if uses_phone_quota:
        locked.clinic.phone_taken -= 1
    entry = first_in_line(work, locked)
    if entry is None:
        work.session.execute(update(Seat).where(Seat.id == seat_id).values(is_taken=False))
        return
    offer(work, locked, seat_id, entry)


def offer(work: Work, locked: LockedSlot, seat_id: int, entry: WaitingEntry) -> None:
    """Keep a taken seat for a waiting patient until he has answered."""
    by_phone = counts_for_phone(entry.channel)
    locked.clinic.phone_taken += by_phone
    until = min(work.now + timedelta(minutes=work.settings.offer_minutes), locked.slot.starts_at)
    hold = keep_seat(
        work, locked, seat_id, leg_key=f"offer-{entry.id}", patient_id=entry.patient_id, expires_at=until,
        uses_phone_quota=by_phone, waiting_entry_id=entry.id,
    )  # fmt: skip
    entry.offered_at, entry.answer_until = work.now, until
    work.events.append(
        WaitingOfferMade(at=work.now, entry_id=entry.id, patient_id=entry.patient_id, hold_id=hold.id,
                         slot_id=locked.slot.id, answer_until=until)
    )  # fmt: skip


def first_in_line(work: Work, locked: LockedSlot) -> WaitingEntry | None:
    """Who waits longest for a seat like this, claimed as OFFERED; None when nobody does or it is too late to ask."""
    clinic, slot = locked.clinic, locked.slot
    earliest = work.now + timedelta(minutes=work.settings.book_until_minutes)
    if clinic.state != SessionState.OPEN or slot.starts_at <= earliest or not locked.doctor.is_bookable:
        return None
    waiting = (
        WaitingEntry.department_id == clinic.department_id,
        WaitingEntry.day == clinic.day,
        WaitingEntry.state == WaitingState.WAITING,
        or_(WaitingEntry.doctor_id.is_(None), WaitingEntry.doctor_id == clinic.doctor_id),
        or_(WaitingEntry.period.is_(None), WaitingEntry.period == clinic.period),
        *([] if has_phone_quota(clinic) else [WaitingEntry.channel != Channel.PHONE]),
    )
    for entry_id in work.session.scalars(select(WaitingEntry.id).where(*waiting).order_by(WaitingEntry.id).limit(20)):
        claimed = work.session.execute(
            update(WaitingEntry)
            .where(WaitingEntry.id == entry_id, WaitingEntry.state == WaitingState.WAITING)
            .values(state=WaitingState.OFFERED)
            .returning(WaitingEntry.id)
        ).scalar()
        if claimed is not None:  # a seat of another session may have claimed him just now
            return work.session.get(WaitingEntry, entry_id, populate_existing=True)
    return None


def has_phone_quota(clinic: ClinicSession) -> bool:
    return clinic.phone_quota is None or clinic.phone_taken < clinic.phone_quota


def _close_offer(work: Work, hold: Hold, state: HoldState) -> None:
    """An offer that ends without an answer ends the patient's place in the line."""
    if hold.waiting_entry_id is None:
        return
    entry = work.session.get(WaitingEntry, hold.waiting_entry_id, populate_existing=True)
    if entry is None or entry.state != WaitingState.OFFERED:
        return
    entry.state = WaitingState.EXPIRED if state == HoldState.EXPIRED else WaitingState.DECLINED
    work.session.flush()
    if state == HoldState.EXPIRED:
        work.events.append(WaitingOfferExpired(at=work.now, entry_id=entry.id, patient_id=entry.patient_id))


def _take_free(session: Session, slot_id: int) -> tuple[int, int] | None:
    """Compare and set in one statement."""
    free = (
        select(Seat.id)
        .where(Seat.slot_id == slot_id, Seat.is_taken.is_(False))
        .order_by(Seat.number)
        .limit(1)
        .scalar_subquery()
    )
    row = session.execute(
        update(Seat)
        .where(Seat.id == free, Seat.is_taken.is_(False))
        .values(is_taken=True)
        .returning(Seat.id, Seat.number)
        .execution_options(synchronize_session=False)
    ).first()
    return (row[0], row[1]) if row else None
