"""Chinese names in pinyin: whole, as initials, in their other readings; and whether typed text means a name."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin

from crm_core.patients.surnames import COMPOUND, SINGLE

_INITIALS_MAX = 32
"""At most so many ways to cut typed letters into syllables are followed."""
_SIGNS_MAX = 40
_UNIT = re.compile(r"[a-z']+|[^\s·.a-z]", re.IGNORECASE)
"""One Chinese character, or one word of a foreign name."""
_RUN = re.compile(r"[a-z']+|[^\s·.a-z]+", re.IGNORECASE)
"""What is read in one go: a whole Chinese phrase says how its characters are read."""

_HEAD = re.compile(r"[zcs]h|(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])[aeiouv]{1,3}(?:ng?)?|[aeo][aeiouv]?(?:ng?|r)?")
"""Two or more small letters that can begin (or be) a Mandarin syllable; a few that no syllable has do no harm."""


@dataclass(frozen=True)
class Reading:
    """One way to read a name; ``initials`` has the first letter of every syllable."""

    pinyin: str
    initials: str


@functools.lru_cache(maxsize=65536)
def pinyin_of(name: str) -> tuple[str, ...]:
    """The syllables of a name in lower case without tones, ü as v; the surname by its own table."""
    if len(name) > 2 and name[:2] in COMPOUND:
        return (*COMPOUND[name[:2]], *_syllables(name[2:]))
    if len(name) > 1 and name[0] in SINGLE:
        return (SINGLE[name[0]], *_syllables(name[1:]))
    return _syllables(name)


def initials_of(name: str) -> str:
    return "".join(syllable[0] for syllable in pinyin_of(name) if syllable)


@functools.lru_cache(maxsize=65536)
def readings_of(name: str) -> tuple[Reading, ...]:
    """The right reading first, then what somebody types who reads the surname by the general dictionary."""
    ways = [pinyin_of(name), _syllables(name)]
    if len(name) > 1 and not name[0].isascii():
        ways.append((*_syllables(name[0]), *_syllables(name[1:])))
    readings = [Reading("".join(way)[:128], "".join(part[0] for part in way)[:16]) for way in ways if way]
    return tuple(dict.fromkeys(readings))


def possible_initials(typed: str) -> frozenset[str]:
    """The initials of every name that ``typed`` may mean: ``wangxm`` gives wxm (and waxm, wngxm…); bounded."""
    signs = [_letters_of(char) for char in typed.lower() if not char.isspace()][:_SIGNS_MAX]
    signs = [letters for letters in signs if letters]
    ways: dict[int, set[str]] = {len(signs): {""}}
    for at in range(len(signs) - 1, -1, -1):
        ends = [at + 1, *(end for end in range(at + 2, min(at + 6, len(signs)) + 1) if _is_head(signs[at:end]))]
        found = {letter + rest for letter in signs[at].lower() for end in ends for rest in ways[end]}
        ways[at] = set(sorted(found, key=lambda way: (len(way), way))[:_INITIALS_MAX])
    return frozenset(way[:16] for way in ways[0] if way)


def means(typed: str, name: str) -> bool:
    """True when the text can be typed for the beginning of this name: characters, whole syllables, first letters."""
    units = tuple(_UNIT.findall(name.lower()))
    wanted = "".join(_UNIT.findall(typed.lower()))
    ways = (pinyin_of(name), _syllables(name))
    return any(_follows(wanted, units, way) for way in ways if len(way) == len(units))


def _follows(typed: str, units: tuple[str, ...], syllables: tuple[str, ...]) -> bool:
    if not typed:
        return True
    if not units:
        return False
    rest = units[1:], syllables[1:]
    if typed[0] == units[0] and _follows(typed[1:], *rest):
        return True
    whole = syllables[0]
    if typed.startswith(whole) and _follows(typed[len(whole) :], *rest):
        return True
    if whole.startswith(typed):
        return True
    return typed[0] == whole[0] and _follows(typed[1:], *rest)


def _letters_of(char: str) -> str:
    """A letter is itself; a Chinese character stands for the first letters of its readings, in capitals."""
    if char.isascii():
        return char if char.isalpha() else ""
    return "".join(sorted({one[0] for one in (*_syllables(char), *_surname_readings().get(char, ()))})).upper()


def _is_head(signs: list[str]) -> bool:
    """True when these typed letters can begin a syllable; a Chinese character is whole."""
    text = "".join(signs)
    return bool(_HEAD.fullmatch(text))


@functools.cache
def _surname_readings() -> dict[str, set[str]]:
    """How characters are read in surnames."""
    found = {char: {reading} for char, reading in SINGLE.items()}
    for chars, readings in COMPOUND.items():
        for char, reading in zip(chars, readings, strict=True):
            found.setdefault(char, set()).add(reading)
    return found


def _syllables(text: str) -> tuple[str, ...]:
    """One for each Chinese character; a foreign word counts as one syllable."""
    parts = lazy_pinyin(_RUN.findall(text), style=Style.NORMAL, v_to_u=False)
    return tuple(part.lower().replace("ü", "v") for part in parts)
