"""What readers see of a ticket; the number of the caller is masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.ids import AgentId, CallId, PatientId
from crm_core.tickets.kinds import SoundState, TicketKind, TicketState


@dataclass(frozen=True)
class SoundCard:
    """A recorded message; played through ``RecordingLibrary.playable(id)`` of the voice messages."""

    id: int
    state: SoundState
    recorded_at: datetime
    length_s: float


@dataclass(frozen=True)
class HopCard:
    at: datetime
    by: AgentId | None
    state: TicketState
    department: str | None
    note: str


@dataclass(frozen=True)
class TicketCard:
    id: int
    number: str
    kind: TicketKind
    state: TicketState
    call_id: CallId | None
    patient_id: PatientId | None
    number_masked: str
    department: str | None
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    working_days: int
    """Within which the patient was promised an answer."""
    hops: tuple[HopCard, ...] = ()
    sounds: tuple[SoundCard, ...] = ()


@dataclass(frozen=True)
class NewMessage:
    """What a caller said; ``file_name`` lies in the folder of incoming recordings."""

    call_id: CallId
    file_name: str
    length_s: float
    kind: TicketKind = TicketKind.MESSAGE
    number: str = ""
    patient_id: PatientId | None = None
