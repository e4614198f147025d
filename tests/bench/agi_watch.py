"""Hears from Asterisk itself when each AGI command begins and ends: how long a caller's key waits for its answer."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

LOGIN, SECRET = "hl-bench", "bench-only-local"
MANAGER = f"""
[{LOGIN}]
secret = {SECRET}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.0/255.0.0.0
read = agi
write =
"""
"""Appended to the manager.conf of the bench's own home."""

_READS = ("EXEC READ", "GET DATA")
_SAYS = (*_READS, "STREAM FILE", "EXEC PLAYBACK", "EXEC BACKGROUND", "CONTROL STREAM FILE")


@dataclass(frozen=True)
class Command:
    """``at_s`` is monotonic, when Asterisk told it; ``is_end`` when it was over."""

    at_s: float
    line: str
    is_end: bool


class AgiWatch:
    """One connection and its thread; ``calls`` is by calling number."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=10)
        self._socket.settimeout(None)
        self.calls: dict[str, list[Command]] = defaultdict(list)
        self._socket.sendall(f"Action: Login\r\nUsername: {LOGIN}\r\nSecret: {SECRET}\r\n\r\n".encode())
        self._thread = threading.Thread(target=self._listen, name="agi-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                piece = self._socket.recv(65536)
            except OSError:
                return
            if not piece:
                return
            at_s = time.monotonic()
            *messages, rest = (rest + piece).split(b"\r\n\r\n")
            for message in messages:
                self._take(_fields(message), at_s)

    def _take(self, fields: Mapping[str, str], at_s: float) -> None:
        event = fields.get("Event", "")
        if event in ("AGIExecStart", "AGIExecEnd"):
            command = Command(at_s, fields.get("Command", ""), event == "AGIExecEnd")
            self.calls[fields.get("CallerIDNum", "")].append(command)


def answers_s(commands: list[Command]) -> list[float]:
    """Seconds from the end of each reading of keys to the beginning of the next sound of the same call."""
    found: list[float] = []
    asked_s: float | None = None
    for one in commands:
        line = one.line.upper()
        if one.is_end and line.startswith(_READS):
            asked_s = one.at_s
        elif not one.is_end and asked_s is not None and line.startswith(_SAYS):
            found.append(one.at_s - asked_s)
            asked_s = None
    return found


def began_s(commands: list[Command], sound: str) -> float | None:
    """When a command that says this sound began."""
    return next((one.at_s for one in commands if not one.is_end and sound in one.line), None)


def _fields(message: bytes) -> dict[str, str]:
    lines = message.decode("utf-8", "replace").split("\r\n")
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
