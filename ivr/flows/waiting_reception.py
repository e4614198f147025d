"""Around the conversation of a caller: nuisance numbers stop here; who goes to a queue gets his place, with its why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from crm_core.calls.events import PriorityDecided
from crm_core.calls.kinds import CallMark
from crm_core.waiting.cards import Placing, Stand, Standing
from crm_core.waiting.events import NuisanceCallRefused
from crm_core.waiting.rules import REPEATED_CALLS, overflow_of
from ivr.conversation import EMERGENCY_KEY, Conversation, WantsEmergency, WantsPerson
from ivr.dialplan_variables import TO_EMERGENCY, TO_HANGUP, Next, QueueName, Route
from ivr.flows.ground import GroundCalls, GroundSilent
from ivr.flows.voice_message import VoiceMessages
from ivr.flows.waiting import meet_overflow
from ivr.flows.waiting_desk import WaitingDesk
from ivr.flows.waiting_ports import QueueRoute, WaitingServices
from ivr.menu_visit import Visit

STANDING_WAIT_S = 0.5
"""Nobody waits longer to learn that he is not on a list."""


class InboundTalk(Protocol):
    """The flow of an inbound call (ivr/flows/inbound.py)."""

    def run(self, talk: Conversation, visit: Visit | None = None) -> None: ...


class Reception:
    """Path /inbound. A ground that is silent changes nothing: the caller goes where the conversation led him."""

    def __init__(self, inbound: InboundTalk, services: WaitingServices, *, ground: GroundCalls) -> None:
        self._inbound = inbound
        self._services = services
        self._ground = ground
        self._desk = WaitingDesk(services, VoiceMessages(services, ground=ground), ground=ground)

    def run(self, talk: Conversation) -> None:
        """Raises CallerGone."""
        standing = self._standing(talk)
        if standing.nuisance_id is not None:
            self._refuse(talk, standing.nuisance_id)
            return
        visit = Visit()
        self._inbound.run(talk, visit)
        route = talk.route
        if route is None or route.next is not Next.QUEUE or route.queue == QueueName.EMERGENCY:
            return
        try:
            self._place(talk, visit, route, standing)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
            talk.say("emergency", node="emergency", stop_keys="")
        except (WantsPerson, GroundSilent):
            if talk.route is not None and talk.route.next is Next.HANGUP:  # he wants a person after all
                talk.set_route(route)

    def _standing(self, talk: Conversation) -> Standing:
        """Asked before the first word: a second command would be heard as a pause, a query of a millisecond is not."""
        try:
            return self._ground.begin(self._services.callers.standing, talk.caller.number).result(
                timeout_s=STANDING_WAIT_S
            )
        except GroundSilent:
            return Standing()

    def _refuse(self, talk: Conversation, entry_id: int) -> None:
        """The message, and the end; whoever presses the emergency key is believed."""
        talk.begin(TO_HANGUP)
        self._publish(NuisanceCallRefused, talk, entry_id=entry_id)
        try:
            talk.say("nuisance-notice", node="nuisance", stop_keys=EMERGENCY_KEY)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)

    def _place(self, talk: Conversation, visit: Visit, route: Route, standing: Standing) -> None:
        placing = self._ground.ask(self._services.callers.placing, visit.patient, standing, str(route.queue))
        priority = max(route.priority, placing.ranking.priority)
        limits = self._services.limits_of(route.queue)
        self._decided(talk, route.queue, priority, placing)
        view = self._ground.ask(self._services.lines.newcomer, str(route.queue), priority)
        overflow = overflow_of(ahead=view.ahead, agents=view.agents_on_duty, is_open=view.is_open, limits=limits)
        talk.set_route(
            QueueRoute(
                route.next,
                queue=route.queue,
                priority=priority,
                last_agent=placing.last_agent_extension,
                is_told=overflow is not None,
            )
            if placing.last_agent_extension or overflow is not None
            else replace(route, priority=priority)
        )
        if overflow is not None:
            stand = Stand(view, priority, patient_id=visit.patient.id if visit.patient else None)
            meet_overflow(talk, stand, overflow, services=self._services, desk=self._desk)

    def _decided(self, talk: Conversation, queue: str, priority: int, placing: Placing) -> None:
        is_repeated = placing.facts.lost_within_hour >= REPEATED_CALLS
        marks = [CallMark.REPEATED] if is_repeated else []
        if placing.last_agent_id is not None:
            marks.append(CallMark.LAST_AGENT)
        self._publish(
            PriorityDecided,
            talk,
            queue=queue,
            priority=priority,
            rules=placing.ranking.rules,
            why=placing.ranking.why,
            marks=tuple(marks),
            language=talk.language,
            last_agent_id=placing.last_agent_id,
        )

    def _publish(
        self, kind: Callable[..., PriorityDecided | NuisanceCallRefused], talk: Conversation, **facts: object
    ) -> None:
        self._services.bus.publish(kind(at=self._services.clock.now(), call_id=talk.call_id, **facts))
