"""What others may know of messages, and what passes between outbox and senders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crm_core.messaging.kinds import Channel, MessageState


@dataclass(frozen=True)
class MessageCard:
    """One line of the log: no address, no text."""

    id: int
    template_key: str
    title: str
    purpose: str
    channel: Channel
    language: str
    recipient_masked: str
    patient_id: int | None
    call_id: str
    state: MessageState
    attempts_count: int
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    provider_id: str
    error: str
    """Stable code of the last failure, "" when there was none."""
    parts: int
    cost_fen: int


@dataclass(frozen=True)
class MessageText:
    subject: str
    text: str


@dataclass(frozen=True)
class OutgoingMessage:
    """What a sender gets. ``reference`` is the same at every try: a gateway that knows it sends once."""

    id: int
    channel: Channel
    reference: str
    recipient: str
    subject: str
    text: str
    parts: int
    attempt: int


@dataclass(frozen=True)
class ClaimedMessage:
    """The right to send one message until the lease ends."""

    message: OutgoingMessage
    claim: str


@dataclass(frozen=True)
class Receipt:
    """The other side has taken the message. ``cost_fen`` None: the price of the settings counts."""

    provider_id: str
    cost_fen: int | None = None


class NotSent(Exception):
    """Certainly nothing left. ``is_final``: another try would end the same way. ``code`` is stable, without addresses."""

    def __init__(self, code: str, *, is_final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


class MaybeSent(Exception):
    """It left, and no understandable answer came."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sender(Protocol):
    """One way out. Blocks at most its timeout. Raises NotSent or MaybeSent, nothing else. Thread-safe."""

    @property
    def channel(self) -> Channel: ...

    @property
    def sends_once(self) -> bool:
        """True when the other side drops a second message with the same reference: then an unknown end is tried again."""

    def send(self, message: OutgoingMessage) -> Receipt: ...


@dataclass(frozen=True)
class MessageFigures:
    """``oldest_due_s``: how late the most delayed message is; 0 when none is late."""

    waiting: int
    problems: int
    oldest_due_s: float
    sent_today: int
    cost_today_fen: int
