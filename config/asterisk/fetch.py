"""Downloads and unpacks Asterisk for a Debian machine that has none, without root and without touching its apt."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("asterisk", "asterisk-modules")
SUITES = ("testing", "unstable")
"""Debian 12 and 13 carry no asterisk package; testing does, and unstable when testing has dropped it for a while."""

COMPLETE_MARK = ".hotline-complete"
ONE_LINE_SOURCE = re.compile(
    r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)"
)
DEBIAN_KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{end}" for end in ("pgp", "gpg"))
DEBIAN_CODENAMES = frozenset(
    {"bookworm", "trixie", "forky", "duke", "stable", "oldstable", "testing", "unstable", "sid"}
)

Progress = Callable[[int, int, str], None]
"""(done_bytes, total_bytes, label); total_bytes is 0 while it is not known."""


class AsteriskMissing(Exception):
    """No usable Asterisk, and none can be fetched here; the text names what an administrator must do."""

    code = "asterisk-missing"


class AsteriskFetchFailed(Exception):
    """The download or the unpacking failed; it may be tried again, finished downloads are kept."""

    code = "asterisk-fetch-failed"


@dataclass(frozen=True)
class Mirror:
    """The Debian archive that this machine's own apt already uses."""

    uri: str
    keyring: Path | None


def machine_distribution(os_release: Path = Path("/etc/os-release")) -> str:
    """The machine's ID of os-release ("debian", "ubuntu", ...), empty when unknown."""
    for line in os_release.read_text(encoding="utf-8").splitlines() if os_release.exists() else []:
        if line.startswith("ID="):
            return line[3:].strip().strip('"')
    return ""


def find_mirror(apt_dir: Path = Path("/etc/apt")) -> Mirror:
    """Reads one-line and deb822 source files; raises AsteriskMissing when no Debian archive is among them."""
    one_line = [apt_dir / "sources.list", *sorted(apt_dir.glob("sources.list.d/*.list"))]
    deb822 = sorted(apt_dir.glob("sources.list.d/*.sources"))
    found = [mirror for path in deb822 for mirror in _deb822_mirrors(_text(path))]
    found += [mirror for path in one_line for mirror in _one_line_mirrors(_text(path))]
    if not found:
        raise AsteriskMissing(
            "no Debian archive in this machine's apt sources: as administrator add one "
            "(see `man sources.list`) or install Asterisk >= 20 yourself and name it in HOTLINE_ASTERISK"
        )
    keyring = next((path for path in DEBIAN_KEYRINGS if path.exists()), found[0].keyring)
    return Mirror(found[0].uri, keyring)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _is_debian_archive(suites: list[str], components: list[str]) -> bool:
    return "main" in components and any(suite.removesuffix("-updates") in DEBIAN_CODENAMES for suite in suites)


def _deb822_mirrors(text: str) -> Iterator[Mirror]:
    without_comments = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n[ \t]*\n", without_comments):
        unfolded = re.sub(r"\n[ \t]+", " ", stanza)
        fields = {
            key.strip().lower(): value.split()
            for key, separator, value in (line.partition(":") for line in unfolded.splitlines())
            if separator
        }
        if fields.get("enabled", ["yes"])[0].lower() in {"no", "false", "0"} or "deb" not in fields.get("types", []):
            continue
        if fields.get("uris") and _is_debian_archive(fields.get("suites", []), fields.get("components", [])):
            signed_by = [Path(word) for word in fields.get("signed-by", []) if word.startswith("/")]
            yield Mirror(fields["uris"][0], signed_by[0] if signed_by else None)


def _one_line_mirrors(text: str) -> Iterator[Mirror]:
    for line in text.splitlines():
        match = ONE_LINE_SOURCE.match(line)
        if match and _is_debian_archive([match["suite"]], match["components"].split()):
            signed_by = re.search(r"signed-by=(/\S+)", match["options"] or "", re.IGNORECASE)
            yield Mirror(match["uri"], Path(signed_by[1]) if signed_by else None)


def fetch_tree(tree: Path, *, on_progress: Progress, mirror: Mirror | None = None) -> None:
    """Makes `tree` hold an unpacked Asterisk; returns at once when it already does.

    Safe to interrupt (the rename at the end is the only step that shows) and to call from several processes: the
    others wait. Package hashes and the archive's signature are verified by apt.
    """
    tree.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(tree.with_name(f"{tree.name}.lock"), on_progress=on_progress):
        if is_complete(tree):
            return
        work = tree.with_name(f"{tree.name}.partial")
        unpacked = work / "root"
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(parents=True)
        packages = _download(work / "apt", mirror=mirror or find_mirror(), on_progress=on_progress)
        _unpack(packages, into=unpacked, on_progress=on_progress)
        (unpacked / COMPLETE_MARK).write_text("\n".join(sorted(path.name for path in packages)), encoding="utf-8")
        shutil.rmtree(tree, ignore_errors=True)
        unpacked.rename(tree)
        shutil.rmtree(work, ignore_errors=True)


