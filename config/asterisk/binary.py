"""Finds an Asterisk for this machine: one that was named, its own, or one fetched for us."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.asterisk.fetch import AsteriskMissing, Progress, fetch_tree, is_complete, machine_distribution

OLDEST_MAJOR_VERSION = 20
LOADERS = ("usr/lib64/ld-linux-x86-64.so.2", "usr/lib/ld-linux-aarch64.so.1")
SYSTEM_BINARIES = ("/usr/sbin/asterisk", "/usr/local/sbin/asterisk")
INSTALL_COMMANDS = {
    "ubuntu": "apt-get install asterisk   # Ubuntu 24.04 or newer; then: systemctl disable --now asterisk",
    "fedora": "dnf install asterisk asterisk-pjsip",
    "opensuse-leap": "zypper install asterisk",
    "alpine": "apk add asterisk asterisk-opus asterisk-srtp",
}


@dataclass(frozen=True)
class AsteriskBinary:
    """How to run one Asterisk: the command that starts it and the folders it was built with."""

    command: tuple[str, ...]
    modules_dir: Path
    documentation_dir: Path
    version: str

    @property
    def major_version(self) -> int:
        """22 for "22.10.1~dfsg"."""
        return int(self.version.split(".", 1)[0])


def find_asterisk(tree: Path, override: str | None, on_progress: Progress) -> AsteriskBinary:
    """`override` (a program or an unpacked tree), else the machine's own if new enough, else the one fetched to `tree`.

    Raises AsteriskMissing with the command an administrator must run, or AsteriskFetchFailed.
    """
    if override:
        return _from_override(Path(override))
    for candidate in (*SYSTEM_BINARIES, shutil.which("asterisk") or ""):
        binary = _installed(Path(candidate)) if candidate and Path(candidate).exists() else None
        if binary and binary.major_version >= OLDEST_MAJOR_VERSION:
            return binary
    if not is_complete(tree):
        distribution = machine_distribution()
        if distribution != "debian" or not shutil.which("apt-get"):
            command = INSTALL_COMMANDS.get(distribution, "the package manager's command to install asterisk")
            raise AsteriskMissing(
                f"this machine has no Asterisk >= {OLDEST_MAJOR_VERSION} and it can be fetched automatically on Debian "
                f"only. As administrator run: {command}   or name a program in HOTLINE_ASTERISK"
            )
        fetch_tree(tree, on_progress=on_progress)
    return _from_tree(tree)


def _from_override(path: Path) -> AsteriskBinary:
    binary = _from_tree(path) if path.is_dir() else _installed(path) if path.is_file() else None
    if binary is None:
        raise AsteriskMissing(f"HOTLINE_ASTERISK names {path}, which is no Asterisk program and no unpacked tree")
    if binary.major_version < OLDEST_MAJOR_VERSION:
        raise AsteriskMissing(f"HOTLINE_ASTERISK names version {binary.version}; {OLDEST_MAJOR_VERSION} is the oldest")
    return binary


def _from_tree(tree: Path) -> AsteriskBinary:
    """Runs the program through the tree's own loader, so that the machine's libraries do not matter."""
    tree = tree.resolve()
    loader = next((tree / name for name in LOADERS if (tree / name).exists()), None)
    modules = next(iter(tree.glob("usr/lib/*/asterisk/modules")), None)
    if loader is None or modules is None:
        raise AsteriskMissing(f"{tree} holds no complete Asterisk; remove it and start again")
    libraries = modules.parents[1]
    command = (str(loader), "--library-path", str(libraries), str(tree / "usr/sbin/asterisk"))
    return AsteriskBinary(command, modules, tree / "usr/share/asterisk/documentation", _version(command))


def _installed(program: Path) -> AsteriskBinary | None:
    places = ("/usr/lib/*/asterisk/modules", "/usr/lib/asterisk/modules", "/usr/lib64/asterisk/modules")
    modules = next((path for place in places for path in Path("/").glob(place[1:]) if path.is_dir()), None)
    documentation = next(
        (path for base in ("/usr/share", "/var/lib") if (path := Path(base) / "asterisk/documentation").is_dir()),
        Path("/usr/share/asterisk/documentation"),
    )
    version = _version((str(program),))
    return AsteriskBinary((str(program),), modules, documentation, version) if modules and version else None


def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=20)
    match = re.search(r"Asterisk (?:certified/)?(\d+\.\S+)", done.stdout)
    if not match:
        raise AsteriskMissing(f"{command[-1]} does not tell its version: {(done.stdout + done.stderr).strip()[:200]}")
    return match[1]
