"""The errors of the house: each has a stable code and says what the person at the desk can do."""

from __future__ import annotations


class HotlineError(Exception):
    """Something that was asked for cannot be done. ``code`` is stable; the message holds no personal data."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class NotFound(HotlineError):
    code = "not_found"


class NotAllowed(HotlineError):
    """The person may not do this, or not with this object."""

    code = "not_allowed"


class WrongState(HotlineError):
    """It cannot be done now: the call, the agent or the campaign is in another state."""

    code = "wrong_state"


class InvalidInput(HotlineError):
    """What was given cannot be used; nothing was changed."""

    code = "invalid_input"


class Conflict(HotlineError):
    """Somebody else was first (slot taken, version changed)."""

    code = "conflict"


class TelephonyUnavailable(HotlineError):
    """Asterisk cannot be reached now; nothing was sent."""

    code = "telephony_unavailable"


class TelephonyRefused(HotlineError):
    """Asterisk answered, with a refusal."""

    code = "telephony_refused"


class OutcomeUnknown(HotlineError):
    """A command left and no answer came in time: it may have happened. Never repeat it blindly."""

    code = "outcome_unknown"
