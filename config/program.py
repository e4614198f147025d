"""Starts, finds and stops the background program of one home, by a pid that is proven to be ours."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.home import CHECKOUT, Home

POLL_S = 0.1


@dataclass(frozen=True)
class Health:
    """What /healthz said: ok, and its JSON body (empty when nothing answered)."""

    ok: bool
    body: dict[str, Any]


class Program:
    """The process that runs `config.lifecycle.run` for one home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._pid_file = home.run / "program.pid"
        self.output_file = home.logs / "program.out"
        self._child: subprocess.Popen[bytes] | None = None

    def pid(self) -> int | None:
        """The running process, or None. A pid that the system has given to somebody else does not count."""
        if self._child is not None:  # right after the start /proc does not show the command line yet
            return self._child.pid if self._child.poll() is None else None
        try:
            pid = int(self._pid_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return pid if self._is_ours(pid) else None

    def start(self) -> int:
        """Start it in the background, its output in logs/program.out; returns the pid. Does not wait."""
        running = self.pid()
        if running:
            return running
        self._home.program_file.unlink(missing_ok=True)
        command = [sys.executable, "-P", "-m", "config.cli", "--home", str(self._home.root), "run"]
        with self.output_file.open("ab") as output:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            )
        unfinished = self._pid_file.with_suffix(".new")
        unfinished.write_text(str(self._child.pid), encoding="utf-8")
        unfinished.replace(self._pid_file)
        return self._child.pid

    def stop(self, timeout_s: float) -> bool:
        """Ask it to end, kill it after `timeout_s`; false when it was not running."""
        pid = self.pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        if not self._wait_gone(pid, timeout_s):
            os.kill(pid, signal.SIGKILL)
            self._wait_gone(pid, 5)
        self._pid_file.unlink(missing_ok=True)
        return True

    def wait_healthy(self, url: str, timeout_s: float) -> Health:
        """Ask until /healthz says ok, the process ends or the time is over."""
        deadline = time.monotonic() + timeout_s
        health = Health(ok=False, body={})
        while time.monotonic() < deadline and self.pid() is not None:
            health = ask_health(url)
            if health.ok:
                break
            time.sleep(POLL_S)
        return health

    def last_output(self, lines: int = 15) -> str:
        """The end of logs/program.out."""
        try:
            return "\n".join(self.output_file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except (OSError, IndexError):
            return False
        return b"config.cli" in words and os.fsencode(self._home.root) in words and state not in {b"Z", b"X"}

    def _wait_gone(self, pid: int, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self._is_ours(pid) and not (self._child and self._child.poll() is not None):
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_S)
        return True


def ask_health(url: str, timeout_s: float = 2.0) -> Health:
    """One request to /healthz; a 503 with a body tells which part is not well."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy
    try:
        with opener.open(f"{url}/healthz", timeout=timeout_s) as answer:
            return Health(ok=True, body=_as_object(answer.read()))
    except urllib.error.HTTPError as error:
        return Health(ok=False, body=_as_object(error.read()))
    except OSError:
        return Health(ok=False, body={})


def _as_object(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
