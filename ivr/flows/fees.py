"""Menu 4: what the last visit cost, by kind, and what is left of the deposit; after a proof (C12, C110)."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.patients.cards import PatientCard
from crm_core.visits.cards import FeeSummary, StayBalance
from crm_core.visits.kinds import FeeKind
from ivr.conversation import Conversation
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import VisitsPort
from ivr.flows.identification import Identification
from ivr.flows.proving import Proving
from ivr.menu_visit import Visit
from ivr.prompt_sentences import SentenceKind

BACK_KEY = "#"
_FEES: Mapping[str, str] = {
    FeeKind.REGISTRATION: "registration",
    FeeKind.DRUG: "drugs",
    FeeKind.TREATMENT: "consultation",
    FeeKind.EXAMINATION: "examination",
    FeeKind.LAB: "laboratory",
    FeeKind.SURGERY: "surgery",
    FeeKind.BED: "bed",
    FeeKind.NURSING: "nursing",
    FeeKind.MATERIAL: "material",
}
"""Kind of a fee -> its prompt; what is not here is said as other fees."""


class FeesFlow:
    def __init__(
        self,
        visits: VisitsPort,
        *,
        identification: Identification,
        proving: Proving,
        asking: Asking,
        phrases: BookingPhrases,
    ) -> None:
        self._visits = visits
        self._identification = identification
        self._proving = proving
        self._asking = asking
        self._phrases = phrases

    def run(self, talk: Conversation, visit: Visit) -> bool:
        patient = self._identification.known(talk, visit)
        if not self._proving.prove(talk, visit, patient):
            return False
        said = [*self._fees(talk, patient), *self._balance(talk, patient)]
        talk.ask_choice([*said, "appointments-menu"], {BACK_KEY}, node="fees")
        return False

    def _fees(self, talk: Conversation, patient: PatientCard) -> list[str]:
        last = self._asking.ask(talk, self._visits.last_visit, patient.id)
        if last is None:
            return ["fees-none"]
        summary = self._asking.ask(talk, self._visits.fees, patient.id, visit_id=last.id)
        if not summary.amount_fen:
            return ["fees-none"]
        return ["fees-intro", *self._lines(talk, summary)]

    def _lines(self, talk: Conversation, summary: FeeSummary) -> list[str]:
        language = talk.language
        lines = [(_FEES.get(one.kind, "other"), one.amount_fen) for one in summary.by_kind]
        said = self._phrases.fee_lines(lines, language)
        said += self._phrases.amount(SentenceKind.FEES_SUM, summary.amount_fen, language)
        parts = [("insurance", summary.insurance_fen), ("own", summary.self_fen)] if summary.insurance_fen else []
        said += self._phrases.fee_lines(parts, language)
        if not summary.unpaid_fen:
            return [*said, "fees-paid"]
        return [*said, *self._phrases.fee_lines([("unpaid", summary.unpaid_fen)], language)]

    def _balance(self, talk: Conversation, patient: PatientCard) -> list[str]:
        """Only somebody in hospital has a deposit; nothing is said to others."""
        balance: StayBalance | None = self._asking.ask(talk, self._visits.balance, patient.id)
        if balance is None:
            return []
        if balance.balance_fen < 0:
            return ["balance-low"]
        return self._phrases.amount(SentenceKind.BALANCE, balance.balance_fen, talk.language)
