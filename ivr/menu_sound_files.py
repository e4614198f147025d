"""The files behind prompts edited in the browser: drafts kept aside, the published one where Asterisk plays from."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from crm_core.errors import NotFound
from crm_core.menus.kinds import LANGUAGES
from ivr.prompt_sounds import PROMPT_FOLDER, RECORDED_FOLDER_NAME, RECORDED_SUFFIX, SHIPPED_FOLDER, sound_path
from ivr.speech import SOUND_SUFFIX, encode_g722

STORE_NAME = "prompt-sounds"
LISTEN_NAME = Path("cache") / "prompt-wav"
LISTEN_FILES_MAX = 400
_DECODE_TIMEOUT_S = 30.0


class SoundFiles:
    """One home's folders. ``shipped`` is what came with the house."""

    def __init__(self, home: Path, *, shipped: Path = SHIPPED_FOLDER) -> None:
        self._sounds = home / "sounds"
        self._recorded = home / RECORDED_FOLDER_NAME
        self._store = home / STORE_NAME
        self._listen = home / LISTEN_NAME
        self._shipped = shipped

    def heard(self, language: str) -> frozenset[str]:
        """Prompts with a file that Asterisk can play."""
        folder = self._sounds / language / PROMPT_FOLDER
        if not folder.is_dir():
            return frozenset()
        return frozenset(
            entry.name.rpartition(".")[0] for entry in os.scandir(folder) if entry.is_file() and entry.stat().st_size
        )

    def recorded(self, language: str) -> frozenset[str]:
        """Prompts whose recording was laid into the home by hand."""
        folder = self._recorded / language
        return frozenset(path.stem for path in folder.glob("*" + RECORDED_SUFFIX)) if folder.is_dir() else frozenset()

    def keep(self, wav: Path, name: str) -> Path:
        """Encode a draft into the store. Raises SpeechError."""
        self._store.mkdir(parents=True, exist_ok=True)
        target = self._store / name
        encode_g722(wav, target)
        return target

    def keep_encoded(self, sound: Path, name: str) -> Path:
        self._store.mkdir(parents=True, exist_ok=True)
        part = self._store / (name + ".new")
        shutil.copyfile(sound, part)
        part.replace(self._store / name)
        return self._store / name

    def stored(self, name: str) -> Path:
        """Raises NotFound."""
        path = self._store / Path(name).name
        if not name or not path.is_file():
            raise NotFound("the file of this sound is gone")
        return path

    def forget(self, name: str) -> None:
        if name:
            (self._store / Path(name).name).unlink(missing_ok=True)

    def install(self, name: str, key: str, language: str) -> None:
        """Callers hear this sound from now on; replaced whole, while Asterisk plays. Raises NotFound."""
        self._place(self.stored(name), key, language)

    def restore(self, key: str, language: str) -> None:
        """What came with the house, or was laid into the home; nothing when there is neither."""
        own = self._recorded / language / (key + RECORDED_SUFFIX)
        shipped = sound_path(language, key, folder=self._shipped)
        if own.is_file():
            part = self._store / f"{language}-{key}{SOUND_SUFFIX}"
            self._store.mkdir(parents=True, exist_ok=True)
            encode_g722(own, part)
            self._place(part, key, language)
            part.unlink(missing_ok=True)
        elif shipped.is_file():
            self._place(shipped, key, language)
        else:
            self._remove(key, language, but=None)

    def wav(self, sound: Path) -> Path:
        """For the browser, made once. Raises NotFound when it cannot be made."""
        stat = sound.stat()
        target = self._listen / f"{sound.parent.parent.name}-{sound.stem}-{stat.st_mtime_ns}-{stat.st_size}.wav"
        if not target.exists():
            self._listen.mkdir(parents=True, exist_ok=True)
            self._prune()
            _decode(sound, target)
        return target

    def playing(self, key: str, language: str) -> Path:
        """The file that callers hear. Raises NotFound."""
        path = self._sounds / language / PROMPT_FOLDER / (key + SOUND_SUFFIX)
        if not path.is_file():
            raise NotFound("this prompt has no sound")
        return path

    def _place(self, source: Path, key: str, language: str) -> None:
        target = self._sounds / language / PROMPT_FOLDER / (key + SOUND_SUFFIX)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".new")
        shutil.copyfile(source, part)
        part.replace(target)
        self._remove(key, language, but=target)

    def _remove(self, key: str, language: str, *, but: Path | None) -> None:
        """Other formats of the same prompt would be played instead by callers with another codec."""
        if language not in LANGUAGES:
            raise NotFound("no such language")
        for path in (self._sounds / language / PROMPT_FOLDER).glob(f"{key}.*"):
            if path != but:
                path.unlink(missing_ok=True)

    def _prune(self) -> None:
        found = sorted(self._listen.glob("*.wav"), key=lambda path: path.stat().st_mtime)
        for path in found[: max(0, len(found) - LISTEN_FILES_MAX)]:
            path.unlink(missing_ok=True)


def _decode(sound: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "g722", "-i", f"file:{sound}", "-f", "wav", f"file:{part}"]
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=_DECODE_TIMEOUT_S)
        part.replace(target)
    except (subprocess.SubprocessError, OSError) as error:
        raise NotFound("the sound cannot be played here") from error
    finally:
        part.unlink(missing_ok=True)
