"""Cuts the AMI byte stream into messages, and reads the headers of one message."""

from __future__ import annotations

from collections.abc import Mapping

MAX_PENDING_BYTES = 1_048_576
"""More than this without the end of a message is not AMI: the connection is dropped."""

_END = b"\r\n\r\n"
_EVENT = b"Event: "
_BANNER = b"Asterisk Call Manager"


class FramingError(Exception):
    """The peer does not speak AMI."""


class AmiFramer:
    """Bytes in, whole messages out. Text is decoded per message only, so no character is ever cut (F06)."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that ``data`` completes, without their blank line."""
        parts = (self._tail + data if self._tail else data).split(_END)
        self._tail = parts.pop()
        if len(self._tail) > MAX_PENDING_BYTES:
            raise FramingError(f"{len(self._tail)} bytes without the end of a message")
        if parts and parts[0].startswith(_BANNER):
            parts[0] = parts[0].partition(b"\r\n")[2]
        return parts


def event_name(message: bytes) -> bytes:
    """Name of an event, b"" for a response. Looks at the first line only: Asterisk always writes Event first."""
    if not message.startswith(_EVENT):
        message = message.lstrip(b"\r\n")
        if not message.startswith(_EVENT):
            return b""
    end = message.find(b"\r\n")
    return message[7:] if end < 0 else message[7:end]


def is_wanted(message: bytes, name: bytes, wanted: Mapping[bytes, bytes]) -> bool:
    """``wanted``: event name -> bytes that the message must contain (b"" = any)."""
    needle = wanted.get(name)
    return needle is not None and needle in message


class _Needles(dict[str, bytes]):
    def __missing__(self, name: str) -> bytes:
        needle = self[name] = f"\r\n{name}: ".encode()
        return needle


class Headers:
    """Headers of one message, searched when asked for: a reader wants eight of forty (three times faster than a dict).

    Broken UTF-8 becomes U+FFFD (F33); of a repeated header the first one counts.
    """

    __slots__ = ("raw",)
    _needles = _Needles()

    def __init__(self, message: bytes) -> None:
        self.raw = b"\r\n" + message

    def get(self, name: str, default: str = "") -> str:
        raw = self.raw
        start = raw.find(self._needles[name])
        if start < 0:
            return default
        start += len(name) + 4
        end = raw.find(b"\r\n", start)
        return (raw[start:end] if end >= 0 else raw[start:]).decode("utf-8", "replace")


def headers_of(message: bytes) -> dict[str, str]:
    """All headers of one message, as ``Headers`` would give them."""
    headers: dict[str, str] = {}
    for line in message.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(": ")
        if colon and name not in headers:
            headers[name] = value
        elif not colon and line.endswith(":"):
            headers.setdefault(line[:-1], "")
    return headers
