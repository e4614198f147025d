"""Figures of today, each with its one formula (C129)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select

from crm_core.calls.kinds import CallOutcome, Direction, LegKind
from crm_core.calls.models import Call, CallLeg
from crm_core.clock import HOSPITAL_ZONE, Clock, at_hospital
from crm_core.database import Database

SERVICE_LEVEL_S = 20.0
_ABANDONED = (CallOutcome.QUEUE_ABANDONED.value, CallOutcome.RING_ABANDONED.value, CallOutcome.QUEUE_TIMEOUT.value)


@dataclass(frozen=True)
class QueueToday:
    """offered = answered + abandoned + short abandons + still waiting; service level = answered within 20 s of entry
    over (answered + abandoned), short abandons (< 5 s) left out; None while nothing was offered."""

    offered: int
    answered: int
    abandoned: int
    quick_abandoned: int
    service_level_ratio: float | None
    average_wait_s: float | None


@dataclass(frozen=True)
class AgentToday:
    answered: int
    outbound: int
    average_talk_s: float | None
    missed: int


class Metrics:
    """Reads the ledger only; the same rows are what a drill-down lists."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        stamp: Callable[[], int] | None = None,
        leg_stamp: Callable[[int], int] | None = None,
    ) -> None:
        """``stamp`` tells when calls have changed, ``leg_stamp`` when legs of an agent have: until then the figures
        of the queues and of the agent are remembered."""
        self._db = database
        self._clock = clock
        self._stamp = stamp
        self._leg_stamp = leg_stamp
        self._agents: dict[int, tuple[tuple[int, datetime], AgentToday | None]] = {}
        self._queues: tuple[tuple[int, datetime], dict[str, QueueToday]] | None = None

    def today_began(self) -> datetime:
        return at_hospital(self._clock.now()).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=HOSPITAL_ZONE)

    def queues_today(self) -> dict[str, QueueToday]:
        if self._stamp is None:
            return self._read_queues()
        key = (self._stamp(), self.today_began())
        known = self._queues
        if known is None or known[0] != key:
            known = self._queues = (key, self._read_queues())
        return known[1]

    def _read_queues(self) -> dict[str, QueueToday]:
        answered = and_(Call.agent_answered_at.is_not(None), Call.waited_s.is_not(None))
        abandoned = Call.outcome.in_(_ABANDONED)
        query: Any = (
            select(
                Call.queue,
                func.count(),
                func.sum(case((answered, 1), else_=0)),
                func.sum(case((abandoned, 1), else_=0)),
                func.sum(case((Call.outcome == CallOutcome.QUICK_ABANDONED.value, 1), else_=0)),
                func.sum(case((and_(answered, Call.waited_s <= SERVICE_LEVEL_S), 1), else_=0)),
                func.avg(case((answered, Call.waited_s), else_=None)),
            )
            .where(Call.queued_at >= self.today_began(), Call.queue.is_not(None))
            .group_by(Call.queue)
        )
        with self._db.read() as session:
            return {
                str(queue): QueueToday(
                    offered=offered,
                    answered=int(done),
                    abandoned=int(lost),
                    quick_abandoned=int(quick),
                    service_level_ratio=int(in_time) / (int(done) + int(lost)) if int(done) + int(lost) else None,
                    average_wait_s=float(wait) if wait is not None else None,
                )
                for queue, offered, done, lost, quick, in_time, wait in session.execute(query)
            }

    def agent_today(self, agent_id: int) -> AgentToday | None:
        """One agent's figures; None before his first call of the day."""
        if self._leg_stamp is None:
            return self.agents_today(agent_id).get(agent_id)
        key = (self._leg_stamp(agent_id), self.today_began())
        known = self._agents.get(agent_id)
        if known is None or known[0] != key:
            known = self._agents[agent_id] = (key, self.agents_today(agent_id).get(agent_id))
        return known[1]

    def agents_today(self, agent_id: int | None = None) -> dict[int, AgentToday]:
        """All agents, or one."""
        talked = CallLeg.answered_at.is_not(None)
        query = (
            select(
                CallLeg.agent_id,
                func.sum(case((and_(talked, Call.direction == Direction.INBOUND.value), 1), else_=0)),
                func.sum(case((and_(talked, Call.direction == Direction.OUTBOUND.value), 1), else_=0)),
                func.avg(case((and_(talked, CallLeg.ended_at.is_not(None)), CallLeg.talked_s), else_=None)),
                func.sum(case((CallLeg.outcome == "no_answer", 1), else_=0)),
            )
            .join(Call, Call.id == CallLeg.call_id)
            .where(CallLeg.offered_at >= self.today_began(), CallLeg.kind == LegKind.AGENT.value)
            .group_by(CallLeg.agent_id)
        )
        if agent_id is not None:
            query = query.where(CallLeg.agent_id == agent_id)
        with self._db.read() as session:
            return {
                one: AgentToday(
                    int(inbound), int(outbound), float(talk) if talk is not None else None, int(missed)
                )
                for one, inbound, outbound, talk, missed in session.execute(query)
                if one is not None
            }
