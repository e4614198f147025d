"""Runs one private Asterisk: all its folders below one home, started, watched and stopped without root."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.asterisk.binary import AsteriskBinary, find_asterisk
from config.asterisk.fetch import AsteriskFetchFailed, AsteriskMissing

__all__ = [
    "AsteriskBinary",
    "AsteriskDidNotStart",
    "AsteriskFetchFailed",
    "AsteriskInstance",
    "AsteriskMissing",
    "find_asterisk",
]

UNIX_SOCKET_PATH_LIMIT_BYTES = 100  # sun_path holds 108; Asterisk appends nothing, we keep a margin


class AsteriskDidNotStart(Exception):
    """The process ended or was not ready in time; the text carries the last lines of its console."""

    code = "asterisk-did-not-start"


class AsteriskInstance:
    """One running Asterisk with all its folders under `home`; its files in `home/etc` are rendered by the caller.

    Every method may be called again and again, and after a crash of whoever called before.
    """

    def __init__(self, binary: AsteriskBinary, home: Path, name: str, *, sounds_dir: Path | None = None) -> None:
        """`sounds_dir` becomes the folder in which Asterisk looks for prompts (<language>/hl/<key>)."""
        self.binary = binary
        self.home = home.absolute()
        self.name = name
        self._sounds_dir = sounds_dir

    @property
    def etc_dir(self) -> Path:
        """Where the rendered files belong."""
        return self.home / "etc"

    @property
    def run_dir(self) -> Path:
        """Control socket and pid; elsewhere than under `home` only when the path would be too long for a socket."""
        wanted = self.home / "run"
        if len(os.fsencode(wanted / "asterisk.ctl")) <= UNIX_SOCKET_PATH_LIMIT_BYTES:
            return wanted
        digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"hl-{os.geteuid()}-{digest}"

    def directories(self) -> dict[str, Path]:
        """The [directories] of asterisk.conf."""
        home = self.home
        return {
            "astetcdir": self.etc_dir, "astmoddir": self.binary.modules_dir, "astvarlibdir": home / "lib",
            "astdatadir": home / "lib", "astdbdir": home / "db", "astkeydir": home / "keys", "astagidir": home / "agi",
            "astspooldir": home / "spool", "astrundir": self.run_dir, "astlogdir": home / "log",
            "astsbindir": home / "sbin",
        }  # fmt: skip

    @property
    def pid(self) -> int | None:
        """Process id of the running instance; None when it does not run (a stale pid file does not count)."""
        try:
            pid = int((self.home / "pid").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return pid if _runs_with(pid, argument=self.etc_dir / "asterisk.conf") else None

    def is_running(self) -> bool:
        """True while the process lives; it may not be ready yet."""
        return self.pid is not None

    def prepare(self) -> None:
        """Makes the folders and everything in them that is not configuration."""
        inner = (self.home / name for name in ("keys/keys", "log/cdr-csv", "log/cel-custom"))
        for path in (*self.directories().values(), *inner):
            if path != self.binary.modules_dir:
                path.mkdir(parents=True, exist_ok=True)
        self.run_dir.chmod(0o700)
        documentation = self.home / "lib/documentation"
        if self.binary.documentation_dir.is_dir() and not documentation.exists():
            shutil.copytree(self.binary.documentation_dir, documentation)
        if self._sounds_dir is not None:
            self._sounds_dir.mkdir(parents=True, exist_ok=True)
            link = self.home / "lib/sounds"
            if link.is_symlink() and link.readlink() != self._sounds_dir.absolute():
                link.unlink()
            if not link.exists():
                link.symlink_to(self._sounds_dir.absolute(), target_is_directory=True)

    def start(self) -> int:
        """Starts the process unless it runs already; returns its pid. `wait_ready` tells when it can take calls."""
        self.prepare()
        with self._only_one():
            running = self.pid
            if running is not None:
                return running
            for leftover in ("asterisk.ctl", "asterisk.pid"):
                (self.run_dir / leftover).unlink(missing_ok=True)
            with (self.home / "log/console.log").open("ab") as console:
                process = subprocess.Popen(
                    [*self.binary.command, "-C", str(self.etc_dir / "asterisk.conf"), "-f"],
                    stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                    start_new_session=True, cwd=self.home, env={**os.environ, "LC_ALL": "C.UTF-8"},
                )  # fmt: skip
            fresh = self.home / "pid.new"
            fresh.write_text(str(process.pid), encoding="ascii")
            fresh.replace(self.home / "pid")
            self._process = process
            return process.pid

    def wait_ready(self, timeout_s: float) -> None:
        """Returns when every module has started; raises AsteriskDidNotStart with the reason otherwise."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self._alive():
                raise AsteriskDidNotStart(f"{self.name} ended at once; its last words:\n{self.last_words()}")
            if (self.run_dir / "asterisk.ctl").exists():
                answer = self.console("core waitfullybooted", timeout_s=max(0.2, deadline - time.monotonic()))
                if "fully booted" in answer:
                    return
            time.sleep(0.05)
        raise AsteriskDidNotStart(f"{self.name} was not ready after {timeout_s:.0f} s:\n{self.last_words()}")

    def console(self, command: str, *, timeout_s: float = 10.0) -> str:
        """Runs one command of Asterisk's console; empty when nothing answers."""
        try:
            done = subprocess.run(
                [*self.binary.command, "-C", str(self.etc_dir / "asterisk.conf"), "-rx", command],
                capture_output=True, text=True, errors="replace", timeout=timeout_s, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout

    def stop(self, *, timeout_s: float = 10.0) -> None:
        """Hangs up what is left and ends the process; kills it after `timeout_s`. Nothing to do when it is down."""
        with self._only_one():
            pid = self.pid
            if pid is not None:
                for signal_number, patience_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 5.0)):
                    self._signal(pid, signal_number)
                    if self._wait_gone(patience_s):
                        break
            (self.home / "pid").unlink(missing_ok=True)

    def kill(self) -> None:
        """Ends the process the hard way (fault tests)."""
        pid = self.pid
        if pid is not None:
            self._signal(pid, signal.SIGKILL)
            self._wait_gone(5.0)

    def last_words(self) -> str:
        """The end of the console output and of the message log."""
        texts = [self.home / "log/console.log", self.home / "log/messages.log"]
        return "\n".join(line for path in texts if path.exists() for line in _last_lines(path, 15))

    _process: subprocess.Popen[bytes] | None = None

    def _alive(self) -> bool:
        if self._process is not None:
            self._process.poll()  # reaps our own child, which would else stay a zombie
        return self.pid is not None

    def _wait_gone(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self._alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        return True

    @staticmethod
    def _signal(pid: int, signal_number: int) -> None:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            return

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _last_lines(path: Path, lines: int) -> list[str]:
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 8192))
        return handle.read().decode("utf-8", "replace").splitlines()[-lines:]


def _runs_with(pid: int, *, argument: Path) -> bool:
    """True when `pid` lives and was started with `argument`: a pid may by now belong to somebody else."""
    for _ in range(50):
        try:
            command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return False
        if command_line or state in {b"Z", b"X"}:
            return os.fsencode(argument) in command_line.split(b"\0")
        time.sleep(0.01)  # the process is between fork and exec: it has no command line yet
    return False
