"""Reads WAV files as Asterisk leaves them: finished, still growing, or cut off by a crash."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER_BYTES = 44
_PCM = 1
_SAMPLE_BYTES = 2
_CHUNKS_MAX = 64


class DamagedSound(Exception):
    """This is not a mono 16-bit PCM WAV file; nothing of it can be used."""


@dataclass(frozen=True)
class SideFile:
    """One mono side of a call. ``is_complete``: the header tells the size the file really has, as after a clean close."""

    path: Path
    rate_hz: int
    data_offset: int
    data_bytes: int
    is_complete: bool

    @property
    def length_s(self) -> float:
        return self.data_bytes / (self.rate_hz * _SAMPLE_BYTES)

    def blocks(self, block_s: float) -> Iterator[bytes]:
        """PCM in pieces of ``block_s`` seconds, whole samples; the last one may be shorter."""
        step = int(block_s * self.rate_hz) * _SAMPLE_BYTES
        with self.path.open("rb") as file:
            file.seek(self.data_offset)
            left = self.data_bytes
            while left > 0 and (block := file.read(min(step, left))):
                left -= len(block)
                yield block[: len(block) // _SAMPLE_BYTES * _SAMPLE_BYTES]


def open_side(path: Path) -> SideFile:
    """Look at the header. A size of zero or a wrong one (Asterisk was killed) is corrected from the file's real size.

    Raises DamagedSound, and OSError when the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
    if len(head) < HEADER_BYTES or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise DamagedSound("no WAV header")
    rate_hz = 0
    position = 12
    for _ in range(_CHUNKS_MAX):
        if position + 8 > len(head):
            break
        name, length = struct.unpack_from("<4sI", head, position)
        body = position + 8
        if name == b"fmt ":
            rate_hz = _rate_of(head, body)
        if name == b"data":
            return _side(path, rate_hz, body, length, size)
        position = body + length + (length & 1)
    raise DamagedSound("no sound in the file")


def _rate_of(head: bytes, body: int) -> int:
    if body + 16 > len(head):
        raise DamagedSound("the header is cut off")
    kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", head, body)
    if (kind, channels, bits) != (_PCM, 1, 16) or not 4000 <= rate_hz <= 48000:
        raise DamagedSound("not mono 16-bit PCM")
    return int(rate_hz)


def _side(path: Path, rate_hz: int, offset: int, announced: int, size: int) -> SideFile:
    if rate_hz == 0:
        raise DamagedSound("sound before its format")
    available = (size - offset) // _SAMPLE_BYTES * _SAMPLE_BYTES
    return SideFile(path, rate_hz, offset, available, is_complete=announced == available)
