"""What the flows ask of the ground, every question with a time limit: a slow database never holds a caller (F41)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import structlog

from crm_core.appointments.service import AppointmentCard, DepartmentCard
from crm_core.campaigns.cards import SurveyCall
from crm_core.errors import HotlineError
from crm_core.opening_hours import HOSPITAL
from crm_core.patients.cards import PatientCard

log = structlog.get_logger(__name__)

T = TypeVar("T")


class PatientsPort(Protocol):
    def find_by_number(self, number: str) -> list[PatientCard]: ...


class AppointmentsPort(Protocol):
    def upcoming(self, patient_id: int, limit: int = 3) -> list[AppointmentCard]: ...

    def departments(self) -> list[DepartmentCard]: ...


class HoursPort(Protocol):
    def is_open(self, moment: datetime, calendar: str = HOSPITAL) -> bool: ...


class SurveysPort(Protocol):
    def survey_of(self, attempt_id: str) -> SurveyCall | None: ...

    def record_answer(self, attempt_id: str, question: str, score: int) -> None: ...

    def record_comment(self, attempt_id: str, name: str) -> None: ...

    def refuse(self, attempt_id: str, *, for_ever: bool = False) -> None: ...

    def finish_survey(self, attempt_id: str) -> None: ...


class GroundSilent(Exception):
    """The ground did not answer in time or failed; the caller goes to a person."""


class Pending(Generic[T]):
    """An answer that is on its way while the caller listens to something."""

    def __init__(self, future: Future[T] | None, timeout_s: float, question: str) -> None:
        self._future = future
        self._timeout_s = timeout_s
        self._question = question

    def result(self, *, timeout_s: float | None = None) -> T:
        """Waits at most the time limit (or this one) from now. Raises GroundSilent."""
        if self._future is None:
            raise GroundSilent(self._question)
        try:
            return self._future.result(self._timeout_s if timeout_s is None else timeout_s)
        except FutureTimeout as error:
            self._future.cancel()
            log.error("ground_slow", question=self._question, timeout_s=self._timeout_s)
            raise GroundSilent(self._question) from error
        except Exception as error:
            log.error("ground_failed", question=self._question, error=type(error).__name__)
            raise GroundSilent(self._question) from error

    def is_there_within(self, timeout_s: float) -> bool:
        """Waits at most so long; the question goes on either way."""
        return self._future is None or not wait([self._future], timeout_s).not_done

    def answer(self, timeout_s: float) -> T:
        """As ``result``, but a refusal of the ground is raised as it is, and what was asked is not taken back."""
        if self._future is not None and not self.is_there_within(timeout_s):
            log.error("ground_slow", question=self._question, timeout_s=timeout_s)
            raise GroundSilent(self._question)
        refusal = self._future.exception() if self._future is not None and not self._future.cancelled() else None
        if isinstance(refusal, HotlineError):
            raise refusal
        return self.result(timeout_s=0.0)


class GroundCalls:
    """A small pool in which the ground is asked. Bounded: when too many questions hang, new ones fail at once."""

    def __init__(self, *, timeout_s: float = 2.0, workers: int = 16, pending_max: int = 128) -> None:
        self._timeout_s = timeout_s
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ivr-ground")
        self._free = threading.BoundedSemaphore(pending_max)

    def begin(self, function: Callable[..., T], *args: object) -> Pending[T]:
        """Ask without waiting."""
        question = getattr(function, "__name__", "question")
        if not self._free.acquire(blocking=False):
            log.error("ground_overloaded", question=question)
            return Pending(None, 0.0, question)
        try:
            future = self._pool.submit(function, *args)
        except RuntimeError:  # stopped
            self._free.release()
            return Pending(None, 0.0, question)
        future.add_done_callback(lambda _: self._free.release())
        return Pending(future, self._timeout_s, question)

    def ask(self, function: Callable[..., T], *args: object) -> T:
        """Ask and wait at most the time limit. Raises GroundSilent."""
        return self.begin(function, *args).result()

    def stop(self, *, finishes: bool = False) -> None:
        """``finishes``: what was asked is waited for, instead of dropped."""
        self._pool.shutdown(wait=finishes, cancel_futures=not finishes)
