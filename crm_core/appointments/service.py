"""Appointments and departments as callers and desks ask for them while a call is running."""

from __future__ import annotations

from crm_core.appointments.cards import AppointmentCard, DepartmentCard
from crm_core.appointments.directory import Directory
from crm_core.appointments.kinds import AppointmentState
from crm_core.appointments.models import Appointment
from crm_core.appointments.reading import read_cards

__all__ = ["AppointmentCard", "Appointments", "DepartmentCard"]


class Appointments(Directory):
    """Reading only, of the hospital's departments and a patient's next visits. Thread-safe."""

    def upcoming(self, patient_id: int, limit: int = 3) -> list[AppointmentCard]:
        """Booked appointments that have not begun, the next one first."""
        with self._db.read() as session:
            return read_cards(
                session,
                Appointment.patient_id == patient_id,
                Appointment.state == AppointmentState.BOOKED,
                Appointment.starts_at >= self._clock.now(),
                limit=limit,
            )
