"""A caller who waits presses a key, has waited too long, or finds nobody: told his place, offered what there is (C19-C21)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from crm_core.calls.events import OverflowMet
from crm_core.calls.kinds import Overflow
from crm_core.calls.queues import QUEUES
from crm_core.waiting.cards import Stand
from ivr.conversation import EMERGENCY_KEY, Conversation, WantsEmergency, WantsPerson
from ivr.dialplan_variables import TO_EMERGENCY
from ivr.flows.ground import GroundCalls, GroundSilent
from ivr.flows.voice_message import VoiceMessages
from ivr.flows.waiting_desk import WaitingDesk
from ivr.flows.waiting_phrases import WaitingPhrases
from ivr.flows.waiting_ports import KeepPlace, WaitingServices

LANGUAGES = ("zh", "en")
OVERFLOW_SOUNDS: Mapping[Overflow, str] = MappingProxyType(
    {
        Overflow.NOBODY: "queue-nobody",
        Overflow.CLOSED: "queue-nobody",
        Overflow.FULL: "queue-busy",
        Overflow.LONG: "queue-busy",
    }
)

Talker = Callable[[Conversation, Stand], None]


class WaitingFlow:
    """Paths /waiting/<what>/<queue>/<language>; the dialplan keeps queue, priority and entry time meanwhile.

    Whatever goes wrong, he goes on waiting at the place that he had.
    """

    def __init__(
        self, what: str, queue: str, language: str, *, services: WaitingServices, desk: WaitingDesk, ground: GroundCalls
    ) -> None:
        self._queue = queue
        self._language = language
        self._services = services
        self._desk = desk
        self._ground = ground
        self._phrases = WaitingPhrases(services.catalogues)
        self._say: Talker = {
            "place": self._place,
            "call-back": desk.call_back,
            "message": desk.message,
            "nobody": self._nobody,
            "long": self._long,
        }[what]

    def run(self, talk: Conversation) -> None:
        """Raises CallerGone."""
        talk.language = self._language
        keep = KeepPlace(language=self._language)
        talk.begin(keep)
        try:
            self._say(talk, self._ground.ask(self._services.lines.stand_of, talk.call_id, self._queue))
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
            talk.say("emergency", node="emergency", stop_keys="")
        except (WantsPerson, GroundSilent):
            talk.set_route(keep)

    def _place(self, talk: Conversation, stand: Stand) -> None:
        self._desk.offer(talk, stand, self._phrases.place(stand.view, talk.language))

    def _nobody(self, talk: Conversation, stand: Stand) -> None:
        self._overflow(talk, stand, Overflow.NOBODY if stand.view.is_open else Overflow.CLOSED)

    def _long(self, talk: Conversation, stand: Stand) -> None:
        self._overflow(talk, stand, Overflow.LONG)

    def _overflow(self, talk: Conversation, stand: Stand, reason: Overflow) -> None:
        meet_overflow(talk, stand, reason, services=self._services, desk=self._desk)


class CallBackFlow:
    """Paths /call-back/<language>: the patient has answered our call-back; one sentence, and he stands at his old place.

    Queue, priority and entry time came with the call.
    """

    def __init__(self, language: str) -> None:
        self._language = language

    def run(self, talk: Conversation) -> None:
        """Raises CallerGone."""
        talk.language = self._language
        talk.begin(KeepPlace(language=self._language))
        try:
            talk.say("call-back-intro", "call-back-hello", node="call_back_answered", stop_keys=EMERGENCY_KEY)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)


def meet_overflow(
    talk: Conversation, stand: Stand, reason: Overflow, *, services: WaitingServices, desk: WaitingDesk
) -> None:
    """Told at once, and why it was so is kept. Raises WantsPerson when he would rather wait."""
    services.bus.publish(
        OverflowMet(at=services.clock.now(), call_id=talk.call_id, queue=stand.view.queue, reason=reason)
    )
    desk.offer(talk, stand, [OVERFLOW_SOUNDS[reason]])


def waiting_flows(services: WaitingServices, *, ground: GroundCalls) -> dict[str, WaitingFlow | CallBackFlow]:
    """The rows of the table of paths: the dialplan tells what, queue and language by the path."""
    desk = WaitingDesk(services, VoiceMessages(services, ground=ground), ground=ground)
    answered = {f"/call-back/{language}": CallBackFlow(language) for language in LANGUAGES}
    return answered | {
        f"/waiting/{what}/{queue.name}/{language}": WaitingFlow(
            what, queue.name, language, services=services, desk=desk, ground=ground
        )
        for what in ("place", "call-back", "message", "nobody", "long")
        for queue in QUEUES
        for language in LANGUAGES
    }
