"""What others may know of a patient: frozen and masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from crm_core.ids import PatientId


@dataclass(frozen=True)
class PhoneCard:
    id: int
    masked: str
    relation: str
    is_owner: bool


@dataclass(frozen=True)
class PatientCard:
    """One patient as desks and flows see him. Identity number and phones are masked (R17)."""

    id: PatientId
    name: str
    gender: str
    birth_date: date | None
    age: int | None
    tier: str = "iron"
    vip_level: int = 0
    vip_card: str = ""
    card_number: str = ""
    insurance: str = ""
    allergies: str = ""
    cautions: str = ""
    preferred_language: str = "zh"
    preferred_time: str = ""
    relation: str = "self"
    """Whose number it was that found this patient."""
    phones: tuple[PhoneCard, ...] = ()
    id_number_masked: str = ""
    consents: dict[str, bool] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewPatient:
    """What is needed to register a patient; numbers in any spelling."""

    name: str
    gender: str = "unknown"
    birth_date: date | None = None
    id_number: str = ""
    card_number: str = ""
    phones: tuple[tuple[str, str], ...] = ()
    """(number, relation) pairs, the preferred one first."""
    tier: str = "iron"
    vip_level: int = 0
    vip_card: str = ""
    insurance: str = ""
    allergies: str = ""
    cautions: str = ""
    preferred_time: str = ""
    tags: tuple[str, ...] = ()
    consents: dict[str, bool] = field(default_factory=dict)
