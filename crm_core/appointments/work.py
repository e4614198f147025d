"""One transaction of the booking office: run, repeated when that is safe, and announced after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from crm_core.appointments import events
from crm_core.appointments.errors import BookingBusy
from crm_core.appointments.models import Appointment
from crm_core.appointments.models_booking import AppointmentStep
from crm_core.appointments.rules import BookingSettings
from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import Conflict, OutcomeUnknown
from crm_core.events import Event
from crm_core.phone_number import clean_text

log = structlog.get_logger(__name__)

T = TypeVar("T")
_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_UNANNOUNCED_AFTER_S = 30.0


@dataclass
class Work:
    """What one transaction reads and leaves behind. ``events`` are published when it is committed."""

    session: Session
    now: datetime
    settings: BookingSettings
    steps: list[AppointmentStep] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def note(self, appointment: Appointment, kind: str, *, by: str, reason: str = "") -> None:
        """Add a line to the history; its event is published after the commit."""
        step = AppointmentStep(
            appointment_id=appointment.id, kind=kind, at=self.now, by=by, reason=reason,
            detail={"patient_id": appointment.patient_id, "channel": appointment.channel,
                    "moved_from_id": appointment.moved_from_id},
        )  # fmt: skip
        self.session.add(step)
        self.steps.append(step)


class BookingWork:
    """Runs use cases of which each may safely be run twice: by key, by state or by unique constraint.

    A lost race (unique constraint), a deadlock and a connection that died, perhaps in COMMIT, are therefore answered
    by running the use case once more: it finds what was committed (I3, F46). ``failpoint`` is called with
    ``before_commit`` and ``after_commit``; tests kill the process there.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        *,
        settings: BookingSettings | None = None,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.database = database
        self.bus = bus
        self.clock = clock
        self.settings = settings or BookingSettings()
        self._failpoint = failpoint

    def run(self, use_case: Callable[[Work], T]) -> T:
        """Returns when the result is durable. Raises BookingBusy, OutcomeUnknown and whatever the use case raises."""
        try:
            return self._once(use_case)
        except DBAPIError as error:
            if not _is_worth_a_retry(error):
                raise _unavailable(error) from error
            log.info("booking_repeated", error=type(error).__name__)
        except (TimeoutError, PoolTimeout) as error:
            raise BookingBusy("the database is busy") from error
        return self._again(use_case)

    def _again(self, use_case: Callable[[Work], T]) -> T:
        try:
            return self._once(use_case)
        except IntegrityError as error:
            raise Conflict("somebody else was first") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise OutcomeUnknown("the database went away twice; ask again with the same key") from error
            raise _unavailable(error) from error
        except (TimeoutError, PoolTimeout) as error:
            raise OutcomeUnknown("the database is busy; ask again with the same key") from error

    def _once(self, use_case: Callable[[Work], T]) -> T:
        with self.database.write() as session:
            work = Work(session, self.clock.now(), self.settings)
            result = use_case(work)
            session.flush()
            self._failpoint("before_commit")
        self._failpoint("after_commit")
        for event in work.events:
            self.bus.publish(event)
        self._announce(work.steps)
        return result

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around a reading that a use case begins with: a database that is away is said in our words."""
        try:
            yield
        except DBAPIError as error:
            raise _unavailable(error) from error
        except (TimeoutError, PoolTimeout) as error:
            raise BookingBusy("the database is busy") from error

    def announce_missed(self, *, older_than_s: float = _UNANNOUNCED_AFTER_S, limit: int = 500) -> int:
        """Publish what a crash kept from being published. Run at the start and every minute; returns how many."""
        until = self.clock.now() - timedelta(seconds=older_than_s)
        with self.database.read() as session:
            steps = session.scalars(
                select(AppointmentStep)
                .where(AppointmentStep.announced_at.is_(None), AppointmentStep.at <= until)
                .order_by(AppointmentStep.id)
                .limit(limit)
            ).all()
        self._announce(steps)
        return len(steps)

    def _announce(self, steps: Sequence[AppointmentStep]) -> None:
        """Never fails what is committed already: a mark that cannot be set now makes the event come twice."""
        if not steps:
            return
        for step in steps:
            self.bus.publish(event_of(step))
        try:
            with self.database.note() as session:
                session.execute(
                    update(AppointmentStep)
                    .where(AppointmentStep.id.in_([step.id for step in steps]))
                    .values(announced_at=self.clock.now())
                )
        except (DBAPIError, TimeoutError, PoolTimeout):
            log.warning("announcement_not_marked", steps=len(steps), exc_info=True)


_EVENTS: dict[str, Callable[[AppointmentStep], Event]] = {
    "booked": lambda step: events.AppointmentBooked(**_common(step), channel=step.detail["channel"]),
    "moved_here": lambda step: events.AppointmentMoved(**_common(step), moved_from_id=step.detail["moved_from_id"]),
    "cancelled": lambda step: events.AppointmentCancelled(**_common(step), reason=step.reason),
    "closed_by_hospital": lambda step: events.AppointmentClosed(**_common(step), reason=step.reason),
    "visited": lambda step: events.AppointmentVisited(**_common(step)),
    "missed": lambda step: events.AppointmentMissed(**_common(step)),
}
"""Kind of a step -> its event."""


def event_of(step: AppointmentStep) -> Event:
    return _EVENTS[step.kind](step)


def short(text: str, limit: int) -> str:
    """A reason or name as it may be kept: no control characters, not endless."""
    return clean_text(text, limit=limit)


def _common(step: AppointmentStep) -> dict[str, Any]:
    return {
        "at": step.at,
        "appointment_id": step.appointment_id,
        "patient_id": step.detail["patient_id"],
        "by": step.by,
    }


def _is_worth_a_retry(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, IntegrityError) or error.connection_invalidated or state in (_DEADLOCK, _SERIALIZATION)


def _unavailable(error: DBAPIError) -> Exception:
    return BookingBusy("the database is not available now") if isinstance(error, OperationalError) else error
