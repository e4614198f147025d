"""What the flows of waiting ask of the ground, and the ways they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.ids import CallId, PatientId
from crm_core.patients.cards import PatientCard
from crm_core.tickets.cards import NewMessage, TicketCard
from crm_core.waiting.cards import CallBackCard, LineView, Placing, Stand, Standing
from crm_core.waiting.rules import QueueLimits
from ivr.dialplan_variables import HL_LANGUAGE, HL_NEXT, Next, Route
from ivr.prompt_catalogue import PromptCatalogue

HL_LAST_AGENT = "HL_LAST_AGENT"
HL_TOLD = "HL_TOLD"


class CallersPort(Protocol):
    def standing(self, number: str) -> Standing: ...

    def placing(self, patient: PatientCard | None, standing: Standing, queue: str) -> Placing: ...


class LinesPort(Protocol):
    def newcomer(self, queue: str, priority: int = 0) -> LineView: ...

    def stand_of(self, call_id: CallId, queue: str) -> Stand: ...


class CallBacksPort(Protocol):
    def request(
        self,
        call_id: CallId,
        number: str,
        *,
        queue: str,
        priority: int,
        entered_at: datetime | None = None,
        patient_id: PatientId | None = None,
        language: str = "zh",
    ) -> CallBackCard: ...


class TicketsPort(Protocol):
    def leave_message(self, message: NewMessage) -> TicketCard: ...


@dataclass(frozen=True)
class WaitingServices:
    """``folder``: where Asterisk writes voice messages. ``limits`` by queue; a queue that is missing has none."""

    callers: CallersPort
    lines: LinesPort
    call_backs: CallBacksPort
    tickets: TicketsPort
    bus: Bus
    clock: Clock
    catalogues: Mapping[str, PromptCatalogue]
    folder: Path
    limits: Mapping[str, QueueLimits] = field(default_factory=dict)

    def limits_of(self, queue: str) -> QueueLimits:
        return self.limits.get(queue, QueueLimits())


@dataclass(frozen=True)
class KeepPlace(Route):
    """Back into the queue he came from: queue, priority and entry time stay as the dialplan has them."""

    next: Next = Next.QUEUE
    language: str = "zh"

    def variables(self) -> dict[str, str]:
        return {HL_NEXT: self.next.value, HL_LANGUAGE: self.language}


@dataclass(frozen=True)
class LeaveLine(Route):
    """He has what he can have for now."""

    next: Next = Next.HANGUP

    def variables(self) -> dict[str, str]:
        return {HL_NEXT: self.next.value}


@dataclass(frozen=True)
class QueueRoute(Route):
    """A queue with everything that is known of the caller's place."""

    last_agent: str = ""
    is_told: bool = False
    """He knows that nobody is on duty: the dialplan need not say it again."""

    def variables(self) -> dict[str, str]:
        more = {
            HL_LAST_AGENT: self.last_agent,
            HL_TOLD: "1" if self.is_told else "",
        }
        return {**super().variables(), **{name: value for name, value in more.items() if value}}
