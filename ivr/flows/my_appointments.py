"""Menu 1: after a second proof of identity, the caller hears the next appointments."""

from __future__ import annotations

import threading
from collections import OrderedDict

from crm_core.clock import Clock
from crm_core.ids import PatientId
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.ground import AppointmentsPort, GroundCalls, PatientsPort
from ivr.flows.phrases import Phrases

PROOF_TRIES = 3
PROOF_LENGTH = 4
APPOINTMENTS_READ = 3
MENU_KEY = "#"


class ProofLock:
    """Who failed the proof three times is not asked again for a day, whatever number calls (F35). Bounded."""

    def __init__(
        self, clock: Clock, *, tries: int = PROOF_TRIES, lock_s: float = 24 * 3600.0, size: int = 10_000
    ) -> None:
        self._clock = clock
        self._tries = tries
        self._lock_s = lock_s
        self._size = size
        self._failures: OrderedDict[PatientId, tuple[int, float]] = OrderedDict()
        self._guard = threading.Lock()

    def is_locked(self, patient_id: PatientId) -> bool:
        with self._guard:
            return self._count(patient_id) >= self._tries

    def failed(self, patient_id: PatientId) -> None:
        with self._guard:
            self._failures[patient_id] = (self._count(patient_id) + 1, self._clock.monotonic_s())
            self._failures.move_to_end(patient_id)
            if len(self._failures) > self._size:
                self._failures.popitem(last=False)

    def passed(self, patient_id: PatientId) -> None:
        with self._guard:
            self._failures.pop(patient_id, None)

    def _count(self, patient_id: PatientId) -> int:
        count, at_s = self._failures.get(patient_id, (0, 0.0))
        return count if self._clock.monotonic_s() - at_s < self._lock_s else 0


class MyAppointments:
    """The number that calls proves nothing (F34): first the proof, then the reading."""

    def __init__(
        self,
        patients: PatientsPort,
        appointments: AppointmentsPort,
        *,
        ground: GroundCalls,
        phrases: Phrases,
        proof_lock: ProofLock,
    ) -> None:
        self._patients = patients
        self._appointments = appointments
        self._ground = ground
        self._phrases = phrases
        self._proof_lock = proof_lock

    def run(self, talk: Conversation, patient: PatientCard) -> None:
        """Returns to the menu. Raises WantsPerson (not proven), GroundSilent."""
        if not self._prove(talk, patient):
            return
        found = self._ground.ask(self._appointments.upcoming, patient.id, APPOINTMENTS_READ)
        if found:
            heard = ["appointments-intro", *self._phrases.appointments(found, talk.language), "appointments-end"]
        else:
            heard = ["no-appointments"]
        talk.ask_choice([*heard, "appointments-menu"], {MENU_KEY}, node="my_appointments", again=["appointments-menu"])

    def _prove(self, talk: Conversation, patient: PatientCard) -> bool:
        """Last four of the identity number, or the birthday as MMDD. False: back to the menu."""
        question = ["identity-proof"]
        while not self._proof_lock.is_locked(patient.id):
            entry = talk.ask_digits(question, node="identity_proof", length=PROOF_LENGTH, is_secret=True)
            if entry == MENU_KEY:
                return False
            if self._ground.ask(self._patients.matches_identity, patient.id, entry):
                self._proof_lock.passed(patient.id)
                return True
            self._proof_lock.failed(patient.id)
            question = ["identity-wrong", "identity-proof"]
        raise WantsPerson(Reason.NOT_PROVEN)
