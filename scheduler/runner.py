"""Runs the jobs of the table on their ticks; the only importer of APScheduler."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from crm_core.clock import HOSPITAL_ZONE, Clock, SystemClock
from crm_core.ports import HealthFinding
from scheduler.jobs import Job

log = structlog.get_logger(__name__)

_PARKED_LIMIT = 100
_CLOCK_CHECK_S = 1.0
_STEP_S = 2.0
"""A wall clock that moved this much against the monotonic one was set by somebody."""


@dataclass(frozen=True)
class ParkedError:
    """A tick that failed; the next tick runs as usual (C140)."""

    job: str
    at: datetime
    error: str


@dataclass
class _Figures:
    runs: int = 0
    failures: int = 0
    overruns: int = 0
    last_started_s: float = 0.0
    last_ended_s: float = 0.0
    longest_s: float = 0.0
    last_error: str = ""


class SchedulerRunner:
    """Memory store only: what is due is read from our own tables, so nothing is pickled and nothing is lost.

    Late ticks run once (``misfire_grace_time`` None, ``coalesce``), a job never runs twice at once, and every job has
    a thread, so that a slow one delays no other. A wall clock that is set back does not stop the ticks (F56).
    """

    def __init__(self, jobs: Sequence[Job], clock: Clock, *, machine_clock: Clock | None = None) -> None:
        """``clock`` may be a moved one (demo, tests); APScheduler itself plans by the machine's."""
        self._jobs = jobs
        self._clock = clock
        self._machine_clock = machine_clock or SystemClock()
        self._figures = {job.name: _Figures() for job in jobs}
        self.parked: deque[ParkedError] = deque(maxlen=_PARKED_LIMIT)
        self._scheduler: BackgroundScheduler | None = None
        self._clock_watch: threading.Thread | None = None
        self._is_stopping = threading.Event()
        self._clock_offset_s = 0.0

    def start(self) -> None:
        scheduler = BackgroundScheduler(
            timezone=HOSPITAL_ZONE,
            jobstores={"default": MemoryJobStore()},
            executors={
                "default": ThreadPoolExecutor(
                    max_workers=max(1, len(self._jobs)), pool_kwargs={"thread_name_prefix": "scheduler"}
                )
            },
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_listener(self._on_overrun, EVENT_JOB_MAX_INSTANCES)
        scheduler.add_listener(self._on_missed, EVENT_JOB_MISSED)
        for job in self._jobs:
            self._add(scheduler, job)
        self._clock_offset_s = self._offset_s()
        self._scheduler = scheduler
        scheduler.start()
        self._clock_watch = threading.Thread(target=self._watch_clock, name="scheduler-clock", daemon=True)
        self._clock_watch.start()

    def stop(self) -> None:
        """No new tick; waits for those that run."""
        self._is_stopping.set()
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown(wait=True)
        if self._clock_watch is not None:
            self._clock_watch.join(_CLOCK_CHECK_S * 2)

    def run_once(self, name: str) -> None:
        """Run one tick now in the calling thread, errors parked as always."""
        self._run(next(job for job in self._jobs if job.name == name))

    def health(self) -> Sequence[HealthFinding]:
        return [self._finding(job) for job in self._jobs]

    def rearm_after_clock_step(self) -> bool:
        """Next ticks are kept as wall times: after a step they are set anew. True when the clock was set."""
        offset_s = self._offset_s()
        if abs(offset_s - self._clock_offset_s) < _STEP_S:
            return False
        log.warning("wall_clock_was_set", by_s=round(offset_s - self._clock_offset_s, 1))
        self._clock_offset_s = offset_s
        if self._scheduler is not None:
            for job in self._jobs:
                self._add(self._scheduler, job)
        return True

    def _add(self, scheduler: BackgroundScheduler, job: Job) -> None:
        first = self._machine_clock.now() + timedelta(seconds=0 if job.runs_at_start else job.every_s)
        scheduler.add_job(
            self._run,
            IntervalTrigger(seconds=job.every_s, timezone=HOSPITAL_ZONE),
            args=(job,),
            id=job.name,
            name=job.name,
            next_run_time=first,
            replace_existing=True,
        )

    def _run(self, job: Job) -> None:
        figures = self._figures[job.name]
        figures.last_started_s = self._clock.monotonic_s()
        try:
            job.run()
            figures.last_error = ""
        except Exception as error:
            figures.failures += 1
            figures.last_error = repr(error)
            self.parked.append(ParkedError(job.name, self._clock.now(), repr(error)))
            log.exception("job_failed", job=job.name)
        figures.runs += 1
        figures.last_ended_s = self._clock.monotonic_s()
        figures.longest_s = max(figures.longest_s, figures.last_ended_s - figures.last_started_s)

    def _watch_clock(self) -> None:
        while not self._is_stopping.wait(_CLOCK_CHECK_S):
            self.rearm_after_clock_step()

    def _offset_s(self) -> float:
        return self._machine_clock.now().timestamp() - self._machine_clock.monotonic_s()

    def _on_overrun(self, event: JobSubmissionEvent) -> None:
        self._figures[event.job_id].overruns += 1
        log.warning("job_overran", job=event.job_id)

    def _on_missed(self, event: JobExecutionEvent) -> None:
        log.error("job_missed", job=event.job_id)

    def _finding(self, job: Job) -> HealthFinding:
        """Not well: the last tick failed, or none ended for ten intervals (at least a minute)."""
        figures = self._figures[job.name]
        silent_s = self._clock.monotonic_s() - max(figures.last_ended_s, figures.last_started_s)
        is_late = self._scheduler is not None and figures.runs > 0 and silent_s > max(60.0, 10 * job.every_s)
        return HealthFinding(
            part=f"scheduler.{job.name}",
            is_ok=not is_late and not figures.last_error,
            detail="late" if is_late else figures.last_error,
            figures={
                "runs": figures.runs,
                "failures": figures.failures,
                "overruns": figures.overruns,
                "longest_s": round(figures.longest_s, 3),
            },
        )
