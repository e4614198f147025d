"""Registers a new patient for a person or a flow: shows who might be the same first, and keeps who did it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput
from crm_core.ids import PatientId
from crm_core.patients import values
from crm_core.patients.bulk import insert_patients
from crm_core.patients.card_maker import CardMaker, for_card
from crm_core.patients.cards import NewPatient, PatientCard
from crm_core.patients.fields import FieldSpec, missing, put_value, specs
from crm_core.patients.models import Patient, PatientPhone
from crm_core.patients.models_fields import FieldValue
from crm_core.patients.rows import PatientRows, static_texts
from crm_core.patients.trail import Actor, Trail

SAME_ID_NUMBER = "id_number"
SAME_CARD_NUMBER = "card_number"
SAME_NAME_AND_NUMBER = "name_and_number"
SAME_NAME_AND_BIRTH_DATE = "name_and_birth_date"
CERTAIN = frozenset({SAME_ID_NUMBER, SAME_CARD_NUMBER})
"""With these it is the same person: nobody can say otherwise at a desk."""
_CANDIDATES_MAX = 20


@dataclass(frozen=True)
class DuplicateCandidate:
    """Somebody who is there already and may be the same; ``reasons`` say why."""

    card: PatientCard
    reasons: tuple[str, ...]

    @property
    def is_certain(self) -> bool:
        return bool(CERTAIN & set(self.reasons))


class DuplicatesFound(Conflict):
    """Nothing was kept: these may be the same person."""

    code = "duplicate_patient"

    def __init__(self, candidates: tuple[DuplicateCandidate, ...]) -> None:
        super().__init__("this patient may be registered already")
        self.candidates = candidates


class FieldsMissing(InvalidInput):
    """Required fields are empty."""

    code = "fields_missing"

    def __init__(self, keys: list[str]) -> None:
        super().__init__(f"needed: {', '.join(keys)}")
        self.keys = tuple(keys)


class Registration:
    """One transaction each. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._cipher = cipher
        self._rows = PatientRows(cipher, clock)
        self._maker = CardMaker(cipher, clock)
        self._trail = trail

    def duplicates(self, new: NewPatient) -> tuple[DuplicateCandidate, ...]:
        """Who may be the same person, the surest first: same identity or card number, same name and number, same name
        and birth date. Raises InvalidInput."""
        with self._db.read() as session:
            return self._duplicates(session, new)

    def register(
        self,
        new: NewPatient,
        *,
        actor: Actor,
        despite: Collection[int] = (),
        department_code: str = "",
        is_complete: bool = True,
    ) -> PatientId:
        """``despite``: ids of candidates that a person has looked at and found to be others. ``is_complete``: refuse
        when a required field is empty (a telephone flow cannot ask for all). Raises DuplicatesFound, FieldsMissing,
        InvalidInput, Conflict; nothing is kept then."""
        try:
            with self._db.write() as session:
                return self._register(session, new, set(despite), actor, department_code, is_complete)
        except IntegrityError as error:
            raise Conflict("a patient with this identity, card or VIP card number is there already") from error

    def _register(
        self,
        session: Session,
        new: NewPatient,
        despite: set[int],
        actor: Actor,
        department_code: str,
        is_complete: bool,
    ) -> PatientId:
        own = self._own_fields(session, new, department_code, is_complete)
        open_questions = tuple(
            one for one in self._duplicates(session, new) if one.is_certain or int(one.card.id) not in despite
        )
        if open_questions:
            raise DuplicatesFound(open_questions)
        (patient_id,) = insert_patients(session, self._rows, [replace(new, own_fields={})])
        for spec, text in own:
            value = FieldValue(patient_id=patient_id, definition_id=spec.definition_id)
            put_value(self._cipher, value, text, is_secret=spec.is_secret)
            session.add(value)
        self._trail.changed(session, actor, patient_id, field="registered", old="", new="")
        self._trail.note(
            session, actor, "patient.register", patient_id, detail={"despite": sorted(despite)} if despite else None
        )
        return patient_id

    def _own_fields(
        self, session: Session, new: NewPatient, department_code: str, is_complete: bool
    ) -> list[tuple[FieldSpec, str]]:
        """The hospital's own fields that have a value. Raises InvalidInput, FieldsMissing."""
        known = specs(session, department_code)
        own = {one.key: one for one in known if not one.is_builtin}
        if unknown := set(new.own_fields) - set(own):
            raise InvalidInput(f"there is no field {sorted(unknown)[0]!r}")
        texts = {
            key: values.canonical(own[key].kind, text, choices=own[key].choices) for key, text in new.own_fields.items()
        }
        if is_complete and (keys := missing(known, static_texts(new) | texts)):
            raise FieldsMissing(keys)
        return [(own[key], text) for key, text in texts.items() if text]

    def _duplicates(self, session: Session, new: NewPatient) -> tuple[DuplicateCandidate, ...]:
        name = phone_number.clean_text(new.name)
        numbers = [n for text, _ in new.phones if (n := phone_number.normalise(text)) is not None]
        id_number = values.id_number(new.id_number)
        card_number = values.card_number(new.card_number)
        someone = select(Patient.id, Patient.merged_into_id).limit(_CANDIDATES_MAX)
        questions = {
            SAME_ID_NUMBER: id_number
            and someone.where(Patient.id_number_hash == self._cipher.hash_of(id_number)),
            SAME_CARD_NUMBER: card_number and someone.where(Patient.card_number == card_number),
            SAME_NAME_AND_NUMBER: name and numbers
            and someone.join(PatientPhone, PatientPhone.patient_id == Patient.id).where(
                Patient.name == name, PatientPhone.number_hash.in_([self._cipher.hash_of(n) for n in numbers])
            ),
            SAME_NAME_AND_BIRTH_DATE: name and new.birth_date
            and someone.where(Patient.name == name, Patient.birth_date == new.birth_date),
        }  # fmt: skip
        reasons: dict[int, list[str]] = {}
        for reason, query in questions.items():
            if isinstance(query, type(someone)):
                for one, survivor in session.execute(query):
                    found = reasons.setdefault(survivor or one, [])
                    if reason not in found:
                        found.append(reason)
        rows = session.scalars(select(Patient).where(Patient.id.in_(reasons)).options(*for_card()))
        cards = {row.id: self._maker.card(row) for row in rows}
        return tuple(DuplicateCandidate(cards[one], tuple(why)) for one, why in reasons.items())
