"""Makes and changes the rows of a patient: every value checked, encrypted and hashed the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from crm_core import phone_number
from crm_core.clock import Clock, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.errors import InvalidInput
from crm_core.patients import values
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import CARD_CONSENTS, FieldKind, Relation, Tier
from crm_core.patients.models import NameReading, Patient, PatientPhone
from crm_core.patients.models_trust import Consent
from crm_core.patients.names import readings_of
from crm_core.patients.static_fields import BY_KEY, StaticField

_NOT_NULL_BLANK = {
    "gender": "unknown",
    "preferred_language": "zh",
    "preferred_channel": "call",
    "customer_kind": "patient",
}
"""What an emptied field falls back to."""
_NULL_WHEN_BLANK = frozenset({"card_number", "birth_date", "died_on"})

_CHECKS: dict[str, Callable[[str], str]] = {
    "id_number": values.id_number,
    "email": values.email,
    "card_number": values.card_number,
    "name": phone_number.clean_text,
}
"""Fields with a form of their own."""


class PatientRows:
    """No database of its own: the caller adds what is made here to a session. Raises InvalidInput."""

    def __init__(self, cipher: FieldCipher, clock: Clock) -> None:
        self._cipher = cipher
        self._clock = clock
        self._blank = {key: self.static_columns(key, "") for key in BY_KEY if key != "name"}

    def columns(self, new: NewPatient) -> dict[str, Any]:
        """The columns of a new patient's row, by name, without what hangs on it."""
        if new.tier not in set(Tier):
            raise InvalidInput("there is no such tier")
        columns = {
            "tier": new.tier,
            "vip_level": new.vip_level,
            "vip_card": values.card_number(new.vip_card),
            "vip_valid_from": new.vip_valid_from,
            "vip_valid_until": new.vip_valid_until,
            "tags": list(new.tags),
            "created_at": self._clock.now(),
        }
        for key, text in static_texts(new).items():
            columns |= self.static_columns(key, text) if text or key == "name" else self._blank[key]
        return columns

    def phone(self, number: str, relation: str, position: int, *, owner_name: str = "") -> dict[str, Any]:
        """The columns of one number."""
        normal = phone_number.normalise(number)
        if normal is None:
            raise InvalidInput("this is not a telephone number")
        return {
            "number_encrypted": self._cipher.encrypt(normal),
            "number_hash": self._cipher.hash_of(normal),
            "relation": relation,
            "is_owner": relation == Relation.SELF,
            "owner_name": owner_name,
            "position": position,
            "may_call": True,
            "may_sms": True,
        }

    def readings(self, name: str) -> list[dict[str, Any]]:
        """The columns of the other readings of a name."""
        return [{"pinyin": one.pinyin, "initials": one.initials} for one in readings_of(name)[1:]]

    def consents(self, patient_id: int, answers: Mapping[str, bool], *, source: str) -> list[Consent]:
        """The card's words (recording, outbound, sms) as lines of the ledger. Raises InvalidInput for other words."""
        now = self._clock.now()
        if unknown := set(answers) - set(CARD_CONSENTS):
            raise InvalidInput(f"nobody can consent to {sorted(unknown)[0]!r}")
        return [
            consent_line(patient_id, purpose, channel, is_granted, now=now, source=source)
            for word, is_granted in answers.items()
            for purpose, channel in CARD_CONSENTS[word]
        ]

    def check_static(self, key: str, text: str) -> str:
        """The canonical text of a built-in field."""
        if not text:
            return ""
        if key == "birth_date":
            return values.birth_date(text, hospital_date(self._clock.now()))
        if (check := _CHECKS.get(key)) is not None:
            return check(text)
        field = BY_KEY[key]
        return values.canonical(field.kind, text, choices=field.choices, length_max=field.length_max)

    def static_columns(self, key: str, text: str) -> dict[str, Any]:
        """The columns of one built-in field after checking it, and of what hangs on it (hash, pinyin)."""
        field, plain = BY_KEY[key], self.check_static(key, text)
        columns = {field.column_name: self._column_value(field, plain)}
        if key == "id_number":
            columns["id_number_hash"] = self._cipher.hash_of(plain) if plain else None
        if key == "name":
            if not plain:
                raise InvalidInput("a patient needs a name")
            first = readings_of(plain)[0]
            columns |= {"name_pinyin": first.pinyin, "name_initials": first.initials}
        return columns

    def set_static(self, patient: Patient, key: str, text: str) -> None:
        """Put one built-in field into a row that is there."""
        for column, value in self.static_columns(key, text).items():
            setattr(patient, column, value)
        if key == "name":
            patient.other_readings = [NameReading(**columns) for columns in self.readings(patient.name)]

    def get_static(self, patient: Patient, key: str) -> str:
        """The plain canonical text of a built-in field; "" when it is not known."""
        stored = getattr(patient, BY_KEY[key].column_name)
        if stored is None:
            return ""
        if isinstance(stored, bytes):
            return self._cipher.decrypt(stored)
        return stored.isoformat() if isinstance(stored, date) else str(stored)

    def number_of(self, phone: PatientPhone) -> str:
        return self._cipher.decrypt(phone.number_encrypted)

    def _column_value(self, field: StaticField, plain: str) -> object:
        if field.is_secret:
            return self._cipher.encrypt(plain) if plain else None
        if field.kind is FieldKind.DATE:
            return values.date_of(plain)
        if not plain and field.key in _NULL_WHEN_BLANK:
            return None
        return plain or _NOT_NULL_BLANK.get(field.key, "")


def consent_line(
    patient_id: int,
    purpose: str,
    channel: str,
    is_granted: bool,
    *,
    now: datetime,
    given_at: datetime | None = None,
    source: str = "",
    evidence: str = "",
    by: int | None = None,
) -> Consent:
    return Consent(
        patient_id=patient_id,
        purpose=purpose,
        channel=channel,
        is_granted=is_granted,
        given_at=given_at or now,
        noted_at=now,
        source=source,
        evidence=evidence,
        actor_id=by,
    )


def static_texts(new: NewPatient) -> dict[str, str]:
    """The built-in fields of somebody new as texts, by key."""
    texts = {key: getattr(new, key) for key in BY_KEY if key not in {"birth_date", "died_on"}}
    return texts | {"birth_date": new.birth_date.isoformat() if new.birth_date else ""}
