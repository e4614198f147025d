"""One FastAGI connection below its commands: lines over a binary socket, bounded in bytes and time, and the request."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

HEADER_MAX_BYTES = 64 * 1024
HEADER_TIMEOUT_S = 5.0
LINE_MAX_BYTES = 64 * 1024
COMMAND_TIMEOUT_S = 10.0


class NotAgi(Exception):
    """What came is no FastAGI request: garbage, too long, too slow."""


class AgiStream:
    """Lines over a binary socket: bounded in bytes and time, broken UTF-8 replaced (F33)."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()

    def readline(self, timeout_s: float = COMMAND_TIMEOUT_S, limit_bytes: int = LINE_MAX_BYTES) -> str:
        """The next line without its end; raises EOFError, TimeoutError, OSError, or NotAgi over the limit."""
        deadline = time.monotonic() + timeout_s
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > limit_bytes:
                raise NotAgi("line too long")
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise TimeoutError
            self._socket.settimeout(remaining_s)
            piece = self._socket.recv(4096)
            if not piece:
                raise EOFError
            self._buffer += piece
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.decode("utf-8", "replace").rstrip("\r")

    def read_header(self) -> list[str]:
        """All lines up to the empty one. Raises NotAgi for garbage, more than 64 KB or more than 5 s (F26)."""
        deadline = time.monotonic() + HEADER_TIMEOUT_S
        lines: list[str] = []
        size = 0
        while True:
            line = self.readline(deadline - time.monotonic(), HEADER_MAX_BYTES)
            size += len(line) + 1
            if size > HEADER_MAX_BYTES:
                raise NotAgi("header too long")
            if not line.strip():
                return lines
            if not lines and not line.startswith("agi_"):
                raise NotAgi("no AGI header")
            lines.append(line)

    def write(self, text: str) -> None:
        self._socket.settimeout(COMMAND_TIMEOUT_S)
        self._socket.sendall(text.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Nothing is kept back."""


@dataclass(frozen=True)
class AgiRequest:
    """What Asterisk told when it connected. All of it is hostile input."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def request_of(variables: Mapping[str, str]) -> AgiRequest:
    script = variables.get("agi_network_script", "")
    path, _, query = script.partition("?")
    try:
        pairs = dict(parse_qsl(query, max_num_fields=20))
    except ValueError:
        pairs = {}
    return AgiRequest("/" + path.strip("/"), pairs, dict(variables))
