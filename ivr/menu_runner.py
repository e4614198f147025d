"""Walks a caller through a menu tree: one table from kind of node to what is said, asked and set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.menus.events import VoiceMessageLeft
from crm_core.menus.kinds import REPEAT_KEY, NodeKind
from crm_core.menus.tree import MenuTree, Node
from ivr.conversation import Conversation, Reason, WantsEmergency, WantsPerson
from ivr.dialplan_variables import TO_HANGUP, Next, Route
from ivr.flows.departments import Departments
from ivr.flows.ground import GroundCalls, GroundSilent, HoursPort
from ivr.flows.identification import Identification
from ivr.menu_visit import MenuFlow, Visit

log = structlog.get_logger(__name__)

ROUNDS_MAX = 6
"""How often a caller may come to one node before a person takes over."""
STEPS_MAX = 60
"""No way through a menu is longer; whoever gets so far is lost and gets a person."""
MESSAGE_SILENCE_S = 5.0
MESSAGE_LEAST_S = 1.25

Step = Callable[[Conversation, Node, Visit], str | None]


class MenuRunner:
    """Immutable, shared by all callers. ``folder`` is where Asterisk writes voice messages."""

    def __init__(
        self,
        flows: Mapping[str, MenuFlow],
        *,
        identification: Identification,
        departments: Departments,
        hours: HoursPort,
        ground: GroundCalls,
        bus: Bus,
        clock: Clock,
        folder: Path,
    ) -> None:
        self._flows = flows
        self._identification = identification
        self._departments = departments
        self._hours = hours
        self._ground = ground
        self._bus = bus
        self._clock = clock
        self._folder = folder
        self._steps: Mapping[NodeKind, Step] = {
            NodeKind.ANNOUNCE: self._announce,
            NodeKind.MENU: self._menu,
            NodeKind.ASK_DIGITS: self._ask_digits,
            NodeKind.IDENTIFY: self._identify,
            NodeKind.HOURS: self._office_hours,
            NodeKind.DEPARTMENT: self._department,
            NodeKind.QUEUE: self._queue,
            NodeKind.FLOW: self._flow,
            NodeKind.VOICE_MESSAGE: self._voice_message,
            NodeKind.EMERGENCY: self._emergency,
            NodeKind.GOODBYE: self._goodbye,
        }

    def run(self, talk: Conversation, tree: MenuTree, visit: Visit) -> None:
        """Returns when the way is set. Raises WantsPerson, WantsEmergency, GroundSilent, CallerGone."""
        key = tree.entry
        rounds: Counter[str] = Counter()
        for _ in range(STEPS_MAX):
            node = tree.node(key)
            if node is None:
                log.error("menu_node_missing", node=visit.node)
                raise WantsPerson(Reason.NOTHING_TO_OFFER)
            visit.arrive(node.key)
            rounds[node.key] += 1
            if rounds[node.key] > ROUNDS_MAX:
                break
            way = self._steps[node.kind](talk, node, visit)
            if way is None:
                return
            key = node.choices.get(way, "")
        raise WantsPerson(Reason.REPEATS)

    # -- one method a kind: the name of the way that is taken, None when the caller leaves the menu ---------------

    @staticmethod
    def _announce(talk: Conversation, node: Node, visit: Visit) -> str:
        language = node.text("language")
        if language:
            talk.set_language(language)
        visit.announce(*node.prompts)
        return "next"

    @staticmethod
    def _menu(talk: Conversation, node: Node, visit: Visit) -> str:
        choices = [key for key in node.choices if key != REPEAT_KEY]
        return talk.ask_choice([*visit.take_opening(), *node.prompts], choices, node=node.key, again=node.prompts)

    @staticmethod
    def _ask_digits(talk: Conversation, node: Node, visit: Visit) -> str:
        entry = talk.ask_digits(
            [*visit.take_opening(), *node.prompts],
            node=node.key,
            length=node.number("length"),
            is_secret=node.flag("is_secret"),
        )
        visit.entries[node.key] = entry
        return entry if entry in node.choices else "other"

    def _identify(self, talk: Conversation, node: Node, visit: Visit) -> str:
        if visit.patient is None and visit.candidates:
            self._identification.choose(talk, visit, node=node.key)
        elif visit.patient is not None and node.flag("salutes"):
            visit.announce(*self._identification.salutation(visit.patient, talk.language))
        if visit.patient is None:
            return "unknown"
        is_elderly = visit.patient.age is not None and visit.patient.age >= node.number("elderly_age")
        return "elderly" if is_elderly and "elderly" in node.choices else "known"

    def _office_hours(self, _talk: Conversation, node: Node, _visit: Visit) -> str:
        """A ground that is silent counts as open: better a ringing agent than a closed door."""
        try:
            is_open = self._ground.ask(self._hours.is_open, self._clock.now(), node.text("calendar"))
        except GroundSilent:
            is_open = True
        return "open" if is_open else "closed"

    def _department(self, talk: Conversation, node: Node, visit: Visit) -> str | None:
        department = self._departments.find(node.text("department"))
        if department is None:
            raise WantsPerson(Reason.NOTHING_TO_OFFER)
        if not department.is_open_now and "closed" in node.choices:
            return "closed"
        self._say(talk, node, visit)
        self._departments.put_through(talk, department, node=node.key)
        return None

    def _queue(self, talk: Conversation, node: Node, visit: Visit) -> None:
        talk.set_route(Route(Next.QUEUE, queue=node.text("queue"), priority=node.number("priority")))
        self._say(talk, node, visit)

    def _flow(self, talk: Conversation, node: Node, visit: Visit) -> str | None:
        flow = self._flows.get(node.text("flow"))
        if flow is None:
            log.error("menu_flow_missing", node=node.key)
            raise WantsPerson(Reason.NOTHING_TO_OFFER)
        self._say_opening(talk, node, visit)
        return None if flow.run(talk, visit) else "back"

    def _voice_message(self, talk: Conversation, node: Node, visit: Visit) -> str:
        self._say(talk, node, visit)
        visit.messages += 1
        path = self._folder / f"{talk.call_id}-{visit.messages}-message.wav"
        recorded = talk.record(path, node=node.key, max_s=node.number("max_s"), silence_s=MESSAGE_SILENCE_S)
        if recorded.was_silent or recorded.length_s < MESSAGE_LEAST_S:
            path.unlink(missing_ok=True)
            return "next"
        self._bus.publish(
            VoiceMessageLeft(
                at=self._clock.now(),
                call_id=talk.call_id,
                node=node.key,
                name=path.name,
                length_s=recorded.length_s,
                number=talk.caller.number,
                patient_id=visit.patient.id if visit.patient else None,
            )
        )
        return "next"

    @staticmethod
    def _emergency(_talk: Conversation, _node: Node, _visit: Visit) -> None:
        raise WantsEmergency

    def _goodbye(self, talk: Conversation, node: Node, visit: Visit) -> None:
        self._say(talk, node, visit)
        talk.set_route(TO_HANGUP)

    @staticmethod
    def _say(talk: Conversation, node: Node, visit: Visit) -> None:
        said = [*visit.take_opening(), *node.prompts]
        if said:
            talk.say(*said, node=node.key)

    @staticmethod
    def _say_opening(talk: Conversation, node: Node, visit: Visit) -> None:
        said = visit.take_opening()
        if said:
            talk.say(*said, node=node.key)
