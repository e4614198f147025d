"""Looks whether every prompt of the catalogue can be heard and understood: in the repository and in one home."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.prompt_listening import Measure, Sentence
    from ivr.prompt_tuning import Tuned

Progress = Callable[[int, int, str], None]


def missing_sounds(sounds: Path) -> list[str]:
    """`<language>/hl/<key>` of every prompt for which the home has no file, whatever the format."""
    from ivr.prompt_catalogue import LANGUAGES, load_catalogue

    lacking = []
    for language in LANGUAGES:
        folder = sounds / language / "hl"
        present = {path.stem for path in folder.iterdir() if path.stat().st_size} if folder.is_dir() else set()
        lacking += [f"{language}/hl/{key}" for key in sorted(load_catalogue(language).keys() - present)]
    return lacking


def catalogue_problems() -> list[str]:
    """What `prompts check` finds in the repository: changed texts, missing or broken sounds."""
    from ivr.prompt_tools import check

    return [f"{problem.code} {problem.what} ({problem.remedy})" for problem in check()]


@dataclass(frozen=True)
class Heard:
    """How well the prompts were understood; `sentence_rate` is the mean error rate of the joined sentences."""

    sentence_rate: float
    lines: tuple[str, ...]


def hear_prompts(language: str, keys: frozenset[str], *, table: Path, is_alone: bool, on_progress: Progress) -> Heard:
    """Raises CannotHear when no recogniser is installed."""
    from ivr.prompt_catalogue import load_catalogue
    from ivr.prompt_hearing import Ear
    from ivr.prompt_listening import Listener, listen, write_table

    catalogue = load_catalogue(language)
    listener = Listener(catalogue, Ear(language))
    measures, sentences = listen(listener, catalogue, keys=keys or None, is_alone=is_alone, on_progress=on_progress)
    write_table(measures, table)
    return _summary(measures, sentences)


def _summary(measures: "Sequence[Measure]", sentences: "Sequence[Sentence]") -> Heard:
    groups: dict[str, list[Measure]] = defaultdict(list)
    for one in measures:
        groups[one.group].append(one)
    lines = []
    for group, members in groups.items():
        rate, sound_rate = _mean([one.rate for one in members]), _mean([one.sound_rate for one in members])
        levels = [one.sounding.level_dbfs for one in members]
        lines.append(
            f"{group:16} {len(members):4} prompts, errors {rate:6.1%}, by sound {sound_rate:6.1%}, "
            f"level {min(levels):.1f} to {max(levels):.1f} dBFS"
        )
    rate, sound_rate = _mean([one.rate for one in sentences]), _mean([one.sound_rate for one in sentences])
    lines.append(f"{len(sentences)} joined sentences, errors {rate:.1%}, by sound {sound_rate:.1%}")
    return Heard(rate, tuple(lines))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def improve_prompts(home: Path, language: str, keys: Sequence[str], *, on_progress: Progress) -> "list[Tuned]":
    """Raises SpeechError (no voice), CannotHear (no recogniser), PromptError (no such key)."""
    from ivr.prompt_catalogue import load_catalogue
    from ivr.prompt_hearing import Ear
    from ivr.prompt_listening import Listener
    from ivr.prompt_tuning import Tuner
    from ivr.speech import SpeechError
    from ivr.speech_engines import engines_of

    catalogue = load_catalogue(language)
    engine = next((one for one in engines_of(home) if one.language == language and one.available()), None)
    if engine is None:
        raise SpeechError(f"no installed voice speaks {language}")
    try:
        return Tuner(catalogue, engine, Listener(catalogue, Ear(language))).improve(keys, on_progress)
    finally:
        engine.close()
