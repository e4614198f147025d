"""The telephone numbers of a patient: whose they are, in which order, what they may be used for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.patients.card_maker import CardMaker
from crm_core.patients.cards import PhoneCard
from crm_core.patients.kinds import Relation
from crm_core.patients.models import Patient, PatientPhone
from crm_core.patients.rows import PatientRows
from crm_core.patients.service import load_for_change
from crm_core.patients.trail import Actor, Trail

_PHONES_MAX = 20


class Phones:
    """One transaction each, with history and audit line; numbers appear there masked. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._rows = PatientRows(cipher, clock)
        self._maker = CardMaker(cipher, clock)
        self._trail = trail

    def add(
        self, patient_id: int, number: str, *, actor: Actor, relation: str = "self", owner_name: str = ""
    ) -> PhoneCard:
        """At the end of the order. Raises InvalidInput, Conflict (he has this number)."""
        _check_relation(relation)
        try:
            with self._db.write() as session:
                patient = load_for_change(session, patient_id)
                if len(patient.phones) >= _PHONES_MAX:
                    raise InvalidInput(f"at most {_PHONES_MAX} numbers")
                place = max((one.position for one in patient.phones), default=-1) + 1
                columns = self._rows.phone(number, relation, place, owner_name=phone_number.clean_text(owner_name))
                phone = PatientPhone(**columns)
                patient.phones.append(phone)
                session.flush()
                self._keep(session, patient, actor, "", self._words(phone))
                return self._maker.phone(phone)
        except IntegrityError as error:
            raise Conflict("the patient has this number already") from error

    def change(
        self,
        phone_id: int,
        *,
        actor: Actor,
        relation: str | None = None,
        owner_name: str | None = None,
        may_call: bool | None = None,
        may_sms: bool | None = None,
        reason: str = "",
    ) -> PhoneCard:
        """None leaves it as it is. ``may_call=False``: not on this number, for this patient (a whole number that nobody
        may dial is in the do-not-call list). Raises NotFound, InvalidInput."""
        with self._db.write() as session:
            phone, patient = _phone(session, phone_id)
            before = self._words(phone)
            if relation is not None:
                _check_relation(relation)
                phone.relation, phone.is_owner = relation, relation == Relation.SELF
            if owner_name is not None:
                phone.owner_name = phone_number.clean_text(owner_name)
            phone.may_call = phone.may_call if may_call is None else may_call
            phone.may_sms = phone.may_sms if may_sms is None else may_sms
            if before != self._words(phone):
                self._keep(session, patient, actor, before, self._words(phone), reason)
            return self._maker.phone(phone)

    def order(self, patient_id: int, phone_ids: Sequence[int], *, actor: Actor) -> tuple[PhoneCard, ...]:
        """All his numbers, the preferred one first. Raises InvalidInput when one is missing or strange."""
        with self._db.write() as session:
            patient = load_for_change(session, patient_id)
            by_id = {one.id: one for one in patient.phones}
            if sorted(phone_ids) != sorted(by_id):
                raise InvalidInput("name every number of the patient once")
            before = sorted(patient.phones, key=lambda one: (one.position, one.id))
            for place, one in enumerate(phone_ids):
                by_id[one].position = place
            after = [by_id[one] for one in phone_ids]
            if before != after:
                old, new = (" ".join(self._masked(one) for one in order) for order in (before, after))
                self._keep(session, patient, actor, old, new)
            return tuple(map(self._maker.phone, after))

    def remove(self, phone_id: int, *, actor: Actor, reason: str = "") -> None:
        """Raises NotFound."""
        with self._db.write() as session:
            phone, patient = _phone(session, phone_id)
            patient.phones.remove(phone)
            self._keep(session, patient, actor, self._words(phone), "", reason)

    def _keep(
        self, session: Session, patient: Patient, actor: Actor, old: str, new: str, reason: str = ""
    ) -> None:  # fmt: skip
        self._trail.changed(session, actor, patient.id, field="phone", old=old, new=new, reason=reason)
        self._trail.note(session, actor, "patient.change", patient.id, reason=reason, detail={"fields": ["phone"]})

    def _masked(self, phone: PatientPhone) -> str:
        return phone_number.mask(self._rows.number_of(phone))

    def _words(self, phone: PatientPhone) -> str:
        refused = [word for word, may in (("no call", phone.may_call), ("no sms", phone.may_sms)) if not may]
        return " ".join([self._masked(phone), phone.relation, *filter(None, [phone.owner_name]), *refused])


def _phone(session: Session, phone_id: int) -> tuple[PatientPhone, Patient]:
    owner = session.scalar(select(PatientPhone.patient_id).where(PatientPhone.id == phone_id))
    if owner is None:
        raise NotFound("no such telephone number")
    patient = load_for_change(session, owner)
    for phone in patient.phones:
        if phone.id == phone_id:
            return phone, patient
    raise NotFound("this number was left with a merged record")


def _check_relation(relation: str) -> None:
    if relation not in set(Relation):
        raise InvalidInput("there is no such relation")
