"""The Mandarin engine: Kokoro in a low-priority worker process with an environment of its own."""

from __future__ import annotations

import json
import selectors
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.speech import SpeechError, Utterance

DEFAULT_VOICE = "zf_xiaoyi"
ANSWER_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 5.0
WORKER = Path(__file__).with_name("speech_worker.py")


@dataclass(frozen=True)
class KokoroFiles:
    """Where speech_install puts the environment and the model (HOME/speech-venv)."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def model(self) -> Path:
        return self.folder / "model" / "kokoro-v1.0.int8.onnx"

    @property
    def vocabulary(self) -> Path:
        return self.folder / "model" / "vocab.json"

    @property
    def voices(self) -> Path:
        return self.folder / "model" / "voices"

    def complete(self) -> bool:
        return all(path.exists() for path in (self.python, self.model, self.vocabulary, self.voices))


class SpeechWorker:
    """The worker process: one request, one answer. Started at the first request; a dead or silent one is replaced."""

    def __init__(self, files: KokoroFiles) -> None:
        self._files = files
        self._process: subprocess.Popen[str] | None = None

    def ask(self, request: dict[str, Any]) -> float:
        """Seconds of sound written to request['out']. Raises SpeechError."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                line = process.stdout.readline() if selector.select(ANSWER_TIMEOUT_S) else ""
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError) as error:
            self.close()
            raise SpeechError("the speech worker gave no answer; see its messages on stderr") from error
        if "error" in answer:
            raise SpeechError(f"the speech worker refused: {answer['error']}")
        return float(answer["seconds"])

    def _start(self) -> subprocess.Popen[str]:
        files = self._files
        argv = [str(files.python), str(WORKER), str(files.model), str(files.vocabulary), str(files.voices)]
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        except OSError as error:
            raise SpeechError("the speech environment is missing; run: hotline prompts render") from error
        return self._process

    def close(self) -> None:
        """Ends the process; the next request starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        process.wait(STOP_TIMEOUT_S)


class KokoroEngine:
    """Mandarin by Kokoro-82M (Apache-2.0)."""

    language = "zh"

    def __init__(self, files: KokoroFiles, *, voice: str = DEFAULT_VOICE, worker: SpeechWorker | None = None) -> None:
        self._files = files
        self._voice = voice
        self._worker = worker or SpeechWorker(files)

    @property
    def name(self) -> str:
        return f"kokoro/{self._voice}"

    def available(self) -> bool:
        return self._files.complete()

    def speak(self, utterance: Utterance, out: Path) -> float:
        return self._worker.ask(
            {
                "do": "speak",
                "spoken": utterance.spoken,
                "carrier": utterance.carrier,
                "lead": utterance.lead,
                "voice": self._voice,
                "speed": utterance.speed,
                "out": str(out),
            }
        )

    def close(self) -> None:
        self._worker.close()
