"""How names are found by telephone keys and by pinyin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

from crm_core.patients.names import pinyin_of

_KEYS = {letter: key for key, letters in {
    "2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz",
}.items() for letter in letters}  # fmt: skip


@dataclass(frozen=True)
class Spelling:
    """One name as it can be typed."""

    pinyin: str
    initials: str
    keypad: str


def spell_person(name: str) -> Spelling:
    """The surname by its own reading: 曾国强 is zeng."""
    return _spell(name, pinyin_of)


def spell_word(name: str) -> Spelling:
    """Names of departments; letters and digits stay as they are."""
    return _spell(name, lambda text: lazy_pinyin(text, style=Style.NORMAL, v_to_u=False))


def keys_of(letters: str) -> str:
    """``xnk`` -> ``965``; a digit is its own key, everything else is left out."""
    return "".join(char if char in "0123456789" else _KEYS.get(char, "") for char in letters.lower())


def _spell(name: str, syllables_of: Callable[[str], Sequence[str]]) -> Spelling:
    syllables = [part.lower().replace("ü", "v") for part in syllables_of(name) if part.strip()]
    initials = "".join(part[0] for part in syllables)[:16]
    return Spelling("".join(syllables)[:128], initials, keys_of(initials))
