"""Stand-ins for proving who calls, waiting in line and changing appointments, for conversations without a database."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.appointments.cards import WaitingCard
from crm_core.patients.kinds import Fact
from crm_core.patients.proofs import ProofResult

PROOF = ("2", "0314", "19900314")
"""The keys that prove who he is: by identity number and birthday."""


class FakeProofs:
    """Right is what PROOF says; three failures lock."""

    def __init__(self) -> None:
        self.tried: list[Mapping[Fact, str]] = []
        self.failures = 0

    def is_locked(self, patient_id: int | None, caller: object) -> bool:
        return self.failures >= 3

    def prove(self, patient_id: int | None, facts: Mapping[Fact, str], *, caller: object, actor: object) -> ProofResult:
        self.tried.append(facts)
        if facts == {Fact.ID_TAIL: PROOF[1], Fact.BIRTH_DATE: PROOF[2]}:
            return ProofResult.PROVEN
        self.failures += 1
        return ProofResult.NOT_PROVEN


class NobodyWaits:
    def of_patient(self, patient_id: int) -> list[WaitingCard]:
        return []

    def place(self, entry_id: int) -> int:
        return 0

    def leave(self, entry_id: int) -> None:
        raise AssertionError("nobody waits")


class NoChanges:
    """For conversations in which nothing is cancelled or moved."""

    def cancel(self, *_: object) -> None:
        raise AssertionError("nothing is cancelled here")

    def move(self, *_: object) -> None:
        raise AssertionError("nothing is moved here")
