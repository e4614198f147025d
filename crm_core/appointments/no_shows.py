"""The ledger of missed visits (爽约): recording, blocking, appeals (C104)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select

from crm_core.appointments.cards import NoShowCard, NoShowRecord
from crm_core.appointments.errors import NotBooked
from crm_core.appointments.facts import counted_days
from crm_core.appointments.kinds import AppealState, AppointmentState
from crm_core.appointments.models import Appointment, Department, Doctor
from crm_core.appointments.models_booking import NoShow
from crm_core.appointments.placing import locked_appointment
from crm_core.appointments.rules import blocked_until
from crm_core.appointments.work import BookingWork, Work, short
from crm_core.clock import hospital_date
from crm_core.errors import NotFound, WrongState

_BATCH = 200


class NoShows:
    """Thread-safe. Blocks are never stored: they follow from the visits that count, so an accepted appeal lifts them."""

    def __init__(self, work: BookingWork) -> None:
        self._work = work
        self._db = work.database
        self._clock = work.clock

    def record_no_show(self, appointment_id: int, *, by: str) -> None:
        """The patient did not come. A second time changes nothing. Raises NotBooked, NotFound."""
        self._work.run(lambda work: _record(work, appointment_id, by=short(by, 64)))

    def mark_no_shows(self, day: date, *, by: str = "day-end") -> int:
        """At the day's end: who was booked here and has not come is missed; returns how many.

        Only for hospitals whose arrivals are told to us (``Booking.record_visit``); else everybody would be missed.
        """
        count = 0
        while ids := self._still_booked(day):
            for appointment_id in ids:
                try:
                    self.record_no_show(appointment_id, by=by)
                    count += 1
                except NotBooked:  # he came, or a person changed it just now
                    continue
        return count

    def arrivals_are_told(self, day: date) -> bool:
        """True when somebody was seen to arrive that day: only then does a missing arrival mean anything."""
        query = select(Appointment.id).where(Appointment.day == day, Appointment.state == AppointmentState.VISITED)
        with self._db.read() as session:
            return session.scalar(query.limit(1)) is not None

    def counts(self, patient_ids: Sequence[int], begins: datetime, ends: datetime) -> dict[int, int]:
        """Patient -> missed visits between two midnights, accepted appeals left out; who missed none is missing."""
        query = (
            select(NoShow.patient_id, func.count())
            .where(
                NoShow.patient_id.in_(patient_ids),
                NoShow.day >= hospital_date(begins),
                NoShow.day < hospital_date(ends),
                NoShow.appeal_state != AppealState.ACCEPTED.value,
            )
            .group_by(NoShow.patient_id)
        )
        with self._db.read() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def of_patient(self, patient_id: int) -> NoShowRecord:
        """What the pop shows: the entries, latest first, how many count, and the block that is in force."""
        today = hospital_date(self._clock.now())
        settings = self._work.settings
        with self._db.read() as session:
            rows = session.execute(
                select(NoShow, Department.name, Doctor.name)
                .join(Appointment, Appointment.id == NoShow.appointment_id)
                .join(Doctor, Doctor.id == Appointment.doctor_id)
                .join(Department, Department.id == Doctor.department_id)
                .where(NoShow.patient_id == patient_id)
                .order_by(NoShow.day.desc(), NoShow.id.desc())
            ).all()
            days = counted_days(session, patient_id, today, settings)
        until = blocked_until(days, settings)
        counted = sum((today - day).days < settings.no_show_window_days for day in days)
        entries = tuple(_card(row, department, doctor) for row, department, doctor in rows)
        return NoShowRecord(entries, counted, until if until is not None and until >= today else None)

    def appeal(self, no_show_id: int, *, text: str) -> None:
        """申诉: once; a decided appeal stays decided. Raises WrongState, NotFound."""

        def use_case(work: Work) -> None:
            row = _locked(work, no_show_id)
            if row.appeal_state != AppealState.NONE:
                raise WrongState(f"missed visit {no_show_id} was appealed already")
            row.appeal_state, row.appeal_text, row.appealed_at = AppealState.PENDING, short(text, 500), work.now

        self._work.run(use_case)

    def decide(self, no_show_id: int, *, accepted: bool, by: str) -> None:
        """Accepting takes the visit out of the count. Raises WrongState when there is no open appeal, NotFound."""

        def use_case(work: Work) -> None:
            row = _locked(work, no_show_id)
            if row.appeal_state != AppealState.PENDING:
                raise WrongState(f"missed visit {no_show_id} has no open appeal")
            row.appeal_state = AppealState.ACCEPTED if accepted else AppealState.REFUSED
            row.decided_at, row.decided_by = work.now, short(by, 64)

        self._work.run(use_case)

    def open_appeals(self) -> list[tuple[int, NoShowCard]]:
        """(patient, missed visit) of every appeal that waits for a person, oldest first."""
        with self._db.read() as session:
            rows = session.execute(
                select(NoShow, Department.name, Doctor.name)
                .join(Appointment, Appointment.id == NoShow.appointment_id)
                .join(Doctor, Doctor.id == Appointment.doctor_id)
                .join(Department, Department.id == Doctor.department_id)
                .where(NoShow.appeal_state == AppealState.PENDING)
                .order_by(NoShow.appealed_at)
            )
            return [(row.patient_id, _card(row, department, doctor)) for row, department, doctor in rows]

    def _still_booked(self, day: date) -> list[int]:
        with self._db.read() as session:
            return list(
                session.scalars(
                    select(Appointment.id)
                    .where(
                        Appointment.day == day,
                        Appointment.state == AppointmentState.BOOKED,
                        Appointment.slot_id.is_not(None),
                        Appointment.starts_at <= self._clock.now(),
                    )
                    .order_by(Appointment.id)
                    .limit(_BATCH)
                )
            )


def _record(work: Work, appointment_id: int, *, by: str) -> None:
    row, _ = locked_appointment(work, appointment_id)
    if row.state == AppointmentState.MISSED:
        return
    if row.state != AppointmentState.BOOKED:
        raise NotBooked(f"appointment {appointment_id} is {row.state}")
    if row.starts_at > work.now:
        raise WrongState(f"appointment {appointment_id} is still to come")
    row.state, row.ended_at, row.ended_by = AppointmentState.MISSED, work.now, by
    work.session.add(
        NoShow(
            patient_id=row.patient_id,
            appointment_id=row.id,
            day=hospital_date(row.starts_at),
            recorded_at=work.now,
            recorded_by=by,
        )
    )
    work.note(row, AppointmentState.MISSED, by=by)


def _card(row: NoShow, department: str, doctor: str) -> NoShowCard:
    return NoShowCard(row.id, row.appointment_id, row.day, department, doctor, row.appeal_state, row.appeal_text)


def _locked(work: Work, no_show_id: int) -> NoShow:
    row = work.session.get(NoShow, no_show_id, with_for_update=True)
    if row is None:
        raise NotFound(f"no missed visit {no_show_id}")
    return row
