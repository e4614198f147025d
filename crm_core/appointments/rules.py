"""The rules of booking: what must be true, and which error says that it is not. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm_core.appointments import errors
from crm_core.appointments.kinds import Channel, SessionState
from crm_core.clock import hospital_date
from crm_core.errors import HotlineError


@dataclass(frozen=True)
class BookingSettings:
    """What a hospital decides for itself."""

    days_ahead: int = 14
    """How many days before the visit a day opens; today is 0."""
    book_until_minutes: int = 10
    """A slot closes so many minutes before it begins."""
    cancel_until_minutes: int = 60
    """Patients cancel and move themselves up to so many minutes before; staff until it begins."""
    hold_s: int = 180
    """How long a seat is kept for somebody who is deciding."""
    needs_real_name: bool = True
    no_shows_max: int = 3
    no_show_window_days: int = 365
    block_days: int = 90
    offer_minutes: int = 10
    """How long a patient of the waiting list may think about an offered seat."""


@dataclass(frozen=True)
class Facts:
    """What the rules look at, read under the session's lock."""

    now: datetime
    starts_at: datetime
    session_state: str
    close_reason: str
    doctor_is_bookable: bool
    has_id_number: bool
    blocked_until: date | None
    is_booked_that_day: bool
    """In the same department, not counting the appointment that is being moved."""


Check = Callable[[Facts, BookingSettings], HotlineError | None]


def _session_open(facts: Facts, _settings: BookingSettings) -> HotlineError | None:
    if facts.session_state == SessionState.OPEN:
        return None
    return errors.SessionClosed("the session is closed", facts.close_reason)


def _not_started(facts: Facts, _settings: BookingSettings) -> HotlineError | None:
    return errors.AlreadyStarted("the slot has begun") if facts.starts_at <= facts.now else None


def _in_time(facts: Facts, settings: BookingSettings) -> HotlineError | None:
    is_late = facts.starts_at - facts.now < timedelta(minutes=settings.book_until_minutes)
    return errors.TooLate("the slot is closed for booking") if is_late else None


def _day_is_opened(facts: Facts, settings: BookingSettings) -> HotlineError | None:
    opens_on = hospital_date(facts.starts_at) - timedelta(days=settings.days_ahead)
    if hospital_date(facts.now) >= opens_on:
        return None
    return errors.TooEarly("the day is not opened for booking yet", opens_on)


def _doctor_bookable(facts: Facts, _settings: BookingSettings) -> HotlineError | None:
    return None if facts.doctor_is_bookable else errors.DoctorNotBookable("the doctor takes no bookings")


def _real_name(facts: Facts, settings: BookingSettings) -> HotlineError | None:
    if facts.has_id_number or not settings.needs_real_name:
        return None
    return errors.NotRealName("the patient's identity number is not known")


def _not_blocked(facts: Facts, _settings: BookingSettings) -> HotlineError | None:
    until = facts.blocked_until
    if until is None or hospital_date(facts.now) > until:
        return None
    return errors.BlockedForNoShows("too many missed visits", until)


def _one_per_day(facts: Facts, _settings: BookingSettings) -> HotlineError | None:
    if not facts.is_booked_that_day:
        return None
    return errors.OnePerDepartmentPerDay("the patient is booked in this department on this day")


BOOKING_RULES: tuple[tuple[str, Check], ...] = (
    ("the session is open (停诊)", _session_open),
    ("the slot has not begun", _not_started),
    ("it is not too short before it", _in_time),
    ("the day is opened for booking", _day_is_opened),
    ("the doctor takes bookings", _doctor_bookable),
    ("the patient is known by his real name (实名)", _real_name),
    ("the patient is not blocked for missed visits (爽约)", _not_blocked),
    ("one booking per department and day", _one_per_day),
)
"""In the order in which a caller hears them. Free seats and the phone quota come last, when the seat is taken."""

HOLD_RULES = BOOKING_RULES[:5]
"""Who will come need not be known while a seat is only held."""


def check(facts: Facts, settings: BookingSettings, rules: Sequence[tuple[str, Check]] = BOOKING_RULES) -> None:
    """Raises the error of the first rule that does not hold."""
    for _, rule in rules:
        if (error := rule(facts, settings)) is not None:
            raise error


def counts_for_phone(channel: str) -> bool:
    return channel == Channel.PHONE


def blocked_until(days: Sequence[date], settings: BookingSettings) -> date | None:
    """The last day of the latest block that these missed visits make, past or not; None when they make none (C104).

    A block begins with the visit that is the ``no_shows_max``-th within ``no_show_window_days``.
    """
    ordered = sorted(days)
    ends = [
        last + timedelta(days=settings.block_days)
        for first, last in zip(ordered, ordered[settings.no_shows_max - 1 :], strict=False)
        if (last - first).days < settings.no_show_window_days
    ]
    return max(ends, default=None)


def is_too_late_to_change(starts_at: datetime, now: datetime, settings: BookingSettings) -> bool:
    """For the patient himself."""
    return starts_at - now < timedelta(minutes=settings.cancel_until_minutes)
