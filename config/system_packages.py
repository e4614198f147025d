"""Knows the programs and fonts that come from the machine's packages, and installs the missing ones where it may."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

APT_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Need:
    """One thing the machine must have: the Debian package, what it is for, and how to see that it is there."""

    package: str
    purpose: str
    is_present: Callable[[], bool]


def _has_program(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


def _has_file(root: str, pattern: str) -> Callable[[], bool]:
    return lambda: any(Path(root).glob(pattern)) if Path(root).is_dir() else False


FFMPEG = Need("ffmpeg", "copies of recordings for listening", _has_program("ffmpeg"))
PRODUCT: tuple[Need, ...] = (FFMPEG,)
CHROMIUM = Need("chromium", "browser tests", _has_program("chromium", "chromium-browser", "google-chrome"))
CHINESE_FONT = Need("fonts-noto-cjk", "Chinese letters in the browser tests", _has_file("/usr/share/fonts", "**/*CJK*"))
POSTGRESQL = Need("postgresql", "tests on the second database", _has_file("/usr/lib/postgresql", "*/bin/postgres"))
REDIS = Need("redis-server", "tests on the second bus", _has_program("redis-server"))
SIPP = Need("sip-tester", "load and hostile SIP", _has_program("sipp"))

# kind of test -> what it needs beside Python; kinds that are not named need nothing
FOR_TESTS: dict[str, tuple[Need, ...]] = {
    "unit": (FFMPEG,),
    "contract": (POSTGRESQL, REDIS),
    "real_asterisk": (FFMPEG, SIPP),
    "faults": (FFMPEG, SIPP),
    "browser": (FFMPEG, CHROMIUM, CHINESE_FONT),
    "bench": (FFMPEG, SIPP, CHROMIUM, CHINESE_FONT),
}


def missing(needs: Iterable[Need]) -> list[Need]:
    """Those that are not there, each once."""
    return [need for need in dict.fromkeys(needs) if not need.is_present()]


def administrator_command(needs: Iterable[Need]) -> str:
    """What an administrator must type."""
    packages = " ".join(need.package for need in needs)
    if shutil.which("apt-get"):
        return f"apt-get update && apt-get install -y --no-install-recommends {packages}"
    return f"install these packages (Debian's names): {packages}"


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(needs: Iterable[Need], log_file: Path) -> list[Need]:
    """Install what is missing as root with apt-get; returns what is still missing afterwards. Output: the log."""
    wanted = missing(needs)
    if not wanted or not may_install():
        return wanted
    # RUNLEVEL=1: packages must not start services of their own, the tests start private ones
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "LC_ALL": "C.UTF-8"}
    options = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends"]
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        for command in (["update", "-q"], ["install", *options, *(need.package for need in wanted)]):
            subprocess.run(
                ["apt-get", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=APT_TIMEOUT_S,
                check=False,
            )
    return missing(wanted)
