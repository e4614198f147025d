"""The closed sets of words about waiting and being called back."""

from __future__ import annotations

from enum import StrEnum


class MissedState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ClosedHow(StrEnum):
    """How a missed caller was reached after all."""

    CALLED_AGAIN = "called_again"
    CALLED_BACK = "called_back"
    BY_HAND = "by_hand"


class CallBackState(StrEnum):
    WAITING = "waiting"
    """In the line, at his old place (from ``due_at`` on)."""
    CALLING = "calling"
    """One attempt is under way."""
    DONE = "done"
    """An agent talked with him: in this call-back, or because he called again himself."""
    UNREACHED = "unreached"
    """All attempts were used; he is on the list of missed callers."""
    CANCELLED = "cancelled"
    TO_REVIEW = "to_review"
    """It is not known what became of an attempt; a person decides (I4)."""


class CallBackAttemptState(StrEnum):
    CLAIMED = "claimed"
    """Ours to dial; nothing has left for the telephone network."""
    WRITTEN = "written"
    """Committed before the command is sent: from here on his telephone may have rung."""
    TALKING = "talking"
    """He has picked up."""
    ENDED = "ended"
    RELEASED = "released"
    """Given back before anything was sent."""
    TO_REVIEW = "to_review"


class CallBackOutcome(StrEnum):
    SERVED = "served"
    """An agent talked with him."""
    LEFT = "left"
    """He picked up and hung up before an agent took him."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNOBTAINABLE = "unobtainable"
    FAILED = "failed"
    """The network or Asterisk refused; nobody's telephone rang."""
    UNKNOWN = "unknown"


class CallerFlag(StrEnum):
    """What the hospital knows of a patient that makes his call urgent."""

    RED_FLAG = "red_flag"
    """A follow-up answered so that a person must look at it today."""
    INPATIENT = "inpatient"
    OPEN_COMPLAINT = "open_complaint"
