"""The program's end of the worker process: starts it when needed, waits with a limit, replaces it when it dies."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_READ_BYTES = 1 << 20
_RESULT_BYTES_MAX = 1 << 24


class WorkerDied(Exception):
    """The worker ended, hung or talked nonsense; the job may be tried again."""


class WorkerProcess:
    """One job at a time, called from one thread. ``command`` defaults to our own worker module."""

    def __init__(self, *, limit_s: float = 600.0, command: Sequence[str] | None = None) -> None:
        self._limit_s = limit_s
        self._command = list(command or [sys.executable, "-m", "recordings.worker"])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """None while no worker runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The result of one job. Raises WorkerDied; the next job gets a new process then."""
        process = self._running()
        try:
            line = self._exchange(process, json.dumps(job).encode() + b"\n")
            result = json.loads(line)
        except (OSError, ValueError, WorkerDied) as error:
            self.stop()
            raise WorkerDied(str(error) or type(error).__name__) from error
        if not isinstance(result, dict):
            self.stop()
            raise WorkerDied("the worker did not answer with an object")
        return result

    def stop(self, *, wait_s: float = 0.0) -> None:
        """Close its input, wait up to ``wait_s``, then kill. What it was writing stays in the working folder."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            )
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], line: bytes) -> bytes:
        if process.stdin is None or process.stdout is None:
            raise WorkerDied("the worker has no pipes")
        process.stdin.write(line)
        deadline_s = time.monotonic() + self._limit_s
        answer = b""
        while not answer.endswith(b"\n"):
            left_s = deadline_s - time.monotonic()
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, left_s))
            if not ready:
                raise WorkerDied(f"no result in {self._limit_s:.0f} s")
            block = os.read(process.stdout.fileno(), _READ_BYTES)
            if not block or len(answer) > _RESULT_BYTES_MAX:
                raise WorkerDied("the worker ended")
            answer += block
        return answer
