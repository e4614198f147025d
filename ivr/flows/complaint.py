"""A complaint, a suggestion or praise by voice: spoken, heard again, submitted; the caller takes a number home (C13)."""

from __future__ import annotations

from crm_core.tickets.cards import NewMessage
from crm_core.tickets.kinds import TicketKind
from ivr.conversation import CallerGone, Conversation, WantsEmergency, WantsPerson
from ivr.flows.voice_message import VoiceMessages
from ivr.menu_visit import Visit

KINDS = {"1": TicketKind.COMPLAINT, "2": TicketKind.SUGGESTION, "3": TicketKind.PRAISE}
SUBMIT_KEY, AGAIN_KEY, DROP_KEY = "1", "2", "3"
RECORDINGS_MAX = 3


class ComplaintFlow:
    """A menu flow. Whoever has spoken is not lost: hanging up, asking for a person or silence submits what was said."""

    def __init__(self, messages: VoiceMessages) -> None:
        self._messages = messages

    def run(self, talk: Conversation, visit: Visit) -> bool:
        """False: back to the menu. May raise CallerGone, WantsPerson, WantsEmergency."""
        kind = KINDS[talk.ask_choice([*visit.take_opening(), "complaint-kind"], KINDS, node="complaint_kind")]
        patient_id = visit.patient.id if visit.patient else None
        for turn in range(1, RECORDINGS_MAX + 1):
            talk.say("complaint-speak", node="complaint")
            message = self._messages.record(talk, node="complaint", kind=kind, patient_id=patient_id)
            if message is None:
                talk.say("voicemail-nothing-heard", node="complaint")
            elif self._is_settled(talk, message, is_last=turn == RECORDINGS_MAX):
                return False
        return False

    def _is_settled(self, talk: Conversation, message: NewMessage, *, is_last: bool) -> bool:
        """False: he wants to say it again. The last one is kept: what was spoken is not lost."""
        try:
            key = talk.ask_choice(
                ["complaint-heard", self._messages.sound_of(message), "complaint-menu"],
                {SUBMIT_KEY, AGAIN_KEY, DROP_KEY},
                node="complaint_confirm",
                again=["complaint-menu"],
            )
        except (CallerGone, WantsPerson, WantsEmergency):
            self._messages.save(message)
            raise
        if key == SUBMIT_KEY or (key == AGAIN_KEY and is_last):
            self._messages.tell(talk, self._messages.save(message), node="complaint", saved="complaint-saved")
            return True
        self._messages.drop(message)
        if key == DROP_KEY:
            talk.say("complaint-dropped", node="complaint")
        return key == DROP_KEY
