"""Why the booking office refuses, in the words a caller hears: one table."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.appointments import errors
from crm_core.errors import HotlineError
from ivr.conversation import Conversation, Reason, WantsPerson

BACK_KEY = "#"

TRY_ANOTHER: Mapping[type[HotlineError], str] = {
    errors.SlotTaken: "booking-slot-taken",
    errors.QuotaExhausted: "booking-phone-quota",
    errors.SessionClosed: "booking-doctor-away",
    errors.DoctorNotBookable: "booking-doctor-away",
    errors.AlreadyStarted: "booking-too-late",
    errors.TooLate: "booking-too-late",
    errors.TooEarly: "booking-too-late",
    errors.HoldEnded: "booking-slot-taken",
}
"""Another time may do."""

NO_BOOKING: Mapping[type[HotlineError], str] = {
    errors.OnePerDepartmentPerDay: "booking-one-a-day",
    errors.BlockedForNoShows: "booking-blocked",
    errors.AlreadyWaiting: "waiting-list-joined",
}
"""No other time helps; a person may."""


def another_may_do(error: HotlineError) -> str | None:
    """The prompt, or None when no other time would be accepted either."""
    return TRY_ANOTHER.get(type(error))


def refuse(talk: Conversation, error: HotlineError, *, node: str) -> None:
    """Says why; the caller goes back or to a person. Raises WantsPerson at once where only a person can help."""
    if isinstance(error, errors.NotRealName):
        talk.say("booking-real-name", node=node)
        raise WantsPerson(Reason.NOTHING_TO_OFFER)
    why = NO_BOOKING.get(type(error), "booking-failed")
    talk.ask_choice([why, "department-menu-end"], {BACK_KEY}, node=node)
