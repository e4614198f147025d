"""The appointment book of the demo hospital: who came, who did not, who is booked, what is full or closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from config.demo.hospital_crowd import Registered
from config.demo.hospital_rows import Row, StandingClock, Transaction, add, add_with_ids, change
from config.demo.hospital_staff import DoctorOf
from crm_core.appointments.kinds import AppealState, AppointmentState, Channel, SessionState, WaitingState
from crm_core.appointments.models import Appointment, ClinicSession, Seat, Slot
from crm_core.appointments.models_booking import AppointmentStep, NoShow, WaitingEntry
from crm_core.clock import HOSPITAL_ZONE, hospital_date
from crm_core.visits.kinds import VisitKind

DAYS_AHEAD = 14
_BY = "import"
_CHANNELS = (Channel.PHONE, Channel.DESK, Channel.WEB)
_CLOSE_REASONS = ("医生参加学术会议", "医生病假", "医生外出会诊", "设备检修")
_CLOSED_CHANCE, _FULL_CHANCE, _APPEAL_CHANCE, _CAME_BY_BOOKING = 0.02, 0.05, 0.3, 0.5
_BOOKED_DAYS_BACK = 200
_PER_PATIENT_MAX = 3
_PEOPLE = {
    "pediatrics": lambda one: one.age < 14,
    "gynecology": lambda one: one.sex == "female" and one.age > 15,
    "obstetrics": lambda one: one.sex == "female" and 19 < one.age < 45,
}
"""Who comes to a department; to all others everybody above 13."""


@dataclass(frozen=True)
class _Place:
    """One dated session with its free seats, earliest first: (slot, starts_at, seat)."""

    session_id: int
    doctor: DoctorOf
    day: date
    period: str
    phone_quota: int | None
    seats: tuple[tuple[int, datetime, int], ...]


class AppointmentBook:
    def __init__(self, clock: StandingClock, doctors: Sequence[DoctorOf], *, chance: Random) -> None:
        self._clock = clock
        self._now = clock.now()
        self._today = hospital_date(self._now)
        self._doctors = {one.id: one for one in doctors}
        self._by_code = {one.code: one for one in doctors}
        self._chance = chance

    def add_past(self, session: Transaction, people: Sequence[Registered]) -> None:
        """Kept and missed appointments of the last months; the hospital's own system had them, so they have no seat."""
        rows = [row for one in people for row in (*self._kept(one), *self._missed(one))]
        ids = add_with_ids(session, Appointment, rows)
        together = list(zip(ids, rows, strict=True))
        add(
            session,
            NoShow,
            [self._no_show(one, row) for one, row in together if row["state"] == AppointmentState.MISSED],
        )
        add(session, AppointmentStep, [step for one, row in together for step in _steps(one, row)])

    def fill(self, session: Transaction, people: Sequence[Registered]) -> None:
        """Bookings of the coming days, some sessions full and with a waiting list, some closed (停诊)."""
        pools = self._pools(people)
        taken: dict[int, set[tuple[int, date]]] = defaultdict(set)
        rows: list[Row] = []
        waiting: list[Row] = []
        closed: list[Row] = []
        phone_taken: list[Row] = []
        for place in self._places(session):
            pool = pools[place.doctor.department]
            is_closed = not place.doctor.is_of_the_cast and self._chance.random() < _CLOSED_CHANCE
            is_full = not place.doctor.is_of_the_cast and not is_closed and self._chance.random() < _FULL_CHANCE
            booked = list(self._bookings(place, pool, taken, is_full=is_full, is_closed=is_closed))
            rows += booked
            if is_closed:
                closed.append(
                    {"id": place.session_id, "close_reason": booked[0]["reason"] if booked else _CLOSE_REASONS[0]}
                )
            if is_full and len(booked) == len(place.seats):
                waiting += self._waiting(place, pool, taken)
            if by_phone := sum(row["uses_phone_quota"] for row in booked):
                phone_taken.append({"id": place.session_id, "phone_taken": by_phone})
        ids = add_with_ids(session, Appointment, rows)
        add(session, AppointmentStep, [step for one, row in zip(ids, rows, strict=True) for step in _steps(one, row)])
        add(session, WaitingEntry, waiting)
        self._mark(session, rows, closed=closed, phone_taken=phone_taken)

    def _pools(self, people: Sequence[Registered]) -> dict[str, list[Registered]]:
        able = [one for one in people if one.is_real_name and one.no_shows < 3]
        grown = [one for one in able if one.age > 13]
        return {
            code: [one for one in able if _PEOPLE[code](one)] if code in _PEOPLE else grown
            for code in {one.department for one in self._doctors.values()}
        }

    def _places(self, session: Transaction) -> Iterator[_Place]:
        sessions = (
            session.query(
                ClinicSession.id, ClinicSession.doctor_id, ClinicSession.day, ClinicSession.period,
                ClinicSession.phone_quota,
            )
            .filter(ClinicSession.day >= self._today)
            .order_by(ClinicSession.id)
            .all()
        )  # fmt: skip
        seats: dict[int, list[tuple[int, datetime, int]]] = defaultdict(list)
        free = session.query(Slot.session_id, Slot.id, Slot.starts_at, Seat.id).join(Seat, Seat.slot_id == Slot.id)
        for session_id, slot_id, starts_at, seat_id in free.order_by(Slot.session_id, Seat.number):
            if starts_at > self._now:
                seats[session_id].append((slot_id, starts_at, seat_id))
        for number, doctor_id, day, period, quota in sessions:
            if seats[number]:
                yield _Place(number, self._doctors[doctor_id], day, period, quota, tuple(seats[number]))

    def _bookings(
        self,
        place: _Place,
        pool: Sequence[Registered],
        taken: dict[int, set[tuple[int, date]]],
        *,
        is_full: bool,
        is_closed: bool,
    ) -> Iterator[Row]:
        chance = self._chance
        near = max(0.04, 0.55 - 0.07 * (place.day - self._today).days)
        wanted = len(place.seats) if is_full else int(len(place.seats) * near * chance.random() * 1.4)
        chosen = sorted(chance.sample(range(len(place.seats)), min(wanted, len(place.seats))))
        quota = place.phone_quota if place.phone_quota is not None else len(place.seats)
        reason = chance.choice(_CLOSE_REASONS) if is_closed else ""
        for order in chosen:
            patient = self._somebody(place, pool, taken)
            if patient is None:
                return
            slot_id, starts_at, seat_id = place.seats[order]
            channel = chance.choice(_CHANNELS if quota else _CHANNELS[1:])
            quota -= channel is Channel.PHONE
            yield _appointment(
                patient, place.doctor, starts_at, day=place.day, channel=channel, slot_id=slot_id,
                seat_id=None if is_closed else seat_id,
                state=AppointmentState.CLOSED_BY_HOSPITAL if is_closed else AppointmentState.BOOKED,
                booked_at=self._now - timedelta(minutes=chance.randrange(30, 6 * 24 * 60)),
                ended_at=self._now if is_closed else None, reason=reason,
                uses_phone_quota=channel is Channel.PHONE and not is_closed,
            )  # fmt: skip

    def _somebody(
        self, place: _Place, pool: Sequence[Registered], taken: dict[int, set[tuple[int, date]]]
    ) -> Registered | None:
        """One who is not booked in this department on this day, and not everywhere at once."""
        what = place.doctor.department_id, place.day
        for _ in range(30 if pool else 0):
            one = self._chance.choice(pool)
            if what not in taken[one.id] and len(taken[one.id]) < _PER_PATIENT_MAX:
                taken[one.id].add(what)
                return one
        return None

    def _waiting(
        self, place: _Place, pool: Sequence[Registered], taken: dict[int, set[tuple[int, date]]]
    ) -> Iterator[Row]:
        for _ in range(self._chance.choice((0, 1, 2, 4))):
            patient = self._somebody(place, pool, taken)
            if patient is not None:
                yield {
                    "patient_id": patient.id, "department_id": place.doctor.department_id,
                    "doctor_id": place.doctor.id, "day": place.day, "period": place.period,
                    "channel": Channel.PHONE.value, "state": WaitingState.WAITING.value,
                    "joined_at": self._now - timedelta(minutes=self._chance.randrange(5, 2000)), "joined_by": _BY,
                }  # fmt: skip

    def _kept(self, one: Registered) -> Iterator[Row]:
        oldest = self._clock.days_ago(_BOOKED_DAYS_BACK)
        for visit in one.care.visits:
            doctor = self._by_code.get(visit["doctor_code"])
            began: datetime = visit["started_at"]
            is_bookable = doctor is not None and visit["kind"] == VisitKind.OUTPATIENT and began > oldest
            if is_bookable and doctor is not None and self._chance.random() < _CAME_BY_BOOKING:
                yield _appointment(
                    one, doctor, began, day=hospital_date(began), channel=Channel.HIS, state=AppointmentState.VISITED,
                    booked_at=began - timedelta(days=self._chance.randint(1, 10)), ended_at=began,
                )  # fmt: skip

    def _missed(self, one: Registered) -> Iterator[Row]:
        for _ in range(one.no_shows):
            doctor = self._chance.choice(list(self._doctors.values()))
            day = self._today - timedelta(days=self._chance.randrange(3, 80 if one.no_shows > 2 else 330))
            starts_at = datetime.combine(day, time(self._chance.randrange(8, 12), 30), HOSPITAL_ZONE)
            yield _appointment(
                one, doctor, starts_at, day=day, channel=Channel.HIS, state=AppointmentState.MISSED,
                booked_at=starts_at - timedelta(days=5), ended_at=starts_at + timedelta(hours=10),
            )  # fmt: skip

    def _no_show(self, appointment_id: int, row: Row) -> Row:
        appeals = self._chance.random() < _APPEAL_CHANCE
        return {
            "patient_id": row["patient_id"], "appointment_id": appointment_id, "day": row["day"],
            "recorded_at": row["ended_at"], "recorded_by": "day-end",
            "appeal_state": (AppealState.PENDING if appeals else AppealState.NONE).value,
            "appeal_text": "当天堵车，未能按时到院" if appeals else "",
            "appealed_at": row["ended_at"] if appeals else None, "decided_at": None, "decided_by": "",
        }  # fmt: skip

    def _mark(self, session: Transaction, rows: Sequence[Row], *, closed: list[Row], phone_taken: list[Row]) -> None:
        """Seats that are taken, seats of the telephone, sessions that are closed."""
        change(session, Seat, [{"id": row["seat_id"], "is_taken": True} for row in rows if row["seat_id"] is not None])
        change(session, ClinicSession, phone_taken)
        told = {"state": SessionState.CLOSED.value, "closed_by": _BY, "closed_at": self._now}
        change(session, ClinicSession, [one | told for one in closed])


