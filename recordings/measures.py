"""Pure arithmetic on frame levels: who talked how long, how loud, and the waveform for the player."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_core.ports import Peaks, RecordingMeasures

FRAME_S = 0.02
TALK_LEVEL = 184
"""RMS of a 16-bit frame that counts as speech: -45 dBFS, above line noise and comfort noise, below a low voice."""

SILENCE_DBFS = -100.0
_BRIDGED_FRAMES = 15
"""Pauses up to 0.3 s inside a sentence belong to the speech."""
_CLICK_FRAMES = 3
"""Shorter sounds are clicks, no speech."""
_PEAK_STEPS_MAX = 2000
_FULL_SCALE = 32768


@dataclass
class SideLevels:
    """RMS and peak (0..32768) of every 20 ms frame of one side."""

    rms: list[int] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)


def measure(patient: SideLevels, agent: SideLevels, length_s: float) -> RecordingMeasures:
    """Both sides have equally many frames."""
    patient_talk, agent_talk = talk_frames(patient.rms), talk_frames(agent.rms)
    silent = sum(1 for one, other in zip(patient_talk, agent_talk, strict=True) if not one and not other)
    frames = max(1, len(patient_talk))
    return RecordingMeasures(
        length_s=round(length_s, 3),
        patient_talk_ratio=round(sum(patient_talk) / frames, 4),
        agent_talk_ratio=round(sum(agent_talk) / frames, 4),
        silence_ratio=round(silent / frames, 4) if patient_talk else 1.0,
        patient_level_dbfs=level_dbfs(patient.rms, patient_talk),
        agent_level_dbfs=level_dbfs(agent.rms, agent_talk),
        peaks=peaks_of(patient.peak, agent.peak),
    )


def talk_frames(rms: Sequence[int]) -> list[bool]:
    """True for each frame of speech: loud ones, pauses within a sentence bridged, clicks left out."""
    talk = [level >= TALK_LEVEL for level in rms]
    for start, end in _runs(talk, of=False):
        if start > 0 and end < len(talk) and end - start <= _BRIDGED_FRAMES:
            talk[start:end] = [True] * (end - start)
    for start, end in _runs(talk, of=True):
        if end - start < _CLICK_FRAMES:
            talk[start:end] = [False] * (end - start)
    return talk


def level_dbfs(rms: Sequence[int], talk: Sequence[bool]) -> float:
    """Level of the speech only, so that waiting does not make a voice look low; of everything when nobody spoke."""
    levels = [level for level, is_talk in zip(rms, talk, strict=True) if is_talk] or list(rms)
    if not levels:
        return SILENCE_DBFS
    mean = math.sqrt(sum(level * level for level in levels) / len(levels))
    return round(20 * math.log10(mean / _FULL_SCALE), 1) if mean >= 1 else SILENCE_DBFS


def peaks_of(patient: Sequence[int], agent: Sequence[int]) -> Peaks:
    """At most 2,000 steps of whole frames, each the loudest moment of its stretch, 0..100."""
    frames_per_step = max(1, math.ceil(len(patient) / _PEAK_STEPS_MAX))
    return Peaks(
        step_s=round(frames_per_step * FRAME_S, 3),
        patient=_loudest(patient, frames_per_step),
        agent=_loudest(agent, frames_per_step),
    )


def _loudest(peak: Sequence[int], step: int) -> list[int]:
    return [min(100, round(max(peak[i : i + step]) * 100 / _FULL_SCALE)) for i in range(0, len(peak), step)]


def _runs(flags: Sequence[bool], *, of: bool) -> list[tuple[int, int]]:
    """Half-open stretches of frames that are all ``of``."""
    runs = []
    start = None
    for position, flag in enumerate(flags):
        if flag == of and start is None:
            start = position
        elif flag != of and start is not None:
            runs.append((start, position))
            start = None
    if start is not None:
        runs.append((start, len(flags)))
    return runs


def measures_of(stored: dict[str, Any]) -> RecordingMeasures:
    """Measures as they come back from the worker process (``dataclasses.asdict``)."""
    peaks = stored["peaks"]
    waveform = Peaks(float(peaks["step_s"]), tuple(peaks["patient"]), tuple(peaks["agent"]))
    return RecordingMeasures(**(stored | {"peaks": waveform}))
