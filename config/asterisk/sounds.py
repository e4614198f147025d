"""Makes the sounds Asterisk itself needs: hold music of our own, short signal tones, and silence for its prompts."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

SAMPLE_RATE_HZ = 16000
NOTE_S = 0.75
PENTATONIC_HZ = (293.66, 329.63, 369.99, 440.0, 493.88, 587.33)
MELODY = (0, 2, 3, 4, 3, 2, 1, 0, 1, 3, 4, 5, 4, 3, 2, 3, 2, 1, 0, 1, 2, 3, 4, 3, 5, 4, 3, 2, 1, 2, 1, 0)
SIGNALS = {
    "beep": ((880.0, 0.15),),
    "beeperr": ((440.0, 0.15), (0.0, 0.05), (330.0, 0.25)),
    "pbx-transfer": ((0.0, 0.02),),
    "pbx-invalid": ((440.0, 0.15),),
}
"""Name of Asterisk's own prompt: tones of (hertz, seconds); 0 Hz is silence."""

PEAK = 5200  # of 32767: about -16 dBFS, quieter than speech


def write_hold_music(target: Path) -> None:
    """Writes 24 s of WAV, 16 kHz mono; does nothing when the file is there. Parent folders are made.

    The suffix must be .wav16: by it Asterisk knows the rate.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    note_samples = int(NOTE_S * SAMPLE_RATE_HZ)
    tail_samples = note_samples * 2
    total_samples = note_samples * len(MELODY)
    mix = [0.0] * total_samples
    for position, step in enumerate(MELODY):
        _add_note(mix, at=position * note_samples, samples=tail_samples, pitch_hz=PENTATONIC_HZ[step])
    loudest = max(abs(value) for value in mix)
    _write_wav(target, [int(value / loudest * PEAK) for value in mix])


def write_signal_sounds(folder: Path) -> None:
    """Writes what Asterisk plays by itself during transfers; without these files it gives the transfer up."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, tones in SIGNALS.items():
        target = folder / f"{name}.wav16"
        if not target.exists():
            _write_wav(target, [sample for pitch_hz, seconds in tones for sample in _beep(pitch_hz, seconds)])


def _beep(pitch_hz: float, seconds: float) -> list[int]:
    step = 2 * math.pi * pitch_hz / SAMPLE_RATE_HZ
    return [int(PEAK / 2 * math.sin(step * index)) for index in range(int(seconds * SAMPLE_RATE_HZ))]


def _write_wav(target: Path, samples: list[int]) -> None:
    fresh = target.with_name(f".{target.name}.new")
    with wave.open(str(fresh), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(array.array("h", samples).tobytes())
    fresh.replace(target)


def _add_note(mix: list[float], *, at: int, samples: int, pitch_hz: float) -> None:
    """A struck tone that fades; the tail runs over the end into the beginning, so that the loop has no seam."""
    attack_samples = SAMPLE_RATE_HZ // 50
    for index in range(samples):
        swell = min(1.0, index / attack_samples) * math.exp(-3.0 * index / samples)
        angle = 2 * math.pi * pitch_hz * index / SAMPLE_RATE_HZ
        mix[(at + index) % len(mix)] += swell * (math.sin(angle) + 0.3 * math.sin(2 * angle))
