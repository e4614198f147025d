"""Which fields a patient sheet has: the built-in ones as this hospital treats them, and its own (C116)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.appointments.models import Department
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.patients.kinds import FieldKind
from crm_core.patients.models_fields import FieldDefinition, FieldValue
from crm_core.patients.static_fields import BY_KEY, STATIC_FIELDS, Mask, StaticField
from crm_core.patients.trail import Actor, Trail
from crm_core.patients.values import clean

_KEY = re.compile(r"[a-z][a-z0-9_]{1,47}")
_SECRET_LEVEL = 4
"""From this data level on a value is encrypted and masked (R16, R19)."""


@dataclass(frozen=True)
class FieldSpec:
    """One field. ``department_code`` "" is the whole hospital; ``level`` is the data level 1-5 (R16)."""

    key: str
    label_zh: str
    label_en: str = ""
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[str, ...] = ()
    department_code: str = ""
    is_required: bool = False
    is_hidden: bool = False
    is_masked: bool = False
    level: int = 3
    position: int = 0
    is_builtin: bool = False
    definition_id: int | None = None

    @property
    def mask(self) -> Mask:
        builtin = BY_KEY.get(self.key) if self.is_builtin else None
        if builtin is not None and builtin.mask is not Mask.SHOWN:
            return builtin.mask
        is_secret_own = builtin is None and self.level >= _SECRET_LEVEL
        return Mask.WHOLE if self.is_masked or is_secret_own else Mask.SHOWN

    @property
    def is_secret(self) -> bool:
        """Encrypted at rest; its values are in no history."""
        return BY_KEY[self.key].is_secret if self.is_builtin else self.level >= _SECRET_LEVEL


class Fields:
    """Definitions for the administrator's page. Every change is audited. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._cipher = cipher
        self._clock = clock
        self._trail = trail

    def of(self, department_code: str = "") -> list[FieldSpec]:
        """What the sheet of a department shows: built-in, the hospital's own, the department's own; hidden ones too."""
        with self._db.read() as session:
            return specs(session, department_code)

    def define(self, spec: FieldSpec, *, actor: Actor) -> FieldSpec:
        """A new field of the hospital's own. Raises InvalidInput, Conflict (the key is taken), NotFound (department)."""
        _check(spec)
        if spec.key in BY_KEY:
            raise Conflict("a built-in field has this key")
        with self._db.write() as session:
            if session.scalar(select(FieldDefinition.id).where(FieldDefinition.key == spec.key)) is not None:
                raise Conflict("a field has this key already")
            row = FieldDefinition(key=spec.key, kind=spec.kind.value, is_builtin=False)
            self._fill(session, row, spec)
            session.add(row)
            session.flush()
            self._trail.note(session, actor, "field.define", spec.key, object_kind="field", detail=_told(spec))
            return replace(spec, definition_id=row.id, is_builtin=False)

    def change(self, spec: FieldSpec, *, actor: Actor) -> FieldSpec:
        """Replace label, choices, required, hidden, masked, level, position. The kind stays.

        A built-in field can become stricter (required, hidden, masked, a higher level), never laxer than shipped.
        Raises InvalidInput; Conflict when a choice that patients have would vanish.
        """
        _check(spec)
        builtin = BY_KEY.get(spec.key)
        with self._db.write() as session:
            row = session.scalar(select(FieldDefinition).where(FieldDefinition.key == spec.key))
            if builtin is not None:
                _check_builtin(spec, builtin)
                row = row or FieldDefinition(key=spec.key, kind=builtin.kind.value, is_builtin=True)
                session.add(row)
            elif row is None:
                raise NotFound("there is no such field")
            else:
                self._keep_choices_in_use(session, row, spec)
                self._recode(session, row, spec.level)
            self._fill(session, row, spec)
            session.flush()
            self._trail.note(session, actor, "field.change", spec.key, object_kind="field", detail=_told(spec))
            return replace(spec, definition_id=row.id, is_builtin=builtin is not None, kind=FieldKind(row.kind))

    def retire(self, key: str, *, actor: Actor, reason: str = "") -> None:
        """Take an own field off every sheet; its values stay where they are."""
        with self._db.write() as session:
            row = session.scalar(
                select(FieldDefinition).where(FieldDefinition.key == key, FieldDefinition.is_builtin.is_(False))
            )
            if row is None:
                raise NotFound("there is no such field")
            row.retired_at = row.retired_at or self._clock.now()
            self._trail.note(session, actor, "field.retire", key, object_kind="field", reason=reason)

    def _fill(self, session: Session, row: FieldDefinition, spec: FieldSpec) -> None:
        row.label_zh, row.label_en = clean(spec.label_zh), clean(spec.label_en)
        row.choices = list(spec.choices)
        row.department_id = _department_id(session, spec.department_code)
        row.is_required, row.is_hidden, row.is_masked = spec.is_required, spec.is_hidden, spec.is_masked
        row.level, row.position = spec.level, spec.position
        row.retired_at = None

    def _keep_choices_in_use(self, session: Session, row: FieldDefinition, spec: FieldSpec) -> None:
        gone = set(row.choices) - set(spec.choices)
        if row.kind != FieldKind.CHOICE or not gone:
            return
        values = session.scalars(select(FieldValue).where(FieldValue.definition_id == row.id))
        if any(value_of(self._cipher, one) in gone for one in values):
            raise Conflict("patients have a choice that would vanish")

    def _recode(self, session: Session, row: FieldDefinition, level: int) -> None:
        """A field that becomes secret (or ceases to be) has its values encrypted (or opened)."""
        if (row.level >= _SECRET_LEVEL) == (level >= _SECRET_LEVEL):
            return
        for one in session.scalars(select(FieldValue).where(FieldValue.definition_id == row.id)):
            put_value(self._cipher, one, value_of(self._cipher, one), is_secret=level >= _SECRET_LEVEL)


