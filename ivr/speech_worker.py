"""The voice in a process of its own: JSON lines in, WAV files out; runs in the speech environment, never in the product's."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

SAMPLE_RATE_HZ = 24_000
NICENESS = 15
STYLE_ROWS = 510
MAX_PHONEMES = 508
FRAME_MS = 5
SILENCE_DB = -38.0  # relative to the loudest frame
LEAD_S, TAIL_S, FADE_S = 0.06, 0.08, 0.008
ACTIVE_LEVEL_DBFS, PEAK_LIMIT_DBFS = -20.0, -2.0
SENTENCE_PAUSE_S = 0.28
DURATIONS_OUTPUT = "/encoder/Clip_output_0"  # frames per phoneme, inside the model
SAMPLES_PER_FRAME = 600
_PIECE = re.compile(
    r"([\u4e00-\u9fff])\{([a-zü]+[1-5])\}|([\u4e00-\u9fff]+?)(?=[^\u4e00-\u9fff]|$|[\u4e00-\u9fff]\{)|(.)", re.S
)


def mandarin_phonemes() -> Callable[[str], str]:
    """A converter from Hanzi (with optional {pinyin} marks) to the model's phonemes."""
    jieba = importlib.import_module("jieba")
    zh = importlib.import_module("misaki.zh").ZHG2P
    jieba.setLogLevel(60)

    def convert(text: str) -> str:
        phonemes = ""
        for match in _PIECE.finditer(zh.map_punctuation(text)):
            _, pinyin, run, other = match.groups()
            if pinyin:
                phonemes += zh.py2ipa(pinyin.replace("v", "ü"))
            elif run:
                phonemes += " ".join(zh.word2ipa(word) for word in jieba.lcut(run, cut_all=False))
            else:
                phonemes += other
        return phonemes.replace(chr(815), "")

    return convert


def with_durations(model: bytes) -> bytes:
    """The model with its phoneme durations as a second output.

    Serialised protobuf messages merge when concatenated: these bytes add ModelProto.graph(7).output(12).name(1).
    """

    def field(number: int, payload: bytes) -> bytes:
        return bytes([number << 3 | 2, len(payload)]) + payload

    return model + field(7, field(12, field(1, DURATIONS_OUTPUT.encode())))


class Voice:
    """Kokoro on one thread. `voices` holds one <name>.bin per voice (510 x 1 x 256 float32)."""

    def __init__(self, model: Path, vocabulary: Path, *, voices: Path) -> None:
        self._np = importlib.import_module("numpy")
        runtime = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(
            with_durations(model.read_bytes()), options, providers=["CPUExecutionProvider"]
        )
        loaded = json.loads(vocabulary.read_text(encoding="utf-8"))
        self._ids: dict[str, int] = loaded.get("vocab", loaded)
        self._voices = voices
        self._styles: dict[str, Any] = {}

    def speak(self, phonemes: str, *, voice: str, speed: float, skip: int = 0) -> Any:
        """float32 samples at 24 kHz, without the first `skip` phonemes; ValueError: phonemes empty, unknown or too many."""
        unknown = sorted({char for char in phonemes if char not in self._ids})
        if unknown:
            raise ValueError(f"no phoneme for {unknown}")
        ids = [self._ids[char] for char in phonemes]
        if not 0 < len(ids) <= MAX_PHONEMES:
            raise ValueError(f"{len(ids)} phonemes; the model takes 1 to {MAX_PHONEMES}")
        np = self._np
        if voice not in self._styles:
            raw = np.fromfile(self._voices / f"{voice}.bin", dtype=np.float32)
            self._styles[voice] = raw.reshape(STYLE_ROWS, 1, 256)
        inputs = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": self._styles[voice][len(ids)],
            "speed": np.array([speed], dtype=np.float32),
        }
        samples, durations = self._session.run(["audio", DURATIONS_OUTPUT], inputs)
        start = int(durations.ravel()[: 1 + skip].sum()) * SAMPLES_PER_FRAME if skip else 0
        return samples.squeeze()[start:]


def _levels_db(np: Any, samples: Any, rate_hz: int) -> Any:
    """One level per frame, relative to the loudest."""
    size = rate_hz * FRAME_MS // 1_000
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    rms = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1) + 1e-12)
    return 20 * np.log10(rms / max(float(rms.max()), 1e-9))


