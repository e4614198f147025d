"""Runs a command once for each Idempotency-Key, however often the browser sends it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent_desk.errors import DeskError
from crm_core.clock import Clock
from crm_core.errors import InvalidInput, OutcomeUnknown

Reply = tuple[dict[str, Any], int]


@dataclass
class _Entry:
    fingerprint: str
    began_s: float
    done: threading.Event = field(default_factory=threading.Event)
    reply: Reply | None = None
    unknown: OutcomeUnknown | None = None


class Idempotency:
    """Remembers what a command answered. A command that failed without effect may be tried again with the same key;
    one whose outcome is unknown is never sent twice."""

    def __init__(self, clock: Clock, *, keep_s: float = 600.0, capacity: int = 10_000, wait_s: float = 10.0) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._capacity = capacity
        self._wait_s = wait_s
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, scope: str, key: str, *, content: bytes, action: Callable[[], Reply]) -> Reply:
        """``scope`` is user and route; ``content`` tells a repetition from a different command with a used key."""
        if not 1 <= len(key) <= 120 or not key.isprintable():
            raise InvalidInput("Idempotency-Key has 1 to 120 printable characters")
        name = f"{scope}\n{key}"
        fingerprint = hashlib.sha256(content).hexdigest()
        entry, is_mine = self._claim(name, fingerprint)
        if entry.fingerprint != fingerprint:
            raise InvalidInput("this Idempotency-Key was used for another command")
        if not is_mine:
            return self._wait(entry)
        try:
            entry.reply = action()
            return entry.reply
        except OutcomeUnknown as error:
            entry.unknown = error
            raise
        finally:
            if entry.reply is None and entry.unknown is None:
                self._forget(name)
            entry.done.set()

    def _claim(self, name: str, fingerprint: str) -> tuple[_Entry, bool]:
        now_s = self._clock.monotonic_s()
        with self._lock:
            while self._entries:
                oldest = next(iter(self._entries.values()))
                if len(self._entries) < self._capacity and now_s - oldest.began_s < self._keep_s:
                    break
                self._entries.popitem(last=False)
            entry = self._entries.get(name)
            if entry is not None:
                return entry, False
            entry = self._entries[name] = _Entry(fingerprint, now_s)
            return entry, True

    def _wait(self, entry: _Entry) -> Reply:
        if not entry.done.wait(self._wait_s):
            raise DeskError("in_progress", "the first command with this key has not ended")
        if entry.unknown is not None:
            raise entry.unknown
        if entry.reply is None:
            raise DeskError("conflict", "the first command with this key failed; send it again")
        return entry.reply

    def _forget(self, name: str) -> None:
        with self._lock:
            self._entries.pop(name, None)
