"""How an item is found: its word, its pinyin, its initials, and the keys that type those on a telephone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

TERM_MAX, PINYIN_MAX, SHORT_MAX = 128, 256, 64
_KEYS = {letter: str(key) for key, letters in enumerate(
    ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), start=2
) for letter in letters}  # fmt: skip
"""ITU-T E.161: 2 = ABC ... 9 = WXYZ."""

_NOT_TYPED = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True)
class Spelling:
    term: str
    pinyin: str
    initials: str
    keypad: str
    """The initials as typed on a telephone: 阿莫西林 -> amxl -> 2695. Digits stay, everything else is left out."""


def plain(text: str) -> str:
    """One form for search: full width and case folded, digits of every script as 0-9, no spaces or invisible characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_letter(c) for c in folded if not _is_skipped(c))[:TERM_MAX]


def spelling_of(text: str) -> Spelling:
    term = plain(text)
    parts = [part.lower().replace("ü", "v") for part in lazy_pinyin(term, style=Style.NORMAL, v_to_u=False)]
    syllables = [_NOT_TYPED.sub("", part) for part in parts]
    initials = "".join(_short(syllable, part, term) for syllable, part in zip(syllables, parts, strict=True))
    return Spelling(term, "".join(syllables)[:PINYIN_MAX], initials[:SHORT_MAX], keypad_of(initials[:SHORT_MAX]))


def keypad_of(letters: str) -> str:
    """``amxl`` -> ``2695``; what is neither letter nor digit is left out."""
    return "".join(_KEYS.get(c, c if c in "0123456789" else "") for c in letters.lower())


def _short(syllable: str, part: str, term: str) -> str:
    """A Chinese character gives its first letter, a run of letters and digits gives itself whole."""
    return syllable if part in term else syllable[:1]


def _letter(c: str) -> str:
    return str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c


def _is_skipped(c: str) -> bool:
    return c.isspace() or unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
