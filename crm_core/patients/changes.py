"""Changes what is known of a patient: fields, tags, the VIP card; every change with its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput, NotAllowed
from crm_core.patients import values
from crm_core.patients.fields import FieldSpec, put_value, specs, value_of
from crm_core.patients.models import Patient
from crm_core.patients.models_fields import FieldValue
from crm_core.patients.registration import FieldsMissing
from crm_core.patients.rows import PatientRows
from crm_core.patients.service import load_for_change
from crm_core.patients.sheets import AGENT_LEVEL
from crm_core.patients.trail import Actor, Trail
from crm_core.phone_number import clean_text

_VIP_LEVEL_MAX = 9
_TAGS_MAX = 30


class PatientChanges:
    """One transaction each; nothing is kept when one value is unusable. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._cipher = cipher
        self._rows = PatientRows(cipher, clock)
        self._trail = trail

    def change(
        self,
        patient_id: int,
        texts: Mapping[str, str],
        *,
        actor: Actor,
        reason: str = "",
        level_max: int = AGENT_LEVEL,
    ) -> tuple[str, ...]:
        """Set fields by key, built-in and own; "" empties one. Returns the keys that were really changed.

        Raises InvalidInput, FieldsMissing, NotAllowed (a field above ``level_max``: who may not read may not write),
        Conflict (another patient has this identity or card number), NotFound.
        """
        try:
            with self._db.write() as session:
                patient = load_for_change(session, patient_id)
                known = {one.key: one for one in specs(session, None)}
                changed = [
                    key for key, text in texts.items()
                    if self._set(session, patient, _spec(known, key, level_max), text, actor, reason)
                ]  # fmt: skip
                if changed:
                    self._trail.note(
                        session, actor, "patient.change", patient.id, reason=reason, detail={"fields": changed}
                    )
                return tuple(changed)
        except IntegrityError as error:
            raise Conflict("another patient has this identity or card number") from error

    def tag(self, patient_id: int, tags: Sequence[str], *, actor: Actor) -> tuple[str, ...]:
        """Replace the tags (C122); in the order given, each once."""
        wanted = list(dict.fromkeys(plain for one in tags if (plain := clean_text(one, limit=24))))
        if len(wanted) > _TAGS_MAX:
            raise InvalidInput(f"at most {_TAGS_MAX} tags")
        with self._db.write() as session:
            patient = load_for_change(session, patient_id)
            if wanted != patient.tags:
                self._note_change(session, patient, "tags", (" ".join(patient.tags), " ".join(wanted)), actor, "")
                patient.tags = wanted
            return tuple(wanted)

    def set_vip_card(
        self,
        patient_id: int,
        number: str,
        *,
        level: int,
        actor: Actor,
        valid_from: date | None = None,
        valid_until: date | None = None,
        reason: str = "",
    ) -> None:
        """Issue, prolong or take away ("" and level 0) the VIP card (A4.2). None is no limit; both days are valid.
        Raises InvalidInput, Conflict (another patient has this card)."""
        plain = values.card_number(number)
        if not 0 <= level <= _VIP_LEVEL_MAX or bool(plain) != bool(level):
            raise InvalidInput("a VIP card has a number and a level from 1 to 9")
        if valid_from and valid_until and valid_until < valid_from:
            raise InvalidInput("the card would end before it begins")
        try:
            with self._db.write() as session:
                patient = load_for_change(session, patient_id)
                before = _vip_words(patient)
                patient.vip_card, patient.vip_level = plain, level
                patient.vip_valid_from, patient.vip_valid_until = valid_from, valid_until
                if before != _vip_words(patient):
                    self._note_change(session, patient, "vip_card", (before, _vip_words(patient)), actor, reason)
        except IntegrityError as error:
            raise Conflict("another patient has this VIP card") from error

    def _set(
        self, session: Session, patient: Patient, spec: FieldSpec, text: str, actor: Actor, reason: str
    ) -> bool:  # fmt: skip
        put = self._set_builtin if spec.is_builtin else self._set_own
        old, new = put(session, patient, spec, text)
        if spec.is_required and not new:
            raise FieldsMissing([spec.key])
        if old == new:
            return False
        self._trail.changed(
            session, actor, patient.id, field=spec.key, old=old, new=new, is_secret=spec.is_secret, reason=reason
        )
        return True

    def _set_builtin(self, session: Session, patient: Patient, spec: FieldSpec, text: str) -> tuple[str, str]:
        old, new = self._rows.get_static(patient, spec.key), self._rows.check_static(spec.key, text)
        if old != new:
            self._rows.set_static(patient, spec.key, new)
            session.flush()
        return old, new

    def _set_own(self, session: Session, patient: Patient, spec: FieldSpec, text: str) -> tuple[str, str]:
        new = values.canonical(spec.kind, text, choices=spec.choices)
        row = session.scalar(
            select(FieldValue).where(
                FieldValue.patient_id == patient.id, FieldValue.definition_id == spec.definition_id
            )
        )
        old = value_of(self._cipher, row) if row is not None else ""
        if old != new:
            row = row or FieldValue(patient_id=patient.id, definition_id=spec.definition_id)
            put_value(self._cipher, row, new, is_secret=spec.is_secret)
            session.add(row)
            if not new:
                session.delete(row)
            session.flush()
        return old, new

    def _note_change(
        self, session: Session, patient: Patient, field: str, values_: tuple[str, str], actor: Actor, reason: str
    ) -> None:
        self._trail.changed(session, actor, patient.id, field=field, old=values_[0], new=values_[1], reason=reason)
        self._trail.note(session, actor, "patient.change", patient.id, reason=reason, detail={"fields": [field]})


def _spec(known: Mapping[str, FieldSpec], key: str, level_max: int) -> FieldSpec:
    if key not in known:
        raise InvalidInput("there is no such field")
    if known[key].level > level_max:
        raise NotAllowed("this field is only for those who treat the patient")
    return known[key]


def _vip_words(patient: Patient) -> str:
    if not patient.vip_card:
        return ""
    since, until = patient.vip_valid_from or "…", patient.vip_valid_until or "…"
    return f"{patient.vip_card} {patient.vip_level} {since}~{until}"
