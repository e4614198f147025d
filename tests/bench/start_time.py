"""Measures how long `hotline up` takes: on a fresh home, and again after `down`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.bench_home import BenchHome
from tests.bench.table import Row, at_most

WARM_LIMIT_S = 10.0


@dataclass(frozen=True)
class StartTimes:
    """Seconds of the whole command, interpreter start included."""

    cold_s: Sequence[float]
    warm_s: Sequence[float]
    again_s: float
    """`up` when everything runs already."""


def measure_start(home: BenchHome, *, rounds: int) -> StartTimes:
    """Leaves the home up. Cold: nothing but the unpacked Asterisk, the virtual environment and the built desk."""
    cold, warm = [], []
    for number in range(rounds):
        if number:
            home.remove()
        cold.append(home.command("up"))
        home.command("down")
        warm.append(home.command("up"))
    return StartTimes(cold, warm, home.command("up"))


def rows(times: StartTimes) -> list[Row]:
    spread = f"median of {len(times.cold_s)}"
    cold_s = statistics.median(times.cold_s)
    return [
        Row("start, fresh home", f"{cold_s:.1f} s",
            how=f"{spread}; Asterisk unpacked and desk built before; both Asterisks, database, demo hospital, prompts"),
        at_most("start, second time", statistics.median(times.warm_s), WARM_LIMIT_S, unit="s",
                how=f"{spread}; after `down`, both Asterisks and the program until healthy"),
        Row("`up` when all runs", f"{times.again_s:.1f} s"),
    ]  # fmt: skip
