"""按键预约回拨: a place in the line that is kept while the patient does not hold the receiver (C20)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.bus import Bus
from crm_core.calls.events import CallAnswered
from crm_core.calls.kinds import LegKind
from crm_core.calls.models import Call
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput, NotFound, WrongState
from crm_core.ids import CallId, PatientId
from crm_core.opening_hours import OpeningHours
from crm_core.waiting.cards import CallBackCard
from crm_core.waiting.events import CallBackChanged, CallBackRequested
from crm_core.waiting.kinds import CallBackState
from crm_core.waiting.models import CallBackAttempt, CallBackRow

RINGS_PER_DAY_MAX = 5
"""Hard limit of call-backs to one number within 24 hours (R40)."""
IN_LINE = (CallBackState.WAITING, CallBackState.CALLING)


class AlreadyRequested(Conflict):
    """This number is in the line already; its first place counts."""

    code = "call_back_exists"


class CallBacks:
    """Requests: asked for, seen, cancelled. Thread-safe. Dialling is ``call_back_attempts``."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        clock: Clock,
        cipher: FieldCipher,
        hours: OpeningHours,
        may_dial: Callable[[str], bool] = lambda _national: True,
    ) -> None:
        """``may_dial``: the dial policy, asked with the number as it is dialled in the country (R45)."""
        self._may_dial = may_dial
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher
        self._hours = hours

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(CallAnswered, self._on_answered)

    def request(
        self,
        call_id: CallId,
        number: str,
        *,
        queue: str,
        priority: int,
        entered_at: datetime | None = None,
        patient_id: PatientId | None = None,
        language: str = "zh",
    ) -> CallBackCard:
        """Committed when it returns. The same call asking again gets its first request, so a repeat is harmless.

        ``entered_at`` None: he has not waited yet, so his place is the end of the line. Raises InvalidInput for a number
        that may not be rung, AlreadyRequested when this number stands in the line for another call.
        """
        normal = callable_number(number)
        if not self._may_dial(phone_number.national(normal)):
            raise InvalidInput("the dial policy refuses this number", code="call_back_number")
        now = self._clock.now()
        try:
            with self._db.write() as session:
                known = session.scalar(select(CallBackRow).where(CallBackRow.call_id == call_id))
                if known is not None:
                    return self._card(known)
                if self._stands_in_line(session, normal):
                    raise AlreadyRequested("this number is to be called back already")
                if self._rung_today(session, normal, now) >= RINGS_PER_DAY_MAX:
                    raise InvalidInput("this number was rung too often today", code="call_back_number")
                row = CallBackRow(
                    call_id=call_id, number_encrypted=self._cipher.encrypt(normal),
                    number_hash=self._cipher.hash_of(normal), patient_id=patient_id, queue=queue, priority=priority,
                    language=language, entered_at=entered_at or now, requested_at=now,
                    was_open=self._hours.is_open(now), state=CallBackState.WAITING, due_at=now,
                )  # fmt: skip
                session.add(row)
                session.flush()
                card = self._card(row)
        except IntegrityError as error:  # another call of this number was first
            raise AlreadyRequested("this number is to be called back already") from error
        self._bus.publish(
            CallBackRequested(
                at=now, call_id=call_id, request_id=card.id, queue=queue, priority=priority, entered_at=card.entered_at
            )
        )
        return card

    def _rung_today(self, session: Session, normal: str, now: datetime) -> int:
        rung = select(func.count()).where(
            CallBackAttempt.number_hash == self._cipher.hash_of(normal),
            CallBackAttempt.written_at > now - timedelta(hours=24),
        )
        return session.scalar(rung) or 0

    def in_line(self, queue: str | None = None) -> list[CallBackCard]:
        """Requests that are due or under way, in the order of service."""
        query = select(CallBackRow).where(
            or_(
                CallBackRow.state == CallBackState.CALLING,
                (CallBackRow.state == CallBackState.WAITING) & (CallBackRow.due_at <= self._clock.now()),
            )
        )
        if queue is not None:
            query = query.where(CallBackRow.queue == queue)
        with self._db.read() as session:
            cards = [self._card(row) for row in session.scalars(query)]
        return sorted(cards, key=lambda one: (*one.line_order, one.id))

    def listed(self, states: Sequence[CallBackState] = IN_LINE, *, limit: int = 100) -> list[CallBackCard]:
        """For the desk, the newest first."""
        query = select(CallBackRow).where(CallBackRow.state.in_(states)).order_by(CallBackRow.id.desc())
        with self._db.read() as session:
            return [self._card(row) for row in session.scalars(query.limit(min(limit, 500)))]

    def get(self, request_id: int) -> CallBackCard:
        with self._db.read() as session:
            return self._card(_row(session, request_id))

    def cancel(self, request_id: int) -> None:
        """A person takes it out of the line. Raises WrongState while it is being dialled or when it is over."""
        with self._db.write() as session:
            row = _row(session, request_id)
            if row.state not in (CallBackState.WAITING, CallBackState.TO_REVIEW):
                raise WrongState("this call-back cannot be cancelled now", code="call_back_state")
            event = end_request(row, CallBackState.CANCELLED, self._clock.now())
        self._bus.publish(event)

    def again(self, request_id: int) -> None:
        """A person has looked at a request to review: it stands in the line again, at its old place."""
        now = self._clock.now()
        with self._db.write() as session:
            row = _row(session, request_id)
            if row.state != CallBackState.TO_REVIEW:
                raise WrongState("only a request to review can be tried again", code="call_back_state")
            if self._stands_in_line(session, self._cipher.decrypt(row.number_encrypted)):
                raise AlreadyRequested("this number is to be called back already")
            row.state, row.due_at, row.ended_at = CallBackState.WAITING, now, None
            event = CallBackChanged(at=now, request_id=row.id, queue=row.queue, state=CallBackState.WAITING)
        self._bus.publish(event)

    def _on_answered(self, event: CallAnswered) -> None:
        """He called again himself and somebody talks with him: the request is served."""
        if event.kind is not LegKind.AGENT:
            return
        with self._db.read() as session:
            number_hash = session.scalar(select(Call.number_hash).where(Call.id == event.call_id))
            if number_hash is None or self._waiting_of(session, number_hash) is None:
                return
        with self._db.write() as session:
            row = self._waiting_of(session, number_hash)
            ended = end_request(row, CallBackState.DONE, self._clock.now()) if row is not None else None
        if ended is not None:
            self._bus.publish(ended)

    @staticmethod
    def _waiting_of(session: Session, number_hash: str) -> CallBackRow | None:
        """A request that is under way is left to its attempt."""
        return session.scalar(
            select(CallBackRow)
            .where(CallBackRow.number_hash == number_hash, CallBackRow.state == CallBackState.WAITING)
            .with_for_update()
        )

    def _stands_in_line(self, session: Session, normal: str) -> bool:
        same = (CallBackRow.number_hash == self._cipher.hash_of(normal), CallBackRow.state.in_(IN_LINE))
        return session.scalar(select(CallBackRow.id).where(*same).limit(1)) is not None

    def _card(self, row: CallBackRow) -> CallBackCard:
        return CallBackCard(
            id=row.id,
            number_masked=phone_number.mask(self._cipher.decrypt(row.number_encrypted)),
            patient_id=PatientId(row.patient_id) if row.patient_id is not None else None,
            queue=row.queue,
            priority=row.priority,
            entered_at=row.entered_at,
            requested_at=row.requested_at,
            due_at=row.due_at,
            state=CallBackState(row.state),
            attempts_count=row.attempts_count,
            last_outcome=row.last_outcome,
            was_open=row.was_open,
        )


def callable_number(number: str) -> str:
    """The number in the one spelling. Raises InvalidInput: only ordinary numbers of the country are rung (I9)."""
    normal = phone_number.normalise(number)
    if normal is None or not normal.startswith("+86"):
        raise InvalidInput("this number cannot be called back", code="call_back_number")
    return normal


def end_request(row: CallBackRow, state: CallBackState, now: datetime) -> CallBackChanged:
    """Within a transaction of the caller."""
    row.state, row.ended_at = state, now
    return CallBackChanged(at=now, request_id=row.id, queue=row.queue, state=state)


def _row(session: Session, request_id: int) -> CallBackRow:
    row = session.get(CallBackRow, request_id)
    if row is None:
        raise NotFound("no such call-back")
    return row
