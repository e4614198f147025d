"""A patient calls: notice, who is it, then the published menu; every way leads to what was asked or to a person."""

from __future__ import annotations

import structlog

from crm_core.bus import Bus
from crm_core.calls.events import IvrStepTaken, NoticePlayed
from crm_core.clock import Clock
from crm_core.menus.departures import LEFT_KEY
from crm_core.menus.tree import MenuTree
from ivr.conversation import EMERGENCY_KEY, CallerGone, Conversation, Reason, WantsEmergency, WantsPerson
from ivr.dialplan_variables import TO_EMERGENCY, TO_PERSON
from ivr.flows.ground import GroundCalls, GroundSilent, PatientsPort, Pending
from ivr.flows.identification import Identification
from ivr.menu_runner import MenuRunner
from ivr.menu_visit import Visit
from ivr.menus import MenuSource

log = structlog.get_logger(__name__)

MENU_WAIT_S = 0.5
"""The menu that is remembered is a good answer; nobody waits long for a newer one."""

_FAREWELLS = {
    Reason.WRONG_KEYS: "too-many-errors",
    Reason.SILENCE: "too-many-errors",
    Reason.REPEATS: "too-many-errors",
    Reason.NOT_PROVEN: "identity-failed",
    Reason.UNKNOWN_CALLER: "unknown-caller",
}
"""What is said on the way to a person; one who asked for it is not kept waiting by a sentence."""


class InboundFlow:
    """Path /inbound."""

    def __init__(
        self,
        menu: MenuSource,
        runner: MenuRunner,
        *,
        patients: PatientsPort,
        identification: Identification,
        ground: GroundCalls,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._menu = menu
        self._runner = runner
        self._patients = patients
        self._identification = identification
        self._ground = ground
        self._bus = bus
        self._clock = clock

    def run(self, talk: Conversation, visit: Visit | None = None) -> None:
        """``visit`` lets a rehearsal see where the caller is. Raises CallerGone."""
        visit = visit or Visit()
        talk.begin(TO_PERSON)
        try:
            self._receive(talk, visit)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
            talk.say("emergency", node="emergency", stop_keys="")
        except WantsPerson as wish:
            self._to_person(talk, _FAREWELLS.get(wish.reason))
        except GroundSilent:
            self._to_person(talk, "service-degraded")
        except CallerGone:
            self._bus.publish(IvrStepTaken(at=self._clock.now(), call_id=talk.call_id, node=visit.node, key=LEFT_KEY))
            raise

    def _receive(self, talk: Conversation, visit: Visit) -> None:
        menu = self._ground.begin(self._menu.current)
        lookup = self._ground.begin(self._patients.find_by_number, talk.caller.number)
        self._notice(talk)
        self._identification.by_number(talk, visit, lookup)
        self._runner.run(talk, self._tree(menu), visit)

    def _tree(self, menu: Pending[MenuTree]) -> MenuTree:
        try:
            return menu.result(timeout_s=MENU_WAIT_S)
        except GroundSilent:
            return self._menu.remembered()

    def _notice(self, talk: Conversation) -> None:
        """Cannot be skipped, except by the emergency key; the time of its end is kept (C1). Other keys are remembered."""
        if not talk.say_whole("recording-notice", node="notice", stop_keys=EMERGENCY_KEY):
            self._bus.publish(NoticePlayed(at=self._clock.now(), call_id=talk.call_id))

    def _to_person(self, talk: Conversation, farewell: str | None) -> None:
        talk.set_route(TO_PERSON)
        if farewell is None:
            return
        try:
            talk.say(farewell, node="to_person", stop_keys=EMERGENCY_KEY)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
