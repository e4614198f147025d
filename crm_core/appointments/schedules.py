"""Who sits when, and what is left: laying out, listing and closing sessions (C101)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from crm_core.appointments.cards import AppointmentCard, ClosedSessions, DayCard, SessionCard, SlotCard
from crm_core.appointments.closing import affected_of, close_sessions, sessions_wanted
from crm_core.appointments.directory import Directory
from crm_core.appointments.kinds import Channel, SessionState, SlotState
from crm_core.appointments.laying_out import is_clinic_day, lay_out_day
from crm_core.appointments.models import ClinicSession, Department, Doctor, Slot
from crm_core.appointments.slots import Horizon, has_room, next_free, read_sessions, read_slots
from crm_core.appointments.work import BookingWork, Work, short
from crm_core.clock import hospital_date
from crm_core.errors import NotFound
from crm_core.opening_hours import OpeningHours


@dataclass(frozen=True)
class LaidOut:
    """What a laying out made: new sessions, and the days it left out because the hospital is closed."""

    sessions: int
    days_off: tuple[date, ...]


class Schedules(Directory):
    """The directory, with times. Thread-safe."""

    def __init__(self, work: BookingWork, hours: OpeningHours) -> None:
        super().__init__(work.database, work.clock, hours, settings=work.settings)
        self._work = work

    def lay_out(self, day_from: date, day_until: date) -> LaidOut:
        """Make the sessions of these days (both included) that are not there yet; a transaction for each day."""
        days = [day_from + timedelta(days=number) for number in range((day_until - day_from).days + 1)]
        days_off = tuple(day for day in days if not is_clinic_day(self._hours, day))
        return LaidOut(sum(self._lay_out(day) for day in days if day not in days_off), days_off)

    def close(
        self,
        *,
        reason: str,
        by: str,
        session_id: int | None = None,
        doctor_code: str | None = None,
        day: date | None = None,
        period: str | None = None,
    ) -> ClosedSessions:
        """停诊: one session, or a doctor's day, or half of it. Every booked patient in it is listed, atomically (F40).

        May be called again: the answer is the same. Raises NotFound, InvalidInput.
        """
        wanted = sessions_wanted(session_id, doctor_code, day, period)
        return self._work.run(lambda work: close_sessions(work, wanted, reason=short(reason, 200), by=short(by, 64)))

    def reopen(self, session_id: int, *, by: str) -> None:
        """The doctor sits after all; appointments that were ended stay ended."""

        def use_case(work: Work) -> None:
            clinic = work.session.get(ClinicSession, session_id, with_for_update={"key_share": True})
            if clinic is None:
                raise NotFound(f"no session {session_id}")
            clinic.state, clinic.close_reason, clinic.closed_by, clinic.closed_at = SessionState.OPEN, "", by, None

        self._work.run(use_case)

    def affected(self, session_id: int) -> list[AppointmentCard]:
        """Whose appointments a closing ended."""
        with self._db.read() as session:
            return affected_of(session, [session_id])

    def doctor_hours(self, doctor_code: str, *, from_day: date | None = None, days: int = 7) -> list[SessionCard]:
        """坐诊时间表: his sessions, closed ones too. Raises NotFound."""
        first = from_day or hospital_date(self._clock.now())
        self.doctor(doctor_code)
        return self._read_sessions(
            Doctor.code == doctor_code, ClinicSession.day >= first, ClinicSession.day < first + timedelta(days=days)
        )

    def sessions(self, day: date, *, department_code: str | None = None) -> list[SessionCard]:
        """Everybody who sits on a day."""
        extra = [] if department_code is None else [Department.code == department_code]
        return self._read_sessions(ClinicSession.day == day, *extra)

    def open_days(
        self,
        department_code: str,
        doctor_code: str | None = None,
        *,
        from_day: date | None = None,
        days: int = 14,
        channel: Channel | None = None,
    ) -> list[DayCard]:
        """Days with sessions, full (满) and closed (停诊) ones too; days that nobody works are left out."""
        first = from_day or hospital_date(self._clock.now())
        horizon = Horizon.of(self._clock.now(), self._settings)
        extra = [] if doctor_code is None else [Doctor.code == doctor_code]
        sessions = self._read_sessions(
            Department.code == department_code,
            ClinicSession.day >= first,
            ClinicSession.day < first + timedelta(days=days),
            ClinicSession.day <= horizon.last_day,
            Doctor.is_bookable.is_(True),
            *extra,
        )
        by_day: dict[date, list[SessionCard]] = {}
        for one in sessions:
            by_day.setdefault(one.day, []).append(one)
        return [_day_card(day, cards, channel) for day, cards in sorted(by_day.items())]

    def open_slots(
        self,
        department_code: str,
        doctor_code: str | None = None,
        *,
        day: date | None = None,
        period: str | None = None,
        limit: int = 9,
        channel: Channel | None = None,
    ) -> list[SlotCard]:
        """Slots that can be booked now, earliest first; with ``channel`` PHONE only those its quota allows."""
        horizon = Horizon.of(self._clock.now(), self._settings)
        wanted = [*horizon.bookable(), *has_room(channel), Department.code == department_code]
        with self._db.read() as session:
            return read_slots(session, horizon, *wanted, *_narrowed(doctor_code, day, period), limit=limit)

    def slots_of(self, session_id: int) -> list[SlotCard]:
        """All slots of one session, taken, past and closed ones too: what a desk shows."""
        with self._db.read() as session:
            return read_slots(session, Horizon.of(self._clock.now(), self._settings), ClinicSession.id == session_id)

    def slot(self, slot_id: int) -> SlotCard:
        """Raises NotFound."""
        with self._db.read() as session:
            found = read_slots(session, Horizon.of(self._clock.now(), self._settings), Slot.id == slot_id)
        if not found:
            raise NotFound(f"no slot {slot_id}")
        return found[0]

    def next_free(self, slot_id: int, *, channel: Channel | None = None, limit: int = 3) -> list[SlotCard]:
        """Where somebody can go who wanted this slot: the doctor's next free ones, then his colleagues'."""
        with self._db.read() as session:
            horizon = Horizon.of(self._clock.now(), self._settings)
            return next_free(session, horizon, slot_id, channel=channel, limit=limit)

    def _lay_out(self, day: date) -> int:
        """Somebody else may be laying the same day out: then it is there."""
        try:
            with self._db.write() as session:
                return lay_out_day(session, day)
        except IntegrityError:
            with self._db.write() as session:
                return lay_out_day(session, day)

    def _read_sessions(self, *wanted: ColumnElement[bool]) -> list[SessionCard]:
        with self._db.read() as session:
            return read_sessions(session, Horizon.of(self._clock.now(), self._settings), *wanted)


def _narrowed(doctor_code: str | None, day: date | None, period: str | None) -> list[ColumnElement[bool]]:
    wishes = (
        (doctor_code, Doctor.code == doctor_code),
        (day, ClinicSession.day == day),
        (period, ClinicSession.period == period),
    )
    return [condition for wish, condition in wishes if wish is not None]


def _day_card(day: date, sessions: Iterable[SessionCard], channel: Channel | None) -> DayCard:
    """Open when any session has room; closed only when all are."""
    states = {one.state for one in sessions}
    left = sum(_room(one, channel) for one in sessions if one.state == SlotState.OPEN)
    if left:
        return DayCard(day, left, SlotState.OPEN)
    rest = states - {SlotState.PAST} or states
    return DayCard(day, 0, next(iter(rest)) if len(rest) == 1 and SlotState.OPEN not in rest else SlotState.FULL)


def _room(card: SessionCard, channel: Channel | None) -> int:
    if channel != Channel.PHONE or card.phone_left is None:
        return card.left
    return min(card.left, card.phone_left)
