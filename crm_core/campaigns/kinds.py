"""The closed sets of words about campaigns, contacts and dial attempts."""

from __future__ import annotations

from enum import StrEnum


class CampaignKind(StrEnum):
    SURVEY = "survey"


class CampaignState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    """Stopped by a person; cannot be started again."""
    FINISHED = "finished"
    """Nobody is left to call."""


class ContactState(StrEnum):
    STAGED = "staged"
    """Part of an import that has not ended yet; nobody sees or dials it."""
    WAITING = "waiting"
    CLAIMED = "claimed"
    """A live attempt exists."""
    DONE = "done"
    """Spoken with; ``last_outcome`` says how far it went."""
    REFUSED = "refused"
    UNREACHED = "unreached"
    """All attempts were used (busy, no answer, network failure)."""
    INVALID = "invalid"
    """空号: the number does not exist or may not be dialled."""
    TO_REVIEW = "to_review"
    """It is not known what became of an attempt; a person decides (I4)."""


class AttemptState(StrEnum):
    CLAIMED = "claimed"
    """Ours to dial; nothing has left for the telephone network."""
    WRITTEN = "written"
    """Committed before the command is sent: from here on it may have been dialled."""
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"
    RELEASED = "released"
    """Given back before anything was sent; does not count as an attempt."""
    TO_REVIEW = "to_review"


class AttemptOutcome(StrEnum):
    COMPLETED = "completed"
    """The survey ran to its end with at least one answer."""
    PARTIAL = "partial"
    SILENT = "silent"
    """Answered the phone, answered no question (never counted as completed, C97)."""
    REFUSED = "refused"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNOBTAINABLE = "unobtainable"
    FAILED = "failed"
    """The network or Asterisk refused; nobody's telephone rang."""
    UNKNOWN = "unknown"


class CampaignAction(StrEnum):
    START = "start"
    PAUSE = "pause"
    STOP = "stop"


class DialDecision(StrEnum):
    """The last word before a number is dialled."""

    DIAL = "dial"
    NOT_OURS = "not_ours"
    """The lease ran out, another dialler leads, or the campaign does not run any more."""
    DO_NOT_CALL = "do_not_call"
    NUMBER_BUSY = "number_busy"
    """Another attempt to this number is under way."""
    NUMBER_CAPPED = "number_capped"
    """This number was called often enough in 24 hours, over all campaigns (R40)."""
