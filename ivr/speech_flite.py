"""The English engine: the flite program, polished by the speech worker when one is there."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

from ivr.speech import SpeechError, Utterance
from ivr.speech_kokoro import SpeechWorker

SPEAK_TIMEOUT_S = 60.0


class FliteEngine:
    """English by flite (BSD-like licence, CMU Arctic voices)."""

    language = "en"

    def __init__(self, *, voice: str = "slt", program: str = "flite", worker: SpeechWorker | None = None) -> None:
        self._voice = voice
        self._program = program
        self._worker = worker

    @property
    def name(self) -> str:
        return f"flite/{self._voice}"

    def available(self) -> bool:
        return shutil.which(self._program) is not None

    def speak(self, utterance: Utterance, out: Path) -> float:
        stretch = f"duration_stretch={1 / utterance.speed:.3f}"
        argv = [self._program, "-voice", self._voice, "--setf", stretch, "-t", utterance.spoken, "-o", str(out)]
        try:
            subprocess.run(argv, check=True, capture_output=True, timeout=SPEAK_TIMEOUT_S)
        except FileNotFoundError as error:
            raise SpeechError("flite is not installed; install the package flite") from error
        except subprocess.SubprocessError as error:
            raise SpeechError("flite could not speak") from error
        if self._worker is not None:
            return self._worker.ask({"do": "polish", "wav": str(out), "out": str(out)})
        with wave.open(str(out), "rb") as sound:
            return sound.getnframes() / sound.getframerate()

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
