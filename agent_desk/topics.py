"""Topics: things that many screens show and that are asked for again when they have changed; only a stamp is sent."""

from __future__ import annotations

import threading
from collections.abc import Mapping

ALL_SLOTS = "slots:*"
LOST = "lost"
TICKETS = "tickets"


def slots_of(department_code: str) -> str:
    return f"slots:{department_code}"


class Topics:
    """Topic -> how often it has changed since the start. Nothing personal is in it, so every desk may know. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamps: dict[str, int] = {}

    def changed(self, topic: str) -> None:
        with self._lock:
            self._stamps[topic] = self._stamps.get(topic, 0) + 1

    def stamp(self, topic: str) -> int:
        with self._lock:
            return self._stamps.get(topic, 0)

    def all(self) -> Mapping[str, int]:
        with self._lock:
            return dict(self._stamps)
