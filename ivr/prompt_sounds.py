"""The sound files of the prompts: the manifest of what is shipped, and the folder Asterisk plays from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ivr.speech import LIVE_FOLDER, SOUND_SUFFIX, SpeechError, encode_g722

SHIPPED_FOLDER = Path(__file__).parent / "sounds"
MANIFEST_NAME = "manifest.json"
RECORDED_FOLDER_NAME = "sounds-recorded"
RECORDED_SUFFIX = ".wav"
PROMPT_FOLDER = "hl"
# Sounds Asterisk's own applications ask for by these names (transfers, Record, AGI silence), and tones of ours.
TONES = ("beep", "beeperr", "ringback", "silence/1", "silence/2", "silence/3")


@dataclass(frozen=True)
class ShippedSound:
    """One line of the manifest. `text_hash` is Prompt.text_hash at the time of rendering."""

    key: str
    text_hash: str
    engine: str
    seconds: float
    sha256: str


Manifest = dict[str, dict[str, ShippedSound]]


def read_manifest(folder: Path = SHIPPED_FOLDER) -> Manifest:
    """language -> key -> sound; empty when nothing has been rendered."""
    path = folder / MANIFEST_NAME
    if not path.exists():
        return {}
    raw = json.loads(path.read_text(encoding="utf-8"))
    return {
        language: {key: ShippedSound(key=key, **fields) for key, fields in sounds.items()}
        for language, sounds in raw.items()
    }


def write_manifest(manifest: Mapping[str, Mapping[str, ShippedSound]], folder: Path = SHIPPED_FOLDER) -> None:
    """Whole or not at all; sorted, so that a change is a short diff."""
    folder.mkdir(parents=True, exist_ok=True)
    plain: dict[str, dict[str, dict[str, object]]] = {}
    for language in sorted(manifest):
        plain[language] = {}
        for key in sorted(manifest[language]):
            fields = asdict(manifest[language][key])
            plain[language][key] = {name: value for name, value in fields.items() if name != "key"}
    part = folder / (MANIFEST_NAME + ".part")
    part.write_text(json.dumps(plain, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST_NAME)


def sound_path(language: str, key: str, *, folder: Path = SHIPPED_FOLDER) -> Path:
    return folder / language / PROMPT_FOLDER / (key + SOUND_SUFFIX)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class InstalledSounds:
    """What one `install_sounds` did; `rejected` are recordings that could not be read, as <language>/<key>."""

    copied: int
    recorded: int
    removed: int
    rejected: tuple[str, ...]


def install_sounds(home: Path, *, shipped: Path = SHIPPED_FOLDER) -> InstalledSounds:
    """Makes HOME/sounds/<lang>/ from the shipped sounds and HOME/sounds-recorded/<lang>/<key>.wav, which win.

    Incremental (nothing is written when nothing changed), safe to run while Asterisk plays: files are replaced whole.
    A recording that is no sound is left out and the shipped one stays: silence is never installed.
    """
    copied = recorded = removed = 0
    rejected: list[str] = []
    for language_folder in sorted(path for path in shipped.iterdir() if path.is_dir()):
        language = language_folder.name
        target_folder = home / "sounds" / language
        wanted: set[Path] = set()
        recordings = home / RECORDED_FOLDER_NAME / language
        overrides = {path.stem: path for path in recordings.glob("*" + RECORDED_SUFFIX)} if recordings.is_dir() else {}
        for source in sorted(language_folder.rglob("*" + SOUND_SUFFIX)):
            target = target_folder / source.relative_to(language_folder)
            wanted.add(target)
            override = overrides.get(source.stem) if source.parent.name == PROMPT_FOLDER else None
            if override is not None:
                try:
                    recorded += _install(override, target, encode=True)
                    continue
                except SpeechError:
                    rejected.append(f"{language}/{override.stem}")
            copied += _install(source, target, encode=False)
        removed += _remove_others(target_folder, wanted)
    return InstalledSounds(copied=copied, recorded=recorded, removed=removed, rejected=tuple(rejected))


def _install(source: Path, target: Path, *, encode: bool) -> int:
    """1 when the target was (re)made. The target carries the source's time, which is how a change is noticed."""
    stamp = source.stat().st_mtime_ns
    is_current = target.exists() and target.stat().st_mtime_ns == stamp
    if is_current and (encode or target.stat().st_size == source.stat().st_size):
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".new")
    if encode:
        encode_g722(source, part)
    else:
        shutil.copyfile(source, part)
    os.utime(part, ns=(stamp, stamp))
    part.replace(target)
    return 1


def _remove_others(folder: Path, wanted: set[Path]) -> int:
    """Sounds that are no longer in the catalogue would be played for a new key of the same name: remove them."""
    found = (path for path in folder.rglob("*" + SOUND_SUFFIX) if path.parent.name != LIVE_FOLDER)
    stale = [path for path in found if path not in wanted]
    for path in stale:
        path.unlink()
    return len(stale)
