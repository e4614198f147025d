"""What happened to those who waited; none of these holds personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.events import CallEvent, Event, ToDesks
from crm_core.waiting.kinds import CallBackOutcome, CallBackState, ClosedHow


@dataclass(frozen=True, kw_only=True)
class CallBackRequested(CallEvent, ToDesks):
    """A caller gave up the receiver, not his place. ``call_id`` is the call in which he asked."""

    request_id: int
    queue: str
    priority: int
    entered_at: datetime


@dataclass(frozen=True, kw_only=True)
class CallBackAttemptEnded(CallEvent):
    """``call_id`` is the call that we made."""

    request_id: int
    outcome: CallBackOutcome


@dataclass(frozen=True, kw_only=True)
class CallBackChanged(Event, ToDesks):
    """A request is in another state."""

    request_id: int
    queue: str
    state: CallBackState


@dataclass(frozen=True, kw_only=True)
class MissedCallerOpened(Event, ToDesks):
    """漏接: a new work item, or one more vain try in an open one. ``calls_count`` counts all of them."""

    item_id: int
    queue: str
    calls_count: int
    is_repeated: bool


@dataclass(frozen=True, kw_only=True)
class MissedCallerClosed(Event, ToDesks):
    item_id: int
    queue: str
    how: ClosedHow


@dataclass(frozen=True, kw_only=True)
class NuisanceCallRefused(CallEvent):
    """A number on the nuisance list heard the message and was not put through (C25)."""

    entry_id: int


@dataclass(frozen=True, kw_only=True)
class NuisanceListChanged(Event):
    entry_id: int
    is_listed: bool
