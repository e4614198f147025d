"""Text to sound behind one small port: engines, a cache named by content, and a thread that renders off the path of calls."""

from __future__ import annotations

import hashlib
import queue
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

ENCODE_TIMEOUT_S = 60.0
SOUND_SUFFIX = ".g722"
LIVE_FOLDER = "live"
IDLE_S = 120.0
PRUNE_EVERY = 50

_log = structlog.get_logger(__name__)


class SpeechError(Exception):
    """An engine could not speak; the message names the engine and what the operator can do, never the text."""

    code = "SPEECH-001"


@dataclass(frozen=True)
class Utterance:
    """What to say. `spoken` has been through the text front end; `carrier` is said before it and cut off again.

    `lead` is how many phonemes of the carrier's pause are kept, for words with a soft onset.
    """

    spoken: str
    language: str
    speed: float = 1.0
    carrier: str = ""
    lead: int = 0


class SpeechEngine(Protocol):
    """One voice. Called from one thread only."""

    @property
    def name(self) -> str:
        """Engine and voice, e.g. kokoro/zf_xiaoyi; part of the cache's key."""

    @property
    def language(self) -> str: ...

    def available(self) -> bool:
        """False when its program or model is not installed; must be quick."""

    def speak(self, utterance: Utterance, out: Path) -> float:
        """Writes a 16-bit mono WAV; returns its seconds. Raises SpeechError."""

    def close(self) -> None: ...


class SpeechCache:
    """Finished sounds by content: <folder>/<language>/live/<sha256>.g722. Files appear whole or not at all.

    With HOME/sounds as folder Asterisk plays them as live/<sha256> in the caller's language.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = 200_000_000) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._made = 0

    def path(self, engine: SpeechEngine, utterance: Utterance) -> Path:
        identity = "\0".join(
            (
                engine.name,
                utterance.language,
                utterance.spoken,
                f"{utterance.speed:.2f}",
                utterance.carrier,
                str(utterance.lead),
            )
        )
        name = hashlib.sha256(identity.encode()).hexdigest() + SOUND_SUFFIX
        return self._folder / utterance.language / LIVE_FOLDER / name

    def render(self, engine: SpeechEngine, utterance: Utterance) -> Path:
        """Renders unless it is there already. Raises SpeechError."""
        path = self.path(engine, utterance)
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        wav = path.with_suffix(".wav.part")
        try:
            engine.speak(utterance, wav)
            encode_g722(wav, path)
        finally:
            wav.unlink(missing_ok=True)
        self._made += 1
        if self._made % PRUNE_EVERY == 0:
            self.prune()
        return path

    def prune(self) -> int:
        """Removes the oldest sounds beyond the limit; returns how many."""
        found = sorted(self._folder.glob(f"*/{LIVE_FOLDER}/*{SOUND_SUFFIX}"), key=lambda path: -path.stat().st_mtime)
        total, removed = 0, 0
        for path in found:
            total += path.stat().st_size
            if total > self._limit_bytes:
                path.unlink(missing_ok=True)
                removed += 1
        return removed


def encode_g722(source: Path, target: Path) -> None:
    """Any sound to 16 kHz G.722, 8 kB/s: Asterisk plays it to wideband and narrowband callers. Raises SpeechError."""
    part = target.with_name(target.name + ".part")
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "wav", "-i", str(source)]
    argv += ["-ac", "1", "-ar", "16000", "-c:a", "g722", "-f", "g722", str(part)]
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=ENCODE_TIMEOUT_S)
        part.replace(target)
    except FileNotFoundError as error:
        raise SpeechError("ffmpeg is not installed; install the package ffmpeg") from error
    except (subprocess.SubprocessError, OSError) as error:
        raise SpeechError(f"ffmpeg could not encode {target.name}") from error
    finally:
        part.unlink(missing_ok=True)


class SpeechService:
    """What the flows use: `find` answers at once, `request` renders later. A caller never waits for an engine."""

    def __init__(
        self,
        engines: Sequence[SpeechEngine],
        cache: SpeechCache,
        *,
        waiting_limit: int = 200,
        idle_s: float = IDLE_S,
    ) -> None:
        """`engines` in order of preference; `waiting_limit` bounds the queue of texts to render.

        After `idle_s` without work the engines are closed: a loaded voice holds half a gigabyte.
        """
        self._engines = tuple(engines)
        self._cache = cache
        self._idle_s = idle_s
        self._waiting: queue.Queue[Utterance | None] = queue.Queue(waiting_limit)
        self._asked: set[Utterance] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the rendering thread; costs nothing until the first request."""
        self._thread = threading.Thread(target=self.run, name="speech", daemon=True)
        self._thread.start()

    def speaks(self, language: str) -> bool:
        """Whether an installed engine speaks the language."""
        return any(engine.language == language and engine.available() for engine in self._engines)

    def find(self, utterance: Utterance) -> Path | None:
        """The finished sound, or None: play fragments and `request` it."""
        matching = (engine for engine in self._engines if engine.language == utterance.language)
        paths = (self._cache.path(engine, utterance) for engine in matching)
        return next((path for path in paths if path.exists()), None)

    def request(self, utterance: Utterance) -> bool:
        """Asks for a sound to be made some time. False: no installed engine speaks the language, or the queue is full."""
        with self._lock:
            if utterance in self._asked:
                return True
        if not self.speaks(utterance.language):
            return False
        with self._lock:
            try:
                self._waiting.put_nowait(utterance)
            except queue.Full:
                return False
            self._asked.add(utterance)
            return True

    @property
    def waiting(self) -> int:
        """How many texts wait to be rendered."""
        return self._waiting.qsize()

    def run(self) -> None:
        """The rendering thread's body; returns after `stop`. Each text is tried once by each engine that can."""
        while not self._stopping.is_set():
            self.render_next()
        self._close_engines()

    def render_next(self) -> None:
        """Renders the text that waits longest; with nothing to do for `idle_s` the engines are closed."""
        try:
            utterance = self._waiting.get(timeout=self._idle_s)
        except queue.Empty:
            self._close_engines()
            return
        if utterance is not None:
            self.render(utterance)

    def _close_engines(self) -> None:
        for engine in self._engines:
            engine.close()

    def stop(self, *, wait_s: float = 5.0) -> None:
        """Ends `run` after the text in hand; the rest is forgotten (it will be asked for again)."""
        self._stopping.set()
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            _log.info("speech stops with texts waiting", waiting=self._waiting.qsize())
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(wait_s)

    def render(self, utterance: Utterance) -> Path | None:
        """The first engine that succeeds; None when none does (logged, the fragments remain in use)."""
        try:
            for engine in self._engines:
                if engine.language != utterance.language or not engine.available():
                    continue
                try:
                    return self._cache.render(engine, utterance)
                except SpeechError as error:
                    _log.warning("speech engine failed", engine=engine.name, reason=str(error))
            return None
        finally:
            with self._lock:
                self._asked.discard(utterance)
