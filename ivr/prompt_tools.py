"""What `hotline prompts` does: check the sounds against the texts, render what is missing, write the artist's script."""

from __future__ import annotations

import csv
import math
import struct
import tempfile
import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.prompt_catalogue import LANGUAGES, Prompt, PromptCatalogue, PromptError, load_catalogue
from ivr.prompt_sentences import SLOTS, SentenceKind
from ivr.prompt_sounds import (
    SHIPPED_FOLDER,
    TONES,
    Manifest,
    ShippedSound,
    install_sounds,
    read_manifest,
    sha256_of,
    sound_path,
    write_manifest,
)
from ivr.speech import SOUND_SUFFIX, SpeechEngine, SpeechError, Utterance, encode_g722

__all__ = ["Problem", "Rendered", "check", "install_sounds", "render", "script"]

SAVE_EVERY = 20
TONE_RATE_HZ = 16_000
_TONE_PARTS: dict[str, tuple[tuple[float, float], ...]] = {  # name -> (Hz, seconds); 0 Hz is silence
    "beep": ((1_000.0, 0.35), (0.0, 0.05)),
    "beeperr": ((440.0, 0.18), (0.0, 0.08), (440.0, 0.18), (0.0, 0.05)),
    "ringback": ((450.0, 1.0), (0.0, 4.0)),
    "silence/1": ((0.0, 1.0),),
    "silence/2": ((0.0, 2.0),),
    "silence/3": ((0.0, 3.0),),
}
_TONE_LEVEL = 0.25


@dataclass(frozen=True)
class Problem:
    """One finding of `check`; `remedy` is what the operator should do."""

    code: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code} {self.what} ({self.remedy})"


@dataclass(frozen=True)
class Rendered:
    """What one `render` did."""

    made: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


_RENDER = "hotline prompts render"


def check(*, folder: Path = SHIPPED_FOLDER, catalogues: Iterable[PromptCatalogue] | None = None) -> list[Problem]:
    """Every prompt has a whole sound made of today's text; every sentence can be said. Empty means all is well."""
    try:
        loaded = list(catalogues) if catalogues is not None else [load_catalogue(language) for language in LANGUAGES]
    except PromptError as error:
        return [Problem("PROMPT-001", str(error), "correct the file in ivr/prompts")]
    manifest = read_manifest(folder)
    problems: list[Problem] = []
    for catalogue in loaded:
        sounds = manifest.get(catalogue.language, {})
        for prompt in catalogue.prompts():
            problems += _sound_problems(catalogue.language, prompt, sounds.get(prompt.key), folder=folder)
        for name in TONES:
            if not (folder / catalogue.language / (name + SOUND_SUFFIX)).exists():
                problems.append(Problem("PROMPT-005", f"tone {catalogue.language}/{name} is missing", _RENDER))
        problems += _sentence_problems(catalogue)
    return problems


def _sound_problems(language: str, prompt: Prompt, sound: ShippedSound | None, *, folder: Path) -> list[Problem]:
    where = f"{language}/{prompt.key}"
    path = sound_path(language, prompt.key, folder=folder)
    if sound is None or not path.exists():
        return [Problem("PROMPT-002", f"{where} has no sound", _RENDER)]
    if sound.text_hash != prompt.text_hash:
        return [Problem("PROMPT-003", f"{where}: the text has changed since its sound was made", _RENDER)]
    if sha256_of(path) != sound.sha256:
        return [Problem("PROMPT-004", f"{where}: the sound file is not the one in the manifest", _RENDER)]
    return []


def _sentence_problems(catalogue: PromptCatalogue) -> list[Problem]:
    problems = []
    for kind in SentenceKind:
        try:
            parts = catalogue.sentence(kind)
        except PromptError as error:
            problems.append(Problem("PROMPT-006", str(error), f"add it to {catalogue.language}.toml"))
            continue
        for part in parts:
            known = part[1:-1] in SLOTS if part.startswith("{") else part in catalogue
            if not known:
                what = f"sentence {kind.value} in {catalogue.language} uses unknown {part}"
                problems.append(Problem("PROMPT-006", what, f"correct {catalogue.language}.toml"))
    return problems


