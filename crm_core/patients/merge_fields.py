"""What of a duplicate's own columns goes to the survivor in a merge, and how it comes back."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from crm_core.errors import InvalidInput
from crm_core.patients.models import Patient
from crm_core.patients.rows import PatientRows
from crm_core.patients.static_fields import BY_KEY, STATIC_FIELDS, masked

_COLUMNS: dict[str, tuple[str, ...]] = {one.key: (one.column_name,) for one in STATIC_FIELDS} | {
    "name": ("name", "name_pinyin", "name_initials"),
    "id_number": ("id_number_encrypted", "id_number_hash"),
    "vip_card": ("vip_card", "vip_level", "vip_valid_from", "vip_valid_until"),
    "tags": ("tags",),
}
"""Columns that go together, by the key that people choose."""
_ONE_OWNER: dict[str, tuple[Any, ...]] = {
    "id_number": (None, None),
    "card_number": (None,),
    "vip_card": ("", 0, None, None),
}
"""What only one row may have, with its empty values: the two rows exchange it, so that the old card still leads here."""
_BLANK = {"", "unknown", "[]"}
_ALWAYS_FILLED = {"preferred_language", "preferred_channel", "customer_kind"}
SPEAKS_AGAINST = frozenset({"id_number", "birth_date", "gender", "died_on"})


@dataclass(frozen=True)
class FieldChoice:
    """One field that the two have differently; values masked. ``taken``: the survivor gets the duplicate's."""

    key: str
    survivor: str
    duplicate: str
    taken: bool

    @property
    def is_contradiction(self) -> bool:
        """Both know it and say different things, and it speaks against one person."""
        return self.key in SPEAKS_AGAINST and self.survivor not in _BLANK


Snapshot = dict[str, dict[str, list[Any]]]
"""Which row -> field -> values of its columns, ready for JSON."""


def choices(rows: PatientRows, survivor: Patient, duplicate: Patient, take: Collection[str]) -> tuple[FieldChoice, ...]:
    """The fields that differ and of which the duplicate knows something. Raises InvalidInput for unknown fields."""
    if unknown := set(take) - set(_COLUMNS):
        raise InvalidInput(f"there is no field {sorted(unknown)[0]!r}")
    found = []
    for key in _COLUMNS:
        ours, theirs = _text(rows, survivor, key), _text(rows, duplicate, key)
        if ours != theirs and theirs not in _BLANK:
            is_taken = key in take or (ours in _BLANK and key not in _ALWAYS_FILLED)
            found.append(FieldChoice(key, _shown(key, ours), _shown(key, theirs), is_taken))
    return tuple(found)


def take_over(session: Session, survivor: Patient, duplicate: Patient, keys: Iterable[str]) -> Snapshot:
    """Returns what is needed for ``give_back``."""
    wanted = list(keys)
    ours = {key: _values(survivor, key) for key in wanted}
    theirs = {key: _values(duplicate, key) for key in wanted}
    _exchange(session, survivor, duplicate, ours=theirs, theirs=ours)
    return {
        "survivor": {key: _packed(ours[key]) for key in wanted},
        "duplicate": {key: _packed(theirs[key]) for key in wanted},
    }


def give_back(session: Session, survivor: Patient, duplicate: Patient, before: Snapshot) -> tuple[str, ...]:
    """Both rows as they were; a field of the survivor that was changed since stays, and is returned."""
    ours = {key: _unpacked(values) for key, values in before["survivor"].items()}
    theirs = {key: _unpacked(values) for key, values in before["duplicate"].items()}
    changed = tuple(key for key in ours if _values(survivor, key) != theirs[key])
    ours |= {key: _values(survivor, key) for key in changed}
    _exchange(session, survivor, duplicate, ours=ours, theirs=theirs)
    return changed


def _exchange(
    session: Session,
    survivor: Patient,
    duplicate: Patient,
    *,
    ours: dict[str, tuple[Any, ...]],
    theirs: dict[str, tuple[Any, ...]],
) -> None:
    """Give both rows new values; ``theirs`` counts only where one row alone may have the value."""
    for key in _ONE_OWNER.keys() & ours.keys():
        _put(survivor, key, _ONE_OWNER[key])
        _put(duplicate, key, _ONE_OWNER[key])
    session.flush()
    for key, values in ours.items():
        _put(survivor, key, values)
        if key in _ONE_OWNER:
            _put(duplicate, key, theirs[key])
    session.flush()


def _text(rows: PatientRows, patient: Patient, key: str) -> str:
    if key in BY_KEY:
        return rows.get_static(patient, key)
    return patient.vip_card if key == "vip_card" else json.dumps(patient.tags, ensure_ascii=False)


def _shown(key: str, text: str) -> str:
    return masked(text, BY_KEY[key].mask) if key in BY_KEY else text


def _values(patient: Patient, key: str) -> tuple[Any, ...]:
    return tuple(getattr(patient, column) for column in _COLUMNS[key])


def _put(patient: Patient, key: str, values: tuple[Any, ...]) -> None:
    for column, value in zip(_COLUMNS[key], values, strict=True):
        setattr(patient, column, value)


def _packed(values: tuple[Any, ...]) -> list[Any]:
    return [_pack(value) for value in values]


def _pack(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _unpacked(values: list[Any]) -> tuple[Any, ...]:
    return tuple(_unpack(value) for value in values)


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["bytes"]) if "bytes" in value else date.fromisoformat(value["date"])
    return value
