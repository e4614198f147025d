"""Patients: finding by number or name, showing masked, unmasking on purpose; plain registering for imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from crm_core import phone_number
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import Conflict, NotFound
from crm_core.ids import PatientId
from crm_core.patients.bulk import insert_patients
from crm_core.patients.card_maker import CardMaker, for_card
from crm_core.patients.cards import NewPatient, PatientCard
from crm_core.patients.lookup import NumberLookup
from crm_core.patients.models import Patient, PatientPhone
from crm_core.patients.rows import PatientRows
from crm_core.patients.search import PatientSearch
from crm_core.patients.static_fields import mask_id_number

__all__ = ["Patients", "mask_id_number"]


class Patients:
    """All finding and showing of patients. Thread-safe. A merged patient's id or card leads to the survivor."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock) -> None:
        self._db = database
        self._cipher = cipher
        self._rows = PatientRows(cipher, clock)
        self._maker = CardMaker(cipher, clock)
        self._lookup = NumberLookup(self._maker)
        self._search = PatientSearch(cipher, is_sqlite=database.is_sqlite)

    def find_by_number(self, number: str) -> list[PatientCard]:
        """Everybody who can be reached on this number, in any spelling; owners first. Several are several candidates."""
        normal = phone_number.normalise(number)
        if normal is None:
            return []
        with self._db.read() as session:
            return self._lookup.cards(session, self._cipher.hash_of(normal))

    def card(self, patient_id: int, *, relation: str = "self") -> PatientCard:
        """Raises NotFound."""
        with self._db.read() as session:
            return self._maker.card(load(session, patient_id), relation)

    def cards(self, patient_ids: Iterable[int]) -> dict[int, PatientCard]:
        """By the id that was asked for; the card of a merged patient is the survivor's."""
        asked = set(patient_ids)
        if not asked:
            return {}
        with self._db.read() as session:
            pairs = session.execute(select(Patient.id, Patient.merged_into_id).where(Patient.id.in_(asked)))
            leads = {one: survivor or one for one, survivor in pairs}
            rows = session.scalars(select(Patient).where(Patient.id.in_(set(leads.values()))).options(*for_card()))
            made = {row.id: self._maker.card(row) for row in rows}
            return {one: made[survivor] for one, survivor in leads.items()}

    def survivor_of(self, patient_id: int) -> PatientId:
        """The id under which this patient lives now. Raises NotFound."""
        with self._db.read() as session:
            return PatientId(load(session, patient_id).id)

    def find_by_card(self, card_number: str) -> PatientCard | None:
        """By 就诊卡号, also the old one of a merged patient."""
        wanted = phone_number.clean_text(card_number)
        with self._db.read() as session:
            found = session.scalar(select(Patient.id).where(Patient.card_number == wanted)) if wanted else None
            return self._maker.card(load(session, found)) if found is not None else None

    def search(self, text: str, limit: int = 20) -> list[PatientCard]:
        """By a whole telephone, card or identity number, or the beginning of a name as characters, pinyin, initials
        or a mixture; the best match first."""
        needle = phone_number.clean_text(text)
        if not needle:
            return []
        if found := self.find_by_number(needle):
            return found
        with self._db.read() as session:
            ids = self._search.ids(session, needle, max(1, min(limit, 100)))
            rows = session.scalars(select(Patient).where(Patient.id.in_(ids)).options(*for_card()))
            made = {row.id: self._maker.card(row) for row in rows}
            return [made[one] for one in ids]

    def unmask(self, patient_id: int, field: str, phone_id: int | None = None) -> str:
        """The plain value of one field. The caller has checked the permission and writes the audit line
        (``Sheets.reveal`` does both for every field)."""
        with self._db.read() as session:
            patient = load(session, patient_id)
            if field == "id_number" and patient.id_number_encrypted:
                return self._cipher.decrypt(patient.id_number_encrypted)
            if field == "phone":
                for phone in patient.phones:
                    if phone.id == phone_id:
                        return phone_number.national(self._cipher.decrypt(phone.number_encrypted))
        raise NotFound("there is no such field to unmask")

    def matches_identity(self, patient_id: int, digits: str) -> bool:
        """One fact only: the last four of the identity number (X as *), or the birthday as MMDD. ``Proofs`` asks two
        and counts the failures; this stays for what may be heard after one."""
        with self._db.read() as session:
            patient = load(session, patient_id)
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
        """Without looking for duplicates (``Registration`` does). Raises InvalidInput, Conflict."""
        try:
            with self._db.write() as session:
                return self.add(session, new)
        except IntegrityError as error:
            raise Conflict("a patient with this identity, card or VIP card number is there already") from error

    def add(self, session: Session, new: NewPatient) -> PatientId:
        """Register within a transaction of the caller. Raises InvalidInput; nothing is kept then."""
        return self.add_many(session, [new])[0]

    def add_many(self, session: Session, news: Sequence[NewPatient]) -> list[PatientId]:
        """Many at once, in order, with few statements (20,000 a second and more)."""
        return insert_patients(session, self._rows, news)


def load(session: Session, patient_id: int) -> Patient:
    """The patient, or the survivor he was merged into, ready for a card. Raises NotFound."""
    options = for_card()
    patient = session.get(Patient, patient_id, options=options)
    if patient is not None and patient.merged_into_id is not None:
        patient = session.get(Patient, patient.merged_into_id, options=options)
    if patient is None:
        raise NotFound("no such patient")
    return patient


def load_for_change(session: Session, patient_id: int) -> Patient:
    """The same with everything that hangs on the name, locked against other writers."""
    patient = session.scalar(
        select(Patient)
        .where(Patient.id == load(session, patient_id).id)
        .options(*for_card(), selectinload(Patient.other_readings))
        .with_for_update(of=Patient)
        .execution_options(populate_existing=True)
    )
    if patient is None:
        raise NotFound("no such patient")
    return patient
