"""What happens to bookings, sessions and the waiting list; ids only, published after the commit.

Events of one appointment may come twice after a crash: react with the appointment's id as the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.events import Event


@dataclass(frozen=True, kw_only=True)
class AppointmentEvent(Event):
    appointment_id: int
    patient_id: int
    by: str


@dataclass(frozen=True, kw_only=True)
class AppointmentBooked(AppointmentEvent):
    channel: str


@dataclass(frozen=True, kw_only=True)
class AppointmentCancelled(AppointmentEvent):
    reason: str


@dataclass(frozen=True, kw_only=True)
class AppointmentMoved(AppointmentEvent):
    """``appointment_id`` is the new appointment."""

    moved_from_id: int


@dataclass(frozen=True, kw_only=True)
class AppointmentClosed(AppointmentEvent):
    """停诊 took it away: the patient has to be told."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class AppointmentVisited(AppointmentEvent):
    """The patient came."""


@dataclass(frozen=True, kw_only=True)
class AppointmentMissed(AppointmentEvent):
    """爽约."""


@dataclass(frozen=True, kw_only=True)
class ClinicClosed(Event):
    """Sessions were closed; every patient in them has an AppointmentClosed of his own."""

    session_ids: tuple[int, ...]
    appointment_ids: tuple[int, ...]
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True)
class WaitingOfferMade(Event):
    """A seat is held for a patient of the waiting list until ``answer_until``: call him."""

    entry_id: int
    patient_id: int
    hold_id: int
    slot_id: int
    answer_until: datetime


@dataclass(frozen=True, kw_only=True)
class WaitingOfferExpired(Event):
    entry_id: int
    patient_id: int