def is_complete(tree: Path) -> bool:
    """True when `tree` was unpacked to its end."""
    return (tree / COMPLETE_MARK).exists()


@contextmanager
def _only_one(lock: Path, *, on_progress: Progress) -> Iterator[None]:
    with lock.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                on_progress(0, 0, "waiting for another download of Asterisk")
                time.sleep(0.5)
        yield


def _download(apt_home: Path, *, mirror: Mirror, on_progress: Progress) -> list[Path]:
    for suite in SUITES:
        environment = _isolated_apt(apt_home, mirror=mirror, suite=suite)
        on_progress(0, 0, f"package lists of Debian {suite}")
        _apt(["update", "--error-on=any"], environment=environment)
        listed = _apt(["install", "-y", "--print-uris", *PACKAGES], environment=environment, check=False)
        # 'uri' file size hash
        sizes = {match[1]: int(match[2]) for match in re.finditer(r"^'\S+' (\S+) (\d+) ", listed, re.MULTILINE)}
        archives = apt_home / "cache" / "archives"
        if any(name.startswith("asterisk_") for name in sizes) or list(archives.glob("asterisk_*.deb")):
            _apt_download(environment, archives, total_bytes=sum(sizes.values()), on_progress=on_progress)
            return sorted(archives.glob("*.deb"))
    raise AsteriskFetchFailed(f"the Debian archive {mirror.uri} has no asterisk package in {', '.join(SUITES)}")


def _isolated_apt(home: Path, *, mirror: Mirror, suite: str) -> dict[str, str]:
    """An apt state of our own; the machine's proxy settings stay in force, its packages and sources do not count."""
    for folder in ("state/lists/partial", "cache/archives/partial", "etc/parts", "etc/preferences"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "state/status").touch()
    signed_by = f"[signed-by={mirror.keyring}] " if mirror.keyring else ""
    (home / "etc/sources.list").write_text(f"deb {signed_by}{mirror.uri} {suite} main\n", encoding="utf-8")
    settings = {
        "Dir::State": home / "state",
        "Dir::State::status": home / "state/status",
        "Dir::Cache": home / "cache",
        "Dir::Etc::sourcelist": home / "etc/sources.list",
        "Dir::Etc::sourceparts": home / "etc/parts",
        "Dir::Etc::preferences": home / "etc/none",
        "Dir::Etc::preferencesparts": home / "etc/preferences",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
        "APT::Get::List-Cleanup": "true",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    lines = [f'{key} "{value}";' for key, value in settings.items()]
    lines += ["#clear APT::Update::Post-Invoke;", "#clear APT::Update::Post-Invoke-Success;"]
    (home / "apt.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {**os.environ, "APT_CONFIG": str(home / "apt.conf"), "LC_ALL": "C.UTF-8"}


def _apt(arguments: list[str], *, environment: dict[str, str], check: bool = True) -> str:
    done = subprocess.run(
        ["apt-get", *arguments], env=environment, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL
    )
    if check and done.returncode:
        raise AsteriskFetchFailed(f"apt-get {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def _apt_download(environment: dict[str, str], archives: Path, *, total_bytes: int, on_progress: Progress) -> None:
    log = archives.parent / "download.log"
    before_bytes = _bytes_in(archives)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["apt-get", "install", "-y", "--download-only", *PACKAGES],
            env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            while process.poll() is None:
                done_bytes = max(0, _bytes_in(archives) - before_bytes)
                on_progress(min(done_bytes, total_bytes), total_bytes, "downloading Asterisk")
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        raise AsteriskFetchFailed(f"download failed: {log.read_text(errors='replace').strip()[-500:]}")
    on_progress(total_bytes, total_bytes, "downloading Asterisk")


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in (*folder.glob("*"), *folder.glob("partial/*")):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # apt moves files from partial/ while we look
            continue
    return total


def _unpack(packages: list[Path], *, into: Path, on_progress: Progress) -> None:
    total_bytes = sum(path.stat().st_size for path in packages)
    done_bytes = 0
    for package in packages:
        on_progress(done_bytes, total_bytes, "unpacking Asterisk")
        done = subprocess.run(
            ["dpkg", "-x", str(package), str(into)], capture_output=True, text=True, timeout=120
        )  # fmt: skip
        if done.returncode:
            raise AsteriskFetchFailed(f"cannot unpack {package.name}: {done.stderr.strip()[-300:]}")
        done_bytes += package.stat().st_size
    on_progress(total_bytes, total_bytes, "unpacking Asterisk")
