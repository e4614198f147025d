"""What others may know of visits, fees and deposits: frozen values, money in fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crm_core.ids import PatientId


@dataclass(frozen=True)
class MedicationCard:
    name: str
    specification: str
    usage: str
    started_on: date
    days_supplied: int
    runs_out_on: date
    """The first day without medicine."""


@dataclass(frozen=True)
class ReportCard:
    id: int
    visit_id: int
    kind: str
    title: str
    reported_at: datetime | None
    """None: not ready yet."""
    is_abnormal: bool
    link: str
    """https address or a path of the hospital's own viewer; "" when there is none."""
    finding: str


@dataclass(frozen=True)
class VisitCard:
    """One visit or stay, with its medication and reports. Identifiable care data: level 4 (R16)."""

    id: int
    patient_id: PatientId
    kind: str
    department_code: str
    department_name: str
    doctor_code: str
    doctor_name: str
    started_at: datetime
    ended_at: datetime | None
    ward: str
    bed: str
    condition: str
    """病情描述."""
    diagnosis: str
    treatment: str
    cautions: str
    recovery_days: int | None
    """康复周期, from the end of the visit."""
    recovered_on: date | None
    medications: tuple[MedicationCard, ...] = ()
    reports: tuple[ReportCard, ...] = ()


@dataclass(frozen=True)
class RunOut:
    """A patient whose medicine ends, and was not supplied again."""

    patient_id: PatientId
    visit_id: int
    department_code: str
    doctor_code: str
    medication: MedicationCard


@dataclass(frozen=True)
class FeeSum:
    kind: str
    title: str
    amount_fen: int
    insurance_fen: int

    @property
    def self_fen(self) -> int:
        """What the patient pays himself."""
        return self.amount_fen - self.insurance_fen


@dataclass(frozen=True)
class FeeSummary:
    """Sums by kind, largest first; kinds without a charge are left out."""

    by_kind: tuple[FeeSum, ...]
    amount_fen: int
    insurance_fen: int
    unpaid_fen: int
    """Of the patient's own part."""

    @property
    def self_fen(self) -> int:
        return self.amount_fen - self.insurance_fen


@dataclass(frozen=True)
class FeeLine:
    id: int
    visit_id: int
    kind: str
    kind_title: str
    title: str
    amount_fen: int
    insurance_fen: int
    charged_at: datetime
    is_paid: bool


@dataclass(frozen=True)
class StayBalance:
    """预交金 of the running stay. ``balance_fen`` is below zero when more was charged than paid in."""

    visit_id: int
    deposit_fen: int
    charged_fen: int
    """The patient's own part of all charges of the stay."""
    balance_fen: int
    as_of: datetime


@dataclass(frozen=True)
class VisitFigures:
    """For the tier of a patient (C117)."""

    visits: int
    spending_fen: int


@dataclass(frozen=True)
class NewMedication:
    name: str
    days_supplied: int
    specification: str = ""
    usage: str = ""
    started_on: date | None = None
    """None: the day of the visit."""


@dataclass(frozen=True)
class NewReport:
    kind: str
    title: str
    reported_at: datetime | None = None
    is_abnormal: bool = False
    link: str = ""
    finding: str = ""


@dataclass(frozen=True)
class NewFee:
    kind: str
    amount_fen: int
    insurance_fen: int = 0
    title: str = ""
    charged_at: datetime | None = None
    """None: the beginning of the visit."""
    is_paid: bool = False
    external_id: str | None = None


@dataclass(frozen=True)
class NewDeposit:
    amount_fen: int
    paid_at: datetime | None = None
    external_id: str | None = None


@dataclass(frozen=True)
class NewVisit:
    """A visit as the hospital's system or the demo delivers it."""

    patient_id: int
    kind: str
    department_code: str
    department_name: str
    started_at: datetime
    ended_at: datetime | None = None
    doctor_code: str = ""
    doctor_name: str = ""
    ward: str = ""
    bed: str = ""
    condition: str = ""
    diagnosis: str = ""
    treatment: str = ""
    cautions: str = ""
    recovery_days: int | None = None
    external_id: str | None = None
    medications: tuple[NewMedication, ...] = ()
    reports: tuple[NewReport, ...] = ()
    fees: tuple[NewFee, ...] = ()
    deposits: tuple[NewDeposit, ...] = ()
