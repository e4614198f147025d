"""What the commands share: exit codes, errors that name their remedy, the lock of a home, progress lines."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from config.home import Home

if TYPE_CHECKING:
    from config.settings import Settings


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1  # a test, a check or a finding is red, or a step went wrong
    USAGE = 2
    SETTINGS = 3
    MISSING_ON_MACHINE = 4  # an administrator must install something
    NOT_RUNNING = 5
    INTERRUPTED = 130


class Stop(click.ClickException):
    """Ends a command: what failed, what to do about it, and the exit code."""

    def __init__(self, problem: str, *, remedy: str = "", exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(problem)
        self.remedy = remedy
        self.exit_code = int(exit_code)  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        click.secho(f"error: {self.message}", fg="red", err=True, file=file)
        if self.remedy:
            click.echo(self.remedy, err=True, file=file)


def settings_of(context: click.Context) -> "Settings":
    """Load the settings of the home named by --home; Stop with every fault when they are wrong or not there yet."""
    home: Home = context.obj
    if not home.settings_file.exists():
        remedy = f"Run:  ./hotline --home {home.root} up"
        raise Stop(f"{home.root} is no home yet", remedy=remedy, exit_code=Exit.NOT_RUNNING)
    return checked_settings(home)


def checked_settings(home: Home) -> "Settings":
    from config.settings import load_settings
    from config.settings_faults import WrongSettingsError

    try:
        return load_settings(home.root)
    except WrongSettingsError as error:
        remedy = f"Correct {home.settings_file} or the environment; nothing was started."
        faults = "\n  ".join(map(str, error.faults))
        raise Stop(f"wrong settings\n  {faults}", remedy=remedy, exit_code=Exit.SETTINGS) from None


@contextmanager
def only_one(lock_file: Path, doing: str) -> Iterator[None]:
    """Hold a lock between processes; a second one waits and says so. Released by the system if we are killed."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo(f"another hotline is {doing}; waiting for it ...", err=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class ProgressLine:
    """One step on the screen: a bar on a terminal, two plain lines elsewhere. Call it with (done, total, label)."""

    WIDTH = 28

    def __init__(self, step: str) -> None:
        self._step = step
        self._shown = ""

    def __call__(self, done: float, total: float, label: str = "") -> None:
        """Total 0 means unknown."""
        if not sys.stderr.isatty():
            return
        filled = int(self.WIDTH * done / total) if total else 0
        bar = "#" * min(filled, self.WIDTH) + "-" * max(self.WIDTH - filled, 0)
        percent = f"{100 * done / total:3.0f} %" if total else "  ..."
        self._write(f"  {self._step:<22} [{bar}] {percent} {label[:40]}")

    def finish(self, result: str) -> None:
        """Replace the bar by what came out of the step."""
        if sys.stderr.isatty():
            self._write(f"  {self._step:<22} {result}")
            click.echo(err=True)
        else:
            click.echo(f"  {self._step:<22} {result}", err=True)

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(len(self._shown)))
        sys.stderr.flush()
        self._shown = text
