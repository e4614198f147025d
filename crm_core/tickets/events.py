"""What happened to tickets; none of these holds personal data."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.events import CallEvent, Event, ToDesks
from crm_core.tickets.kinds import TicketKind, TicketState


@dataclass(frozen=True, kw_only=True)
class TicketOpened(CallEvent, ToDesks):
    """A complaint, suggestion, praise or message has a number now."""

    ticket_id: int
    number: str
    kind: TicketKind


@dataclass(frozen=True, kw_only=True)
class TicketMoved(Event, ToDesks):
    ticket_id: int
    state: TicketState
