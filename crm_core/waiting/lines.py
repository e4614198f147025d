"""Who stands where in a queue, live callers and call-backs in one line, and how long it will take (C18-C21)."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from crm_core.agents.kinds import AgentState
from crm_core.agents.statuses import AgentStatus, AgentStatuses
from crm_core.calls.kinds import CallState, LegKind
from crm_core.calls.models import CallLeg
from crm_core.calls.records import CallRecord
from crm_core.calls.service import CallRecords
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.ids import CallId
from crm_core.opening_hours import OpeningHours
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.cards import LineView, Stand
from crm_core.waiting.rules import expected_wait_s

LineOrder = tuple[int, datetime]


@dataclass(frozen=True)
class LineRules:
    """``handling_s``: talk and notes of one call while the last hour tells nothing; figures are kept ``memory_s``."""

    handling_s: float = 180.0
    wrap_up_s: float = 30.0
    samples_least: int = 3
    memory_s: float = 30.0


class Lines:
    """Reading only. Thread-safe."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        calls: CallRecords,
        agents: AgentStatuses,
        call_backs: CallBacks,
        hours: OpeningHours,
        rules: LineRules | None = None,
    ) -> None:
        self._db = database
        self._clock = clock
        self._calls = calls
        self._agents = agents
        self._call_backs = call_backs
        self._hours = hours
        self._rules = rules or LineRules()
        self._lock = threading.Lock()
        self._handling: dict[str, tuple[float, float]] = {}

    def newcomer(self, queue: str, priority: int = 0) -> LineView:
        """The queue as somebody finds it who comes now."""
        return self._view(queue, (-priority, self._clock.now()))

    def stand_of(self, call_id: CallId, queue: str) -> Stand:
        """The place of a caller who waits, has just stepped out to press a key, or (not yet known) comes now."""
        try:
            record = self._calls.record(call_id)
        except NotFound:
            return Stand(self.newcomer(queue))
        if record.entered_at is None:
            return Stand(self.newcomer(queue, record.priority), record.priority, patient_id=record.patient_id)
        view = self._view(queue, record.line_order, without=call_id)
        return Stand(view, record.priority, record.entered_at, record.patient_id)

    def told(self, queue: str) -> list[tuple[CallRecord, LineView]]:
        """Every live caller of a queue with what he should be told now."""
        waiting = self.waiting_calls(queue)
        if not waiting:
            return []
        orders = sorted(self._orders(queue, without=None))
        newcomer = self.newcomer(queue)
        handling_s = self._handling_s(queue)
        return [
            (
                record,
                replace(
                    newcomer,
                    ahead=(ahead := bisect_left(orders, record.line_order)),
                    wait_s=expected_wait_s(ahead, agents=newcomer.agents_on_duty, handling_s=handling_s),
                ),
            )
            for record in waiting
        ]

    def free_agents(self, queues: Sequence[str]) -> int:
        """Agents who would take a call of any of these queues now."""
        statuses = self._agents.all_statuses()
        at_work = {one.agent_id: one for queue in queues for one in on_duty(statuses, queue)}
        return sum(one.state is AgentState.READY for one in at_work.values())

    def all_waiting(self, queue: str) -> Sequence[CallRecord]:
        """Live callers, those included for whom an agent's telephone rings."""
        return self._calls.waiting(queue)

    def waiting_calls(self, queue: str) -> Sequence[CallRecord]:
        """Live callers who have no agent yet: nobody's telephone rings for them."""
        return [one for one in self._calls.waiting(queue) if one.state is CallState.QUEUED]

    def _view(self, queue: str, mine: LineOrder, *, without: CallId | None = None) -> LineView:
        at_work = on_duty(self._agents.all_statuses(), queue)
        ahead = sum(order < mine for order in self._orders(queue, without=without))
        return LineView(
            queue=queue,
            ahead=ahead,
            agents_on_duty=len(at_work),
            agents_free=sum(one.state is AgentState.READY for one in at_work),
            wait_s=expected_wait_s(ahead, agents=len(at_work), handling_s=self._handling_s(queue)),
            is_open=self._hours.is_open(self._clock.now()),
        )

    def _orders(self, queue: str, *, without: CallId | None) -> Iterable[LineOrder]:
        waiting = self._calls.waiting(queue)
        standing = {record.line_order for record in waiting}
        for record in waiting:
            if record.id != without:
                yield record.line_order
        for request in self._call_backs.in_line(queue):
            if request.line_order not in standing:  # else he has answered and stands there himself
                yield request.line_order

    def _handling_s(self, queue: str) -> float:
        """Mean talk of this queue's calls in the last hour, and the notes after it."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            known = self._handling.get(queue)
        if known is not None and now_s - known[0] < self._rules.memory_s:
            return known[1]
        since = self._clock.now() - timedelta(hours=1)
        query = select(func.count(), func.avg(CallLeg.talked_s)).where(
            CallLeg.queue == queue, CallLeg.kind == LegKind.AGENT.value, CallLeg.answered_at >= since,
            CallLeg.ended_at.is_not(None),
        )  # fmt: skip
        with self._db.read() as session:
            count, mean_s = session.execute(query).one()
        is_known = count >= self._rules.samples_least
        handling_s = float(mean_s) + self._rules.wrap_up_s if is_known else self._rules.handling_s
        with self._lock:
            self._handling[queue] = (now_s, handling_s)
        return handling_s


def on_duty(statuses: Iterable[AgentStatus], queue: str) -> list[AgentStatus]:
    """Signed on for this queue with a telephone, and not on a pause: working or about to."""
    away = (AgentState.OFFLINE, AgentState.PAUSED)
    return [
        one for one in statuses
        if one.is_signed_on and one.is_registered and queue in one.queues and one.state not in away
    ]  # fmt: skip
