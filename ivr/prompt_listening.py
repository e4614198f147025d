"""Measures the prompts by ear: every one alone and inside the sentences that the flows make of it."""

from __future__ import annotations

import array
import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ivr.prompt_catalogue import Prompt, PromptCatalogue
from ivr.prompt_hearing import errors_per_unit, plain, same_sound, same_unit, telephone_samples
from ivr.prompt_sounds import SHIPPED_FOLDER, sound_path

# How flows join fragments: keys and @groups. A recogniser cannot judge a lone syllable; a patient hears sentences too.
CONTEXTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "zh": (
        ("appointment-at", "@months", "@days", "@weekdays", "@times", "@departments", "@doctors"),
        ("opening-hours", "@hours", "until", "@hours"),
        ("booking-earliest", "@months", "@days", "@hours", "@minutes"),
        ("agent-number", "@digits", "@digits", "@digits", "@digits", "at-your-service"),
        ("ticket-number", "@digits", "@digits", "@digits", "@digits", "@digits", "@digits"),
        ("waiting-list-ahead", "@numbers"),
        ("fees-total", "@hundreds", "@numbers", "yuan"),
        ("fees-total", "@yuan", "@jiao"),
        ("balance-is", "@numbers", "@wan", "@hundreds", "yuan"),
        ("@fees", "@yuan"),
        ("@departments", "@keys"),
        ("@options", "@keys"),
        ("@patients", "@keys"),
        ("@surnames", "hello"),
        ("@surname-doctors", "consults-at", "@weekdays", "option-morning"),
        ("@doctors", "@titles", "@keys"),
        ("@ordinals", "@months", "@days", "@weekdays", "@times"),
        ("@pieces", "@months", "@days", "@weekdays"),
    ),
    "en": (
        ("appointment-at", "@weekdays", "@months", "@days", "@times", "dept-cardiology", "doctor-unknown"),
        ("opening-hours", "@hours", "until", "@hours"),
        ("booking-earliest", "@weekdays", "@hours", "@minutes"),
        ("agent-number", "@digits", "@digits", "@digits", "@digits", "at-your-service"),
        ("waiting-list-ahead", "@numbers"),
        ("fees-total", "@hundreds", "@numbers", "yuan"),
        ("@keys", "for", "@departments"),
        ("@keys", "for", "@options"),
        ("@ordinals", "@weekdays", "@times"),
        ("@fees", "@numbers", "yuan"),
        ("@pieces", "@weekdays", "@months", "@days"),
    ),
}
ROUNDS_MIN = 6  # sentences of a template whose groups earlier ones have covered
_STRIDE = 7  # so that two places of one group in a sentence do not say the same
_COLUMNS = (
    "language", "group", "key", "text", "error_rate", "sound_error_rate", "error_rate_alone", "sentences", "heard_alone",
    "level_dbfs", "silence_before_s", "silence_after_s",
)  # fmt: skip
_WIDE_HZ = 16_000  # levels are those of the whole sound: a telephone loses most of an s
_FRAME_S = 0.01
_ACTIVE_DB = -30.0  # a frame counts as speech when it is at most so far below the loudest
_FULL_SCALE = 32_768.0


class Recogniser(Protocol):
    """What this module needs of an Ear."""

    rate_hz: int

    def hear(self, pcm: bytes) -> str: ...


@dataclass(frozen=True)
class Sounding:
    """Level of the speech (dBFS, RMS of what is not silence) and the silence around it."""

    level_dbfs: float
    before_s: float
    after_s: float


@dataclass(frozen=True)
class Measure:
    """One prompt by ear. Rates are errors per character or word; `sound_rate` forgives homophones.

    `alone` is the prompt by itself, None when it was not heard so. The other two are its share of the errors in
    sentences; they are those of the prompt by itself when no sentence says it.
    """

    language: str
    key: str
    group: str
    text: str
    alone: float | None
    rate: float
    sound_rate: float
    times: int
    sounding: Sounding
    heard: str


@dataclass(frozen=True)
class Sentence:
    """One joined sentence by ear."""

    keys: tuple[str, ...]
    expected: str
    heard: str
    rate: float
    sound_rate: float


def passages(catalogue: PromptCatalogue) -> Iterator[tuple[str, ...]]:
    """Sentences as keys, enough of them that every member of every group named in CONTEXTS is said at least once."""
    groups: dict[str, list[str]] = defaultdict(list)
    covered: set[str] = set()
    for prompt in catalogue.prompts():
        groups[prompt.group].append(prompt.key)
    for template in CONTEXTS[catalogue.language]:
        named = [part[1:] for part in template if part.startswith("@")]
        if any(part not in catalogue for part in template if not part.startswith("@")):
            continue
        fresh = [len(groups[name]) for name in named if name not in covered]
        covered.update(named)
        for index in range(max(fresh, default=ROUNDS_MIN if all(groups[name] for name in named) else 0)):
            yield tuple(
                groups[part[1:]][(index + place * _STRIDE) % len(groups[part[1:]])] if part.startswith("@") else part
                for place, part in enumerate(template)
                if not part.startswith("@") or groups[part[1:]]
            )


