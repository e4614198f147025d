"""The studio behind the prompts page: upload or synthesise, listen, publish, go back (C6); implements PromptStudio."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import structlog

from crm_core.errors import HotlineError, InvalidInput, NotFound, WrongState
from crm_core.menus.cards import Editor, SoundCard, SoundSource, SoundState
from crm_core.menus.kinds import LANGUAGES
from crm_core.menus.ports import PromptCard
from crm_core.menus.prompt_records import PromptRecords, checked_text
from ivr.menu_sound_check import UPLOAD_MAX_BYTES, measure, prepare
from ivr.menu_sound_files import SoundFiles
from ivr.prompt_catalogue import SOUND_PREFIX, PromptCatalogue, PromptError
from ivr.prompt_sounds import sha256_of
from ivr.speech import SOUND_SUFFIX, SpeechError, Utterance

log = structlog.get_logger(__name__)

SPEED = 0.9
WAITING_MAX = 20
MAKING_MAX_S = 180.0
LOOK_EVERY_S = 0.3
OWN_GROUP = "own"


class Voice(Protocol):
    """Makes sounds in the background (ivr.speech.SpeechService)."""

    def speaks(self, language: str) -> bool: ...

    def find(self, utterance: Utterance) -> Path | None: ...

    def request(self, utterance: Utterance) -> bool: ...


class Studio:
    """Thread-safe. ``start`` puts published sounds back in place and begins to wait for the voice; ``stop`` ends that."""

    def __init__(
        self,
        records: PromptRecords,
        files: SoundFiles,
        *,
        catalogues: Mapping[str, PromptCatalogue],
        voice: Voice | None = None,
    ) -> None:
        self._records = records
        self._files = files
        self._catalogues = catalogues
        self._voice = voice
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[Utterance, float]] = {}

    def start(self) -> None:
        """``hotline up`` lays the shipped sounds anew: what was published here goes over them again."""
        self._records.fail_waiting("the program was restarted")
        for sound in self._records.sounds(state=SoundState.PUBLISHED):
            try:
                self._files.install(sound.file_name, sound.key, sound.language)
            except (HotlineError, OSError) as error:
                log.error("prompt_not_installed", key=sound.key, language=sound.language, error=type(error).__name__)
        self._thread = threading.Thread(target=self._wait_for_voice, name="prompt-studio", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)

    # -- looking --------------------------------------------------------------------------------------------------

    def prompts(self) -> Sequence[PromptCard]:
        made: dict[tuple[str, str], list[SoundCard]] = {}
        for sound in self._records.sounds():
            made.setdefault((sound.key, sound.language), []).append(sound)
        own = {one.key: one for one in self._records.own_prompts()}
        cards = []
        for language in LANGUAGES:
            heard, recorded = self._files.heard(language), self._files.recorded(language)
            texts = {one.key: one.text_zh if language == "zh" else one.text_en for one in own.values()}
            groups = dict.fromkeys(texts, OWN_GROUP)
            for prompt in self._catalogues[language].prompts():
                texts.setdefault(prompt.key, prompt.text)
                groups.setdefault(prompt.key, prompt.group)
            for key, text in texts.items():
                sounds = tuple(made.get((key, language), ()))
                playing = next((one for one in sounds if one.state is SoundState.PUBLISHED), None)
                source = SoundSource.RECORDED if key in recorded else SoundSource.SYNTHESISED
                cards.append(
                    PromptCard(
                        key=key,
                        language=language,
                        text=(playing.text if playing and playing.text else text),
                        group=groups[key],
                        source=("" if key not in heard else playing.source if playing else source),
                        is_own=key in own,
                        length_s=playing.length_s if playing else 0.0,
                        sounds=sounds,
                    )
                )
        return cards

    def prompt(self, key: str, language: str) -> PromptCard:
        found = next((one for one in self.prompts() if one.key == key and one.language == language), None)
        if found is None:
            raise NotFound("no such prompt")
        return found

    def heard(self) -> Mapping[str, frozenset[str]]:
        return {language: self._files.heard(language) for language in LANGUAGES}

    def texts(self, language: str) -> Mapping[str, str]:
        return {one.key: one.text for one in self.prompts() if one.language == language}

    def text_of(self, language: str, sound: str) -> str:
        """What a sound says; its name when nobody knows. The catalogue first: a rehearsal asks for many."""
        try:
            return self._catalogues[language].text(sound)
        except PromptError:
            key = sound.removeprefix(SOUND_PREFIX)
            return next((one.text for one in self.prompts() if (one.key, one.language) == (key, language)), f"[{key}]")

    def can_synthesise(self, language: str) -> bool:
        return self._voice is not None and self._voice.speaks(language)

    def sound_file(self, key: str, language: str, sound_id: int | None = None) -> Path:
        self._known(key, language)
        if sound_id is None:
            return self._files.wav(self._files.playing(key, language))
        sound = self._records.sound(sound_id)
        if (sound.key, sound.language) != (key, language):
            raise NotFound("no such sound of this prompt")
        return self._files.wav(self._files.stored(sound.file_name))

    # -- making ---------------------------------------------------------------------------------------------------

    def add(self, key: str, by: Editor, *, text_zh: str, text_en: str) -> None:
        if any(key in catalogue for catalogue in self._catalogues.values()):
            raise InvalidInput("the house has a prompt with this key")
        self._records.add_prompt(key, by, text_zh=text_zh, text_en=text_en)

    def remove(self, key: str, by: Editor) -> None:
        if any(key in catalogue for catalogue in self._catalogues.values()):
            raise InvalidInput("a prompt of the house cannot be removed")
        for sound in self._records.remove_prompt(key, by):
            self._files.restore(sound.key, sound.language)

    def upload(self, key: str, language: str, by: Editor, *, content: BinaryIO, name: str) -> SoundCard:
        card = self._known(key, language)
        with tempfile.TemporaryDirectory(prefix="hl-upload-") as folder:
            source, wav = Path(folder) / "upload", Path(folder) / "prompt.wav"
            data = content.read(UPLOAD_MAX_BYTES + 1)
            if len(data) > UPLOAD_MAX_BYTES:
                raise InvalidInput("the recording is too large", code="too_large")
            source.write_bytes(data)
            measured = prepare(source, wav)
            begun = self._records.begin(key, language, by, source=SoundSource.RECORDED, text=card.text)
            try:
                stored = self._files.keep(wav, _file_name(begun.id))
            except SpeechError as error:
                self._records.failed(begun.id, str(error))
                raise InvalidInput(str(error), code="sound_format") from None
        log.info("prompt_uploaded", key=key, language=language, sound=begun.id)
        return self._records.made(
            begun.id, file_name=stored.name, sha256=sha256_of(stored), length_s=measured.length_s,
            level_dbfs=measured.level_dbfs,
        )  # fmt: skip

    def synthesise(self, key: str, language: str, by: Editor, *, text: str) -> SoundCard:
        self._known(key, language)
        words = checked_text(text)
        if not words:
            raise InvalidInput("there is nothing to say")
        if self._voice is None or not self._voice.speaks(language):
            raise WrongState("no voice for this language is installed", code="no_voice")
        utterance = Utterance(self._catalogues[language].spoken(words), language, SPEED)
        with self._lock:
            if len(self._waiting) >= WAITING_MAX:
                raise WrongState("too many sounds are being made", code="busy")
            card = self._records.begin(key, language, by, source=SoundSource.SYNTHESISED, text=words)
            self._waiting[card.id] = (utterance, MAKING_MAX_S)
        self._voice.request(utterance)
        self._wake.set()
        return card

    def publish(self, sound_id: int, by: Editor) -> SoundCard:
        sound = self._records.sound(sound_id)
        self._known(sound.key, sound.language)
        self._files.stored(sound.file_name)
        published = self._records.publish(sound_id, by)
        self._files.install(published.file_name, published.key, published.language)
        return published

    def discard(self, sound_id: int, by: Editor) -> None:
        with self._lock:
            self._waiting.pop(sound_id, None)
        self._files.forget(self._records.discard(sound_id, by).file_name)

    def restore_shipped(self, key: str, language: str, by: Editor) -> None:
        self._records.withdraw(key, language, by)
        self._files.restore(key, language)

    def _known(self, key: str, language: str) -> PromptCard:
        """Only keys of the two catalogues and one's own become file names."""
        if language not in LANGUAGES:
            raise NotFound("no such language")
        return self.prompt(key, language)

    # -- waiting for the voice ------------------------------------------------------------------------------------

    def _wait_for_voice(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            while self._waiting and not self._stopping.wait(LOOK_EVERY_S):
                with self._lock:
                    waiting = list(self._waiting.items())
                for sound_id, (utterance, left_s) in waiting:
                    self._look(sound_id, utterance, left_s)

    def _look(self, sound_id: int, utterance: Utterance, left_s: float) -> None:
        made = self._voice.find(utterance) if self._voice else None
        if made is None and left_s > 0:
            with self._lock:
                if sound_id in self._waiting:
                    self._waiting[sound_id] = (utterance, left_s - LOOK_EVERY_S)
            return
        with self._lock:
            self._waiting.pop(sound_id, None)
        try:
            if made is None:
                self._records.failed(sound_id, "the voice did not speak in time")
                return
            stored = self._files.keep_encoded(made, _file_name(sound_id))
            measured = measure(self._files.wav(stored))
            self._records.made(
                sound_id, file_name=stored.name, sha256=sha256_of(stored), length_s=measured.length_s,
                level_dbfs=measured.level_dbfs,
            )  # fmt: skip
        except (HotlineError, OSError) as error:
            log.error("prompt_not_made", sound=sound_id, error=type(error).__name__)
            self._records.failed(sound_id, "the sound could not be kept")


def _file_name(sound_id: int) -> str:
    return f"{sound_id}-{secrets.token_hex(4)}{SOUND_SUFFIX}"
