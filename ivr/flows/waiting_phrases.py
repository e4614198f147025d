"""Which sounds say a place in the line, a number to call back, and the number of a ticket."""

from __future__ import annotations

import math
from collections.abc import Mapping

from crm_core.phone_number import national, normalise
from crm_core.tickets.cards import TicketCard
from crm_core.waiting.cards import LineView
from ivr.prompt_catalogue import PromptCatalogue
from ivr.prompt_sentences import SentenceKind


class WaitingPhrases:
    """Sentences as lists of sounds in the caller's language. Immutable, shared by all callers."""

    def __init__(self, catalogues: Mapping[str, PromptCatalogue]) -> None:
        self._catalogues = catalogues

    def place(self, view: LineView, language: str) -> list[str]:
        """How many are ahead and how long it will take; nobody on duty: that, and no promise."""
        if view.wait_s is None:
            return ["queue-nobody"]
        minutes = math.ceil(view.wait_s / 60)
        return [
            *self._say(language, SentenceKind.QUEUE_POSITION, position=view.ahead),
            *self._say(language, SentenceKind.QUEUE_WAIT, minutes=minutes),
        ]

    def number(self, number: str, language: str) -> list[str]:
        """Digit by digit, as people of the country write it."""
        normal = normalise(number)
        return self._say(language, SentenceKind.CALL_BACK_TO, digits=national(normal)) if normal else []

    def ticket(self, card: TicketCard, language: str) -> list[str]:
        """Its number, digit by digit, and until when the patient will have an answer."""
        return [
            *self._say(language, SentenceKind.TICKET, digits=card.number),
            *self._say(language, SentenceKind.REPLY_DUE, number=card.working_days),
        ]

    def _say(self, language: str, kind: SentenceKind, **values: object) -> list[str]:
        catalogue = self._catalogues.get(language) or self._catalogues["zh"]
        return catalogue.fragments_for(kind, values)
