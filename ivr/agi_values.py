"""How values are written into AGI commands, so that none can be anything but a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from crm_core.errors import InvalidInput

COMMAND_MAX_BYTES = 2000
"""Asterisk reads commands into a buffer of 2048 bytes."""

_SOUND = re.compile(r"[A-Za-z0-9/_.-]{1,250}")
_SAMPLES_PER_S = 8000  # RECORD FILE counts in the format's rate; wav is 8 kHz


def quote(value: object) -> str:
    """In quotes, with escapes, as AGI wants it."""
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def safe_sounds(sounds: Sequence[str]) -> list[str]:
    """Refuses what could be anything but file names: & and , separate, ${} is an expression."""
    for sound in sounds:
        if not _SOUND.fullmatch(sound) or ".." in sound:
            raise InvalidInput("this is not the name of a sound")
    return list(sounds)


def chunks(sounds: Sequence[str]) -> list[Sequence[str]]:
    """Few enough sounds for one command each; at least one chunk."""
    size = max(1, (COMMAND_MAX_BYTES - 200) // (max(map(len, sounds), default=1) + 1))
    return [sounds[i : i + size] for i in range(0, len(sounds), size)] or [[]]


def recorded_length_s(path: Path, end_position: int) -> float:
    """By what Asterisk says, or by the size of the file (16 bit, 8 kHz, 44 bytes of header) when the caller left."""
    if end_position:
        return end_position / _SAMPLES_PER_S
    return max(0, path.stat().st_size - 44) / (2 * _SAMPLES_PER_S) if path.exists() else 0.0
