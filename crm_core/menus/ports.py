"""What the pages of menus and prompts ask of the IVR: play a menu without a telephone, make and keep sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from crm_core.menus.cards import Editor, SoundCard
from crm_core.menus.tree import MenuTree


@dataclass(frozen=True)
class FlowCard:
    """One named flow of the IVR that a node may run."""

    name: str
    title_zh: str
    title_en: str


class TestCaller(StrEnum):
    """Who calls in a rehearsal. ``member`` and ``elderly`` are invented patients, ``shared`` a number of two."""

    __test__ = False

    UNKNOWN = "unknown"
    MEMBER = "member"
    ELDERLY = "elderly"
    SHARED = "shared"


@dataclass(frozen=True)
class Rehearsed:
    """One line of a rehearsal. ``kind``: say, ask, key, set, record. ``prompts`` are what is heard, in order."""

    kind: str
    node: str = ""
    key: str = ""
    language: str = "zh"
    prompts: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """A whole rehearsal. ``end``: waits (for a key), queue, department, hangup, flow (not played further), stuck."""

    lines: tuple[Rehearsed, ...]
    nodes: tuple[str, ...]
    end: str
    target: str = ""
    """Queue, department or flow."""
    priority: int = 0
    digits_wanted: int = 0
    """How many keys the question takes that is being waited for; 0 when the call is over."""


class MenuRehearsal(Protocol):
    """Plays a tree with the same runner that serves callers; touches no patient, books nothing. Thread-safe."""

    def flows(self) -> Sequence[FlowCard]:
        """What a flow node may run."""

    def play(self, tree: MenuTree, *, keys: Sequence[str], at: datetime, caller: TestCaller) -> Rehearsal:
        """``keys``: the answers so far, one entry a question; "" is silence. Raises InvalidInput."""


@dataclass(frozen=True)
class PromptCard:
    """One prompt in one language. ``source``: recorded, synthesised, or "" when there is no sound (missing)."""

    key: str
    language: str
    text: str
    group: str
    source: str
    is_own: bool
    length_s: float = 0.0
    sounds: tuple[SoundCard, ...] = field(default_factory=tuple)
    """Sounds made in the browser, the newest first."""


class PromptStudio(Protocol):
    """The sounds of the prompts: what is heard now, and the making of others. Thread-safe."""

    def prompts(self) -> Sequence[PromptCard]: ...

    def prompt(self, key: str, language: str) -> PromptCard:
        """Raises NotFound."""

    def heard(self) -> Mapping[str, frozenset[str]]:
        """Language -> keys that have a sound callers can hear."""

    def texts(self, language: str) -> Mapping[str, str]:
        """Key -> what it says."""

    def add(self, key: str, by: Editor, *, text_zh: str, text_en: str) -> None:
        """A prompt of one's own, still without sound. Raises InvalidInput, Conflict."""

    def remove(self, key: str, by: Editor) -> None:
        """Raises NotFound; InvalidInput for a prompt of the house."""

    def upload(self, key: str, language: str, by: Editor, *, content: BinaryIO, name: str) -> SoundCard:
        """Check and keep a recording as a draft. Raises InvalidInput with the reason, NotFound."""

    def synthesise(self, key: str, language: str, by: Editor, *, text: str) -> SoundCard:
        """Ask for a sound in the background. Raises InvalidInput, NotFound, WrongState (no voice, or too many wait)."""

    def publish(self, sound_id: int, by: Editor) -> SoundCard:
        """From now on callers hear this sound; also one of the earlier. Raises NotFound, WrongState."""

    def discard(self, sound_id: int, by: Editor) -> None: ...

    def restore_shipped(self, key: str, language: str, by: Editor) -> None:
        """Callers hear again what came with the house. Raises NotFound."""

    def sound_file(self, key: str, language: str, sound_id: int | None = None) -> Path:
        """A WAV for the browser: of the draft, or of what callers hear now. Raises NotFound."""

    def can_synthesise(self, language: str) -> bool: ...
