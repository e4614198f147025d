"""A caller leaves a message after the tone: kept whatever he does next, and he hears its number (C13)."""

from __future__ import annotations

import structlog

from crm_core.ids import PatientId
from crm_core.menus.events import VoiceMessageLeft
from crm_core.tickets.cards import NewMessage, TicketCard
from crm_core.tickets.kinds import TicketKind
from ivr.conversation import Conversation, Recorded
from ivr.flows.ground import GroundCalls, GroundSilent
from ivr.flows.waiting_phrases import WaitingPhrases
from ivr.flows.waiting_ports import WaitingServices

log = structlog.get_logger(__name__)

MESSAGE_MAX_S = 120.0
MESSAGE_SILENCE_S = 5.0
MESSAGE_LEAST_S = 1.25
"""Asterisk cuts silence back to about a second: shorter means nobody spoke."""

TRIES_MAX = 2


class VoiceMessages:
    """Records and saves. Immutable, shared by all callers."""

    def __init__(self, services: WaitingServices, *, ground: GroundCalls) -> None:
        self._services = services
        self._ground = ground
        self._phrases = WaitingPhrases(services.catalogues)

    def leave(self, talk: Conversation, *, node: str = "voice_message", patient_id: PatientId | None = None) -> bool:
        """Ask for a message and save it. False when nothing was said. May raise CallerGone, WantsPerson, WantsEmergency.

        Who hangs up while he speaks has left his message.
        """
        for _ in range(TRIES_MAX):
            talk.say("voice-message", node=node)
            message = self.record(talk, node=node, patient_id=patient_id)
            if message is not None:
                self.tell(talk, self.save(message), node=node)
                return True
            talk.say("voicemail-nothing-heard", node=node)
        return False

    def record(
        self,
        talk: Conversation,
        *,
        node: str,
        kind: TicketKind = TicketKind.MESSAGE,
        patient_id: PatientId | None = None,
    ) -> NewMessage | None:
        """What was said, not saved yet; None when nobody spoke."""
        name = f"{talk.call_id}-{self._services.clock.now():%H%M%S%f}-message.wav"
        path = self._services.folder / name
        recorded = talk.record(path, node=node, max_s=MESSAGE_MAX_S, silence_s=MESSAGE_SILENCE_S)
        if not _has_words(recorded):
            path.unlink(missing_ok=True)
            return None
        return NewMessage(
            talk.call_id, name, recorded.length_s, kind=kind, number=talk.caller.number, patient_id=patient_id
        )

    def save(self, message: NewMessage) -> TicketCard | None:
        """None when the ground did not answer in time: then it is told, and saved when the ground is back."""
        try:
            return self._ground.ask(self._services.tickets.leave_message, message)
        except GroundSilent:
            log.error("voice_message_told_only", call_id=message.call_id)
            self._services.bus.publish(
                VoiceMessageLeft(
                    at=self._services.clock.now(),
                    call_id=message.call_id,
                    node=message.kind.value,
                    name=message.file_name,
                    length_s=message.length_s,
                    number=message.number,
                    patient_id=message.patient_id,
                )
            )
            return None

    def tell(
        self, talk: Conversation, ticket: TicketCard | None, *, node: str, saved: str = "voice-message-saved"
    ) -> None:
        """That it is saved, its number, and when there will be an answer."""
        spoken = self._phrases.ticket(ticket, talk.language) if ticket is not None else []
        talk.say(saved, *spoken, node=node)

    def drop(self, message: NewMessage) -> None:
        """The caller does not want it kept."""
        (self._services.folder / message.file_name).unlink(missing_ok=True)

    def sound_of(self, message: NewMessage) -> str:
        """What Asterisk plays to let the caller hear himself."""
        return str((self._services.folder / message.file_name).with_suffix(""))


def _has_words(recorded: Recorded) -> bool:
    return not recorded.was_silent and recorded.length_s >= MESSAGE_LEAST_S