def render(
    engines: Sequence[SpeechEngine],
    *,
    folder: Path = SHIPPED_FOLDER,
    keys: frozenset[str] | None = None,
    catalogues: Iterable[PromptCatalogue] | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, key: None,
) -> Rendered:
    """Makes the sounds that `check` would miss (with `keys`: exactly these, again). What is made survives an interruption."""
    loaded = list(catalogues) if catalogues is not None else [load_catalogue(language) for language in LANGUAGES]
    by_language = {engine.language: engine for engine in reversed(engines) if engine.available()}
    manifest = read_manifest(folder)
    wanted = _wanted(loaded, manifest, folder=folder, keys=keys)
    made: list[str] = []
    failed: list[tuple[str, str]] = []
    try:
        for done, (language, prompt) in enumerate(wanted):
            where = f"{language}/{prompt.key}"
            on_progress(done, len(wanted), where)
            try:
                sound = _render_one(by_language.get(language), language, prompt, folder=folder)
            except SpeechError as error:
                failed.append((where, str(error)))
                continue
            manifest.setdefault(language, {})[prompt.key] = sound
            made.append(where)
            if len(made) % SAVE_EVERY == 0:
                write_manifest(manifest, folder)
    finally:
        for catalogue in loaded:
            _forget_removed(manifest, catalogue, folder=folder)
            make_tones(folder / catalogue.language)
        write_manifest(manifest, folder)
    return Rendered(tuple(made), tuple(failed))


def _wanted(
    catalogues: Iterable[PromptCatalogue], manifest: Manifest, *, folder: Path, keys: frozenset[str] | None
) -> list[tuple[str, Prompt]]:
    """`keys` are <language>/<key>; None means whatever `check` would complain of."""
    found = []
    for catalogue in catalogues:
        sounds = manifest.get(catalogue.language, {})
        for prompt in catalogue.prompts():
            if keys is not None:
                is_wanted = f"{catalogue.language}/{prompt.key}" in keys
            else:
                is_wanted = bool(_sound_problems(catalogue.language, prompt, sounds.get(prompt.key), folder=folder))
            if is_wanted:
                found.append((catalogue.language, prompt))
    return found


def _render_one(engine: SpeechEngine | None, language: str, prompt: Prompt, *, folder: Path) -> ShippedSound:
    if engine is None:
        raise SpeechError(f"no installed engine speaks {language}")
    path = sound_path(language, prompt.key, folder=folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    utterance = Utterance(prompt.spoken, language, prompt.voicing.speed, prompt.voicing.carrier, prompt.voicing.lead)
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "prompt.wav"
        seconds = engine.speak(utterance, wav)
        encode_g722(wav, path)
    return ShippedSound(prompt.key, prompt.text_hash, engine.name, round(seconds, 2), sha256_of(path))


def _forget_removed(manifest: Manifest, catalogue: PromptCatalogue, *, folder: Path) -> None:
    """A key that left the catalogue leaves the folder too."""
    sounds = manifest.get(catalogue.language, {})
    for key in set(sounds) - catalogue.keys():
        del sounds[key]
        sound_path(catalogue.language, key, folder=folder).unlink(missing_ok=True)


def make_tones(folder: Path) -> None:
    """The tones and silences of one language's folder that are not there yet."""
    for name in TONES:
        target = folder / (name + SOUND_SUFFIX)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        samples = [
            int(32_767 * _TONE_LEVEL * math.sin(2 * math.pi * hertz * index / TONE_RATE_HZ))
            for hertz, seconds in _TONE_PARTS[name]
            for index in range(int(seconds * TONE_RATE_HZ))
        ]
        with tempfile.TemporaryDirectory() as scratch:
            wav = Path(scratch) / "tone.wav"
            with wave.open(str(wav), "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(TONE_RATE_HZ)
                sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
            encode_g722(wav, target)


def script(out: Path, *, catalogues: Iterable[PromptCatalogue] | None = None) -> tuple[Path, Path]:
    """The list for a voice artist: <out>/script.csv (for a spreadsheet) and <out>/script.txt (to read from)."""
    loaded = list(catalogues) if catalogues is not None else [load_catalogue(language) for language in LANGUAGES]
    out.mkdir(parents=True, exist_ok=True)
    table, readable = out / "script.csv", out / "script.txt"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["language", "file", "group", "text", "spoken"])
        for catalogue in loaded:
            for prompt in catalogue.prompts():
                name = f"{catalogue.language}/{prompt.key}.wav"
                writer.writerow([catalogue.language, name, prompt.group, prompt.text, prompt.spoken])
    readable.write_text("".join(_readable(catalogue) for catalogue in loaded), encoding="utf-8")
    return table, readable


def _readable(catalogue: PromptCatalogue) -> str:
    lines = [
        f"# {catalogue.language}: a file per line; 16 bit mono WAV, at least 16 kHz, 0.1 s of silence at both ends\n"
    ]
    group = ""
    for prompt in catalogue.prompts():
        if prompt.group != group:
            group = prompt.group
            lines.append(f"\n== {group}\n")
        lines.append(f"{prompt.key + '.wav':36} {prompt.text}\n")
    return "".join([*lines, "\n"])