def specs(session: Session, department_code: str | None = "") -> list[FieldSpec]:
    """See ``Fields.of``; None: of every department. Raises NotFound for an unknown one."""
    department_id = _department_id(session, department_code or "")
    rows = session.execute(
        select(FieldDefinition, Department.code)
        .outerjoin(Department, Department.id == FieldDefinition.department_id)
        .where(FieldDefinition.retired_at.is_(None))
        .order_by(FieldDefinition.position, FieldDefinition.id)
    ).all()
    wanted = (None, department_id)
    own = [
        _spec(row, code)
        for row, code in rows
        if not row.is_builtin and (department_code is None or row.department_id in wanted)
    ]
    treated = {row.key: row for row, _ in rows if row.is_builtin}
    return [_builtin_spec(one, treated.get(one.key)) for one in STATIC_FIELDS] + own


def value_of(cipher: FieldCipher, row: FieldValue) -> str:
    return cipher.decrypt(row.value_encrypted) if row.value_encrypted is not None else row.value or ""


def put_value(cipher: FieldCipher, row: FieldValue, text: str, *, is_secret: bool) -> None:
    row.value = None if is_secret else text
    row.value_encrypted = cipher.encrypt(text) if is_secret else None


def _spec(row: FieldDefinition, department_code: str | None) -> FieldSpec:
    return FieldSpec(
        row.key, row.label_zh, row.label_en, FieldKind(row.kind), tuple(row.choices), department_code or "",
        row.is_required, row.is_hidden, row.is_masked, row.level, row.position, False, row.id,
    )  # fmt: skip


def _builtin_spec(field: StaticField, row: FieldDefinition | None) -> FieldSpec:
    shipped = FieldSpec(
        field.key, field.label_zh, field.label_en, field.kind, field.choices, level=field.level,
        is_required=field.is_required, is_builtin=True,
    )  # fmt: skip
    if row is None:
        return shipped
    return replace(
        shipped,
        label_zh=row.label_zh,
        label_en=row.label_en,
        is_required=row.is_required,
        is_hidden=row.is_hidden,
        is_masked=row.is_masked,
        level=row.level,
        definition_id=row.id,
    )


def _department_id(session: Session, code: str) -> int | None:
    if not code:
        return None
    found = session.scalar(select(Department.id).where(Department.code == code))
    if found is None:
        raise NotFound("there is no such department")
    return found


def _check(spec: FieldSpec) -> None:
    if not _KEY.fullmatch(spec.key):
        raise InvalidInput("a key has 2-48 small letters, digits and underlines")
    if not clean(spec.label_zh) or len(spec.label_zh) > 64 or len(spec.label_en) > 64:
        raise InvalidInput("a field needs a label of at most 64 characters")
    if not 1 <= spec.level <= 5:
        raise InvalidInput("the data level is 1 to 5")
    if (spec.kind is FieldKind.CHOICE) != bool(spec.choices):
        raise InvalidInput("a choice, and only a choice, has choices")
    if len(set(spec.choices)) != len(spec.choices) or any(clean(c) != c or len(c) > 64 for c in spec.choices):
        raise InvalidInput("choices are different and short")
    if spec.is_required and spec.is_hidden:
        raise InvalidInput("a hidden field cannot be required")


def _check_builtin(spec: FieldSpec, shipped: StaticField) -> None:
    if spec.level < shipped.level:
        raise InvalidInput("the data level of a built-in field can only rise")
    if shipped.is_required and (spec.is_hidden or not spec.is_required):
        raise InvalidInput("this field is always needed")
    if spec.department_code or tuple(spec.choices) != shipped.choices or spec.kind is not shipped.kind:
        raise InvalidInput("kind, choices and place of a built-in field are fixed")


def missing(field_specs: Sequence[FieldSpec], texts: dict[str, str]) -> list[str]:
    """The keys of required fields that have no value."""
    return [one.key for one in field_specs if one.is_required and not texts.get(one.key)]


def _told(spec: FieldSpec) -> dict[str, object]:
    return {
        "kind": spec.kind.value, "level": spec.level, "required": spec.is_required, "hidden": spec.is_hidden,
        "masked": spec.is_masked, "department": spec.department_code,
    }  # fmt: skip
