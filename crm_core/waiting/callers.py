"""What is known of a caller when he is about to wait: listed or not, vain tries, priority with its why, last agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from crm_core import phone_number
from crm_core.agents.kinds import AgentState
from crm_core.agents.models import AgentStatusRow, User
from crm_core.calls.kinds import LegKind, LegOutcome
from crm_core.calls.models import Call, CallLeg
from crm_core.calls.queues import QUEUES
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.ids import AgentId, PatientId
from crm_core.patients.cards import PatientCard
from crm_core.waiting.cards import Placing, Standing
from crm_core.waiting.kinds import CallerFlag
from crm_core.waiting.models import MissedCall, NuisanceNumber
from crm_core.waiting.rules import REPEATED_WITHIN, CallerFacts, rank

FlagsOf = Callable[[PatientId], frozenset[CallerFlag]]
"""In-patient, red flag, open complaint: asked of whoever keeps them."""

_BASE_PRIORITY = {queue.name: queue.base_priority for queue in QUEUES}


@dataclass(frozen=True)
class CallerRules:
    last_agent_days: int = 7
    """0: nobody is asked first (C22)."""


class Callers:
    """Reading only. Thread-safe."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        cipher: FieldCipher,
        flags_of: FlagsOf = lambda patient_id: frozenset(),
        rules: CallerRules | None = None,
    ) -> None:
        self._db = database
        self._clock = clock
        self._cipher = cipher
        self._flags_of = flags_of
        self._rules = rules or CallerRules()

    def standing(self, number: str) -> Standing:
        """One query, asked while the notice plays. A withheld or unreadable number stands for nobody."""
        normal = phone_number.normalise(number)
        if normal is None:
            return Standing()
        number_hash, now = self._cipher.hash_of(normal), self._clock.now()
        listed = (
            select(func.max(NuisanceNumber.id))
            .where(
                NuisanceNumber.number_hash == number_hash,
                NuisanceNumber.expires_at > now,
                NuisanceNumber.removed_at.is_(None),
            )
            .scalar_subquery()
        )
        lost = (
            select(func.count(MissedCall.call_id))
            .where(
                MissedCall.number_hash == number_hash, MissedCall.at > now - REPEATED_WITHIN, MissedCall.wanted_person
            )
            .scalar_subquery()
        )
        with self._db.read() as session:
            nuisance_id, lost_within_hour = session.execute(select(listed, lost)).one()
        return Standing(nuisance_id, lost_within_hour or 0)

    def placing(self, patient: PatientCard | None, standing: Standing, queue: str) -> Placing:
        """``patient`` None: unknown, or one of several on this number."""
        facts = CallerFacts(
            vip_level=patient.vip_level if patient else 0,
            tier=patient.tier if patient else "",
            lost_within_hour=standing.lost_within_hour,
            flags=self._flags_of(patient.id) if patient else frozenset(),
        )
        agent = self._last_agent(patient.id, queue) if patient else None
        return Placing(
            rank(facts, base=_BASE_PRIORITY.get(queue, 0)),
            facts,
            last_agent_id=agent[0] if agent else None,
            last_agent_extension=agent[1] if agent else "",
        )

    def _last_agent(self, patient_id: PatientId, queue: str) -> tuple[AgentId, str] | None:
        """Who talked with this patient last, when he is free now and serves this queue (C22). One query."""
        if not self._rules.last_agent_days:
            return None
        since = self._clock.now() - timedelta(days=self._rules.last_agent_days)
        query = (
            select(User.id, User.extension, User.queues, AgentStatusRow.state, AgentStatusRow.is_registered)
            .join(CallLeg, CallLeg.agent_id == User.id)
            .join(Call, Call.id == CallLeg.call_id)
            .join(AgentStatusRow, AgentStatusRow.agent_id == User.id)
            .where(
                Call.patient_id == patient_id,
                CallLeg.kind == LegKind.AGENT.value,
                CallLeg.outcome == LegOutcome.ANSWERED.value,
                CallLeg.answered_at >= since,
            )
            .order_by(CallLeg.answered_at.desc())
            .limit(1)
        )
        with self._db.read() as session:
            found = session.execute(query).one_or_none()
        if found is None or not found.extension or queue not in found.queues:
            return None
        is_free = found.state == AgentState.READY.value and found.is_registered
        return (AgentId(found.id), str(found.extension)) if is_free else None
