"""The call records: written from events, read by desks and reports, completed by agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.agents.events import AgentStateChanged
from crm_core.agents.kinds import AgentState
from crm_core.bus import Bus
from crm_core.calls.dispositions import UNFINISHED, is_known
from crm_core.calls.ledger import CHILDREN, CallLedger
from crm_core.calls.models import Call, CallLeg, CallWrapUp
from crm_core.calls.projection import project
from crm_core.calls.record_memory import RecordMemory
from crm_core.calls.records import WAITING_STATES, CallRecord, call_record
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotAllowed, NotFound, WrongState
from crm_core.events import CallEvent
from crm_core.ids import AgentId, CallId, PatientId

MAX_NOTES = 4000


class CallRecords:
    """One door to the calls. Thread-safe. Subscribes first, so that readers after it see the written record."""

    def __init__(
        self, database: Database, cipher: FieldCipher, clock: Clock, *, memory: RecordMemory | None = None
    ) -> None:
        """``memory`` only where this object is the one writer of calls (the running program)."""
        self._db = database
        self._cipher = cipher
        self._clock = clock
        self._ledger = CallLedger(cipher)
        self._memory = memory or RecordMemory(0)
        self._leg_changes: Counter[AgentId | None] = Counter()
        self._waiting: set[CallId] | None = None
        """Calls that wait now, kept by the one writer of calls; None: they are read."""

    @property
    def change_count(self) -> int:
        """Grows with every change of any call made through this object."""
        return self._memory.change_count

    def leg_change_count(self, agent_id: int) -> int:
        """Grows with every change of a leg of this agent made through this object."""
        return self._leg_changes[AgentId(agent_id)]

    def subscribe(self, bus: Bus) -> None:
        if self._memory.is_used:
            self._waiting = {one.id for one in self._read_waiting()}
        bus.subscribe(CallEvent, self.on_call_event)
        bus.subscribe(AgentStateChanged, self._on_agent_state)

    def on_call_event(self, event: CallEvent) -> None:
        def change(known: CallRecord | None) -> CallRecord:
            with self._db.note() as session:
                before = known or self._ledger.read(session, event.call_id)
                after = project(before, event)
                self._ledger.save(session, before, after)
            self._observe(before, after)
            return after

        self._memory.evolve(event.call_id, change)

    def _observe(self, before: CallRecord | None, after: CallRecord) -> None:
        if self._waiting is not None:
            self._waiting = self._waiting | {after.id} if after.is_waiting else self._waiting - {after.id}
        if before is None or before.legs is not after.legs:
            self._leg_changes.update(leg.agent_id for leg in after.legs)

    # -- reading --------------------------------------------------------------------------------------------------

    def record(self, call_id: str) -> CallRecord:
        return self._memory.of(call_id, self._read)

    def _record_or_none(self, call_id: str) -> CallRecord | None:
        try:
            return self.record(call_id)
        except NotFound:
            return None

    def _read(self, call_id: str) -> CallRecord:
        with self._db.read() as session:
            record = self._ledger.read(session, call_id)
        if record is None:
            raise NotFound("no such call")
        return record

    def open_calls(self) -> list[CallRecord]:
        """Every call that has not ended, the oldest first."""
        with self._db.read() as session:
            rows = session.scalars(
                select(Call).where(Call.ended_at.is_(None)).order_by(Call.arrived_at).options(*CHILDREN)
            )
            return [call_record(row, self._cipher) for row in rows]

    def open_calls_of(self, agent_id: int) -> list[CallRecord]:
        """Calls that are this agent's now: offered, in talk, or waiting for his wrap-up. What a reload shows (C31)."""
        mine = select(CallLeg.call_id).where(CallLeg.agent_id == agent_id, CallLeg.ended_at.is_(None))
        unfinished = select(CallWrapUp.call_id).where(CallWrapUp.agent_id == agent_id, CallWrapUp.finished_at.is_(None))
        with self._db.read() as session:
            rows = session.scalars(
                select(Call)
                .where(or_(Call.id.in_(mine), Call.id.in_(unfinished)))
                .order_by(Call.arrived_at)
                .options(*CHILDREN)
            )
            return [call_record(row, self._cipher) for row in rows]

    def waiting(self, queue: str | None = None) -> list[CallRecord]:
        """Callers in queues now, in the order they will be served: priority first, then entry time (C18)."""
        rows = self._read_waiting() if self._waiting is None else self._known_waiting(self._waiting)
        return [one for one in rows if queue is None or one.queue == queue]

    def _known_waiting(self, call_ids: set[CallId]) -> list[CallRecord]:
        records = [record for record in map(self._record_or_none, sorted(call_ids)) if record and record.is_waiting]
        return sorted(records, key=lambda one: one.line_order)

    def _read_waiting(self) -> list[CallRecord]:
        query = select(Call).where(
            Call.ended_at.is_(None),
            Call.state.in_([state.value for state in WAITING_STATES]),
            Call.queued_at.is_not(None),
            Call.waited_s.is_(None),
        )
        with self._db.read() as session:
            rows = session.scalars(query.options(*CHILDREN))
            return sorted((call_record(row, self._cipher) for row in rows), key=lambda one: one.line_order)

    def recent_calls(
        self, *, patient_id: int | None, number: str, limit: int = 5, before: datetime | None = None
    ) -> list[CallRecord]:
        """Earlier calls of this patient or from this number, the newest first."""
        normal = phone_number.normalise(number) or phone_number.clean_caller(number)
        terms = []
        if patient_id is not None:
            terms.append(Call.patient_id == patient_id)
        if normal:
            terms.append(Call.number_hash == self._cipher.hash_of(normal))
        if not terms:
            return []
        query = (
            select(Call).where(or_(*terms)).order_by(Call.arrived_at.desc()).limit(min(limit, 100)).options(*CHILDREN)
        )
        if before is not None:
            query = query.where(Call.arrived_at < before)
        with self._db.read() as session:
            return [call_record(row, self._cipher) for row in session.scalars(query)]

    # -- commands of agents ---------------------------------------------------------------------------------------

    def save_notes(self, call_id: str, agent_id: int, text: str) -> datetime:
        """Autosave while typing; allowed as long as the call is the agent's. Returns when it was saved."""
        if len(text) > MAX_NOTES:
            raise InvalidInput(f"notes have at most {MAX_NOTES} characters", code="notes_length")
        with self._memory.changing(call_id), self._db.note() as session:
            wrap_up = self._own_wrap_up(session, call_id, agent_id)
            if wrap_up.finished_at is not None and not wrap_up.is_overdue:
                raise WrongState("this wrap-up is finished", code="wrap_up_finished")
            wrap_up.notes, wrap_up.saved_at = text, self._clock.now()
            return wrap_up.saved_at

    def bind_patient(self, call_id: str, agent_id: int, patient_id: PatientId) -> None:
        """The agent chose who is calling (C32)."""
        with self._memory.changing(call_id), self._db.write() as session:
            self._check_own(session, call_id, agent_id)
            row = session.get(Call, call_id)
            assert row is not None
            row.patient_id = patient_id

    def finish_wrap_up(
        self,
        call_id: str,
        agent_id: int,
        *,
        disposition: str,
        sub_disposition: str | None = None,
        is_resolved: bool | None = None,
        notes: str | None = None,
    ) -> None:
        """服务小结 saved. Refused while this agent still talks (WrongState)."""
        if not is_known(disposition, sub_disposition):
            raise InvalidInput("unknown disposition", code="disposition")
        if notes is not None and len(notes) > MAX_NOTES:
            raise InvalidInput(f"notes have at most {MAX_NOTES} characters", code="notes_length")
        with self._memory.changing(call_id), self._db.write() as session:
            wrap_up = self._own_wrap_up(session, call_id, agent_id)
            if self._has_open_leg(session, call_id, agent_id):
                raise WrongState("the call has not ended yet", code="in_call")
            wrap_up.disposition, wrap_up.sub_disposition = disposition, sub_disposition
            wrap_up.is_resolved, wrap_up.is_overdue = is_resolved, False
            wrap_up.finished_at = self._clock.now()
            if notes is not None:
                wrap_up.notes, wrap_up.saved_at = notes, self._clock.now()

    def _on_agent_state(self, event: AgentStateChanged) -> None:
        """Wrap-up left without a disposition: the default code, listed for completion (C39)."""
        if event.old is not AgentState.WRAP_UP or event.new is AgentState.WRAP_UP:
            return
        closed: list[str] = []
        with self._db.write() as session:
            rows = session.scalars(
                select(CallWrapUp).where(CallWrapUp.agent_id == event.agent_id, CallWrapUp.finished_at.is_(None))
            )
            for row in rows:
                if not self._has_open_leg(session, row.call_id, event.agent_id):
                    closed.append(row.call_id)
                    row.finished_at, row.disposition, row.is_overdue = self._clock.now(), UNFINISHED, True
        for call_id in closed:
            self._memory.forget(call_id)

    def overdue_wrap_ups(self, agent_id: int) -> Sequence[CallId]:
        """小结待补: closed by the clock, to be completed by the agent."""
        with self._db.read() as session:
            rows = session.scalars(
                select(CallWrapUp.call_id).where(CallWrapUp.agent_id == agent_id, CallWrapUp.is_overdue.is_(True))
            )
            return [CallId(call_id) for call_id in rows]

    def was_agents(self, call_id: str, agent_id: AgentId) -> bool:
        """True when this agent ever had a leg in the call (R15)."""
        with self._db.read() as session:
            found = session.scalar(
                select(CallLeg.id).where(CallLeg.call_id == call_id, CallLeg.agent_id == agent_id).limit(1)
            )
            return found is not None

    # -- inner ----------------------------------------------------------------------------------------------------

    def _own_wrap_up(self, session: Session, call_id: str, agent_id: int) -> CallWrapUp:
        self._check_own(session, call_id, agent_id)
        wrap_up = session.get(CallWrapUp, (call_id, agent_id))
        if wrap_up is None:
            wrap_up = CallWrapUp(call_id=call_id, agent_id=agent_id)
            session.add(wrap_up)
        return wrap_up

    def _check_own(self, session: Session, call_id: str, agent_id: int) -> None:
        found = session.scalar(
            select(CallLeg.id).where(CallLeg.call_id == call_id, CallLeg.agent_id == agent_id).limit(1)
        )
        if found is None:
            raise NotAllowed("this is not your call")

    def _has_open_leg(self, session: Session, call_id: str, agent_id: int) -> bool:
        found = session.scalar(
            select(CallLeg.id)
            .where(CallLeg.call_id == call_id, CallLeg.agent_id == agent_id, CallLeg.ended_at.is_(None))
            .limit(1)
        )
        return found is not None
