"""Which voices a home has, in order of preference."""

from __future__ import annotations

from pathlib import Path

from ivr.speech import SpeechEngine
from ivr.speech_flite import FliteEngine
from ivr.speech_kokoro import DEFAULT_VOICE, KokoroEngine, KokoroFiles, SpeechWorker

SPEECH_FOLDER_NAME = "speech-venv"


def engines_of(home: Path, *, voice: str = DEFAULT_VOICE) -> tuple[SpeechEngine, ...]:
    """Kokoro for Mandarin, flite for English; an engine that is not installed says so by `available()`.

    Recorded prompts come before all engines: `prompt_sounds.install_sounds` puts them in place of rendered ones.
    """
    files = KokoroFiles(home / SPEECH_FOLDER_NAME)
    worker = SpeechWorker(files)  # one process for both: a loaded voice holds half a gigabyte
    return (KokoroEngine(files, voice=voice, worker=worker), FliteEngine(worker=worker if files.complete() else None))
