"""The table of everything that runs by the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scheduler.dialer import Dialer
from scheduler.housekeeping import Housekeeping
from scheduler.reconciler import Reconciler


@dataclass(frozen=True)
class Job:
    """One concern, one tick job. ``run`` must end by itself; it never runs twice at once."""

    name: str
    every_s: float
    run: Callable[[], object]
    runs_at_start: bool = True


def standard_jobs(
    dialer: Dialer, reconciler: Reconciler, housekeeping: Housekeeping, *, dial_every_s: float
) -> Sequence[Job]:
    return (
        Job("reconcile", 5.0, reconciler.tick),
        Job("dial", dial_every_s, dialer.tick),
        Job("finish_campaigns", 2.0, housekeeping.finish_campaigns),
        Job("hourly", 3600.0, housekeeping.hourly, runs_at_start=False),
    )
