"""Patients: registering, finding by number or name, showing masked, unmasking on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from crm_core import phone_number
from crm_core.clock import Clock, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.ids import PatientId
from crm_core.patients.cards import NewPatient, PatientCard, PhoneCard
from crm_core.patients.models import Patient, PatientPhone
from crm_core.patients.names import initials_of, pinyin_of

_ID_NUMBER = re.compile(r"\d{17}[\dXx]")


class Patients:
    """All reading and writing of patients. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock) -> None:
        self._db = database
        self._cipher = cipher
        self._clock = clock

    def find_by_number(self, number: str) -> list[PatientCard]:
        """Everybody who can be reached on this number, in any spelling; owners first. Several are several candidates."""
        normal = phone_number.normalise(number)
        if normal is None:
            return []
        with self._db.read() as session:
            rows = session.execute(
                select(Patient, PatientPhone.relation)
                .join(PatientPhone, PatientPhone.patient_id == Patient.id)
                .where(PatientPhone.number_hash == self._cipher.hash_of(normal))
                .order_by(PatientPhone.is_owner.desc(), Patient.id)
                .options(selectinload(Patient.phones))
                .limit(20)
            ).all()
            return [self._card(patient, relation) for patient, relation in rows]

    def card(self, patient_id: int, *, relation: str = "self") -> PatientCard:
        with self._db.read() as session:
            return self._card(self._get(session, patient_id), relation)

    def cards(self, patient_ids: Iterable[int]) -> dict[int, PatientCard]:
        ids = list(patient_ids)
        if not ids:
            return {}
        with self._db.read() as session:
            rows = session.scalars(select(Patient).where(Patient.id.in_(ids)).options(selectinload(Patient.phones)))
            return {row.id: self._card(row, "self") for row in rows}

    def search(self, text: str, limit: int = 20) -> list[PatientCard]:
        """By card number, name, full pinyin or initials, or a whole telephone or identity number."""
        needle = phone_number.clean_text(text)
        if not needle:
            return []
        if found := self.find_by_number(needle):
            return found
        lowered = needle.lower().replace(" ", "")
        with self._db.read() as session:
            rows = session.scalars(
                select(Patient)
                .where(
                    (Patient.card_number == needle)
                    | (Patient.id_number_hash == self._cipher.hash_of(needle.upper()))
                    | Patient.name.startswith(needle, autoescape=True)
                    | Patient.name_pinyin.startswith(lowered, autoescape=True)
                    | (Patient.name_initials == lowered)
                )
                .order_by(Patient.name, Patient.id)
                .options(selectinload(Patient.phones))
                .limit(min(limit, 100))
            )
            return [self._card(row, "self") for row in rows]

    def unmask(self, patient_id: int, field: str, phone_id: int | None = None) -> str:
        """The plain value of one field. The caller has checked the permission and writes the audit line."""
        with self._db.read() as session:
            patient = self._get(session, patient_id)
            if field == "id_number" and patient.id_number_encrypted:
                return self._cipher.decrypt(patient.id_number_encrypted)
            if field == "phone":
                for phone in patient.phones:
                    if phone.id == phone_id:
                        return phone_number.national(self._cipher.decrypt(phone.number_encrypted))
        raise NotFound("there is no such field to unmask")

    def matches_identity(self, patient_id: int, digits: str) -> bool:
        """A second proof by telephone: the last four of the identity number (X as *), or the birthday as MMDD."""
        with self._db.read() as session:
            patient = self._get(session, patient_id)
            if len(digits) != 4:
                return False
            if patient.id_number_encrypted:
                tail = self._cipher.decrypt(patient.id_number_encrypted)[-4:].upper().replace("X", "*")
                if digits == tail:
                    return True
            return patient.birth_date is not None and digits == f"{patient.birth_date:%m%d}"

    def number_of_phone(self, phone_id: int) -> tuple[PatientId, str]:
        """Owner and normalised number of one stored phone, for dialling."""
        with self._db.read() as session:
            phone = session.get(PatientPhone, phone_id)
            if phone is None:
                raise NotFound("no such telephone number")
            return PatientId(phone.patient_id), self._cipher.decrypt(phone.number_encrypted)

    def register(self, new: NewPatient) -> PatientId:
        with self._db.write() as session:
            return self.add(session, new)

    def add(self, session: Session, new: NewPatient) -> PatientId:
        """Register within a transaction of the caller. Raises InvalidInput; nothing is kept then."""
        return self.add_many(session, [new])[0]

    def add_many(self, session: Session, news: Sequence[NewPatient]) -> list[PatientId]:
        patients = [self._build(new) for new in news]
        session.add_all(patients)
        session.flush()
        return [PatientId(patient.id) for patient in patients]

    def _build(self, new: NewPatient) -> Patient:
        name = phone_number.clean_text(new.name)
        if not name:
            raise InvalidInput("a patient needs a name")
        id_number = new.id_number.strip().upper()
        if id_number and not _ID_NUMBER.fullmatch(id_number):
            raise InvalidInput("an identity number has 17 digits and a digit or X")
        patient = Patient(
            name=name,
            name_pinyin="".join(pinyin_of(name)),
            name_initials=initials_of(name),
            gender=new.gender,
            birth_date=new.birth_date,
            card_number=new.card_number or None,
            id_number_encrypted=self._cipher.encrypt(id_number) if id_number else None,
            id_number_hash=self._cipher.hash_of(id_number) if id_number else None,
            tier=new.tier,
            vip_level=new.vip_level,
            vip_card=new.vip_card,
            insurance=new.insurance,
            allergies=new.allergies,
            cautions=new.cautions,
            preferred_time=new.preferred_time,
            tags=list(new.tags),
            consents=dict(new.consents),
            created_at=self._clock.now(),
        )
        patient.phones = [self._phone(number, relation, i) for i, (number, relation) in enumerate(new.phones)]
        return patient

    def _phone(self, number: str, relation: str, position: int) -> PatientPhone:
        normal = phone_number.normalise(number)
        if normal is None:
            raise InvalidInput("this is not a telephone number")
        return PatientPhone(
            number_encrypted=self._cipher.encrypt(normal),
            number_hash=self._cipher.hash_of(normal),
            relation=relation,
            is_owner=relation == "self",
            position=position,
        )

    def _get(self, session: Session, patient_id: int) -> Patient:
        patient = session.get(Patient, patient_id, options=[selectinload(Patient.phones)])
        if patient is None:
            raise NotFound("no such patient")
        return patient

    def _card(self, patient: Patient, relation: str) -> PatientCard:
        phones = sorted(patient.phones, key=lambda phone: phone.position)
        return PatientCard(
            id=PatientId(patient.id),
            name=patient.name,
            gender=patient.gender,
            birth_date=patient.birth_date,
            age=_age(patient.birth_date, hospital_date(self._clock.now())),
            tier=patient.tier,
            vip_level=patient.vip_level,
            vip_card=patient.vip_card,
            card_number=patient.card_number or "",
            insurance=patient.insurance,
            allergies=patient.allergies,
            cautions=patient.cautions,
            preferred_language=patient.preferred_language,
            preferred_time=patient.preferred_time,
            relation=relation,
            phones=tuple(
                PhoneCard(p.id, phone_number.mask(self._cipher.decrypt(p.number_encrypted)), p.relation, p.is_owner)
                for p in phones
            ),
            id_number_masked=mask_id_number(
                self._cipher.decrypt(patient.id_number_encrypted) if patient.id_number_encrypted else ""
            ),
            consents=dict(patient.consents),
            tags=tuple(patient.tags),
        )


def mask_id_number(text: str) -> str:
    """``110101********1234``."""
    return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}" if len(text) >= 15 else ""


def _age(birth_date: date | None, today: date) -> int | None:
    """Whole years; None when the birthday is not known."""
    if birth_date is None:
        return None
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
