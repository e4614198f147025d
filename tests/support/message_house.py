"""Outbox, deliveries and log over a test ground, with senders that do what the test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from crm_core.messaging.cards import OutgoingMessage, Receipt
from crm_core.messaging.deliveries import Deliveries
from crm_core.messaging.kinds import Channel
from crm_core.messaging.log import MessageLog
from crm_core.messaging.outbox import House, Outbox
from crm_core.messaging.template_store import Templates
from tests.support.ground import Ground

ASHA_NUMBER = "13800000001"


@dataclass
class ToldSender:
    """Raises or answers as told, one instruction a message; then accepts everything."""

    channel: Channel = Channel.SMS
    sends_once: bool = False
    instructions: list[Exception] = field(default_factory=list)
    got: list[OutgoingMessage] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def send(self, message: OutgoingMessage) -> Receipt:
        self.before()
        self.got.append(message)
        if self.instructions:
            raise self.instructions.pop(0)
        return Receipt(f"gw-{message.id}")


class MessageHouse:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.unwilling: set[int | None] = set()
        self.templates = Templates(ground.database, ground.clock, ground.audit)
        self.outbox = Outbox(
            ground.database, ground.clock, ground.cipher, templates=self.templates, may_send=self.may_send,
            house=House("仁爱医院", "95169"),
        )  # fmt: skip
        self.deliveries = self.make_deliveries()
        self.log = MessageLog(ground.database, ground.clock, ground.cipher)

    def make_deliveries(self) -> Deliveries:
        """One more, as another process would have it."""
        ground = self.ground
        return Deliveries(
            ground.database, ground.clock, ground.cipher, audit=ground.audit, may_send=self.may_send,
            price_fen={Channel.SMS: 4},
        )  # fmt: skip

    def may_send(self, patient_id: int | None, _purpose: object, _channel: object) -> bool:
        return patient_id not in self.unwilling

    def queue(self, key: str, *, answer: str = "地铁2号线A口", **options: object) -> int:
        """One SMS; returns its id."""
        card = self.outbox.queue("enquiry_answer", ASHA_NUMBER, {"answer": answer}, dedupe_key=key, **options)  # type: ignore[arg-type]
        return card.id
