"""Who a caller is must be proved before anything personal is read: a PIN, or two facts (R46, F34, F35, C110)."""

from __future__ import annotations

from crm_core.patients.cards import PatientCard
from crm_core.patients.kinds import Fact
from crm_core.patients.proof_rules import PIN_LENGTH
from crm_core.patients.proofs import Caller, ProofResult
from crm_core.patients.trail import Actor
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.asking import Asking
from ivr.flows.booking_ports import ProofsPort
from ivr.menu_visit import Visit

BACK_KEY = "#"
_WAYS: dict[str, tuple[tuple[Fact, str, int], ...]] = {
    "1": ((Fact.PIN, "pin-ask", PIN_LENGTH),),
    "2": ((Fact.ID_TAIL, "identity-last-four-ask", 4), (Fact.BIRTH_DATE, "birth-date-ask", 8)),
}
"""By key: which facts, how each is asked for, and how many digits it has."""
_IVR = Actor(None, "ivr")


class Proving:
    """The same words and steps for everybody: nothing tells whether there is such a patient, a PIN, or which fact failed."""

    def __init__(self, proofs: ProofsPort, *, asking: Asking) -> None:
        self._proofs = proofs
        self._asking = asking

    def prove(self, talk: Conversation, visit: Visit, patient: PatientCard) -> bool:
        """Asked once a call. False: back to the menu. Raises WantsPerson (locked), GroundSilent."""
        if patient.id in visit.proven_ids:
            return True
        caller = Caller(talk.caller.number, talk.call_id)
        if self._asking.ask(talk, self._proofs.is_locked, patient.id, caller):
            raise WantsPerson(Reason.NOT_PROVEN)
        wrong: list[str] = []
        while True:
            way = talk.ask_choice([*wrong, "proof-how"], {*_WAYS, BACK_KEY}, node="identity_proof")
            facts = self._facts(talk, way) if way != BACK_KEY else None
            if facts is None:
                return False
            result = self._asking.ask(talk, self._proofs.prove, patient.id, facts, caller=caller, actor=_IVR)
            if result is ProofResult.PROVEN:
                visit.proven_ids.add(patient.id)
                return True
            if self._is_over(talk, patient, caller, result):
                raise WantsPerson(Reason.NOT_PROVEN)
            wrong = ["identity-wrong"]

    def _is_over(self, talk: Conversation, patient: PatientCard, caller: Caller, result: ProofResult) -> bool:
        return result is ProofResult.LOCKED or self._asking.ask(talk, self._proofs.is_locked, patient.id, caller)

    @staticmethod
    def _facts(talk: Conversation, way: str) -> dict[Fact, str] | None:
        facts: dict[Fact, str] = {}
        for fact, prompt, length in _WAYS[way]:
            entry = talk.ask_digits([prompt], node="identity_proof", length=length, is_secret=True)
            if entry == BACK_KEY:
                return None
            facts[fact] = entry
        return facts
