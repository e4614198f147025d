"""The whole sheet of a patient: every field masked by its data level, one field in full with a reason, its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotAllowed, NotFound
from crm_core.patients.card_maker import CardMaker
from crm_core.patients.cards import PatientCard
from crm_core.patients.fields import FieldSpec, specs, value_of
from crm_core.patients.models import Patient
from crm_core.patients.models_fields import FieldValue, PatientChange
from crm_core.patients.rows import PatientRows
from crm_core.patients.service import load
from crm_core.patients.static_fields import Mask, masked
from crm_core.patients.trail import Actor, Trail, need_reason

AGENT_LEVEL = 4
"""Agents see up to this data level; level 5 only who treats the patient (R16)."""
PHONE = "phone"


@dataclass(frozen=True)
class ShownField:
    """``shown`` is the value, or its mask; ``is_masked`` says that there is more to ask for."""

    key: str
    label_zh: str
    label_en: str
    kind: str
    level: int
    shown: str
    is_masked: bool
    is_required: bool
    is_builtin: bool
    choices: tuple[str, ...] = ()
    department_code: str = ""


@dataclass(frozen=True)
class Sheet:
    card: PatientCard
    fields: tuple[ShownField, ...]


@dataclass(frozen=True)
class ChangeCard:
    """``old`` and ``new`` are "" for a secret field."""

    at: datetime
    actor_id: int | None
    field: str
    old: str
    new: str
    is_secret: bool
    source: str
    reason: str


class Sheets:
    """Everything that is shown here leaves an audit line first (R26). Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._cipher = cipher
        self._rows = PatientRows(cipher, clock)
        self._maker = CardMaker(cipher, clock)
        self._trail = trail

    def sheet(self, patient_id: int, *, actor: Actor, department_code: str = "", level_max: int = AGENT_LEVEL) -> Sheet:
        """Fields above ``level_max`` show at most 有/无. Raises NotFound."""
        with self._db.write() as session:
            patient = load(session, patient_id)
            values = self._values(session, patient)
            fields = [
                self._shown(one, self._plain(patient, values, one), level_max)
                for one in specs(session, department_code)
                if not one.is_hidden
            ]
            card = self._maker.card(patient)
            self._trail.note(session, actor, "patient.sheet", patient.id, detail={"department": department_code})
            return Sheet(card, tuple(fields))

    def reveal(
        self,
        patient_id: int,
        key: str,
        *,
        actor: Actor,
        reason: str,
        level_max: int = AGENT_LEVEL,
        phone_id: int | None = None,
    ) -> str:
        """One field in full (R17); the audit line is durable before the value leaves.

        ``key`` "phone" with ``phone_id`` gives a number as it is dialled. Raises NotAllowed above ``level_max`` (that is
        audited too), NotFound when there is nothing, InvalidInput without a reason.
        """
        why = need_reason(reason)
        with self._db.write() as session:
            patient = load(session, patient_id)
            level, value = self._asked(session, patient, key, phone_id)
            is_refused = level > level_max
            self._trail.note(
                session, actor, "patient.unmask", patient.id, reason=why, result="refused" if is_refused else "ok",
                detail={"field": key, "level": level, "phone_id": phone_id},
            )  # fmt: skip
        if is_refused:
            raise NotAllowed("this field is only for those who treat the patient")
        return value

    def history(self, patient_id: int, *, field: str | None = None, limit: int = 100) -> list[ChangeCard]:
        """The newest change first."""
        with self._db.read() as session:
            patient = load(session, patient_id)
            query = select(PatientChange).where(PatientChange.patient_id == patient.id)
            if field is not None:
                query = query.where(PatientChange.field == field)
            rows = session.scalars(query.order_by(PatientChange.id.desc()).limit(min(limit, 1000)))
            return [ChangeCard(r.at, r.actor_id, r.field, r.old, r.new, r.is_secret, r.source, r.reason) for r in rows]

    def _asked(self, session: Session, patient: Patient, key: str, phone_id: int | None) -> tuple[int, str]:
        """Data level and plain value. Raises NotFound."""
        if key == PHONE:
            for phone in patient.phones:
                if phone.id == phone_id:
                    return AGENT_LEVEL, phone_number.national(self._rows.number_of(phone))
            raise NotFound("no such telephone number")
        for one in specs(session, None):
            if one.key == key:
                value = self._plain(patient, self._values(session, patient), one)
                if not value:
                    raise NotFound("there is nothing to unmask")
                return one.level, value
        raise NotFound("there is no such field")

    def _values(self, session: Session, patient: Patient) -> dict[int, str]:
        rows = session.scalars(select(FieldValue).where(FieldValue.patient_id == patient.id))
        return {row.definition_id: value_of(self._cipher, row) for row in rows}

    def _plain(self, patient: Patient, values: dict[int, str], spec: FieldSpec) -> str:
        if spec.is_builtin:
            return self._rows.get_static(patient, spec.key)
        return values.get(spec.definition_id or 0, "")

    def _shown(self, spec: FieldSpec, value: str, level_max: int) -> ShownField:
        mask = spec.mask
        if spec.level > level_max and mask is not Mask.YES_NO:
            mask = Mask.WHOLE
        shown = masked(value, mask)
        return ShownField(
            spec.key, spec.label_zh, spec.label_en, spec.kind.value, spec.level, shown, bool(value) and shown != value,
            spec.is_required, spec.is_builtin, spec.choices, spec.department_code,
        )  # fmt: skip