class Listener:
    """Hears the sounds of one language's folder; samples are decoded once."""

    def __init__(self, catalogue: PromptCatalogue, ear: Recogniser, *, folder: Path = SHIPPED_FOLDER) -> None:
        self._catalogue = catalogue
        self._ear = ear
        self._folder = folder
        self._samples: dict[str, bytes] = {}

    @property
    def rate_hz(self) -> int:
        return self._ear.rate_hz

    def forget(self, key: str) -> None:
        """Its sound has been made again."""
        self._samples.pop(key, None)

    def has(self, key: str) -> bool:
        """Whether there is a sound; what is missing is found by `check`, not by ear."""
        return sound_path(self._catalogue.language, key, folder=self._folder).exists()

    def samples(self, key: str) -> bytes:
        if key not in self._samples:
            path = sound_path(self._catalogue.language, key, folder=self._folder)
            self._samples[key] = telephone_samples(path, self._ear.rate_hz)
        return self._samples[key]

    def sentence(self, keys: Sequence[str], *, instead: Mapping[str, bytes] | None = None) -> Sentence:
        """The prompts one after the other; `instead` gives other samples for some keys."""
        other = instead or {}
        heard = self._ear.hear(b"".join(other.get(key) or self.samples(key) for key in keys))
        units, got = self._units(keys), plain(heard, language=self._catalogue.language)
        errors, sounds = (sum(errors_per_unit(units, got, same)) for same in (same_unit, same_sound))
        total = max(1, len(units))
        return Sentence(tuple(keys), self._catalogue.text_of(keys), heard, errors / total, sounds / total)

    def shares(self, keys: Sequence[str], heard: str, same: Callable[[str, str], bool]) -> list[tuple[str, int, int]]:
        """(key, errors, units) for each part of a sentence that was heard."""
        language = self._catalogue.language
        errors = errors_per_unit(self._units(keys), plain(heard, language=language), same)
        shares, start = [], 0
        for key in keys:
            length = len(self._units([key]))
            shares.append((key, sum(errors[start : start + length]), length))
            start += length
        return shares

    def sounding(self, key: str) -> Sounding:
        path = sound_path(self._catalogue.language, key, folder=self._folder)
        return sounding(telephone_samples(path, _WIDE_HZ, through_hz=_WIDE_HZ), _WIDE_HZ)

    def _units(self, keys: Iterable[str]) -> list[str]:
        language = self._catalogue.language
        return [unit for key in keys for unit in plain(self._catalogue.prompt(key).spoken, language=language)]


def sounding(pcm: bytes, rate_hz: int) -> Sounding:
    """-120 dBFS and all silence for an empty or silent sound."""
    samples = array.array("h", pcm)
    size = int(rate_hz * _FRAME_S)
    powers = [
        sum(one * one for one in samples[at : at + size]) / size for at in range(0, len(samples) - size + 1, size)
    ]
    floor = max(powers, default=0.0) * 10 ** (_ACTIVE_DB / 10)
    active = [index for index, power in enumerate(powers) if power > floor]
    if not active:
        return Sounding(-120.0, len(samples) / rate_hz, 0.0)
    level = 10 * math.log10(sum(powers[index] for index in active) / len(active) / _FULL_SCALE**2)
    return Sounding(level, active[0] * _FRAME_S, (len(powers) - 1 - active[-1]) * _FRAME_S)


def listen(
    listener: Listener,
    catalogue: PromptCatalogue,
    *,
    keys: frozenset[str] | None = None,
    is_alone: bool = False,
    on_progress: Callable[[int, int, str], None] = lambda done, total, step: None,
) -> tuple[list[Measure], list[Sentence]]:
    """Every prompt (or `keys`) in the sentences of CONTEXTS that say it; alone, when none does or with `is_alone`."""
    wanted = [prompt for prompt in catalogue.prompts() if listener.has(prompt.key) and (not keys or prompt.key in keys)]
    spoken = [one for one in passages(catalogue) if all(map(listener.has, one)) and (not keys or keys & {*one})]
    total = len(wanted) + len(spoken)
    sentences: list[Sentence] = []
    shares: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for done, passage in enumerate(spoken):
        on_progress(done, total, " ".join(passage))
        sentences.append(listener.sentence(passage))
        exact = listener.shares(passage, sentences[-1].heard, same_unit)
        by_sound = listener.shares(passage, sentences[-1].heard, same_sound)
        for (key, errors, length), (_, sounds, _) in zip(exact, by_sound, strict=True):
            shares[key].append((errors, sounds, length))
    measures = []
    for done, prompt in enumerate(wanted, len(spoken)):
        on_progress(done, total, prompt.key)
        measures.append(_measure(listener, catalogue.language, prompt, shares[prompt.key], is_alone=is_alone))
    return measures, sentences


def _measure(
    listener: Listener, language: str, prompt: Prompt, shares: list[tuple[int, int, int]], *, is_alone: bool
) -> Measure:
    alone = listener.sentence([prompt.key]) if is_alone or not shares else None
    units = sum(length for _, _, length in shares)
    if units:
        rate, sound_rate = sum(one[0] for one in shares) / units, sum(one[1] for one in shares) / units
    else:
        assert alone is not None
        rate, sound_rate = alone.rate, alone.sound_rate
    return Measure(
        language=language,
        key=prompt.key,
        group=prompt.group,
        text=prompt.text,
        alone=None if alone is None else alone.rate,
        rate=rate,
        sound_rate=sound_rate,
        times=len(shares),
        sounding=listener.sounding(prompt.key),
        heard="" if alone is None else alone.heard,
    )


def write_table(measures: Iterable[Measure], path: Path) -> None:
    """One line per prompt, worst first within each group; opens in a spreadsheet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for one in sorted(measures, key=lambda one: (one.language, one.group, -one.rate, one.key)):
            sound = one.sounding
            rates = ["" if value is None else f"{value:.3f}" for value in (one.rate, one.sound_rate, one.alone)]
            place = [f"{sound.level_dbfs:.1f}", f"{sound.before_s:.2f}", f"{sound.after_s:.2f}"]
            writer.writerow([one.language, one.group, one.key, one.text, *rates, one.times, one.heard, *place])
