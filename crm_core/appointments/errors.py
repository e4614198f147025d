"""Why a booking cannot be made, moved or cancelled: one class and one stable code for each reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crm_core.appointments.cards import AppointmentCard, SlotCard
from crm_core.errors import Conflict, HotlineError, NotAllowed, WrongState


class SlotTaken(Conflict):
    """No seat is left. ``next_slots`` are the next free ones of the doctor, then of the department."""

    code = "slot_taken"

    def __init__(self, message: str, next_slots: Sequence[SlotCard] = ()) -> None:
        super().__init__(message)
        self.next_slots = tuple(next_slots)


class SessionClosed(WrongState):
    """停诊."""

    code = "session_closed"

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class QuotaExhausted(Conflict):
    """The telephone has taken its share of the session (电话号源). ``next_slots`` as for SlotTaken."""

    code = "phone_quota_exhausted"

    def __init__(self, message: str, next_slots: Sequence[SlotCard] = ()) -> None:
        super().__init__(message)
        self.next_slots = tuple(next_slots)


class OnePerDepartmentPerDay(Conflict):
    """The patient is booked in this department on this day already. ``existing`` is that appointment."""

    code = "one_per_department_per_day"

    def __init__(self, message: str, existing: AppointmentCard | None = None) -> None:
        super().__init__(message)
        self.existing = existing


class NotRealName(WrongState):
    """The patient's identity number is not known (实名制)."""

    code = "not_real_name"


class BlockedForNoShows(NotAllowed):
    """爽约 too often. ``until`` is the last day of the block."""

    code = "blocked_for_no_shows"

    def __init__(self, message: str, until: date) -> None:
        super().__init__(message)
        self.until = until


class DoctorNotBookable(WrongState):
    code = "doctor_not_bookable"


class TooEarly(WrongState):
    """The day is not opened for booking yet. ``opens_on`` is the first day on which it can be booked."""

    code = "too_early"

    def __init__(self, message: str, opens_on: date) -> None:
        super().__init__(message)
        self.opens_on = opens_on


class TooLate(WrongState):
    """So short before the visit nothing can be booked, moved or cancelled any more, except by a person."""

    code = "too_late"


class AlreadyStarted(WrongState):
    """The time of the slot or of the appointment has passed."""

    code = "already_started"


class NotBooked(WrongState):
    """The appointment is not in a state that can be changed: visited, missed, cancelled, moved."""

    code = "not_booked"


class HoldEnded(Conflict):
    """The hold belongs to another patient or another leg, or there is none."""

    code = "hold_ended"


class SeatsStillFree(Conflict):
    """Nobody needs to wait: there is a free seat. ``next_slots`` names some."""

    code = "seats_still_free"

    def __init__(self, message: str, next_slots: Sequence[SlotCard] = ()) -> None:
        super().__init__(message)
        self.next_slots = tuple(next_slots)


class AlreadyWaiting(Conflict):
    """The patient stands in this line already. ``entry_id`` is his place in it."""

    code = "already_waiting"

    def __init__(self, message: str, entry_id: int) -> None:
        super().__init__(message)
        self.entry_id = entry_id


class OfferEnded(Conflict):
    """The offered seat was not accepted in time, or there is no offer."""

    code = "offer_ended"


class KeyReused(Conflict):
    """The idempotency key belongs to another patient's booking."""

    code = "idempotency_key_reused"


class BookingBusy(HotlineError):
    """The database did not answer in time; nothing was booked that a retry with the same key would not find (F41)."""

    code = "busy"
