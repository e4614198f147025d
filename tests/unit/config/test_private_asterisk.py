"""Choosing an Asterisk, and starting, stopping and finding a process that may have died in between."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import private_asterisk
from config.asterisk import binary
from config.private_asterisk import (
    AsteriskBinary,
    AsteriskDidNotStart,
    AsteriskInstance,
    AsteriskMissing,
    find_asterisk,
)

FAKE = """#!{python}
import os, sys, time
from pathlib import Path
home = Path(sys.argv[sys.argv.index("-C") + 1]).parent.parent if "-C" in sys.argv else None
if "-V" in sys.argv:
    print("Asterisk 22.10.1~dfsg")
elif "-rx" in sys.argv:
    print("Asterisk has fully booted.")
else:
    if (home / "etc/broken").exists():
        sys.exit("cannot start: broken")
    (home / "run/asterisk.ctl").touch()
    with (home / "starts").open("a") as file:
        file.write("x")
    time.sleep(60)
"""


@pytest.fixture
def fake(tmp_path: Path) -> AsteriskBinary:
    program = tmp_path / "asterisk"
    program.write_text(FAKE.format(python=sys.executable), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    modules = tmp_path / "modules"
    modules.mkdir()
    return AsteriskBinary((str(program),), modules, tmp_path / "documentation", "22.10.1")


def _instance(fake: AsteriskBinary, tmp_path: Path) -> AsteriskInstance:
    return AsteriskInstance(fake, tmp_path / "home", "pbx", sounds_dir=tmp_path / "sounds")


def test_given_a_running_instance_when_started_again_then_no_second_process_appears(
    fake: AsteriskBinary, tmp_path: Path
) -> None:
    instance = _instance(fake, tmp_path)
    try:
        pid = instance.start()
        instance.wait_ready(20)
        assert _instance(fake, tmp_path).start() == pid
        assert (tmp_path / "home/starts").read_text() == "x"
    finally:
        instance.stop(timeout_s=2)
    assert not instance.is_running()
    instance.stop()


def test_given_a_stale_pid_file_when_asked_then_the_process_of_somebody_else_is_not_taken_for_ours(
    fake: AsteriskBinary, tmp_path: Path
) -> None:
    instance = _instance(fake, tmp_path)
    instance.prepare()
    (tmp_path / "home/pid").write_text(str(os.getpid()))
    assert not instance.is_running()
    instance.stop()  # must not hurt the test run itself
    (tmp_path / "home/pid").write_text("rubbish")
    assert instance.pid is None


def test_given_a_process_that_ends_at_once_when_waiting_then_its_last_words_are_told(
    fake: AsteriskBinary, tmp_path: Path
) -> None:
    instance = _instance(fake, tmp_path)
    instance.prepare()
    (tmp_path / "home/etc/broken").touch()
    instance.start()
    with pytest.raises(AsteriskDidNotStart, match="cannot start: broken"):
        instance.wait_ready(20)


@pytest.mark.fault("F15")
def test_given_a_killed_instance_when_started_again_then_it_runs(fake: AsteriskBinary, tmp_path: Path) -> None:
    instance = _instance(fake, tmp_path)
    try:
        first = instance.start()
        instance.wait_ready(20)
        instance.kill()
        assert not instance.is_running()
        assert instance.start() != first
        instance.wait_ready(20)
    finally:
        instance.stop(timeout_s=2)


def test_given_a_very_long_home_when_named_then_the_control_socket_still_fits(
    fake: AsteriskBinary, tmp_path: Path
) -> None:
    long_home = tmp_path / ("x" * 90) / "home"
    instance = AsteriskInstance(fake, long_home, "pbx")
    assert len(os.fsencode(instance.run_dir / "asterisk.ctl")) < 108
    assert instance.run_dir != AsteriskInstance(fake, long_home / "other", "pbx").run_dir


def test_given_prompts_when_prepared_then_asterisk_looks_into_that_folder(fake: AsteriskBinary, tmp_path: Path) -> None:
    _instance(fake, tmp_path).prepare()
    assert (tmp_path / "home/lib/sounds").resolve() == (tmp_path / "sounds").resolve()
    AsteriskInstance(fake, tmp_path / "home", "pbx", sounds_dir=tmp_path / "moved").prepare()
    assert (tmp_path / "home/lib/sounds").resolve() == (tmp_path / "moved").resolve()


def test_given_a_wrong_override_when_looking_then_the_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(AsteriskMissing, match="HOTLINE_ASTERISK"):
        find_asterisk(tmp_path / "tree", str(tmp_path / "nothing"), lambda *_: None)


def test_given_ubuntu_without_asterisk_when_looking_then_the_command_for_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "machine_distribution", lambda: "ubuntu")
    monkeypatch.setattr(binary, "SYSTEM_BINARIES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AsteriskMissing, match="apt-get install asterisk"):
        find_asterisk(tmp_path / "tree", None, lambda *_: None)


def test_given_a_process_between_fork_and_exec_when_asked_then_it_is_not_declared_dead(tmp_path: Path) -> None:
    argument = tmp_path / "asterisk.conf"
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)", str(argument)])
    try:
        assert private_asterisk._runs_with(process.pid, argument=argument)
        assert not private_asterisk._runs_with(process.pid, argument=tmp_path / "other.conf")
    finally:
        process.kill()
        started = time.monotonic()
        process.wait(timeout=10)
    assert not private_asterisk._runs_with(process.pid, argument=argument)
    assert time.monotonic() - started < 10
