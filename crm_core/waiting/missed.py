"""漏接: every lost call is a work item, one for a number, which closes itself when the caller is reached (C23, C24)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.bus import Bus
from crm_core.calls import events as call
from crm_core.calls.kinds import Direction, LegKind, LossReason
from crm_core.calls.loss import WANTED_A_PERSON
from crm_core.calls.models import Call
from crm_core.calls.queues import DEFAULT_QUEUE
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound, WrongState
from crm_core.events import Event
from crm_core.ids import AgentId, CallId, PatientId
from crm_core.waiting.cards import MissedCallerCard
from crm_core.waiting.events import CallBackChanged, MissedCallerClosed, MissedCallerOpened
from crm_core.waiting.kinds import CallBackState, ClosedHow, MissedState
from crm_core.waiting.models import CallBackRow, MissedCall, MissedCaller
from crm_core.waiting.rules import REPEATED_CALLS, REPEATED_WITHIN

log = structlog.get_logger(__name__)


class MissedCallers:
    """Subscribes after the call records, so that it reads what was written. Thread-safe."""

    def __init__(self, database: Database, bus: Bus, *, clock: Clock, cipher: FieldCipher) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(call.CallEnded, self.on_call_ended)
        bus.subscribe(call.CallAnswered, self._on_answered)
        bus.subscribe(call.DepartmentAnswered, self._on_department)
        bus.subscribe(CallBackChanged, self._on_call_back_changed)

    # -- reading --------------------------------------------------------------------------------------------------

    def listed(
        self, *, state: MissedState | None = MissedState.OPEN, limit: int = 50, before_id: int | None = None
    ) -> list[MissedCallerCard]:
        """The newest first; ``state`` None: all."""
        query = select(MissedCaller).order_by(MissedCaller.id.desc()).limit(min(limit, 200))
        if state is not None:
            query = query.where(MissedCaller.state == state)
        if before_id is not None:
            query = query.where(MissedCaller.id < before_id)
        with self._db.read() as session:
            return [self._card(session, row) for row in session.scalars(query)]

    def get(self, item_id: int) -> MissedCallerCard:
        with self._db.read() as session:
            return self._card(session, _item(session, item_id))

    def number_of(self, item_id: int) -> str:
        """The whole number, for dialling; "" when it was withheld. Permission and audit are the caller's duty."""
        with self._db.read() as session:
            stored = _item(session, item_id).number_encrypted
            return self._cipher.decrypt(stored) if stored else ""

    def open_count(self) -> int:
        with self._db.read() as session:
            query = select(func.count()).select_from(MissedCaller).where(MissedCaller.state == MissedState.OPEN)
            return session.scalar(query) or 0

    # -- commands -------------------------------------------------------------------------------------------------

    def close_by_hand(self, item_id: int, agent_id: AgentId) -> None:
        """Raises NotFound, WrongState when it is closed already."""
        with self._db.write() as session:
            row = _item(session, item_id)
            if row.state != MissedState.OPEN:
                raise WrongState("this item is closed already", code="missed_closed")
            row.closed_by = agent_id
            closed = self._close(row, ClosedHow.BY_HAND, call_id=None)
        self._bus.publish(closed)

    # -- reactions ------------------------------------------------------------------------------------------------

    def on_call_ended(self, event: call.CallEnded) -> None:
        """Idempotent by call: an end that is told twice counts once."""
        try:
            opened = self._note_lost(event.call_id)
        except IntegrityError:  # another program was first with this number: now its item is there
            opened = self._note_lost(event.call_id)
        self._publish(opened)

    def _note_lost(self, call_id: str) -> MissedCallerOpened | None:
        with self._db.write() as session:
            lost = session.get(Call, call_id)
            if lost is None or lost.loss_reason is None or session.get(MissedCall, call_id) is not None:
                return None
            at = lost.ended_at or self._clock.now()
            reason = LossReason(lost.loss_reason)
            row = self._open_item(session, lost.number_hash)
            if row is None:
                row = MissedCaller(
                    number_encrypted=lost.number_encrypted, number_hash=lost.number_hash, queue=DEFAULT_QUEUE,
                    reason=reason, first_at=at, last_at=at, calls_count=0, is_repeated=False, state=MissedState.OPEN,
                )  # fmt: skip
                session.add(row)
                session.flush()
            row.calls_count += 1
            row.last_at, row.reason = max(row.last_at, at), reason
            row.queue = lost.queue or row.queue
            row.patient_id = lost.patient_id or row.patient_id
            session.add(
                MissedCall(
                    call_id=call_id, item_id=row.id, number_hash=lost.number_hash, at=at, reason=reason,
                    wanted_person=reason in WANTED_A_PERSON,
                )
            )  # fmt: skip
            session.flush()
            row.is_repeated = row.is_repeated or _tries(session, lost.number_hash, at) >= REPEATED_CALLS
            return self._opened(row)

    def _on_answered(self, event: call.CallAnswered) -> None:
        if event.kind is LegKind.AGENT:
            self._reached(event.call_id)

    def _on_department(self, event: call.DepartmentAnswered) -> None:
        self._reached(event.call_id)

    def _reached(self, call_id: CallId) -> None:
        """Somebody talks with this number or patient now: what was missed is made good."""
        with self._db.read() as session:
            reached = session.get(Call, call_id)
            if reached is None or not self._open_ids(session, reached):
                return
        how = ClosedHow.CALLED_AGAIN if reached.direction == Direction.INBOUND.value else ClosedHow.CALLED_BACK
        with self._db.write() as session:
            rows = [session.get_one(MissedCaller, one) for one in self._open_ids(session, reached)]
            closed = [self._close(row, how, call_id=call_id) for row in rows]
        for one in closed:
            self._bus.publish(one)

    def _on_call_back_changed(self, event: CallBackChanged) -> None:
        """A call-back that reached nobody is a missed caller like any other."""
        if event.state is not CallBackState.UNREACHED:
            return
        with self._db.write() as session:
            request = session.get_one(CallBackRow, event.request_id)
            row = self._open_item(session, request.number_hash)
            if row is None:
                row = MissedCaller(
                    number_encrypted=request.number_encrypted, number_hash=request.number_hash,
                    patient_id=request.patient_id, queue=request.queue, reason=LossReason.QUEUE,
                    first_at=request.entered_at, last_at=event.at, calls_count=1, is_repeated=False,
                    state=MissedState.OPEN,
                )  # fmt: skip
                session.add(row)
                session.flush()
            opened = self._opened(row)
        self._publish(opened)

    # -- inner ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _open_item(session: Session, number_hash: str | None) -> MissedCaller | None:
        if number_hash is None:
            return None
        return session.scalar(
            select(MissedCaller)
            .where(MissedCaller.number_hash == number_hash, MissedCaller.state == MissedState.OPEN)
            .with_for_update()
        )

    @staticmethod
    def _open_ids(session: Session, reached: Call) -> Sequence[int]:
        same = [MissedCaller.number_hash == reached.number_hash] if reached.number_hash else []
        if reached.patient_id is not None:
            same.append(MissedCaller.patient_id == reached.patient_id)
        if not same:
            return []
        return session.scalars(
            select(MissedCaller.id).where(MissedCaller.state == MissedState.OPEN, or_(*same)).order_by(MissedCaller.id)
        ).all()

    def _close(self, row: MissedCaller, how: ClosedHow, *, call_id: CallId | None) -> MissedCallerClosed:
        row.state, row.closed_how = MissedState.CLOSED, how
        row.closed_at, row.closed_call_id = self._clock.now(), call_id
        return MissedCallerClosed(at=self._clock.now(), item_id=row.id, queue=row.queue, how=how)

    def _opened(self, row: MissedCaller) -> MissedCallerOpened:
        return MissedCallerOpened(
            at=self._clock.now(), item_id=row.id, queue=row.queue, calls_count=row.calls_count,
            is_repeated=row.is_repeated,
        )  # fmt: skip

    def _publish(self, event: Event | None) -> None:
        if event is not None:
            self._bus.publish(event)

    def _card(self, session: Session, row: MissedCaller) -> MissedCallerCard:
        ids = session.scalars(select(MissedCall.call_id).where(MissedCall.item_id == row.id).order_by(MissedCall.at))
        number = self._cipher.decrypt(row.number_encrypted) if row.number_encrypted else ""
        return MissedCallerCard(
            id=row.id,
            number_masked=phone_number.mask(number),
            patient_id=PatientId(row.patient_id) if row.patient_id is not None else None,
            queue=row.queue,
            reason=LossReason(row.reason),
            first_at=row.first_at,
            last_at=row.last_at,
            calls_count=row.calls_count,
            is_repeated=row.is_repeated,
            state=MissedState(row.state),
            call_ids=tuple(map(CallId, ids)),
            closed_at=row.closed_at,
            closed_how=ClosedHow(row.closed_how) if row.closed_how else None,
            closed_call_id=CallId(row.closed_call_id) if row.closed_call_id else None,
        )


def _item(session: Session, item_id: int) -> MissedCaller:
    row = session.get(MissedCaller, item_id)
    if row is None:
        raise NotFound("no such missed caller")
    return row


def _tries(session: Session, number_hash: str | None, at: datetime) -> int:
    """Vain tries for a person in the hour before ``at``, this one included."""
    if number_hash is None:
        return 0
    query = select(func.count()).select_from(MissedCall).where(
        MissedCall.number_hash == number_hash, MissedCall.wanted_person, MissedCall.at > at - REPEATED_WITHIN
    )  # fmt: skip
    return session.scalar(query) or 0
