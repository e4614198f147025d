"""Turns the two sides of a call into one two-channel recording, its measures and a small copy; the only importer of pydub."""

from __future__ import annotations

import audioop
import hashlib
import itertools
import os
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

from pydub import AudioSegment

from crm_core.ports import RecordingMeasures
from recordings.measures import FRAME_S, SideLevels, measure
from recordings.sound_file import SideFile

_BLOCK_S = 60.0
_WIDTH_BYTES = 2
_COPY_LIMIT_S = 300.0

COPY_FORMATS: dict[str, tuple[str, list[str]]] = {
    "opus": (".ogg", ["-c:a", "libopus", "-application", "voip", "-mapping_family", "0", "-f", "ogg"]),
    "mp3": (".mp3", ["-c:a", "libmp3lame", "-joint_stereo", "0", "-f", "mp3"]),
}
"""Name in the settings -> ending, options of ffmpeg."""


class CopyFailed(Exception):
    """ffmpeg did not make the copy; the recording itself is whole."""


@dataclass(frozen=True)
class JoinedSound:
    measures: RecordingMeasures
    sha256: str
    size_bytes: int


def join_sides(patient: SideFile, agent: SideFile, target: Path) -> JoinedSound:
    """Write left the patient, right what the patient heard, padded to equal length; nothing is trimmed.

    Works in blocks of a minute: memory does not grow with the call. The file is synced before this returns.
    """
    rate_hz = max(patient.rate_hz, agent.rate_hz)
    levels = (SideLevels(), SideLevels())
    samples = 0
    with target.open("wb") as raw:
        with wave.open(raw, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(_WIDTH_BYTES)
            out.setframerate(rate_hz)
            for left, right in itertools.zip_longest(patient.blocks(_BLOCK_S), agent.blocks(_BLOCK_S), fillvalue=b""):
                one, other = _segment(left, patient.rate_hz, rate_hz), _segment(right, agent.rate_hz, rate_hz)
                one, other = _equal_length(one, other, rate_hz)
                out.writeframes(AudioSegment.from_mono_audiosegments(one, other).raw_data)
                samples += len(one.raw_data) // _WIDTH_BYTES
                for side, segment in zip(levels, (one, other), strict=True):
                    _add_levels(side, segment.raw_data, rate_hz)
        raw.flush()
        os.fsync(raw.fileno())
    return JoinedSound(
        measures=measure(*levels, length_s=samples / rate_hz),
        sha256=checksum(target),
        size_bytes=target.stat().st_size,
    )


def make_copy(source: Path, target: Path, *, copy_format: str, kbit_s: int) -> None:
    """A small file for listening. ``source`` is a WAV of ours; ffmpeg may guess nothing and open nothing else (F89)."""
    _, codec = COPY_FORMATS[copy_format]
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-protocol_whitelist", "file,pipe"]
    command += ["-f", "wav", "-i", f"file:{source}", "-map", "0:a:0", "-map_metadata", "-1"]
    command += ["-threads", "1", "-b:a", f"{kbit_s}k", *codec, f"file:{target}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_COPY_LIMIT_S, check=False)
    except FileNotFoundError as error:
        raise CopyFailed("the program ffmpeg is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise CopyFailed(f"ffmpeg did not end in {_COPY_LIMIT_S:.0f} s") from error
    if done.returncode != 0:
        raise CopyFailed(
            done.stderr.decode("utf-8", "replace").strip()[-200:] or f"ffmpeg ended with {done.returncode}"
        )


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _segment(pcm: bytes, rate_hz: int, wanted_hz: int) -> AudioSegment:
    segment = AudioSegment(data=pcm, sample_width=_WIDTH_BYTES, frame_rate=rate_hz, channels=1)
    return segment if rate_hz == wanted_hz else segment.set_frame_rate(wanted_hz)


def _equal_length(one: AudioSegment, other: AudioSegment, rate_hz: int) -> tuple[AudioSegment, AudioSegment]:
    """pydub refuses sides of different length; padding by samples, because its own silence counts whole milliseconds."""
    size = max(len(one.raw_data), len(other.raw_data))
    padded = [_segment(side.raw_data + b"\0" * (size - len(side.raw_data)), rate_hz, rate_hz) for side in (one, other)]
    return padded[0], padded[1]


def _add_levels(side: SideLevels, pcm: bytes, rate_hz: int) -> None:
    step = int(rate_hz * FRAME_S) * _WIDTH_BYTES
    for position in range(0, len(pcm), step):
        frame = pcm[position : position + step]
        side.rms.append(audioop.rms(frame, _WIDTH_BYTES))
        side.peak.append(audioop.max(frame, _WIDTH_BYTES))
