"""Makes the masked card of a patient from his rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption

from crm_core import phone_number
from crm_core.clock import Clock, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.ids import PatientId
from crm_core.patients.cards import PatientCard, PhoneCard
from crm_core.patients.models import Patient
from crm_core.patients.rules import age_on, card_consents, vip_level_on
from crm_core.patients.static_fields import Mask, mask_id_number, masked


def for_card() -> tuple[ORMOption, ...]:
    """What a query must load so that a card can be made."""
    return selectinload(Patient.phones), selectinload(Patient.consent_lines)


class CardMaker:
    def __init__(self, cipher: FieldCipher, clock: Clock) -> None:
        self._cipher = cipher
        self._clock = clock

    def card(self, patient: Patient, relation: str = "self") -> PatientCard:
        """``relation``: whose number it was that found him."""
        return self.card_of(patient, relation, phones=patient.phones, consent_lines=patient.consent_lines)

    def card_of(
        self, patient: Any, relation: str, *, phones: Iterable[Any], consent_lines: Iterable[Any]
    ) -> PatientCard:
        """The same from plain rows, for the pop's path: anything that has the columns by name."""
        today = hospital_date(self._clock.now())
        return PatientCard(
            id=PatientId(patient.id),
            name=patient.name,
            gender=patient.gender,
            birth_date=patient.birth_date,
            age=age_on(patient.died_on or today, patient.birth_date),
            tier=patient.tier,
            vip_level=vip_level_on(
                today, patient.vip_level, valid_from=patient.vip_valid_from, valid_until=patient.vip_valid_until
            ),
            vip_card=patient.vip_card,
            card_number=patient.card_number or "",
            insurance=patient.insurance,
            allergies=patient.allergies,
            cautions=patient.cautions,
            preferred_language=patient.preferred_language,
            preferred_time=patient.preferred_time,
            relation=relation,
            phones=tuple(map(self.phone, sorted(phones, key=lambda phone: (phone.position, phone.id)))),
            id_number_masked=mask_id_number(self._plain(patient.id_number_encrypted)),
            consents=card_consents(consent_lines),
            tags=tuple(patient.tags),
            hereditary_disease=masked(self._plain(patient.hereditary_disease_encrypted), Mask.YES_NO),
            preferred_channel=patient.preferred_channel,
            tier_why=patient.tier_why,
            tier_is_by_hand=bool(patient.tier_hand_reason),
            vip_valid_until=patient.vip_valid_until,
            is_dead=patient.died_on is not None,
        )

    def phone(self, phone: Any) -> PhoneCard:
        """From a ``PatientPhone`` or a plain row of one."""
        return PhoneCard(
            id=phone.id,
            masked=phone_number.mask(self._cipher.decrypt(phone.number_encrypted)),
            relation=phone.relation,
            is_owner=phone.is_owner,
            owner_name=phone.owner_name,
            may_call=phone.may_call,
            may_sms=phone.may_sms,
        )

    def _plain(self, stored: bytes | None) -> str:
        return self._cipher.decrypt(stored) if stored else ""
