"""Makes WAV files for tests, whole ones and such as a killed Asterisk leaves."""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Sequence
from pathlib import Path


def tone(length_s: float, *, level: float = 0.3, hz: float = 440.0, rate_hz: int = 8000) -> bytes:
    """16-bit PCM; ``level`` 0 is digital silence, 1 full scale."""
    count = round(length_s * rate_hz)
    return b"".join(
        struct.pack("<h", round(32767 * level * math.sin(2 * math.pi * hz * i / rate_hz))) for i in range(count)
    )


def pattern(parts: Sequence[tuple[float, float]], *, rate_hz: int = 8000) -> bytes:
    """Stretches of (seconds, level)."""
    return b"".join(tone(length_s, level=level, rate_hz=rate_hz) for length_s, level in parts)


def write_wav(path: Path, pcm: bytes, *, rate_hz: int = 8000) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(pcm)
    return path


def break_header(path: Path) -> Path:
    """Sizes 0 in the header, as in a file still being written or left by kill -9."""
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\0\0\0\0"
    path.write_bytes(data)
    return path


def read_stereo(path: Path) -> tuple[list[int], list[int], int]:
    """Left and right samples and the rate."""
    with wave.open(str(path), "rb") as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (2, 2)
        raw = sound.readframes(sound.getnframes())
        samples = struct.unpack(f"<{len(raw) // 2}h", raw)
        return list(samples[::2]), list(samples[1::2]), sound.getframerate()
