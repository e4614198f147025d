"""Everything about patients as one bundle, for the wiring."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher

from crm_core.audit.service import Audit
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.patients.changes import PatientChanges
from crm_core.patients.consents import Consents
from crm_core.patients.families import Families
from crm_core.patients.fields import Fields
from crm_core.patients.merging import Merging
from crm_core.patients.phones import Phones
from crm_core.patients.proofs import Proofs
from crm_core.patients.registration import Registration
from crm_core.patients.service import Patients
from crm_core.patients.sheets import Sheets
from crm_core.patients.tiers import FiguresOf, Tiers
from crm_core.patients.trail import Trail


@dataclass(frozen=True)
class PatientServices:
    """All of them are thread-safe and share nothing but the database."""

    patients: Patients
    registration: Registration
    changes: PatientChanges
    phones: Phones
    sheets: Sheets
    fields: Fields
    families: Families
    merging: Merging
    consents: Consents
    tiers: Tiers
    proofs: Proofs


def patient_services(
    database: Database,
    cipher: FieldCipher,
    clock: Clock,
    *,
    audit: Audit,
    figures_of: FiguresOf,
    hasher: PasswordHasher | None = None,
) -> PatientServices:
    """``figures_of``: visits, spending and no-shows for the tiers. ``hasher``: for PINs (tests)."""
    trail = Trail(audit, clock)
    return PatientServices(
        patients=Patients(database, cipher, clock),
        registration=Registration(database, cipher, clock, trail=trail),
        changes=PatientChanges(database, cipher, clock, trail=trail),
        phones=Phones(database, cipher, clock, trail=trail),
        sheets=Sheets(database, cipher, clock, trail=trail),
        fields=Fields(database, cipher, clock, trail=trail),
        families=Families(database, cipher, clock, trail=trail),
        merging=Merging(database, cipher, clock, trail=trail),
        consents=Consents(database, cipher, clock, trail=trail),
        tiers=Tiers(database, clock, trail=trail, figures_of=figures_of),
        proofs=Proofs(database, cipher, clock, trail=trail, hasher=hasher),
    )
