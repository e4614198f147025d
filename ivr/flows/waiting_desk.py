"""What a caller who cannot be answered now may have instead: a call-back at his place, or a message (C20, C21)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from crm_core.errors import InvalidInput
from crm_core.waiting.call_back_attempts import is_call_back
from crm_core.waiting.call_backs import AlreadyRequested, callable_number
from crm_core.waiting.cards import Stand
from ivr.conversation import Conversation
from ivr.flows.ground import GroundCalls, GroundSilent
from ivr.flows.voice_message import VoiceMessages
from ivr.flows.waiting_phrases import WaitingPhrases
from ivr.flows.waiting_ports import LeaveLine, WaitingServices

CALL_BACK_KEY, MESSAGE_KEY = "1", "2"
THIS_NUMBER_KEY, OTHER_NUMBER_KEY = "1", "2"
SHORTEST, LONGEST = 10, 12
"""Digits of a mobile number, or of a fixed line with its area code."""

NUMBERS_MAX = 3
LEAVE = LeaveLine()


class _Answer(StrEnum):
    ACCEPTED = "accepted"
    ALREADY = "already"
    WRONG_NUMBER = "wrong_number"


class WaitingDesk:
    """Immutable, shared by all callers. Person key and silence mean: he goes on waiting."""

    def __init__(self, services: WaitingServices, messages: VoiceMessages, *, ground: GroundCalls) -> None:
        self._services = services
        self._messages = messages
        self._ground = ground
        self._phrases = WaitingPhrases(services.catalogues)
        self._ways: dict[str, Callable[[Conversation, Stand], None]] = {
            CALL_BACK_KEY: self.call_back,
            MESSAGE_KEY: self.message,
        }

    def offer(self, talk: Conversation, stand: Stand, said: Sequence[str]) -> None:
        """``said`` first, then the choice; whoever presses nothing waits on at once, where the same keys work."""
        way = self._ways.get(talk.say(*said, "waiting-menu", node="waiting_menu"))
        if way is not None:
            way(talk, stand)

    def call_back(self, talk: Conversation, stand: Stand) -> None:
        """Number by key or typed; the place is committed before it is promised. Whoever gives none goes on waiting."""
        if is_call_back(talk.call_id):  # this call is his call-back: leaving would end his request
            talk.say(*self._phrases.place(stand.view, talk.language), node="call_back")
            return
        number = self._calling_number(talk)
        for _ in range(NUMBERS_MAX):
            number = number or talk.ask_entry(
                ["call-back-enter"], node="call_back_number", shortest=SHORTEST, longest=LONGEST
            )
            if number == "#":
                return
            try:
                answer = self._ground.ask(self._request, talk, stand, number)
            except GroundSilent:
                talk.say("call-back-failed", node="call_back")
                return
            if answer is not _Answer.WRONG_NUMBER:
                talk.set_route(LEAVE)
                talk.say(f"call-back-{answer.value}", node="call_back")
                return
            talk.say("call-back-wrong-number", node="call_back")
            number = ""

    def message(self, talk: Conversation, stand: Stand) -> None:
        if self._messages.leave(talk, patient_id=stand.patient_id):
            talk.set_route(LEAVE)
            talk.say("goodbye", node="voice_message")

    def _calling_number(self, talk: Conversation) -> str:
        """The number he calls from when it can be rung and he wants it; "" when he will type another one."""
        try:
            callable_number(talk.caller.number)
        except InvalidInput:
            return ""
        spoken = self._phrases.number(talk.caller.number, talk.language)
        choice = talk.ask_choice(
            [*spoken, "call-back-confirm"], {THIS_NUMBER_KEY, OTHER_NUMBER_KEY}, node="call_back_confirm"
        )
        return talk.caller.number if choice == THIS_NUMBER_KEY else ""

    def _request(self, talk: Conversation, stand: Stand, number: str) -> _Answer:
        try:
            self._services.call_backs.request(
                talk.call_id,
                number,
                queue=stand.view.queue,
                priority=stand.priority,
                entered_at=stand.entered_at,
                patient_id=stand.patient_id,
                language=talk.language,
            )
        except AlreadyRequested:
            return _Answer.ALREADY
        except InvalidInput:
            return _Answer.WRONG_NUMBER
        return _Answer.ACCEPTED