def _appointment(
    patient: Registered, doctor: DoctorOf, starts_at: datetime, *, day: date, channel: Channel, state: AppointmentState,
    booked_at: datetime, ended_at: datetime | None = None, slot_id: int | None = None, seat_id: int | None = None,
    reason: str = "", uses_phone_quota: bool = False,
) -> Row:  # fmt: skip
    return {
        "patient_id": patient.id, "doctor_id": doctor.id, "starts_at": starts_at, "state": state.value,
        "department_id": doctor.department_id, "day": day, "slot_id": slot_id, "seat_id": seat_id,
        "idempotency_key": None, "channel": channel.value, "booked_by": _BY, "booked_at": booked_at,
        "uses_phone_quota": uses_phone_quota, "ended_at": ended_at, "ended_by": _BY if ended_at else "",
        "reason": reason, "moved_from_id": None,
    }  # fmt: skip


def _steps(appointment_id: int, row: Row) -> Iterator[Row]:
    """The history, announced already: nobody is told of it again."""
    detail = {"patient_id": row["patient_id"], "channel": row["channel"], "moved_from_id": None}
    steps = [(AppointmentState.BOOKED.value, row["booked_at"], "")]
    if row["ended_at"] is not None:
        steps.append((row["state"], row["ended_at"], row["reason"]))
    for kind, at, reason in steps:
        yield {
            "appointment_id": appointment_id, "kind": kind, "at": at, "by": row["booked_by"], "reason": reason,
            "detail": detail, "announced_at": at,
        }  # fmt: skip
