"""Named places where a test may kill the process, as a power cut would; without the variable they do nothing."""

from __future__ import annotations

import os
import signal

VARIABLE = "HOTLINE_FAILPOINT"
"""``<name>`` dies at the first passage, ``<name>:<n>`` at the n-th."""

NAMES = ("before_claim", "claimed", "written", "originated", "ringing", "talking", "result", "commit")


class Failpoints:
    """Counts passages. ``environ`` is read once, when made."""

    def __init__(self, wanted: str | None = None) -> None:
        name, _, number = (os.environ.get(VARIABLE, "") if wanted is None else wanted).partition(":")
        if name and name not in NAMES:
            raise ValueError(f"there is no failpoint {name!r}")
        self._name = name
        self._passages_left = int(number or 1)

    def __call__(self, name: str) -> None:
        """Die by SIGKILL when it is this place's turn: no cleanup, no flush, no goodbye."""
        if name != self._name:
            return
        self._passages_left -= 1
        if self._passages_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
