"""Visits as desks, flows and follow-ups ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, selectinload

from crm_core.clock import Clock, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.ids import PatientId
from crm_core.visits import fees
from crm_core.visits.cards import (
    FeeLine,
    FeeSummary,
    MedicationCard,
    ReportCard,
    RunOut,
    StayBalance,
    VisitCard,
    VisitFigures,
)
from crm_core.visits.clinical import unseal
from crm_core.visits.kinds import VisitKind
from crm_core.visits.models import Fee, Medication, Report, Visit

ROWS_MAX = 200


class Visits:
    """Reading visits, reports, fees and balance. Thread-safe.

    The caller has checked that the asking person or caller may know: by telephone only after the identity steps (C110).
    """

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock) -> None:
        self._db = database
        self._cipher = cipher
        self._clock = clock

    def of_patient(self, patient_id: int, limit: int = 20) -> list[VisitCard]:
        """The newest first."""
        with self._db.read() as session:
            return self._cards(session, _newest(patient_id).limit(min(limit, ROWS_MAX)))

    def visit(self, visit_id: int) -> VisitCard:
        """Raises NotFound."""
        with self._db.read() as session:
            found = self._cards(session, select(Visit).where(Visit.id == visit_id))
        if not found:
            raise NotFound("no such visit")
        return found[0]

    def last_visit(self, patient_id: int) -> VisitCard | None:
        """The newest one that has begun, a running stay included; None for a new patient."""
        query = _newest(patient_id).where(Visit.started_at <= self._clock.now()).limit(1)
        with self._db.read() as session:
            return next(iter(self._cards(session, query)), None)

    def current_stay(self, patient_id: int) -> VisitCard | None:
        """The stay of a patient who is in hospital now (住院中)."""
        query = _open_stay(patient_id, self._clock.now())
        with self._db.read() as session:
            return next(iter(self._cards(session, query)), None)

    def reports(self, patient_id: int, *, limit: int = 20, only_abnormal: bool = False) -> list[ReportCard]:
        """The newest first, those that are not ready yet before all others."""
        query = select(Report).where(Report.patient_id == patient_id)
        if only_abnormal:
            query = query.where(Report.is_abnormal)
        query = query.order_by(Report.reported_at.is_not(None), Report.reported_at.desc(), Report.id.desc())
        with self._db.read() as session:
            return [self._report(row) for row in session.scalars(query.limit(min(limit, ROWS_MAX)))]

    def medication_run_out(self, day: date) -> list[RunOut]:
        """Medicine that ends on this day and was not supplied again under the same name."""
        later = aliased(Medication)
        again = (
            select(later.id)
            .where(
                later.patient_id == Medication.patient_id,
                later.name == Medication.name,
                later.id != Medication.id,
                later.runs_out_on > Medication.runs_out_on,
            )
            .exists()
        )
        query = (
            select(Medication, Visit.department_code, Visit.doctor_code)
            .join(Visit, Visit.id == Medication.visit_id)
            .where(Medication.runs_out_on == day, ~again)
            .order_by(Medication.patient_id, Medication.id)
        )
        with self._db.read() as session:
            return [
                RunOut(PatientId(row.patient_id), row.visit_id, department, doctor, _medication(row))
                for row, department, doctor in session.execute(query)
            ]

    def fees(
        self,
        patient_id: int,
        *,
        visit_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> FeeSummary:
        """Sums by kind, of one visit or of a span of time (``until`` excluded)."""
        with self._db.read() as session:
            return fees.summary(session, fees.chosen(patient_id, visit_id, since=since, until=until))

    def fee_lines(self, patient_id: int, *, visit_id: int | None = None, limit: int = 100) -> list[FeeLine]:
        """The newest first."""
        with self._db.read() as session:
            return fees.lines(session, fees.chosen(patient_id, visit_id), limit=min(limit, 1000))

    def balance(self, patient_id: int) -> StayBalance | None:
        """预交金余额 of the running stay; None when the patient is not in hospital."""
        now = self._clock.now()
        with self._db.read() as session:
            stay = session.scalars(_open_stay(patient_id, now)).first()
            return None if stay is None else fees.stay_balance(session, stay.id, now)

    def visit_figures(self, patient_id: int, since: datetime) -> VisitFigures:
        """Visits begun and money charged since then."""
        with self._db.read() as session:
            visits = session.scalar(
                select(func.count()).where(Visit.patient_id == patient_id, Visit.started_at >= since)
            )
            spending = session.scalar(
                select(func.sum(Fee.amount_fen)).where(Fee.patient_id == patient_id, Fee.charged_at >= since)
            )
        return VisitFigures(int(visits or 0), int(spending or 0))

    def figures_of_all(self, since: datetime) -> dict[int, VisitFigures]:
        """The same for everybody who had a visit or a charge since then: for the nightly tiers."""
        with self._db.read() as session:
            visits = _grouped(
                session,
                select(Visit.patient_id, func.count()).where(Visit.started_at >= since).group_by(Visit.patient_id),
            )
            spending = _grouped(
                session,
                select(Fee.patient_id, func.sum(Fee.amount_fen))
                .where(Fee.charged_at >= since)
                .group_by(Fee.patient_id),
            )
        everybody = visits.keys() | spending.keys()
        return {one: VisitFigures(visits.get(one, 0), spending.get(one, 0)) for one in everybody}

    def figures_between(
        self, patient_ids: Sequence[int], begins: datetime, ends: datetime
    ) -> dict[int, tuple[int, int]]:
        """Patient -> (visits begun, fen charged) from ``begins`` to before ``ends``; who had none is missing."""
        started = select(Visit.patient_id, func.count()).where(
            Visit.patient_id.in_(patient_ids), Visit.started_at >= begins, Visit.started_at < ends
        )
        charged = select(Fee.patient_id, func.sum(Fee.amount_fen)).where(
            Fee.patient_id.in_(patient_ids), Fee.charged_at >= begins, Fee.charged_at < ends
        )
        with self._db.read() as session:
            visits = _grouped(session, started.group_by(Visit.patient_id))
            spending = _grouped(session, charged.group_by(Fee.patient_id))
        return {one: (visits.get(one, 0), spending.get(one, 0)) for one in visits.keys() | spending.keys()}

    def _cards(self, session: Session, query: Select[Visit]) -> list[VisitCard]:
        options = (selectinload(Visit.medications), selectinload(Visit.reports))
        return [self._card(row) for row in session.scalars(query.options(*options))]

    def _card(self, row: Visit) -> VisitCard:
        clinical = unseal(self._cipher, row.clinical_encrypted)
        recovered_on = None
        if row.recovery_days is not None and row.ended_at is not None:
            recovered_on = hospital_date(row.ended_at) + timedelta(days=row.recovery_days)
        return VisitCard(
            id=row.id,
            patient_id=PatientId(row.patient_id),
            kind=row.kind,
            department_code=row.department_code,
            department_name=row.department_name,
            doctor_code=row.doctor_code,
            doctor_name=row.doctor_name,
            started_at=row.started_at,
            ended_at=row.ended_at,
            ward=row.ward,
            bed=row.bed,
            condition=clinical.condition,
            diagnosis=clinical.diagnosis,
            treatment=clinical.treatment,
            cautions=clinical.cautions,
            recovery_days=row.recovery_days,
            recovered_on=recovered_on,
            medications=tuple(_medication(one) for one in row.medications),
            reports=tuple(self._report(one) for one in row.reports),
        )

    def _report(self, row: Report) -> ReportCard:
        finding = self._cipher.decrypt(row.finding_encrypted) if row.finding_encrypted else ""
        return ReportCard(
            row.id, row.visit_id, row.kind, row.title, row.reported_at, row.is_abnormal, row.link, finding
        )


def _newest(patient_id: int) -> Select[Visit]:
    return select(Visit).where(Visit.patient_id == patient_id).order_by(Visit.started_at.desc(), Visit.id.desc())


def _open_stay(patient_id: int, now: datetime) -> Select[Visit]:
    return (
        _newest(patient_id)
        .where(Visit.kind == VisitKind.INPATIENT, Visit.ended_at.is_(None), Visit.started_at <= now)
        .limit(1)
    )


def _medication(row: Medication) -> MedicationCard:
    return MedicationCard(row.name, row.specification, row.usage, row.started_on, row.days_supplied, row.runs_out_on)


def _grouped(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {patient_id: int(number or 0) for patient_id, number in session.execute(query)}
