"""A sender for homes without a gateway: the message stays in the outbox, where the page shows it."""

from __future__ import annotations

from crm_core.messaging.cards import OutgoingMessage, Receipt
from crm_core.messaging.kinds import Channel


class DevelopmentSender:
    """Port ``Sender``: takes everything, sends nothing; what it "sent" is read in the log. Thread-safe."""

    sends_once = True

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def send(self, message: OutgoingMessage) -> Receipt:
        return Receipt(f"stored-{message.id}", cost_fen=0)
