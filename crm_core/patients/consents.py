"""The consent ledger: who allowed what on which channel, since when, and what may be done now (C121, R23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.kinds import Channel, Purpose
from crm_core.patients.models import Patient, PatientPhone
from crm_core.patients.rows import consent_line
from crm_core.patients.rules import is_allowed, latest_answer
from crm_core.patients.service import load
from crm_core.patients.trail import Actor, Trail

_PHONE_CHANNELS = {Channel.CALL: PatientPhone.may_call, Channel.SMS: PatientPhone.may_sms}
_DEAD_MAY = frozenset({Purpose.RECORDING})
_CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class ConsentEntry:
    """One line of the ledger."""

    purpose: str
    channel: str
    is_granted: bool
    given_at: datetime
    noted_at: datetime
    source: str
    evidence: str
    actor_id: int | None


@dataclass(frozen=True)
class ConsentState:
    """``answer`` None: never asked; then ``may`` follows the purpose's rule."""

    purpose: str
    channel: str
    answer: bool | None
    may: bool


class Consents:
    """Lines are added, never changed. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._cipher = cipher
        self._clock = clock
        self._trail = trail

    def grant(self, patient_id: int, purpose: Purpose, channel: Channel, *, actor: Actor, evidence: str = "",
              given_at: datetime | None = None) -> None:  # fmt: skip
        """``evidence``: the id of the call, paper or message. ``given_at``: when he said so, now unless a paper is older.
        Raises InvalidInput for a time to come, NotFound."""
        self._add(patient_id, purpose, channel, is_granted=True, actor=actor, evidence=evidence, given_at=given_at)

    def withdraw(self, patient_id: int, purpose: Purpose, channel: Channel, *, actor: Actor, evidence: str = "",
                 given_at: datetime | None = None) -> None:  # fmt: skip
        """Takes effect at once: ``may`` asks the ledger every time (R41)."""
        self._add(patient_id, purpose, channel, is_granted=False, actor=actor, evidence=evidence, given_at=given_at)

    def may(self, patient_id: int, purpose: Purpose, channel: Channel) -> bool:
        """What the patient's last word about this purpose and channel allows now. Raises NotFound."""
        with self._db.read() as session:
            patient = load(session, patient_id)
            return _may(patient, purpose, channel)

    def may_reach(self, patient_id: int, purpose: Purpose, channel: Channel, *, number: str) -> bool:
        """The same, and this number of his is not closed for the channel. False for a number that is not his.
        For the dialler and the outbox, at the moment of sending (R38, C121)."""
        normal = phone_number.normalise(number)
        with self._db.read() as session:
            patient = load(session, patient_id)
            if normal is None or not _may(patient, purpose, channel):
                return False
            wanted = self._cipher.hash_of(normal)
            column = _PHONE_CHANNELS.get(channel)
            if column is None:
                return True
            is_open = select(column).where(PatientPhone.patient_id == patient.id, PatientPhone.number_hash == wanted)
            return bool(session.scalar(is_open))

    def state(self, patient_id: int) -> list[ConsentState]:
        """Every purpose on every channel, for the desk's table."""
        with self._db.read() as session:
            patient = load(session, patient_id)
            return [
                ConsentState(
                    purpose.value, channel.value, latest_answer(patient.consent_lines, purpose, channel),
                    _may(patient, purpose, channel),
                )
                for purpose in Purpose
                for channel in Channel
                if channel is not Channel.ANY
            ]  # fmt: skip

    def ledger(self, patient_id: int) -> list[ConsentEntry]:
        """Every line, the newest first."""
        with self._db.read() as session:
            lines = sorted(load(session, patient_id).consent_lines, key=lambda one: (one.given_at, one.id))
            return [
                ConsentEntry(
                    one.purpose, one.channel, one.is_granted, one.given_at, one.noted_at, one.source, one.evidence,
                    one.actor_id,
                )
                for one in reversed(lines)
            ]  # fmt: skip

    def _add(
        self, patient_id: int, purpose: Purpose, channel: Channel, *, is_granted: bool, actor: Actor, evidence: str,
        given_at: datetime | None,
    ) -> None:  # fmt: skip
        now = self._clock.now()
        if given_at is not None and given_at > now + _CLOCK_TOLERANCE:
            raise InvalidInput("nobody has consented in the future")
        with self._db.write() as session:
            one = _locked_id(session, patient_id)
            session.add(
                consent_line(
                    one, purpose.value, channel.value, is_granted, now=now, given_at=given_at,
                    source=phone_number.clean_text(actor.source), evidence=phone_number.clean_text(evidence, limit=120),
                    by=actor.id,
                )
            )  # fmt: skip
            action = "consent.grant" if is_granted else "consent.withdraw"
            self._trail.note(session, actor, action, one, detail={"purpose": purpose.value, "channel": channel.value})


def _may(patient: Patient, purpose: Purpose, channel: Channel) -> bool:
    if patient.died_on is not None and purpose not in _DEAD_MAY:
        return False
    return is_allowed(patient.consent_lines, purpose, channel)


def _locked_id(session: Session, patient_id: int) -> int:
    """Lines of one patient are written one after the other."""
    one = load(session, patient_id).id
    if session.scalar(select(Patient.id).where(Patient.id == one).with_for_update()) is None:
        raise NotFound("no such patient")
    return one
