"""Looks at a recording that somebody uploads: format, length, level; makes it as loud as all prompts (C6, F89)."""

from __future__ import annotations

import array
import math
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import InvalidInput

UPLOAD_MAX_BYTES = 20 * 1024 * 1024
LENGTH_MIN_S, LENGTH_MAX_S = 0.2, 120.0
RATE_HZ = 16_000
LEVEL_WANTED_DBFS = -20.0
"""Of the loud parts; the same for every prompt."""
PEAK_LIMIT_DBFS = -2.0
LEVEL_MIN_DBFS = -45.0
CLIPPED_MAX_RATIO = 0.002
_FRAME = RATE_HZ // 50
_DECODE_TIMEOUT_S = 60.0
_ACTIVE_BELOW_LOUDEST_DB = 30.0


@dataclass(frozen=True)
class MeasuredSound:
    """``level_dbfs``: root mean square of the parts in which somebody speaks, before the loudness was set."""

    length_s: float
    level_dbfs: float


def format_of(head: bytes) -> str:
    """``wav`` or ``mp3`` by the first bytes, whatever the file is called. Raises InvalidInput."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return "mp3"
    raise InvalidInput("only WAV and MP3 recordings can be used", code="sound_format")


def prepare(source: Path, target: Path) -> MeasuredSound:
    """Write ``source`` to ``target`` as 16 kHz mono WAV at the loudness of all prompts. Raises InvalidInput with the reason."""
    with source.open("rb") as file:
        kind = format_of(file.read(12))
    _decode(source, target, kind=kind)
    samples = _read(target)
    length_s = len(samples) / RATE_HZ
    if not LENGTH_MIN_S <= length_s <= LENGTH_MAX_S:
        raise InvalidInput(
            f"the recording is {length_s:.1f} s long; {LENGTH_MIN_S} to {LENGTH_MAX_S:.0f} s are allowed",
            code="sound_length",
        )
    level_dbfs = active_level_dbfs(samples)
    if level_dbfs < LEVEL_MIN_DBFS:
        raise InvalidInput(f"the recording is too quiet ({level_dbfs:.0f} dBFS)", code="sound_quiet")
    clipped = sum(1 for sample in samples if sample in (32767, -32768)) / len(samples)
    if clipped > CLIPPED_MAX_RATIO:
        raise InvalidInput("the recording is overdriven", code="sound_overdriven")
    _write(target, _as_loud_as_all(samples, level_dbfs))
    return MeasuredSound(round(length_s, 2), round(level_dbfs, 1))


def measure(wav: Path) -> MeasuredSound:
    """Of a 16 kHz mono WAV of ours."""
    samples = _read(wav)
    return MeasuredSound(round(len(samples) / RATE_HZ, 2), round(active_level_dbfs(samples), 1))


def active_level_dbfs(samples: array.array[int]) -> float:
    """Root mean square over the frames that are not silence; -120 for silence."""
    powers = [
        sum(sample * sample for sample in samples[start : start + _FRAME]) / _FRAME
        for start in range(0, len(samples) - _FRAME + 1, _FRAME)
    ]
    loudest = max(powers, default=0.0)
    active = [power for power in powers if power > 0 and power > loudest * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10)]
    if not active:
        return -120.0
    return 10 * math.log10(sum(active) / len(active) / 32768**2)


def _as_loud_as_all(samples: array.array[int], level_dbfs: float) -> array.array[int]:
    peak = max(abs(sample) for sample in samples) or 1
    gain = min(10 ** ((LEVEL_WANTED_DBFS - level_dbfs) / 20), 10 ** (PEAK_LIMIT_DBFS / 20) * 32767 / peak)
    return array.array("h", (max(-32768, min(32767, round(sample * gain))) for sample in samples))


def _decode(source: Path, target: Path, *, kind: str) -> None:
    """ffmpeg may guess no format and open no other file."""
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe", "-f", kind]
    argv += ["-i", f"file:{source}", "-map", "0:a:0", "-map_metadata", "-1", "-t", f"{LENGTH_MAX_S + 1:.0f}"]
    argv += [
        "-ac",
        "1",
        "-ar",
        str(RATE_HZ),
        "-threads",
        "1",
        "-bitexact",
        "-c:a",
        "pcm_s16le",
        "-f",
        "wav",
        f"file:{target}",
    ]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=_DECODE_TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise InvalidInput("the program ffmpeg is not installed", code="sound_format") from None
    except subprocess.TimeoutExpired:
        raise InvalidInput("the recording cannot be read in time", code="sound_format") from None
    if done.returncode != 0 or not target.exists():
        raise InvalidInput("the recording is damaged or holds no sound", code="sound_format")


def _read(path: Path) -> array.array[int]:
    try:
        with wave.open(str(path), "rb") as sound:
            samples = array.array("h", sound.readframes(sound.getnframes()))
    except (wave.Error, EOFError, ValueError):
        raise InvalidInput("the recording is damaged or holds no sound", code="sound_format") from None
    if sys.byteorder == "big":
        samples.byteswap()
    if not samples:
        raise InvalidInput("the recording holds no sound", code="sound_format")
    return samples


def _write(path: Path, samples: array.array[int]) -> None:
    if sys.byteorder == "big":
        samples = array.array("h", samples)
        samples.byteswap()
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples.tobytes())
