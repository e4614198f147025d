"""The ticks: late ones are not dropped, failing ones are parked, slow ones delay no other, a set clock stops none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from crm_core.clock import SystemClock
from scheduler.failpoints import Failpoints
from scheduler.jobs import Job
from scheduler.runner import SchedulerRunner

WAIT_S = 20.0


class SetClock(SystemClock):
    """The machine's clock with a wall time that somebody sets."""

    def __init__(self) -> None:
        super().__init__()
        self.step = timedelta()

    def now(self) -> datetime:
        return super().now() + self.step


class Counter:
    def __init__(self, wanted: int, work: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self.reached = threading.Event()
        self._wanted = wanted
        self._work = work

    def __call__(self) -> None:
        self.count += 1
        if self.count >= self._wanted:
            self.reached.set()
        self._work()


Started = Callable[[list[Job]], SchedulerRunner]


@pytest.fixture
def started() -> Iterator[Started]:
    runners: list[SchedulerRunner] = []

    def start(jobs: list[Job]) -> SchedulerRunner:
        runners.append(SchedulerRunner(jobs, SystemClock(timedelta(hours=9))))
        runners[-1].start()
        return runners[-1]

    yield start
    for runner in runners:
        runner.stop()


@pytest.mark.fault("F54")
def test_given_six_jobs_due_at_once_when_started_then_none_is_dropped(started: Started) -> None:
    counters = [Counter(3) for _ in range(6)]
    runner = started([Job(f"job{i}", 0.1, counter) for i, counter in enumerate(counters)])
    assert all(counter.reached.wait(WAIT_S) for counter in counters)
    assert all(finding.is_ok for finding in runner.health())


@pytest.mark.capability("C140")
def test_given_a_job_that_fails_when_it_is_due_again_then_it_runs_and_the_error_is_shown(started: Started) -> None:
    broken = Counter(3, lambda: (_ for _ in ()).throw(ValueError("poison")))
    fine = Counter(3)
    runner = started([Job("broken", 0.1, broken), Job("fine", 0.1, fine)])
    assert broken.reached.wait(WAIT_S)
    assert fine.reached.wait(WAIT_S)
    runner.stop()
    findings = {finding.part: finding for finding in runner.health()}
    assert not findings["scheduler.broken"].is_ok
    assert "poison" in findings["scheduler.broken"].detail
    assert findings["scheduler.fine"].is_ok
    assert {parked.job for parked in runner.parked} == {"broken"}


def test_given_a_job_that_hangs_when_due_again_then_it_does_not_run_twice_and_the_overrun_is_counted(
    started: Started,
) -> None:
    release = threading.Event()
    slow = Counter(1, lambda: release.wait(WAIT_S) or None)
    other = Counter(8)
    runner = started([Job("slow", 0.1, slow), Job("other", 0.1, other)])
    assert other.reached.wait(WAIT_S)
    assert slow.count == 1
    findings = {finding.part: finding for finding in runner.health()}
    assert findings["scheduler.slow"].figures["overruns"] >= 1
    release.set()


def test_given_a_job_that_recovers_when_it_succeeds_then_health_is_well_again() -> None:
    outcomes = iter([ValueError("once"), None])

    def flaky() -> None:
        if (error := next(outcomes)) is not None:
            raise error

    runner = SchedulerRunner([Job("flaky", 60, flaky)], SystemClock())
    runner.run_once("flaky")
    assert not runner.health()[0].is_ok
    runner.run_once("flaky")
    assert runner.health()[0].is_ok
    assert runner.health()[0].figures["failures"] == 1


@pytest.mark.fault("F56")
@pytest.mark.parametrize("hours", [-1, 1])
def test_given_the_wall_clock_is_set_when_noticed_then_the_ticks_go_on(hours: int) -> None:
    clock = SetClock()
    job = Counter(2)
    runner = SchedulerRunner([Job("tick", 3600, job)], clock, machine_clock=clock)
    runner.start()
    assert not runner.rearm_after_clock_step()
    clock.step = timedelta(hours=hours)
    assert runner.rearm_after_clock_step()
    assert not runner.rearm_after_clock_step()
    runner.stop()


@pytest.mark.fault("F56")
def test_given_the_wall_clock_is_set_back_when_a_job_is_due_then_it_is_not_an_hour_late(started: Started) -> None:
    job = Counter(2)
    clock = SetClock()
    clock.step = timedelta(hours=1)
    runner = SchedulerRunner([Job("tick", 0.2, job)], clock, machine_clock=clock)
    runner.start()  # the first tick is planned for a moment one hour ahead of the machine
    clock.step = timedelta()
    assert job.reached.wait(WAIT_S)
    runner.stop()


def test_given_an_unknown_failpoint_when_made_then_refused_and_none_does_nothing() -> None:
    with pytest.raises(ValueError, match="no failpoint"):
        Failpoints("somewhere")
    Failpoints("")("claimed")
