"""What a caller hears in the queue from time to time: his place and wait now, without leaving his place for it (C19).

app_queue plays one file, ``waiting-told``, and a key pressed meanwhile still counts. Which file that is depends on the
channel's language: ``zh_q2w5`` holds this one sentence, everything else is found in ``zh``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from crm_core.calls.records import CallRecord
from crm_core.ids import CallId
from crm_core.waiting.cards import LineView
from ivr.flows.waiting_phrases import WaitingPhrases
from ivr.prompt_catalogue import SOUND_PREFIX, PromptCatalogue

log = structlog.get_logger(__name__)

TOLD = "waiting-told"
KEYS = "waiting-menu"
SUFFIX = ".g722"
"""g722 has no header: sentences are joined by writing one behind the other."""

AHEAD_MAX = 11
MINUTES_MAX = 31


class ToldLines(Protocol):
    def told(self, queue: str) -> list[tuple[CallRecord, LineView]]: ...


class Sounds(Protocol):
    """Of Telephony, what is needed here."""

    def set_sounds(self, call_id: CallId, language: str) -> None: ...


class Announcer:
    """``tick`` is called by one job. ``folder``: the sounds of this home as Asterisk sees them."""

    def __init__(
        self,
        lines: ToldLines,
        telephony: Sounds,
        *,
        catalogues: Mapping[str, PromptCatalogue],
        folder: Path,
        queues: Sequence[str],
    ) -> None:
        self._lines = lines
        self._telephony = telephony
        self._phrases = WaitingPhrases(catalogues)
        self._folder = folder
        self._queues = queues
        self._told: dict[CallId, str] = {}

    def tick(self) -> None:
        """Whoever waits hears his own place at the next announcement; nothing is sent when nothing has changed."""
        told: dict[CallId, str] = {}
        for queue in self._queues:
            for record, view in self._lines.told(queue):
                language = language_of(record)
                told[record.id] = self._sounds_for(view, language)
                if told[record.id] != self._told.get(record.id, language):
                    self._telephony.set_sounds(record.id, told[record.id])
        self._told = told

    def _sounds_for(self, view: LineView, language: str) -> str:
        """The language that says this place; the plain one (and its general sentence) when it cannot be said."""
        if view.wait_s is None:
            return language
        minutes = min(math.ceil(view.wait_s / 60), MINUTES_MAX)
        name = f"{language}_q{min(view.ahead, AHEAD_MAX)}w{minutes}"
        target = self._folder / name / SOUND_PREFIX / f"{TOLD}{SUFFIX}"
        parts = [self._folder / language / f"{_sound(key)}{SUFFIX}" for key in self._phrases.place(view, language)]
        hint = self._folder / language / f"{_sound(KEYS)}{SUFFIX}"
        if hint.exists():
            parts.append(hint)
        return name if target.exists() or _joined(parts, target) else language


def language_of(record: CallRecord) -> str:
    """What he chose in the menu, as kept with his place."""
    decided = [step.detail.get("language") for step in record.steps if step.kind == "priority_decided"]
    return "en" if decided and decided[-1] == "en" else "zh"


def _sound(key: str) -> str:
    return key if "/" in key else f"{SOUND_PREFIX}{key}"


def _joined(parts: Sequence[Path], target: Path) -> bool:
    """Whole or not at all; False when a part is missing (F37)."""
    try:
        sound = b"".join(part.read_bytes() for part in parts)
    except OSError as error:
        log.warning("announcement_incomplete", missing=Path(str(error.filename)).name)
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_bytes(sound)
    fresh.replace(target)
    return True
