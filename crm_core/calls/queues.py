"""The queues of the hotline and what people call them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QueueCard:
    name: str
    title: str
    base_priority: int = 0


QUEUES: tuple[QueueCard, ...] = (
    QueueCard("booking", "预约挂号"),
    QueueCard("enquiry", "咨询"),
    QueueCard("complaint", "投诉建议"),
    QueueCard("emergency", "急诊", 100),
)
QUEUE_TITLES = {queue.name: queue.title for queue in QUEUES}
DEFAULT_QUEUE = "enquiry"
EMERGENCY_QUEUE = "emergency"
