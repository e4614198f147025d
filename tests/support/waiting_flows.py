"""The flows of waiting over a ground that is told: for tests with a scripted caller."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crm_core.ids import CallId, PatientId
from crm_core.patients.cards import PatientCard
from crm_core.tickets.cards import NewMessage, TicketCard
from crm_core.tickets.kinds import TicketState
from crm_core.waiting.call_backs import callable_number
from crm_core.waiting.cards import LineView, Placing, Stand, Standing
from crm_core.waiting.rules import CallerFacts, QueueLimits, Ranking
from ivr.conversation import Conversation
from ivr.dialplan_variables import TO_PERSON, Route
from ivr.flows.ground import GroundCalls
from ivr.flows.waiting import WaitingFlow, waiting_flows
from ivr.flows.waiting_ports import WaitingServices
from ivr.flows.waiting_reception import Reception
from ivr.menu_visit import Visit
from tests.support.scripted_caller import ASHA, Talk, catalogues

ENTERED = datetime(2026, 11, 23, 1, 58, tzinfo=UTC)
BUSY = LineView("enquiry", ahead=2, agents_on_duty=1, agents_free=0, wait_s=420.0, is_open=True)
EMPTY = LineView("enquiry", ahead=0, agents_on_duty=0, agents_free=0, wait_s=None, is_open=True)


class FakeGround:
    """Callers, lines, call-backs and tickets in one; keeps what was asked for."""

    def __init__(self) -> None:
        self.view = BUSY
        self.standing_now = Standing()
        self.placing_now = Placing(Ranking(), CallerFacts())
        self.requests: list[dict[str, Any]] = []
        self.messages: list[NewMessage] = []
        self.failing: Exception | None = None

    def standing(self, number: str) -> Standing:
        return self.standing_now

    def placing(self, patient: PatientCard | None, standing: Standing, queue: str) -> Placing:
        return self.placing_now

    def newcomer(self, queue: str, priority: int = 0) -> LineView:
        return self.view

    def stand_of(self, call_id: CallId, queue: str) -> Stand:
        return Stand(self.view, 30, ENTERED, PatientId(1))

    def request(self, call_id: CallId, number: str, **facts: Any) -> None:
        if self.failing is not None:
            raise self.failing
        self.requests.append({"call_id": call_id, "number": callable_number(number), **facts})

    def leave_message(self, message: NewMessage) -> TicketCard:
        if self.failing is not None:
            raise self.failing
        self.messages.append(message)
        return TicketCard(
            7, "2611230007", message.kind, TicketState.OPEN, message.call_id, None, "", None, ENTERED, ENTERED, None,
            working_days=5,
        )  # fmt: skip


class WaitingFlows:
    def __init__(self, ground_calls: GroundCalls, folder: Path) -> None:
        self.ground = FakeGround()
        self.calls = ground_calls
        self.folder = folder
        self.limits: dict[str, QueueLimits] = {}

    def services(self, talk: Talk) -> WaitingServices:
        fake: Any = self.ground
        return WaitingServices(
            fake, fake, fake, fake, bus=talk.bus, clock=talk.clock, catalogues=catalogues(), folder=self.folder,
            limits=self.limits,
        )  # fmt: skip

    def wait(self, what: str, talk: Talk, *, language: str = "zh") -> Talk:
        flow = waiting_flows(self.services(talk), ground=self.calls)[f"/waiting/{what}/enquiry/{language}"]
        assert isinstance(flow, WaitingFlow)
        flow.run(talk.conversation)
        return talk

    def receive(self, talk: Talk, *, route: Route = TO_PERSON, patient: PatientCard | None = ASHA) -> Talk:
        class Inbound:
            def run(self, conversation: Conversation, visit: Visit | None = None) -> None:
                assert visit is not None
                visit.patient = patient
                conversation.begin(TO_PERSON)
                conversation.set_route(route)

        Reception(Inbound(), self.services(talk), ground=self.calls).run(talk.conversation)
        return talk
