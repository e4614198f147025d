"""One answer to a caller: said as a whole, sent by message when he wants it, kept in the record of enquiries."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.enquiries.kinds import EnquiryKind
from crm_core.errors import HotlineError
from crm_core.messaging.kinds import MessageState
from ivr.conversation import Conversation, WantsPerson
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import EnquiryLogPort, OutboxPort
from ivr.menu_visit import Visit

SEND_KEY, NEXT_KEY, BACK_KEY = "1", "2", "#"
NODE = "enquiry_answer"
TEXT_MAX = 300


@dataclass(frozen=True)
class Told:
    """``sounds`` [] while it cannot be said: then it is only sent. ``code`` names it in messages and record."""

    code: str
    kind: EnquiryKind
    sounds: tuple[str, ...]
    text: str


class Answers:
    """Immutable, shared by all callers."""

    def __init__(
        self, outbox: OutboxPort, enquiry_log: EnquiryLogPort, *, asking: Asking, phrases: BookingPhrases
    ) -> None:
        self._outbox = outbox
        self._log = enquiry_log
        self._asking = asking
        self._phrases = phrases

    def sounds(self, talk: Conversation, text: str) -> list[str]:
        """Running text; when the voice has just begun with it, the caller is asked for one moment."""
        said = self._phrases.running_text(text, talk.language)
        if not said:
            talk.say("one-moment", node=NODE)
            said = self._phrases.running_text(text, talk.language)
        return said

    def tell(self, talk: Conversation, visit: Visit, told: Told) -> str:
        """The key that ended it: next or back. Whoever goes to a person was not helped."""
        was_solved: bool | None = None
        try:
            key = self._tell(talk, visit, told)
            was_solved = True
        except WantsPerson:
            was_solved = False
            raise
        finally:
            self._asking.begin(
                self._log.record, talk.call_id, told.kind, item=told.code, was_solved=was_solved,
                patient_id=visit.patient.id if visit.patient else None,
            )  # fmt: skip
        return key

    def _tell(self, talk: Conversation, visit: Visit, told: Told) -> str:
        said = [*told.sounds, "answer-menu"] if told.sounds else ["answer-not-ready", "department-menu-end"]
        key = talk.ask_choice(said, {SEND_KEY, NEXT_KEY, BACK_KEY}, node=NODE)
        while key == SEND_KEY:
            sent = "sms-sent" if self._send(talk, visit, told) else "sms-not-possible"
            key = talk.ask_choice([sent, "answer-menu"], {SEND_KEY, NEXT_KEY, BACK_KEY}, node=NODE)
        return key

    def _send(self, talk: Conversation, visit: Visit, told: Told) -> bool:
        """Once a call and answer, however often he presses."""
        try:
            card = self._asking.ask(
                talk, self._outbox.queue, "enquiry_answer", talk.caller.number, {"answer": told.text[:TEXT_MAX]},
                dedupe_key=f"enquiry:{talk.call_id}:{told.code}", language=talk.language, call_id=talk.call_id,
                patient_id=visit.patient.id if visit.patient else None,
            )  # fmt: skip
        except HotlineError:
            return False
        return card.state is not MessageState.REFUSED
