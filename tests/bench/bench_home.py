"""A hotline of the bench's own: a home below the measured one, driven by the same commands as any other."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.ground import Ground, build_ground
from config.home import CHECKOUT, Home
from config.program import Program
from config.settings import Settings, load_settings
from tests.bench import machine

PASSWORD = "Bench-Lantern-41-Tide"
COMMAND_TIMEOUT_S = 300
HEALTHY_TIMEOUT_S = 60


class BenchFailed(Exception):
    """A part of the bench could not be measured; the text says why."""


class BenchHome:
    """``environment``: settings that differ from what is shipped (HOTLINE__SECTION__KEY)."""

    def __init__(self, root: Path, tree: Path, environment: Mapping[str, str]) -> None:
        self.home = Home(root)
        self._settings_environment = {"HOTLINE_TREE": str(tree), "HOTLINE__DEMO__SIZE": "small", **environment}
        self.environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), **self._settings_environment}

    def command(self, *words: str) -> float:
        """Run one `hotline` command; seconds it took. Raises BenchFailed with its output."""
        command = [sys.executable, "-P", "-m", "config.cli", "--home", str(self.home.root), *words]
        began_s = time.monotonic()
        done = subprocess.run(
            command, env=self.environment, cwd=CHECKOUT, timeout=COMMAND_TIMEOUT_S, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BenchFailed(f"hotline {' '.join(words)}: exit {done.returncode}\n{done.stdout[-3000:]}")
        return time.monotonic() - began_s

    @property
    def settings(self) -> Settings:
        """As the program of this home sees them."""
        with self._own_environment():
            return load_settings(self.home.root)

    @contextlib.contextmanager
    def _own_environment(self) -> Iterator[None]:
        saved = dict(os.environ)
        os.environ.update(self._settings_environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(saved)

    @contextlib.contextmanager
    def ground(self) -> Iterator[Ground]:
        """The same database, from this process."""
        ground = build_ground(self.settings)
        try:
            yield ground
        finally:
            ground.close()

    @property
    def worker_pid(self) -> int:
        """The process of the program that does the work; 0 while it is stopped."""
        if not self.home.program_file.exists():
            return 0
        return int(json.loads(self.home.program_file.read_text(encoding="utf-8"))["pid"])

    @property
    def asterisk_pid(self) -> int:
        return int((self.home.asterisk / "pid").read_text(encoding="ascii"))

    def run_program(self, is_wanted: bool) -> None:
        """Start or stop the program; Asterisk and the sounds stay as they are (`up` would install ours again)."""
        if is_wanted and not self.worker_pid:
            program = Program(self.home)
            with self._own_environment():
                program.start()
            if not program.wait_healthy(self.settings.web_url, HEALTHY_TIMEOUT_S).ok:
                raise BenchFailed("the program did not come up again")
        elif not is_wanted and self.worker_pid:
            Program(self.home).stop(self.settings.limits.stop_timeout_s)

    def program_cpu_s(self) -> float:
        return machine.cpu_s(machine.family(self.worker_pid)) if self.worker_pid else 0.0

    def asterisk_cpu_s(self) -> float:
        return machine.cpu_s([self.asterisk_pid])

    def remove(self) -> None:
        """Down, then away with it."""
        if self.home.settings_file.exists():
            self.command("down")
        shutil.rmtree(self.home.root, ignore_errors=True)


@contextlib.contextmanager
def bench_home(root: Path, tree: Path, **environment: str) -> Iterator[BenchHome]:
    """A fresh home that is down and gone at the end of the block, whatever happens."""
    home = BenchHome(root, tree, environment)
    home.remove()
    try:
        yield home
    finally:
        home.remove()
