"""The rows of recordings: opened with the call, closed when the files are checked, searched by supervisors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from crm_core import phone_number
from crm_core.bus import Bus
from crm_core.calls import events
from crm_core.calls.kinds import RecordingState
from crm_core.calls.models import Call, CallLeg, Recording
from crm_core.calls.records import CallRecord, RecordingRecord, call_record, recording_record
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.ids import CallId
from crm_core.ports import RecordingMeasures


@dataclass(frozen=True, kw_only=True)
class RecordingFilter:
    """What a supervisor looks for; None means any (C48)."""

    started_from: datetime | None = None
    started_to: datetime | None = None
    number: str | None = None
    agent_id: int | None = None
    patient_id: int | None = None
    queue: str | None = None
    direction: str | None = None
    min_s: float | None = None
    max_s: float | None = None
    state: RecordingState | None = None


class RecordingRecords:
    """Rows only; the files belong to the room recordings. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock) -> None:
        self._db = database
        self._cipher = cipher
        self._clock = clock

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(events.RecordingStarted, self._on_started)

    def _on_started(self, event: events.RecordingStarted) -> None:
        self.opened(event.call_id)

    def opened(self, call_id: CallId) -> int:
        """A recording has begun (idempotent). Returns its id."""
        with self._db.write() as session:
            return self._row(session, call_id).id

    def ready(
        self,
        call_id: CallId,
        *,
        store_name: str,
        copy_name: str,
        sha256: str,
        size_bytes: int,
        measures: RecordingMeasures,
    ) -> int:
        with self._db.write() as session:
            row = self._row(session, call_id)
            row.state, row.reason, row.closed_at = RecordingState.READY.value, "", self._clock.now()
            row.store_name, row.copy_name, row.sha256 = store_name, copy_name, sha256
            row.size_bytes, row.length_s = size_bytes, measures.length_s
            row.measures = {
                "patient_talk_ratio": measures.patient_talk_ratio,
                "agent_talk_ratio": measures.agent_talk_ratio,
                "silence_ratio": measures.silence_ratio,
                "patient_level_dbfs": measures.patient_level_dbfs,
                "agent_level_dbfs": measures.agent_level_dbfs,
            }
            row.peaks = {
                "step_s": measures.peaks.step_s,
                "patient": list(measures.peaks.patient),
                "agent": list(measures.peaks.agent),
            }
            return row.id

    def missing(self, call_id: CallId, state: RecordingState, reason: str) -> int:
        """An answered call without a usable file: listed until somebody explains it (C47)."""
        with self._db.write() as session:
            row = self._row(session, call_id)
            row.state, row.reason, row.closed_at = state.value, reason[:128], self._clock.now()
            return row.id

    def get(self, recording_id: int) -> RecordingRecord:
        with self._db.read() as session:
            row = session.get(Recording, recording_id)
            if row is None:
                raise NotFound("no such recording")
            return recording_record(row)

    def of_call(self, call_id: str) -> RecordingRecord | None:
        with self._db.read() as session:
            row = session.scalar(select(Recording).where(Recording.call_id == call_id))
            return recording_record(row) if row else None

    def unfinished(self) -> list[CallId]:
        """Calls that have ended while their recording is still open."""
        with self._db.read() as session:
            rows = session.scalars(
                select(Recording.call_id)
                .join(Call, Call.id == Recording.call_id)
                .where(Recording.state == RecordingState.RECORDING.value, Call.ended_at.is_not(None))
            )
            return [CallId(row) for row in rows]

    def answered_without_recording(self, *, ended_before: datetime, limit: int = 500) -> list[CallId]:
        """Calls longer than 5 s that were answered and have no row at all (漏录检测)."""
        with self._db.read() as session:
            rows = session.execute(
                select(Call.id, Call.patient_answered_at, Call.ended_at)
                .outerjoin(Recording, Recording.call_id == Call.id)
                .where(Recording.id.is_(None), Call.patient_answered_at.is_not(None), Call.ended_at < ended_before)
                .order_by(Call.ended_at.desc())
                .limit(limit)
            ).all()
            return [
                CallId(i)
                for i, answered, ended in rows
                if answered and ended and (ended - answered).total_seconds() > 5
            ]

    def search(
        self, wanted: RecordingFilter, *, limit: int = 50, before_id: int | None = None
    ) -> tuple[Sequence[tuple[RecordingRecord, CallRecord]], int]:
        """Newest first; (rows, how many match in all). ``before_id`` is the last id of the page before."""
        query = self._filtered(select(Recording, Call).join(Call, Call.id == Recording.call_id), wanted)
        children = (selectinload(Call.legs), selectinload(Call.steps), selectinload(Call.wrap_ups))
        page = query.order_by(Recording.id.desc()).limit(min(limit, 200)).options(*children)
        if before_id is not None:
            page = page.where(Recording.id < before_id)
        with self._db.read() as session:
            total = session.scalar(
                self._filtered(select(func.count(Recording.id)).join(Call, Call.id == Recording.call_id), wanted)
            )
            rows = session.execute(page).all()
            return [(recording_record(r), call_record(c, self._cipher)) for r, c in rows], total or 0

    def _filtered(self, query: Any, wanted: RecordingFilter) -> Any:
        """``query`` (any select over recordings and calls) with the conditions that were asked for."""
        terms: list[Any] = []
        if wanted.number is not None:
            normal = phone_number.normalise(wanted.number) or phone_number.clean_caller(wanted.number)
            terms.append(Call.number_hash == self._cipher.hash_of(normal))
        if wanted.agent_id is not None:
            terms.append(Call.id.in_(select(CallLeg.call_id).where(CallLeg.agent_id == wanted.agent_id)))
        simple: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
            (wanted.started_from, lambda v: Recording.started_at >= v),
            (wanted.started_to, lambda v: Recording.started_at < v),
            (wanted.patient_id, lambda v: Call.patient_id == v),
            (wanted.queue, lambda v: Call.queue == v),
            (wanted.direction, lambda v: Call.direction == v),
            (wanted.min_s, lambda v: Recording.length_s >= v),
            (wanted.max_s, lambda v: Recording.length_s <= v),
            (wanted.state, lambda v: Recording.state == v.value),
        )
        terms.extend(make(value) for value, make in simple if value is not None)
        return query.where(*terms)

    def _row(self, session: Session, call_id: CallId) -> Recording:
        row = session.scalar(select(Recording).where(Recording.call_id == call_id))
        if row is None:
            row = Recording(
                call_id=call_id,
                state=RecordingState.RECORDING.value,
                started_at=self._clock.now(),
                measures={},
                peaks={},
            )
            session.add(row)
            session.flush()
        return row