def _pauses(np: Any, samples: Any, rate_hz: int) -> tuple[list[tuple[int, int]], int, int]:
    """Silent stretches inside the speech as (start, end) samples, and where speech begins and ends."""
    size = rate_hz * FRAME_MS // 1_000
    loud = np.flatnonzero(_levels_db(np, samples, rate_hz) > SILENCE_DB)
    gaps = [(int(a) + 1, int(b)) for a, b in pairwise(loud) if b - a > 1]
    return [(a * size, b * size) for a, b in gaps], int(loud[0]) * size, (int(loud[-1]) + 1) * size


def polish(np: Any, samples: Any, *, rate_hz: int = SAMPLE_RATE_HZ) -> Any:
    """Same loudness for every prompt, 60 ms of silence before and 80 ms after, no clicks."""
    samples = np.asarray(samples, dtype=np.float64)
    _, begin, end = _pauses(np, samples, rate_hz)
    margin = int(0.015 * rate_hz)
    speech = samples[max(0, begin - margin) : end + margin].copy()
    levels = _levels_db(np, speech, rate_hz)
    size = rate_hz * FRAME_MS // 1_000
    active = np.repeat(levels > SILENCE_DB + 8, size)
    rms = float(np.sqrt((speech[: len(active)][active] ** 2).mean()))
    gain = min(10 ** (ACTIVE_LEVEL_DBFS / 20) / rms, 10 ** (PEAK_LIMIT_DBFS / 20) / float(np.abs(speech).max()))
    fade = np.linspace(0.0, 1.0, int(FADE_S * rate_hz))
    speech *= gain
    speech[: len(fade)] *= fade
    speech[-len(fade) :] *= fade[::-1]
    return np.concatenate([np.zeros(int(LEAD_S * rate_hz)), speech, np.zeros(int(TAIL_S * rate_hz))])


def write_wav(np: Any, samples: Any, path: Path, *, rate_hz: int = SAMPLE_RATE_HZ) -> float:
    """16-bit mono; returns seconds."""
    pcm = (np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(pcm.tobytes())
    return len(pcm) / rate_hz


def read_wav(np: Any, path: Path) -> tuple[Any, int]:
    with wave.open(str(path), "rb") as sound:
        pcm = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        return pcm.astype(np.float64) / 32_768, sound.getframerate()


class Worker:
    """Answers one request after the other: `speak` (a text, perhaps after a carrier phrase) or `polish` (a finished WAV)."""

    def __init__(self, voice: Voice, phonemes: Callable[[str], str]) -> None:
        self._np = importlib.import_module("numpy")
        self._voice = voice
        self._phonemes = phonemes

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        np, out = self._np, Path(request["out"])
        if request["do"] == "polish":
            samples, rate_hz = read_wav(np, Path(request["wav"]))
            return {"seconds": write_wav(np, polish(np, samples, rate_hz=rate_hz), out, rate_hz=rate_hz)}
        say = self._fragment if request.get("carrier") else self._sentences
        return {"seconds": write_wav(np, polish(np, say(request)), out)}

    def _sentences(self, request: dict[str, Any]) -> Any:
        """Sentence by sentence (the model drifts in long texts), joined by a short silence."""
        np = self._np
        gap = np.zeros(int(SENTENCE_PAUSE_S * SAMPLE_RATE_HZ))
        joined: list[Any] = []
        for sentence in re.findall(r"[^。！？]+[。！？]?", request["spoken"]):
            phonemes = self._phonemes(sentence)
            samples = self._voice.speak(phonemes, voice=request["voice"], speed=request["speed"])
            _, begin, end = _pauses(np, samples, SAMPLE_RATE_HZ)
            joined += [samples[max(0, begin - 480) : end + 960], gap]
        return np.concatenate(joined[:-1])

    def _fragment(self, request: dict[str, Any]) -> Any:
        """Said as the end of a carrier phrase, which the phoneme durations cut off exactly."""
        carrier = self._phonemes(request["carrier"]) + " "
        skip = len(carrier) - int(request.get("lead", 0))
        spoken = carrier + self._phonemes(request["spoken"].rstrip("。") + "。")
        return self._voice.speak(spoken, voice=request["voice"], speed=request["speed"], skip=skip)


def main() -> int:
    """speech_worker.py MODEL VOCABULARY VOICES: requests on stdin, one answer line each on stdout, until stdin closes."""
    os.nice(NICENESS)
    model, vocabulary, voices = (Path(argument) for argument in sys.argv[1:4])
    worker = Worker(Voice(model, vocabulary, voices=voices), mandarin_phonemes())
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = worker.answer(request)
        except (ValueError, OSError, KeyError, AssertionError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps({"id": request.get("id"), **answer}) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
