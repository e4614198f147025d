"""System packages: what is missing, who may install it, what an administrator must type."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config import system_packages
from config.system_packages import FOR_TESTS, Need, administrator_command, install, missing
from config.test_runner import KINDS

GONE = Need("sip-tester", "load", lambda: False)
THERE = Need("ffmpeg", "sound", lambda: True)


def test_given_needs_when_looked_for_then_each_missing_one_is_named_once() -> None:
    assert missing([GONE, THERE, GONE]) == [GONE]


def test_given_kinds_of_tests_when_their_needs_are_declared_then_every_kind_exists() -> None:
    assert set(FOR_TESTS) <= set(KINDS)


def test_given_an_ordinary_user_when_something_is_missing_then_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("must not run anything"))
    assert install([GONE, THERE], tmp_path / "install.log") == [GONE]


def test_given_root_when_something_is_missing_then_only_that_is_installed_and_no_service_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[list[str], dict[str, Any]]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr(subprocess, "run", lambda command, **options: calls.append((command, options)))
    install([GONE, THERE], tmp_path / "logs" / "install.log")
    (update, _), (installed, options) = calls
    assert update[:2] == ["apt-get", "update"]
    assert installed[-1] == "sip-tester"
    assert "ffmpeg" not in installed
    assert options["env"]["RUNLEVEL"] == "1"
    assert options["env"]["DEBIAN_FRONTEND"] == "noninteractive"


@pytest.mark.parametrize(("apt", "begins"), [("/usr/bin/apt-get", "apt-get update && apt-get install"), (None, "install these")])
def test_given_a_machine_when_the_administrator_must_act_then_the_command_fits_it(
    monkeypatch: pytest.MonkeyPatch, apt: str | None, begins: str
) -> None:
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: apt)
    command = administrator_command([GONE, THERE])
    assert command.startswith(begins)
    assert command.endswith("sip-tester ffmpeg")
