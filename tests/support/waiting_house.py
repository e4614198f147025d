"""A small house for tests of waiting: real services over one database, calls that are told event by event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from crm_core.agents.kinds import AgentState
from crm_core.agents.models import AgentStatusRow
from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy, LegKind
from crm_core.campaigns.leadership import Leaderships
from crm_core.errors import HotlineError
from crm_core.ids import AgentId, CallId, LegId, PatientId
from crm_core.ports import CallBackCall, LiveCall
from crm_core.tickets.service import Tickets
from crm_core.waiting.call_back_attempts import CallBackAttempts
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.callers import CallerRules, Callers
from crm_core.waiting.lines import Lines
from crm_core.waiting.missed import MissedCallers
from crm_core.waiting.nuisance import NuisanceList
from scheduler.call_backs import CallBackDialer
from scheduler.calling_windows import CallingWindows, HouseWindow
from tests.support.ground import HOURS, Ground


class RingingTelephony:
    """The part of Telephony that call-backs use; keeps every INVITE, raises what it is told to."""

    def __init__(self) -> None:
        self.is_up = True
        self.placed: list[CallBackCall] = []
        self.released: list[CallId] = []
        self.live: list[LiveCall] = []
        self.failing: HotlineError | None = None

    def originate_call_back(self, call: CallBackCall, *, ring_timeout_s: float) -> None:
        if self.failing is not None:
            raise self.failing
        self.placed.append(call)

    def release_place(self, call_id: CallId) -> None:
        self.released.append(call_id)

    def live_calls(self) -> list[LiveCall]:
        return list(self.live)


class WaitingHouse:
    """Everything of waiting, wired as the roof does it."""

    def __init__(self, ground: Ground, *, failpoint: Callable[[str], None] = lambda name: None) -> None:
        self.ground = ground
        self.clock, self.bus = ground.clock, ground.bus
        parts: dict[str, Any] = {"clock": ground.clock, "cipher": ground.cipher}
        self.missed = MissedCallers(ground.database, ground.bus, **parts)
        self.call_backs = CallBacks(ground.database, ground.bus, hours=HOURS, **parts)
        self.attempts = CallBackAttempts(ground.database, ground.bus, failpoint=failpoint, **parts)
        self.nuisance = NuisanceList(ground.database, ground.bus, audit=ground.audit, **parts)
        self.tickets = Tickets(ground.database, ground.bus, hours=HOURS, **parts)
        self.flags: dict[PatientId, frozenset[Any]] = {}
        self.callers = Callers(
            ground.database, flags_of=lambda one: self.flags.get(one, frozenset()), rules=CallerRules(), **parts
        )
        self.lines = Lines(
            ground.database, clock=ground.clock, calls=ground.calls, agents=ground.agents, call_backs=self.call_backs,
            hours=HOURS,
        )  # fmt: skip
        for part in (self.missed, self.call_backs, self.attempts, self.tickets):
            part.subscribe(ground.bus)
        self.telephony = RingingTelephony()
        self.dialer = self.new_dialer("test-1")

    def new_dialer(self, owner: str) -> CallBackDialer:
        return CallBackDialer(
            self.call_backs,
            self.attempts,
            self.lines,
            Leaderships(self.ground.database, self.clock),
            self.telephony,  # type: ignore[arg-type]
            windows=CallingWindows(HouseWindow(), is_workday=lambda day: day.weekday() < 5),
            clock=self.clock,
            owner=owner,
        )

    # -- a call, told event by event ------------------------------------------------------------------------------

    def arrives(self, call_id: str, number: str, *, direction: Direction = Direction.INBOUND) -> CallId:
        self._tell(e.CallArrived, call_id, direction=direction, number=number)
        return CallId(call_id)

    def queued(
        self, call_id: str, number: str, *, priority: int = 0, queue: str = "enquiry", after_s: float = 0.0
    ) -> CallId:
        """A caller who stands in line, ``after_s`` after the one before."""
        self.clock.advance(after_s)
        self.arrives(call_id, number)
        self._tell(e.PatientLegAnswered, call_id)
        self._tell(e.CallQueued, call_id, queue=queue, priority=priority)
        return CallId(call_id)

    def steps_out(self, call_id: str, *, queue: str = "enquiry", waited_s: float = 5.0) -> None:
        self._tell(e.CallLeftQueue, call_id, queue=queue, answered=False, waited_s=waited_s)

    def ends(
        self, call_id: str, outcome: CallOutcome, *, by: HungUpBy = HungUpBy.PATIENT, after_s: float = 0.0
    ) -> None:
        self.clock.advance(after_s)
        self._tell(e.CallEnded, call_id, outcome=outcome, hung_up_by=by, cause=16)

    def agent_takes(self, call_id: str, agent_id: AgentId) -> None:
        leg_id = LegId(f"leg-{call_id}")
        self._tell(e.CallOffered, call_id, agent_id=agent_id, leg_id=leg_id, queue="enquiry")
        self._tell(e.CallAnswered, call_id, agent_id=agent_id, leg_id=leg_id, kind=LegKind.AGENT)

    def agent_is_done(self, call_id: str, agent_id: AgentId, *, talked_s: float = 60.0) -> None:
        self._tell(e.AgentLegEnded, call_id, agent_id=agent_id, leg_id=LegId(f"leg-{call_id}"), talked_s=talked_s)

    def is_known(self, call_id: str, patient_id: PatientId) -> None:
        self._tell(e.CallerIdentified, call_id, patient_id=patient_id)

    def lost(self, call_id: str, number: str, outcome: CallOutcome = CallOutcome.QUEUE_ABANDONED) -> None:
        self.queued(call_id, number)
        self.ends(call_id, outcome, after_s=30)

    def asks_for_call_back(self, call_id: str, number: str, *, priority: int = 0, after_s: float = 0.0) -> int:
        """Waits, presses 1, hangs up; returns the request."""
        self.queued(call_id, number, priority=priority, after_s=after_s)
        self.steps_out(call_id)
        entered_at: datetime | None = self.ground.calls.record(call_id).entered_at
        card = self.call_backs.request(
            CallId(call_id), number, queue="enquiry", priority=priority, entered_at=entered_at
        )
        self.ends(call_id, CallOutcome.IVR_ENDED, by=HungUpBy.SYSTEM)
        return card.id

    # -- agents ---------------------------------------------------------------------------------------------------

    def agent(self, login: str, extension: str, state: AgentState = AgentState.READY) -> AgentId:
        """On duty at once, in this state."""
        agent_id = self.ground.agent(login, extension)
        self.agent_is(agent_id, state)
        return agent_id

    def agent_is(self, agent_id: AgentId, state: AgentState) -> None:
        with self.ground.database.write() as session:
            row = session.get_one(AgentStatusRow, agent_id)
            row.state, row.since, row.is_registered = state.value, self.clock.now(), True
            row.signed_on_at = self.clock.now()

    def _tell(self, event_class: Callable[..., Any], call_id: str, /, **facts: Any) -> None:
        self.bus.publish(event_class(at=self.clock.now(), call_id=CallId(call_id), **facts))
