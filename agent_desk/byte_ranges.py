"""Reads a Range header (RFC 9110 §14) and sends exactly those bytes of a file, with flat memory (F77)."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import NotFound

CHUNK_BYTES = 64 * 1024
RANGES_MAX = 16
"""More ranges than a player ever asks for are refused."""
HEADER_CHARS_MAX = 1024
_SPEC = re.compile(r"(\d{0,18})-(\d{0,18})")


class RangeNotSatisfiable(Exception):
    """No part of the file was asked for, or too many parts."""


@dataclass(frozen=True)
class ByteRange:
    """First and last byte, both included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


def parse_ranges(header: str, size_bytes: int) -> list[ByteRange] | None:
    """The wanted ranges in the order asked for; None: send the whole file (no header, another unit, nonsense).

    Overlapping or touching ranges are joined when that keeps the order. Raises RangeNotSatisfiable.
    """
    unit, separator, specs = header.partition("=")
    if not header or not separator or unit.strip().lower() != "bytes":
        return None
    if len(header) > HEADER_CHARS_MAX:
        raise RangeNotSatisfiable
    parts = [part.strip() for part in specs.split(",") if part.strip()]
    if not parts:
        return None
    if len(parts) > RANGES_MAX:
        raise RangeNotSatisfiable
    wanted: list[ByteRange] = []
    for part in parts:
        found = _SPEC.fullmatch(part)
        if found is None or found.groups() == ("", ""):
            return None
        first, last = found.groups()
        if first and last and int(first) > int(last):
            return None
        span = _within(first, last, size_bytes)
        if span is not None:
            wanted.append(span)
    if not wanted:
        raise RangeNotSatisfiable
    return _joined(wanted)


def _within(first: str, last: str, size_bytes: int) -> ByteRange | None:
    if not first:
        suffix = min(int(last), size_bytes)
        return ByteRange(size_bytes - suffix, size_bytes - 1) if suffix else None
    if int(first) >= size_bytes:
        return None
    return ByteRange(int(first), min(int(last) if last else size_bytes - 1, size_bytes - 1))


def _joined(ranges: list[ByteRange]) -> list[ByteRange]:
    if len(ranges) == 1:
        return ranges
    ordered = sorted(ranges, key=lambda span: span.first)
    result = [ordered[0]]
    for span in ordered[1:]:
        if span.first <= result[-1].last + 1:
            result[-1] = ByteRange(result[-1].first, max(result[-1].last, span.last))
        else:
            result.append(span)
    return ranges if len(result) == len(ranges) else result


@dataclass(frozen=True)
class FilePart:
    """What to send: status, headers, and the bytes when iterated."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


def open_part(path: Path, *, mime_type: str, range_header: str, if_range: str = "", is_head: bool = False) -> FilePart:
    """Open a file and prepare the answer. The size is taken once, at opening: a growing file is cut there.

    Raises NotFound when there is no such regular file (symlinks are not followed).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound("the sound file of this recording cannot be read") from error
    status = os.fstat(descriptor)
    size_bytes = status.st_size
    etag = f'"{status.st_mtime_ns:x}-{size_bytes:x}"'
    headers = {"Accept-Ranges": "bytes", "ETag": etag}
    try:
        ranges = parse_ranges(range_header if if_range in ("", etag) else "", size_bytes)
    except RangeNotSatisfiable:
        os.close(descriptor)
        return FilePart(416, headers | {"Content-Range": f"bytes */{size_bytes}", "Content-Length": "0"}, iter(()))
    part = _describe(ranges, size_bytes, mime_type)
    headers |= part.headers
    if is_head:
        os.close(descriptor)
        return FilePart(part.status, headers, iter(()))
    return FilePart(part.status, headers, _Sender(descriptor, part.pieces))


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    pieces: list[tuple[bytes, ByteRange | None]]
    """What is sent one after the other: some header bytes, then a range of the file."""


def _describe(ranges: list[ByteRange] | None, size_bytes: int, mime_type: str) -> _Answer:
    if ranges is None or size_bytes == 0:
        whole = ByteRange(0, size_bytes - 1) if size_bytes else None
        return _Answer(200, {"Content-Type": mime_type, "Content-Length": str(size_bytes)}, [(b"", whole)])
    if len(ranges) == 1:
        span = ranges[0]
        headers = {
            "Content-Type": mime_type,
            "Content-Length": str(span.size_bytes),
            "Content-Range": f"bytes {span.first}-{span.last}/{size_bytes}",
        }
        return _Answer(206, headers, [(b"", span)])
    boundary = secrets.token_hex(16)
    pieces: list[tuple[bytes, ByteRange | None]] = []
    for span in ranges:
        lead = (
            f"\r\n--{boundary}\r\nContent-Type: {mime_type}\r\n"
            f"Content-Range: bytes {span.first}-{span.last}/{size_bytes}\r\n\r\n"
        )
        pieces.append((lead.encode(), span))
    pieces.append((f"\r\n--{boundary}--\r\n".encode(), None))
    length = sum(len(lead) + (span.size_bytes if span else 0) for lead, span in pieces)
    return _Answer(
        206,
        {"Content-Type": f"multipart/byteranges; boundary={boundary}", "Content-Length": str(length)},
        pieces,
    )


class _Sender:
    """Iterates the bytes and closes the file in every case (also when the browser goes away)."""

    def __init__(self, descriptor: int, pieces: list[tuple[bytes, ByteRange | None]]) -> None:
        self._descriptor = descriptor
        self._bytes = self._read(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._bytes)

    def close(self) -> None:
        self._bytes.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()

    def _read(self, pieces: list[tuple[bytes, ByteRange | None]]) -> Generator[bytes, None, None]:
        for lead, span in pieces:
            if lead:
                yield lead
            position, end = (span.first, span.last + 1) if span else (0, 0)
            while position < end:
                chunk = os.pread(self._descriptor, min(CHUNK_BYTES, end - position), position)
                if not chunk:
                    return
                position += len(chunk)
                yield chunk
