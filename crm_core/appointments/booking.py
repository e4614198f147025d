"""Booking, moving and cancelling: each is durable when it returns, and the same key gives the same answer (I2, I3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from crm_core.appointments.cards import AppointmentCard, DoctorCard, StepCard
from crm_core.appointments.directory import doctor_card
from crm_core.appointments.errors import NotBooked
from crm_core.appointments.holds import Holds
from crm_core.appointments.kinds import AppointmentState, Channel
from crm_core.appointments.models import Appointment, Department, Doctor
from crm_core.appointments.models_booking import NoShow
from crm_core.appointments.placing import (
    Request,
    check_changeable,
    checked_key,
    locked_appointment,
    place_booking,
    vacate,
)
from crm_core.appointments.reading import read_card, read_cards, read_steps
from crm_core.appointments.work import Work, short
from crm_core.errors import InvalidInput


class Booking(Holds):
    """The booking office. Thread-safe; several processes may share one database.

    Use one ``idempotency_key`` for one wish, e.g. ``<call id>:<patient>:<slot>:<n-th try>``, and repeat it when no answer came.
    """

    def book(
        self,
        *,
        patient_id: int,
        idempotency_key: str,
        channel: Channel,
        by: str,
        slot_id: int | None = None,
        hold_id: int | None = None,
    ) -> AppointmentCard:
        """Book a held seat (``hold_id``), or any seat of ``slot_id``. A hold that has run out does not matter while the
        slot has room.

        The same key gives the same appointment, in whatever state it is by now; so does the same patient asking for the
        same slot again (F39). Raises the errors of ``rules.BOOKING_RULES``, SlotTaken, QuotaExhausted, HoldEnded
        (somebody else's hold), KeyReused, NotFound, BookingBusy, OutcomeUnknown (ask again with the same key).
        """
        wanted = self._wanted_slot(slot_id, hold_id)
        request = Request(patient_id, wanted, hold_id, checked_key(idempotency_key), channel, short(by, 64))
        key = request.key if hold_id is None else ""
        return self._asked(
            lambda work: place_booking(work, request), wanted, channel=channel, key=key, patient_id=patient_id
        )

    def move(
        self,
        appointment_id: int,
        to_slot_id: int | None = None,
        *,
        idempotency_key: str,
        channel: Channel,
        by: str,
        hold_id: int | None = None,
        is_staff: bool = False,
        reason: str = "",
    ) -> AppointmentCard:
        """Change to another slot, whole or not at all: gives the new appointment, the old one becomes MOVED.

        Also raises NotBooked, AlreadyStarted, and TooLate when the patient himself is too short before the old one.
        """
        wanted = self._wanted_slot(to_slot_id, hold_id)
        patient_id = self.card(appointment_id).patient_id
        request = Request(
            patient_id, wanted, hold_id, checked_key(idempotency_key), channel, short(by, 64),
            moving_id=appointment_id, is_staff=is_staff, reason=short(reason, 200),
        )  # fmt: skip
        return self._asked(lambda work: place_booking(work, request), wanted, channel=channel)

    def cancel(self, appointment_id: int, *, by: str, reason: str = "", is_staff: bool = False) -> AppointmentCard:
        """Give the appointment back; what is cancelled stays cancelled. Raises NotBooked, AlreadyStarted, TooLate, NotFound."""

        def use_case(work: Work) -> AppointmentCard:
            row, locked = locked_appointment(work, appointment_id)
            if row.state != AppointmentState.CANCELLED:
                check_changeable(work, row, is_staff=is_staff)
                place = locked[row.slot_id] if row.slot_id is not None else None
                vacate(work, place, row, AppointmentState.CANCELLED, by=short(by, 64), reason=short(reason, 200))
                work.note(row, AppointmentState.CANCELLED, by=row.ended_by, reason=row.reason)
            return read_card(work.session, appointment_id)

        return self._work.run(use_case)

    def record_visit(self, appointment_id: int, *, by: str) -> None:
        """The patient came (told by the hospital system or a desk), even after the day was closed as missed."""

        def use_case(work: Work) -> None:
            row, _ = locked_appointment(work, appointment_id)
            if row.state == AppointmentState.VISITED:
                return
            if row.state not in (AppointmentState.BOOKED, AppointmentState.MISSED):
                raise NotBooked(f"appointment {appointment_id} is {row.state}")
            row.state, row.ended_at, row.ended_by = AppointmentState.VISITED, work.now, short(by, 64)
            work.session.execute(delete(NoShow).where(NoShow.appointment_id == appointment_id))
            work.note(row, AppointmentState.VISITED, by=row.ended_by)

        self._work.run(use_case)

    def card(self, appointment_id: int) -> AppointmentCard:
        """Raises NotFound."""
        with self._db.read() as session:
            return read_card(session, appointment_id)

    def find(self, idempotency_key: str) -> AppointmentCard | None:
        """What became of a wish whose answer was lost."""
        with self._db.read() as session:
            found = read_cards(session, Appointment.idempotency_key == idempotency_key)
        return found[0] if found else None

    def of_patient(self, patient_id: int, *, since: datetime | None = None, limit: int = 50) -> list[AppointmentCard]:
        """All appointments of any state, latest visit first."""
        wanted = [Appointment.patient_id == patient_id]
        if since is not None:
            wanted.append(Appointment.starts_at >= since)
        with self._db.read() as session:
            order = (Appointment.starts_at.desc(), Appointment.id.desc())
            return read_cards(session, *wanted, order_by=order, limit=limit)

    def history(self, appointment_id: int) -> list[StepCard]:
        """Who did what with it, first step first."""
        with self._db.read() as session:
            return read_steps(session, appointment_id)

    def last_doctor(self, patient_id: int) -> DoctorCard | None:
        """我上次看的医生: of the latest visit that took place, or whose time has passed."""
        with self._db.read() as session:
            row = session.execute(
                select(Doctor, Department)
                .join(Appointment, Appointment.doctor_id == Doctor.id)
                .join(Department, Department.id == Doctor.department_id)
                .where(
                    Appointment.patient_id == patient_id,
                    Appointment.state.in_((AppointmentState.VISITED, AppointmentState.BOOKED)),
                    Appointment.starts_at <= self._clock.now(),
                )
                .order_by(Appointment.starts_at.desc())
                .limit(1)
            ).first()
            return doctor_card(row[0], row[1], None) if row else None

    def announce_missed(self) -> int:
        """Publish the events that a crash kept from being published; at the start and every minute."""
        return self._work.announce_missed()

    def _wanted_slot(self, slot_id: int | None, hold_id: int | None) -> int:
        if (slot_id is None) == (hold_id is None):
            raise InvalidInput("either a slot or a hold")
        return self._slot_of_hold(hold_id) if hold_id is not None else int(slot_id or 0)
