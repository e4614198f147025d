"""The launcher: a virtual environment once, never half a one, and the words passed on as they are."""

import json
import os
import shutil
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from config.home import CHECKOUT

pytestmark = pytest.mark.timeout(300)  # making an environment is work for the disk


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with no requirements and a command line that only tells how it was called."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copy2(CHECKOUT / "hotline", root)
    (root / "config" / "requirements").mkdir(parents=True)
    for name in ("runtime", "test"):
        (root / "config" / "requirements" / f"{name}.txt").write_text("# none\n", encoding="utf-8")
    (root / "config" / "__init__.py").touch()
    (root / "config" / "cli.py").write_text(
        "import json, os, sys\nprint(json.dumps([sys.argv[1:], sys.prefix, os.getcwd()]))\n", encoding="utf-8"
    )
    return root


def launch(checkout: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, str(checkout / "hotline"), *words],
        cwd=cwd or checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


@pytest.fixture
def launcher(checkout: Path) -> ModuleType:
    """The launcher as a module, for its small functions."""
    loader = SourceFileLoader("hotline_launcher", str(checkout / "hotline"))
    module = ModuleType(loader.name)
    module.__file__ = str(checkout / "hotline")
    loader.exec_module(module)
    return module


def test_given_two_launches_at_once_when_nothing_is_installed_then_the_second_waits(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "hotline"), "status"]
    both = []
    for _ in range(2):
        both.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        while not (checkout / ".venv" / "hotline.lock").exists():
            time.sleep(0.01)
    outputs = [process.communicate(timeout=250) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("Making the virtual environment" in error for _, error in outputs) == 1


def test_given_another_folder_when_launched_from_there_then_the_command_line_runs_in_its_own_environment(
    checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "__init__.py").write_text("raise SystemExit('the wrong config')", encoding="utf-8")
    done = launch(checkout, "call", "--keys", "w4, 5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    words, prefix, folder = json.loads(done.stdout)
    assert words == ["call", "--keys", "w4, 5"]
    assert Path(prefix) == checkout / ".venv"
    assert Path(folder) == tmp_path


def test_given_an_installed_environment_when_launched_again_then_nothing_is_installed(checkout: Path) -> None:
    launch(checkout, "status")
    log = checkout / ".venv" / "hotline-install.log"
    before = log.stat().st_mtime_ns
    assert launch(checkout, "status").returncode == 0
    assert log.stat().st_mtime_ns == before


def test_given_changed_requirements_when_launched_then_they_are_installed_again(checkout: Path) -> None:
    launch(checkout, "status")
    stamp = checkout / ".venv" / "hotline-runtime.stamp"
    before = stamp.read_text(encoding="utf-8")
    (checkout / "config" / "requirements" / "runtime.txt").write_text("# changed\n", encoding="utf-8")
    assert launch(checkout, "status").returncode == 0
    assert stamp.read_text(encoding="utf-8") != before


def test_given_an_interrupted_installation_when_launched_then_it_begins_from_nothing(checkout: Path) -> None:
    launch(checkout, "status")
    half = checkout / ".venv" / "lib" / "half_written_package"
    half.mkdir()
    (checkout / ".venv" / "hotline-unfinished").touch()
    done = launch(checkout, "status")
    assert done.returncode == 0, done.stderr
    assert not half.exists()
    assert not (checkout / ".venv" / "hotline-unfinished").exists()


def test_given_requirements_that_cannot_be_installed_when_launched_then_no_stamp_says_they_were(checkout: Path) -> None:
    test_requirements = checkout / "config" / "requirements" / "test.txt"
    test_requirements.write_text("./no-such-folder --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    done = launch(checkout, "--home", "x", "test")
    assert done.returncode == 4
    assert "error: Installing" in done.stderr
    assert not (checkout / ".venv" / "hotline-test.stamp").exists()
    assert (checkout / ".venv" / "hotline-runtime.stamp").exists(), "what was there before still works"
    assert launch(checkout, "status").returncode == 0
    test_requirements.write_text("# none\n", encoding="utf-8")
    assert launch(checkout, "test").returncode == 0


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], ""),
        (["up"], "up"),
        (["--home", "test", "up"], "up"),
        (["--home=x", "test", "unit"], "test"),
        (["--help"], ""),
    ],
)
def test_given_words_when_read_then_the_command_is_found(launcher: ModuleType, words: list[str], command: str) -> None:
    assert launcher.command_of(words) == command


def test_given_an_old_python_when_launched_then_the_remedy_is_told(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(launcher.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        launcher.main(["up"])
    assert ended.value.code == 4
    assert "apt-get install python3.11" in capsys.readouterr().err
