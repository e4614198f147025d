"""Named calendars of office hours with legal holidays, 调休 and own exceptions, edited in the browser (C5)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.clock import Clock, at_hospital
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.menus.cards import CalendarCard, DayHours, DayKind, Editor, ExceptionCard
from crm_core.menus.errors import MenuChanged
from crm_core.menus.models import OfficeCalendar, OfficeException
from crm_core.menus.tree import is_key
from crm_core.opening_hours import HOSPITAL, LegalDay, Span, legal_day
from crm_core.phone_number import clean_text

log = structlog.get_logger(__name__)

EVERY_CALENDAR = "*"
DAY_NAMES = ("1", "2", "3", "4", "5", "6", "7", "holiday", "makeup")
SPANS_MAX = 6
REMEMBERED_S = 5.0
"""An edit of another process is seen after at most this long; an own one at once."""


@dataclass(frozen=True)
class _Seen:
    """What the database said last."""

    weekly: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    exceptions: Mapping[tuple[str, date], tuple[tuple[str, ...], str]] = field(default_factory=dict)
    at_s: float = float("-inf")


class Calendars:
    """Thread-safe. Asked by every call, so the tables are remembered for some seconds; also kept when the database fails."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        audit: Audit,
        legal: Callable[[date], LegalDay | None] = legal_day,
    ) -> None:
        self._db = database
        self._clock = clock
        self._audit = audit
        self._legal = legal
        self._lock = threading.Lock()
        self._seen = _Seen()

    def seed(self, *, workday: Sequence[Span], restday: Sequence[Span], title_zh: str = "医院服务时间") -> bool:
        """The hospital's calendar of a new home. False when it is there."""
        open_spans, rest_spans = [str(span) for span in workday], [str(span) for span in restday]
        with self._db.write() as session:
            if session.get(OfficeCalendar, HOSPITAL) is not None:
                return False
            session.add(
                OfficeCalendar(
                    key=HOSPITAL,
                    title_zh=title_zh,
                    title_en="Hospital hours",
                    weekly={
                        name: open_spans if name in ("1", "2", "3", "4", "5", "makeup") else rest_spans
                        for name in DAY_NAMES
                    },
                    changed_at=self._clock.now(),
                )
            )
        self._forget()
        return True

    # -- asking ---------------------------------------------------------------------------------------------------

    def is_open(self, moment: datetime, calendar: str = HOSPITAL) -> bool:
        """Raises NotFound for an unknown calendar."""
        local = at_hospital(moment)
        return any(Span.parse(text).has(local.time()) for text in self.day(local.date(), calendar).spans)

    def day(self, day: date, calendar: str = HOSPITAL) -> DayHours:
        """The hours of one day and why. Raises NotFound."""
        seen = self._look()
        weekly = seen.weekly.get(calendar)
        if weekly is None:
            raise NotFound(f"no calendar {calendar!r}")
        for name in (calendar, EVERY_CALENDAR):
            if (name, day) in seen.exceptions:
                spans, reason = seen.exceptions[name, day]
                return DayHours(day, DayKind.EXCEPTION, spans, reason)
        legal = self._legal(day)
        if legal is not None:
            return DayHours(day, DayKind(legal.value), weekly[legal.value])
        return DayHours(day, DayKind.WEEKLY, weekly[str(day.isoweekday())])

    def spans_on(self, day: date) -> Sequence[Span] | None:
        """The hospital's spans (the port StoredHours); None before the calendar was seeded."""
        try:
            return tuple(Span.parse(text) for text in self.day(day).spans)
        except NotFound:
            return None

    def is_workday(self, day: date) -> bool | None:
        """Only exceptions answer: open hours make a working day."""
        exceptions = self._look().exceptions
        for name in (HOSPITAL, EVERY_CALENDAR):
            if (name, day) in exceptions:
                return bool(exceptions[name, day][0])
        return None

    def keys(self) -> frozenset[str]:
        return frozenset(self._look().weekly)

    def calendars(self) -> list[CalendarCard]:
        with self._db.read() as session:
            rows = session.scalars(select(OfficeCalendar).order_by(OfficeCalendar.key != HOSPITAL, OfficeCalendar.key))
            return [_card(row) for row in rows]

    def exceptions(self, since: date) -> list[ExceptionCard]:
        """From this day on, in order."""
        with self._db.read() as session:
            rows = session.scalars(
                select(OfficeException)
                .where(OfficeException.day >= since)
                .order_by(OfficeException.day, OfficeException.calendar)
                .limit(500)
            )
            return [_exception(row) for row in rows]

    # -- editing --------------------------------------------------------------------------------------------------

    def save(
        self,
        key: str,
        weekly: Mapping[str, Sequence[str]],
        by: Editor,
        *,
        title_zh: str,
        title_en: str,
        lock_version: int,
    ) -> CalendarCard:
        """``lock_version`` 0 makes a new calendar. Raises MenuChanged, InvalidInput."""
        if not is_key(key) or not title_zh.strip():
            raise InvalidInput("a calendar needs a key in kebab-case and a title")
        hours = {name: list(_checked(weekly.get(name, ()))) for name in DAY_NAMES}
        with self._db.write() as session:
            row = session.get(OfficeCalendar, key, with_for_update=True)
            if row is None and lock_version == 0:
                row = OfficeCalendar(key=key, lock_version=0)
                session.add(row)
            elif row is None or row.lock_version != lock_version:
                raise MenuChanged(
                    f"the calendar {key}",
                    changed_by=row.changed_by if row else None,
                    changed_at=row.changed_at.isoformat() if row else "",
                    lock_version=row.lock_version if row else 0,
                )
            row.title_zh, row.title_en = clean_text(title_zh), clean_text(title_en)
            row.weekly, row.lock_version = hours, row.lock_version + 1
            row.changed_by, row.changed_at = by.id, self._clock.now()
            session.flush()
            self._note(session, by, "hours.save", key, detail={"weekly": hours})
            card = _card(row)
        self._forget()
        return card

    def set_exception(
        self, calendar: str, day: date, by: Editor, *, spans: Sequence[str], reason: str
    ) -> ExceptionCard:
        """One day that is different; replaces what was set for it. Empty ``spans``: closed. Raises InvalidInput."""
        hours, why = list(_checked(spans)), clean_text(reason, limit=128)
        if not why:
            raise InvalidInput("an exception needs a reason")
        with self._db.write() as session:
            if calendar != EVERY_CALENDAR and session.get(OfficeCalendar, calendar) is None:
                raise NotFound(f"no calendar {calendar!r}")
            same_day = (OfficeException.calendar == calendar, OfficeException.day == day)
            session.execute(delete(OfficeException).where(*same_day))
            row = OfficeException(
                calendar=calendar, day=day, spans=hours, reason=why, changed_by=by.id, changed_at=self._clock.now()
            )
            session.add(row)
            session.flush()
            detail = {"day": day.isoformat(), "spans": hours}
            self._note(session, by, "hours.exception", calendar, reason=why, detail=detail)
            card = _exception(row)
        self._forget()
        return card

    def remove_exception(self, exception_id: int, by: Editor) -> None:
        with self._db.write() as session:
            row = session.get(OfficeException, exception_id)
            if row is None:
                raise NotFound("no such exception")
            detail = {"day": row.day.isoformat(), "spans": list(row.spans)}
            self._note(session, by, "hours.exception_removed", row.calendar, detail=detail)
            session.delete(row)
        self._forget()

    def _note(
        self, session: Session, by: Editor, action: str, key: str, *, detail: Mapping[str, object], reason: str = ""
    ) -> None:
        line = AuditLine(
            actor_id=by.id, action=action, object_kind="calendar", object_id=key, ip=by.ip, reason=reason,
            result="ok", detail=dict(detail),
        )  # fmt: skip
        self._audit.append(session, line)

    # -- remembering ----------------------------------------------------------------------------------------------

    def _look(self) -> _Seen:
        seen = self._seen
        if self._clock.monotonic_s() - seen.at_s < REMEMBERED_S:
            return seen
        with self._lock:
            if self._seen is not seen:
                return self._seen
            try:
                self._seen = self._read()
            except (SQLAlchemyError, TimeoutError) as error:
                if not seen.weekly:
                    raise
                log.warning("calendars_not_read", error=type(error).__name__)
                self._seen = _Seen(seen.weekly, seen.exceptions, self._clock.monotonic_s())
            return self._seen

    def _read(self) -> _Seen:
        now_s = self._clock.monotonic_s()
        since = at_hospital(self._clock.now()).date().replace(month=1, day=1)
        with self._db.read() as session:
            weekly = {
                row.key: {name: tuple(row.weekly.get(name, ())) for name in DAY_NAMES}
                for row in session.scalars(select(OfficeCalendar))
            }
            exceptions = {
                (row.calendar, row.day): (tuple(row.spans), row.reason)
                for row in session.scalars(select(OfficeException).where(OfficeException.day >= since))
            }
        return _Seen(weekly, exceptions, now_s)

    def _forget(self) -> None:
        with self._lock:
            self._seen = _Seen(self._seen.weekly, self._seen.exceptions)


def _checked(spans: Sequence[str]) -> Sequence[str]:
    """In order, each with an end after its start, none over another. Raises InvalidInput."""
    try:
        parsed = sorted((Span.parse(text) for text in spans), key=lambda span: span.start)
    except (ValueError, TypeError):
        raise InvalidInput("hours are written like 08:00-17:30") from None
    is_wrong = any(span.end <= span.start for span in parsed) or any(
        later.start < earlier.end for earlier, later in itertools.pairwise(parsed)
    )
    if is_wrong or len(parsed) > SPANS_MAX:
        raise InvalidInput("hours overlap, end before they begin, or are too many")
    return [str(span) for span in parsed]


def _card(row: OfficeCalendar) -> CalendarCard:
    weekly = {name: tuple(row.weekly.get(name, ())) for name in DAY_NAMES}
    return CalendarCard(row.key, row.title_zh, row.title_en, weekly, row.lock_version, row.changed_by, row.changed_at)


def _exception(row: OfficeException) -> ExceptionCard:
    return ExceptionCard(row.id, row.calendar, row.day, tuple(row.spans), row.reason, row.changed_by, row.changed_at)
