"""The closed sets of words about tickets."""

from __future__ import annotations

from enum import StrEnum


class TicketKind(StrEnum):
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    MESSAGE = "message"
    """录音留言 of somebody whom nobody could answer."""


class TicketState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    FORWARDED = "forwarded"
    """A department has it."""
    ANSWERED = "answered"
    """The patient has been told."""
    CLOSED = "closed"


class SoundState(StrEnum):
    """What became of the recorded message."""

    INCOMING = "incoming"
    """Still where Asterisk wrote it."""
    KEPT = "kept"
    MISSING = "missing"
