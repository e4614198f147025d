"""Who a caller is: two of four facts, or his number with his PIN; failures counted over all calls (R46, F35, C110)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.clock import Clock, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.kinds import Fact
from crm_core.patients.models_trust import PatientPin, ProofAttempt
from crm_core.patients.proof_rules import facts_hold, is_usable_pin
from crm_core.patients.rows import PatientRows
from crm_core.patients.service import load
from crm_core.patients.trail import Actor, Trail, need_reason

PATIENT_FAILURES_MAX = 3
NUMBER_FAILURES_MAX = 3
WITHHELD_FAILURES_MAX = 30
"""All callers without a number share one count; above it they go to a person until the next day."""
_FAILED, _PASSED, _LOCKED, _FORGIVEN = "failed", "passed", "locked", "forgiven"


class ProofResult(StrEnum):
    """The only three answers; none tells which fact was wrong or whether there is such a patient."""

    PROVEN = "proven"
    NOT_PROVEN = "not_proven"
    LOCKED = "locked"
    """Too many failures today for this patient or this number: only a person can go on."""


@dataclass(frozen=True)
class Caller:
    """``number`` as the network gave it; "" when withheld."""

    number: str
    call_id: str = ""


class Proofs:
    """Counts live in the database, so neither a new call nor a restart gives new tries. Thread-safe."""

    def __init__(
        self,
        database: Database,
        cipher: FieldCipher,
        clock: Clock,
        *,
        trail: Trail,
        hasher: PasswordHasher | None = None,
    ) -> None:
        """``hasher``: Argon2id with OWASP's costs for a server unless another one is given (tests)."""
        self._db = database
        self._cipher = cipher
        self._clock = clock
        self._rows = PatientRows(cipher, clock)
        self._trail = trail
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody_hash = self._hasher.hash("nobody has this PIN")

    def is_locked(self, patient_id: int | None, caller: Caller) -> bool:
        """True: do not ask, connect to a person. ``patient_id`` None: nobody was found yet."""
        with self._db.read() as session:
            return self._is_locked(session, patient_id, self._number_hash(caller))

    def prove(self, patient_id: int | None, facts: Mapping[Fact, str], *, caller: Caller, actor: Actor) -> ProofResult:
        """Two different facts, all right; or the PIN from one of the patient's own numbers. One wrong fact fails the
        whole try. An unknown patient (None, or an id that is none) is answered like a wrong fact and counted."""
        number_hash = self._number_hash(caller)
        known, attempt_id = self._begin(patient_id, caller, number_hash, actor, facts)
        if attempt_id is None:
            return ProofResult.LOCKED
        is_right = self._compare(known, facts, number_hash)
        if known is None or not is_right:
            return ProofResult.NOT_PROVEN
        with self._db.write() as session:
            session.execute(update(ProofAttempt).where(ProofAttempt.id == attempt_id).values(result=_PASSED))
            self._trail.note(
                session, actor, "identity.proven", known,
                detail={"facts": sorted(facts), "call": caller.call_id},
            )  # fmt: skip
        return ProofResult.PROVEN

    def set_pin(self, patient_id: int, pin: str, *, actor: Actor, reason: str = "") -> None:
        """Six digits that are not easy to guess. Raises InvalidInput, NotFound."""
        with self._db.read() as session:
            patient = load(session, patient_id)
            known = [self._rows.get_static(patient, key) for key in ("birth_date", "id_number", "card_number")]
            known += [self._rows.number_of(phone) for phone in patient.phones]
            one = patient.id
        if not is_usable_pin(pin, known):
            raise InvalidInput("a PIN has six digits, not all alike, not in a row, not part of a birthday or number")
        pin_hash = self._hasher.hash(self._keyed(pin))
        with self._db.write() as session:
            row = session.get(PatientPin, one, with_for_update=True) or PatientPin(patient_id=one)
            row.pin_hash, row.set_at, row.set_by = pin_hash, self._clock.now(), actor.id
            session.add(row)
            self._trail.note(session, actor, "identity.pin_set", one, reason=reason)

    def clear_pin(self, patient_id: int, *, actor: Actor, reason: str) -> None:
        why = need_reason(reason)
        with self._db.write() as session:
            one = load(session, patient_id).id
            if (row := session.get(PatientPin, one)) is not None:
                session.delete(row)
            self._trail.note(session, actor, "identity.pin_cleared", one, reason=why)

    def has_pin(self, patient_id: int) -> bool:
        with self._db.read() as session:
            return session.get(PatientPin, load(session, patient_id).id) is not None

    def unlock(self, patient_id: int, *, actor: Actor, reason: str, caller_number: str = "") -> None:
        """A person has made sure who it is: today's failures of the patient (and of this number) are forgiven."""
        why = need_reason(reason)
        with self._db.write() as session:
            one = load(session, patient_id).id
            whose: ColumnElement[bool] = ProofAttempt.patient_id == one
            if caller_number:
                whose = or_(whose, ProofAttempt.number_hash == self._number_hash(Caller(caller_number)))
            today = ProofAttempt.day == self._today()
            session.execute(
                update(ProofAttempt).where(whose, today, ProofAttempt.result == _FAILED).values(result=_FORGIVEN)
            )
            self._trail.note(session, actor, "identity.unlock", one, reason=why)

    def _begin(
        self, patient_id: int | None, caller: Caller, number_hash: str, actor: Actor, facts: Mapping[Fact, str]
    ) -> tuple[int | None, int | None]:
        """The patient if there is one, and the attempt, already counted as failed; (…, None) when locked."""
        with self._db.write() as session:
            known = _existing(session, patient_id)
            self._one_at_a_time(session, known, number_hash)
            is_locked = self._is_locked(session, known, number_hash)
            attempt = ProofAttempt(
                patient_id=known, number_hash=number_hash, call_id=phone_number.clean_text(caller.call_id, limit=120),
                at=self._clock.now(), day=self._today(), result=_LOCKED if is_locked else _FAILED,
            )  # fmt: skip
            session.add(attempt)
            session.flush()
            self._trail.note(
                session, actor, "identity.attempt", known or 0, result=attempt.result,
                detail={"facts": sorted(facts), "call": attempt.call_id},
            )  # fmt: skip
            return known, None if is_locked else attempt.id

    def _compare(self, patient_id: int | None, facts: Mapping[Fact, str], number_hash: str) -> bool:
        """Outside every lock, and the same work for everybody: Argon2 runs whenever a PIN was said."""
        with self._db.read() as session:
            patient = load(session, patient_id) if patient_id is not None else None
            pin_row = session.get(PatientPin, patient.id) if patient is not None else None
            keys = {Fact.ID_TAIL: "id_number", Fact.BIRTH_DATE: "birth_date", Fact.CARD_NUMBER: "card_number"}
            keys |= {Fact.NAME: "name"}
            right = {fact: self._rows.get_static(patient, key) if patient else "" for fact, key in keys.items()}
            is_own_number = patient is not None and number_hash in {one.number_hash for one in patient.phones}
            pin_hash = pin_row.pin_hash if pin_row is not None else self._nobody_hash
        is_pin_right = Fact.PIN in facts and self._verify(pin_hash, self._keyed(facts[Fact.PIN]))
        return facts_hold(facts, right, is_pin_right=is_pin_right and pin_row is not None, is_own_number=is_own_number)

    def _is_locked(self, session: Session, patient_id: int | None, number_hash: str) -> bool:
        number_max = WITHHELD_FAILURES_MAX if number_hash == self._cipher.hash_of("") else NUMBER_FAILURES_MAX
        if self._failures(session, ProofAttempt.number_hash == number_hash) >= number_max:
            return True
        if patient_id is None:
            return False
        return self._failures(session, ProofAttempt.patient_id == patient_id) >= PATIENT_FAILURES_MAX

    def _failures(self, session: Session, whose: ColumnElement[bool]) -> int:
        query = select(func.count()).where(whose, ProofAttempt.day == self._today(), ProofAttempt.result == _FAILED)
        return session.scalar(query) or 0

    def _one_at_a_time(self, session: Session, patient_id: int | None, number_hash: str) -> None:
        """Two calls at once must not have four tries. SQLite writes one after the other anyway."""
        if self._db.is_sqlite:
            return
        keys = {int(number_hash[:15], 16), -(patient_id or 0) - 1}
        for key in sorted(keys):
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def _verify(self, stored: str, pin: str) -> bool:
        try:
            return self._hasher.verify(stored, pin)
        except (VerificationError, InvalidHashError):
            return False

    def _keyed(self, pin: str) -> str:
        """A stolen table without the key does not give way to a million guesses."""
        return self._cipher.hash_of(f"pin {pin}")

    def _number_hash(self, caller: Caller) -> str:
        return self._cipher.hash_of(phone_number.normalise(caller.number) or phone_number.clean_caller(caller.number))

    def _today(self) -> date:
        return hospital_date(self._clock.now())


def _existing(session: Session, patient_id: int | None) -> int | None:
    if patient_id is None:
        return None
    try:
        return load(session, patient_id).id
    except NotFound:
        return None
