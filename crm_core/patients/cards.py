"""What others may know of a patient: frozen and masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crm_core.ids import PatientId


@dataclass(frozen=True)
class PhoneCard:
    id: int
    masked: str
    relation: str
    is_owner: bool
    owner_name: str = ""
    may_call: bool = True
    may_sms: bool = True


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
    """Of a card that is valid today; 0 without one."""
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
    """The ledger's present answers to recording, outbound, sms; what was never asked is missing."""
    tags: tuple[str, ...] = ()
    hereditary_disease: str = ""
    """有, 无, or "" when nobody has asked; which one it is, is data level 5."""
    preferred_channel: str = "call"
    tier_why: str = ""
    tier_is_by_hand: bool = False
    vip_valid_until: date | None = None
    is_dead: bool = False


@dataclass(frozen=True)
class NewPatient:
    """What is needed to register a patient; numbers in any spelling. "" means not known."""

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
    """Answers for the card's words (recording, outbound, sms); they become lines of the ledger."""
    preferred_language: str = "zh"
    preferred_channel: str = "call"
    customer_kind: str = "patient"
    education: str = ""
    occupation: str = ""
    income_band: str = ""
    marital_status: str = ""
    family_situation: str = ""
    address: str = ""
    email: str = ""
    hereditary_disease: str = ""
    vip_valid_from: date | None = None
    vip_valid_until: date | None = None
    own_fields: Mapping[str, str] = field(default_factory=dict)
    """Values of the hospital's own fields by key; only ``Registration`` keeps them."""
