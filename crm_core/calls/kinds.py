"""The closed sets of words about calls."""

from __future__ import annotations

from enum import StrEnum


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallState(StrEnum):
    """Where the patient is now."""

    DIALLING = "dialling"
    IVR = "ivr"
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    CONFERENCE = "conference"
    DEPARTMENT = "department"
    ENDED = "ended"


class CallOutcome(StrEnum):
    """What the network or the caller did (never what the agent chose)."""

    ANSWERED = "answered"
    """An agent or a department talked with the patient (or, outbound, the patient with the survey)."""
    IVR_ENDED = "ivr_ended"
    """Ended in the IVR after it had done what was asked."""
    IVR_ABANDONED = "ivr_abandoned"
    QUICK_ABANDONED = "quick_abandoned"
    """Left the queue within 5 s (速挂)."""
    QUEUE_ABANDONED = "queue_abandoned"
    RING_ABANDONED = "ring_abandoned"
    """The caller hung up while an agent's phone rang."""
    QUEUE_TIMEOUT = "queue_timeout"
    NO_AGENT = "no_agent"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNOBTAINABLE = "unobtainable"
    REJECTED = "rejected"
    FAILED = "failed"
    LOST_EVENT = "lost_event"
    """The end was not seen; closed by resync or the sweeper (F09)."""
    PBX_CRASH = "pbx_crash"


class LossReason(StrEnum):
    """Why a call that wanted something was lost, each reason apart (C26)."""

    IVR = "ivr"
    """IVR放弃: hung up in the menu."""
    QUICK = "quick"
    """速挂: left the queue within 5 s."""
    QUEUE = "queue"
    """排队放弃."""
    RINGING = "ringing"
    """振铃放弃: hung up while a telephone of ours rang."""
    QUEUE_FULL = "queue_full"
    """队列满: the line was too long, and the caller did not stay."""
    TIMEOUT = "timeout"
    """超时: waited as long as the queue allows."""
    NO_AGENT = "no_agent"
    """无坐席: nobody was on duty."""


class Overflow(StrEnum):
    """Why a caller is not simply left to wait (C21)."""

    NOBODY = "nobody"
    CLOSED = "closed"
    FULL = "full"
    LONG = "long"
    """He has waited as long as the queue allows."""


class CallMark(StrEnum):
    """What the agent must see at the first glance."""

    CALL_BACK = "call_back"
    """回拨: we rang him, at the place that he had in the line."""
    REPEATED = "repeated"
    """多次未接通: he has tried before and reached nobody."""
    LAST_AGENT = "last_agent"
    """He is offered first to the agent who talked with him last."""


class HungUpBy(StrEnum):
    PATIENT = "patient"
    AGENT = "agent"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class LegKind(StrEnum):
    PATIENT = "patient"
    AGENT = "agent"
    CONSULT = "consult"
    DEPARTMENT = "department"
    OUTSIDE = "outside"
    MONITOR = "monitor"


class LegOutcome(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_GONE = "caller_gone"
    FAILED = "failed"
    LINK_LOST = "link_lost"


class TransferKind(StrEnum):
    BLIND = "blind"
    ATTENDED = "attended"


class TransferTargetKind(StrEnum):
    AGENT = "agent"
    QUEUE = "queue"
    DEPARTMENT = "department"
    NUMBER = "number"


class MonitorMode(StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class RecordingState(StrEnum):
    RECORDING = "recording"
    READY = "ready"
    MISSING = "missing"
    EMPTY = "empty"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    """Deleted at the end of its retention; the row stays as the certificate."""
