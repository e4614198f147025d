"""Who is calling: one, several to choose from, or nobody we know; never guessed (C32)."""

from __future__ import annotations

from crm_core.bus import Bus
from crm_core.calls.events import CallerIdentified
from crm_core.clock import Clock
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.ground import GroundSilent, Pending
from ivr.flows.phrases import Phrases
from ivr.menu_visit import Visit

WHICH_PATIENT = "which-patient"
_CHOICE_KEYS = "12345678"


class Identification:
    """Immutable, shared by all callers."""

    def __init__(self, phrases: Phrases, *, bus: Bus, clock: Clock) -> None:
        self._phrases = phrases
        self._bus = bus
        self._clock = clock

    def by_number(self, talk: Conversation, visit: Visit, lookup: Pending[list[PatientCard]]) -> None:
        """Without an answer of the ground the caller is simply not known; one candidate is the patient."""
        try:
            visit.candidates = tuple(lookup.result())
        except GroundSilent:
            return
        if not visit.candidates:
            return
        visit.patient = visit.candidates[0] if len(visit.candidates) == 1 else None
        self._tell(talk, visit)
        if visit.patient is not None and visit.patient.preferred_language == "en":
            talk.set_language("en")

    def known(self, talk: Conversation, visit: Visit) -> PatientCard:
        """The patient of this call; asked when several use the number. Raises WantsPerson when nobody does."""
        if visit.patient is None and visit.candidates:
            self.choose(talk, visit)
        if visit.patient is None:
            raise WantsPerson(Reason.UNKNOWN_CALLER)
        return visit.patient

    def choose(
        self, talk: Conversation, visit: Visit, *, node: str = WHICH_PATIENT, asked: str = "several-patients"
    ) -> PatientCard:
        """Several people use this number: asked which."""
        by_key = dict(zip(_CHOICE_KEYS, visit.candidates, strict=False))
        names = self._phrases.patient_choices(by_key, talk.language)
        question = [asked, *names, "patient-none-of-these"]
        key = talk.ask_choice([*visit.take_opening(), *question], by_key, node=node, again=question)
        visit.patient = by_key[key]
        self._tell(talk, visit)
        return visit.patient

    def salutation(self, patient: PatientCard, language: str) -> list[str]:
        return self._phrases.salutation(patient, language)

    def _tell(self, talk: Conversation, visit: Visit) -> None:
        self._bus.publish(
            CallerIdentified(
                at=self._clock.now(),
                call_id=talk.call_id,
                patient_id=visit.patient.id if visit.patient else None,
                candidate_ids=tuple(patient.id for patient in visit.candidates),
            )
        )
