"""候补: who waits for a seat, in which order, and what is offered to whom for how long (C105)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm_core.appointments.booking import Booking
from crm_core.appointments.cards import AppointmentCard, WaitingCard
from crm_core.appointments.errors import AlreadyWaiting, OfferEnded, OnePerDepartmentPerDay, SeatsStillFree
from crm_core.appointments.kinds import Channel, HoldState, WaitingState
from crm_core.appointments.models import Appointment, ClinicSession, Department, Doctor, Slot
from crm_core.appointments.models_booking import Hold, WaitingEntry
from crm_core.appointments.reading import is_seated, read_cards
from crm_core.appointments.seats import first_in_line, lock_slot, offer, take_seat
from crm_core.appointments.slots import Horizon, has_room, read_slots
from crm_core.appointments.work import BookingWork, Work, short
from crm_core.clock import hospital_date
from crm_core.errors import InvalidInput, NotFound

_IN_LINE = (WaitingState.WAITING, WaitingState.OFFERED)


class WaitingList:
    """A seat that becomes free is offered in the same transaction, so nobody can snatch it in between. Thread-safe."""

    def __init__(self, work: BookingWork, booking: Booking) -> None:
        self._work = work
        self._db = work.database
        self._clock = work.clock
        self._booking = booking

    def join(
        self,
        *,
        patient_id: int,
        department_code: str,
        day: date,
        channel: Channel,
        by: str,
        doctor_code: str | None = None,
        period: str | None = None,
    ) -> WaitingCard:
        """Stand in line for any seat of the department's (or doctor's) day or half day.

        Raises SeatsStillFree (with slots), AlreadyWaiting, OnePerDepartmentPerDay, NotFound, InvalidInput (a past day).
        """
        if day < hospital_date(self._clock.now()):
            raise InvalidInput("the day is over")

        def use_case(work: Work) -> int:
            department_id, doctor_id = _ids_of(work.session, department_code, doctor_code)
            _check_may_wait(work, patient_id, department_id, day)
            self._check_full(work, department_code, doctor_code, day=day, period=period, channel=channel)
            entry = WaitingEntry(
                patient_id=patient_id, department_id=department_id, doctor_id=doctor_id, day=day, period=period,
                channel=channel, state=WaitingState.WAITING, joined_at=work.now, joined_by=short(by, 64),
            )  # fmt: skip
            work.session.add(entry)
            work.session.flush()
            return entry.id

        return self.card(self._work.run(use_case))

    def leave(self, entry_id: int) -> None:
        """Not waiting any more; an offered seat goes to the next. Leaving twice is leaving. Raises NotFound."""
        if self._end(entry_id, WaitingState.LEFT) is None:
            raise NotFound(f"no waiting entry {entry_id}")

    def decline(self, entry_id: int) -> None:
        """The offered seat is not wanted; it goes to the next. Raises OfferEnded, NotFound."""
        former = self._end(entry_id, WaitingState.DECLINED)
        if former is None:
            raise NotFound(f"no waiting entry {entry_id}")
        if former not in (WaitingState.OFFERED, WaitingState.DECLINED):
            raise OfferEnded(f"waiting entry {entry_id} is {former}")

    def accept(self, entry_id: int, *, idempotency_key: str, channel: Channel, by: str) -> AppointmentCard:
        """Book the offered seat. Raises OfferEnded when it has gone on to somebody else, and what booking raises."""
        if (done := self._booking.find(idempotency_key)) is not None:
            return done
        card = self.card(entry_id)
        if card.hold_id is None:
            raise OfferEnded(f"waiting entry {entry_id} is {card.state}")
        return self._booking.book(
            patient_id=card.patient_id, hold_id=card.hold_id, idempotency_key=idempotency_key, channel=channel, by=by
        )

    def place(self, entry_id: int) -> int:
        """1 is the next; 0 when the entry does not wait (any more). Counts those who want a seat this one could take."""
        with self._db.read() as session:
            entry = session.get(WaitingEntry, entry_id)
            if entry is None:
                raise NotFound(f"no waiting entry {entry_id}")
            if entry.state != WaitingState.WAITING:
                return 0
            ahead = select(func.count()).where(
                WaitingEntry.department_id == entry.department_id,
                WaitingEntry.day == entry.day,
                WaitingEntry.state == WaitingState.WAITING,
                WaitingEntry.id < entry.id,
                *_competing(WaitingEntry.doctor_id, entry.doctor_id),
                *_competing(WaitingEntry.period, entry.period),
            )
            return 1 + (session.scalar(ahead) or 0)

    def offer_next(self, slot_id: int) -> bool:
        """Offer a free seat of the slot to the first in line. False when there is no seat or nobody waits for it."""

        def use_case(work: Work) -> bool:
            locked = lock_slot(work.session, slot_id)
            if not read_slots(work.session, self._horizon(), Slot.id == slot_id, *has_room(None)):
                return False
            entry = first_in_line(work, locked)
            if entry is None:
                return False
            seat_id, _ = take_seat(work, locked, by_phone=False)
            offer(work, locked, seat_id, entry)
            return True

        return self._work.run(use_case)

    def offer_free_seats(self, limit: int = 100) -> int:
        """Free seats that somebody waits for (a session was added, reopened, or a quota raised); returns how many.

        Run every minute: seats that are given back are offered at once, without this.
        """
        waited_for = (
            select(Slot.id)
            .join(ClinicSession, ClinicSession.id == Slot.session_id)
            .join(Doctor, Doctor.id == ClinicSession.doctor_id)
            .join(
                WaitingEntry,
                (WaitingEntry.department_id == ClinicSession.department_id)
                & (WaitingEntry.day == ClinicSession.day)
                & (WaitingEntry.state == WaitingState.WAITING)
                & or_(WaitingEntry.doctor_id.is_(None), WaitingEntry.doctor_id == ClinicSession.doctor_id)
                & or_(WaitingEntry.period.is_(None), WaitingEntry.period == ClinicSession.period),
            )
            .where(*self._horizon().bookable(), *has_room(None))
            .distinct()
            .limit(limit)
        )
        with self._db.read() as session:
            slot_ids = list(session.scalars(waited_for))
        return sum(self.offer_next(slot_id) for slot_id in slot_ids)

    def expire_offers(self) -> int:
        """End the offers nobody answered and pass their seats on; run every few seconds. Returns how many ended."""
        return self._booking.expire_holds()

    def card(self, entry_id: int) -> WaitingCard:
        """Raises NotFound."""
        with self._db.read() as session:
            found = _read(session, WaitingEntry.id == entry_id)
        if not found:
            raise NotFound(f"no waiting entry {entry_id}")
        return found[0]

    def of_patient(self, patient_id: int) -> list[WaitingCard]:
        """Where the patient waits or has an offer, the next day first."""
        with self._db.read() as session:
            return _read(session, WaitingEntry.patient_id == patient_id, WaitingEntry.state.in_(_IN_LINE))

    def open_offers(self) -> list[WaitingCard]:
        """Whom to call now, earliest end first: what a caller of patients starts from after a crash."""
        with self._db.read() as session:
            found = _read(session, WaitingEntry.state == WaitingState.OFFERED)
        return sorted(found, key=lambda card: (card.answer_until is None, card.answer_until, card.id))

    def line(self, department_code: str, day: date) -> list[WaitingCard]:
        """Everybody in line, first come first."""
        with self._db.read() as session:
            wanted = (Department.code == department_code, WaitingEntry.day == day, WaitingEntry.state.in_(_IN_LINE))
            return _read(session, *wanted)

    def _end(self, entry_id: int, state: WaitingState) -> str | None:
        """Out of the line: gives the state it had, None when there is no such entry."""

        def use_case(work: Work) -> str | None:
            entry = work.session.get(WaitingEntry, entry_id, with_for_update=True, populate_existing=True)
            if entry is None:
                return None
            former = entry.state
            if former == WaitingState.WAITING and state == WaitingState.LEFT:
                entry.state = state
            return former

        former = self._work.run(use_case)
        hold_id = self.card(entry_id).hold_id if former == WaitingState.OFFERED else None
        if hold_id is not None:
            self._booking.release(hold_id)
        return former

    def _check_full(
        self,
        work: Work,
        department_code: str,
        doctor_code: str | None,
        *,
        day: date,
        period: str | None,
        channel: Channel,
    ) -> None:
        horizon = self._horizon()
        wanted = [*horizon.bookable(), *has_room(channel), Department.code == department_code, ClinicSession.day == day]
        if doctor_code is not None:
            wanted.append(Doctor.code == doctor_code)
        if period is not None:
            wanted.append(ClinicSession.period == period)
        if free := read_slots(work.session, horizon, *wanted, limit=3):
            raise SeatsStillFree("there are free seats", free)

    def _horizon(self) -> Horizon:
        return Horizon.of(self._clock.now(), self._work.settings)


def _check_may_wait(work: Work, patient_id: int, department_id: int, day: date) -> None:
    mine = (
        Appointment.patient_id == patient_id, Appointment.department_id == department_id, Appointment.day == day
    )  # fmt: skip
    if booked := read_cards(work.session, *mine, is_seated(), limit=1):
        raise OnePerDepartmentPerDay("the patient is booked in this department on this day", booked[0])
    waiting = work.session.scalar(
        select(WaitingEntry.id).where(
            WaitingEntry.patient_id == patient_id,
            WaitingEntry.department_id == department_id,
            WaitingEntry.day == day,
            WaitingEntry.state.in_(_IN_LINE),
        )
    )
    if waiting is not None:
        raise AlreadyWaiting("the patient stands in this line already", waiting)


def _ids_of(session: Session, department_code: str, doctor_code: str | None) -> tuple[int, int | None]:
    department_id = session.scalar(select(Department.id).where(Department.code == department_code))
    if department_id is None:
        raise NotFound("no such department")
    if doctor_code is None:
        return department_id, None
    found = select(Doctor.id).where(Doctor.code == doctor_code, Doctor.department_id == department_id)
    doctor_id = session.scalar(found)
    if doctor_id is None:
        raise NotFound("no such doctor in this department")
    return department_id, doctor_id


def _competing(column: InstrumentedAttribute[Any], wanted: object) -> list[ColumnElement[bool]]:
    """Somebody who wants anything competes with everybody."""
    return [] if wanted is None else [or_(column.is_(None), column == wanted)]


def _read(session: Session, *wanted: ColumnElement[bool]) -> list[WaitingCard]:
    query = (
        select(WaitingEntry, Department, Doctor, Hold, Slot)
        .join(Department, Department.id == WaitingEntry.department_id)
        .outerjoin(Doctor, Doctor.id == WaitingEntry.doctor_id)
        .outerjoin(Hold, (Hold.waiting_entry_id == WaitingEntry.id) & (Hold.state == HoldState.ACTIVE))
        .outerjoin(Slot, Slot.id == Hold.slot_id)
        .where(*wanted)
        .order_by(WaitingEntry.day, WaitingEntry.id)
    )
    return [_card(*row) for row in session.execute(query)]


def _card(
    entry: WaitingEntry, department: Department, doctor: Doctor | None, hold: Hold | None, slot: Slot | None
) -> WaitingCard:
    return WaitingCard(
        id=entry.id,
        patient_id=entry.patient_id,
        department_code=department.code,
        department_name=department.name,
        doctor_code=doctor.code if doctor else None,
        doctor_name=doctor.name if doctor else "",
        day=entry.day,
        period=entry.period,
        state=entry.state,
        joined_at=entry.joined_at,
        hold_id=hold.id if hold else None,
        slot_id=slot.id if slot else None,
        starts_at=slot.starts_at if slot else None,
        answer_until=entry.answer_until,
        appointment_id=entry.appointment_id,
    )
