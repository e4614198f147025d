"""Makes the few sounds of the simulated network: a voice-like murmur and an answering machine's greeting."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

SAMPLE_RATE_HZ = 8000


def write_carrier_sounds(folder: Path) -> None:
    """Writes voice.wav (30 s) and greeting.wav (6 s); files that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, seconds, pitch_hz in (("voice", 30.0, 180.0), ("greeting", 6.0, 120.0)):
        write_murmur(folder / f"{name}.wav", seconds=seconds, pitch_hz=pitch_hz)


def write_murmur(target: Path, *, seconds: float, pitch_hz: float) -> None:
    """Harmonics that swell four times a second, like syllables: measurable as speech, understood by nobody."""
    if target.exists():
        return
    samples = array.array("h")
    for index in range(int(seconds * SAMPLE_RATE_HZ)):
        at_s = index / SAMPLE_RATE_HZ
        swell = max(0.0, math.sin(2 * math.pi * 4 * at_s)) ** 0.5
        tone = sum(math.sin(2 * math.pi * pitch_hz * harmonic * at_s) / harmonic for harmonic in (1, 2, 3, 5))
        samples.append(int(6000 * swell * tone / 2))
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.tobytes())
