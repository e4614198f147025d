"""Entering visits and what belongs to them: from the hospital's system or the demo, each delivery once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.clock import hospital_date
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound, WrongState
from crm_core.phone_number import clean_text
from crm_core.visits.cards import NewDeposit, NewFee, NewMedication, NewReport, NewVisit
from crm_core.visits.clinical import Clinical, prose, seal
from crm_core.visits.kinds import FeeKind, ReportKind, VisitKind
from crm_core.visits.models import Deposit, Fee, Medication, Report, Visit
from crm_core.visits.money import checked_fen

DAYS_MAX = 3660
_LINK = re.compile(r"(?:https://[a-z0-9.-]{1,200}(?::\d{1,5})?)?/[A-Za-z0-9._~/%?&=+-]{0,300}")
"""A report is opened by a click: an https address or a path of our own, nothing that a browser would run."""


class VisitRecords:
    """One transaction per delivery. Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._db = database
        self._cipher = cipher

    def record(self, new: NewVisit) -> int:
        """The id of the visit; the same ``external_id`` gives the same visit, also when two deliver it at once."""
        try:
            with self._db.write() as session:
                return self.add_many(session, [new])[0]
        except IntegrityError:
            with self._db.read() as session:
                found = session.scalar(select(Visit.id).where(Visit.external_id == new.external_id))
            if new.external_id is None or found is None:
                raise NotFound("no such patient") from None
            return found

    def add_many(self, session: Session, news: Sequence[NewVisit]) -> list[int]:
        """Within a transaction of the caller; ids in the order of ``news``. Raises InvalidInput before anything is added."""
        known = self._known(session, [new.external_id for new in news if new.external_id])
        rows: list[Visit | int] = []
        for new in news:
            seen = known.get(new.external_id or "")
            row = seen if seen is not None else self._build(new)
            if new.external_id and not isinstance(row, int):
                known[new.external_id] = row
            rows.append(row)
        session.add_all({id(row): row for row in rows if isinstance(row, Visit)}.values())
        session.flush()
        return [row.id if isinstance(row, Visit) else row for row in rows]

    def end(self, visit_id: int, ended_at: datetime) -> None:
        """The patient was discharged. Raises NotFound, WrongState when it had ended, InvalidInput before its beginning."""
        with self._db.write() as session:
            visit = self._get(session, visit_id)
            if visit.ended_at is not None:
                raise WrongState("this visit has ended already")
            if ended_at < visit.started_at:
                raise InvalidInput("a visit cannot end before it began")
            visit.ended_at = ended_at

    def add_medication(self, visit_id: int, new: NewMedication) -> None:
        with self._db.write() as session:
            visit = self._get(session, visit_id)
            session.add(_medication(new, visit, visit_id))

    def add_report(self, visit_id: int, new: NewReport) -> int:
        with self._db.write() as session:
            row = self._report(new, self._get(session, visit_id), visit_id)
            session.add(row)
            session.flush()
            return row.id

    def add_fee(self, visit_id: int, new: NewFee) -> None:
        """A charge with a known ``external_id`` changes nothing."""
        with self._db.write() as session:
            visit = self._get(session, visit_id)
            if not _is_known(session, Fee, new.external_id):
                session.add(_fee(new, visit, visit_id))

    def add_deposit(self, visit_id: int, new: NewDeposit) -> None:
        """A payment with a known ``external_id`` changes nothing."""
        with self._db.write() as session:
            visit = self._get(session, visit_id)
            if not _is_known(session, Deposit, new.external_id):
                session.add(_deposit(new, visit, visit_id))

    def _known(self, session: Session, external_ids: list[str]) -> dict[str, Visit | int]:
        found: dict[str, Visit | int] = {}
        for start in range(0, len(external_ids), 500):
            part = external_ids[start : start + 500]
            rows = session.execute(select(Visit.external_id, Visit.id).where(Visit.external_id.in_(part)))
            found.update({external_id: visit_id for external_id, visit_id in rows if external_id})
        return found

    def _get(self, session: Session, visit_id: int) -> Visit:
        visit = session.get(Visit, visit_id)
        if visit is None:
            raise NotFound("no such visit")
        return visit

    def _build(self, new: NewVisit) -> Visit:
        if new.ended_at is not None and new.ended_at < new.started_at:
            raise InvalidInput("a visit cannot end before it began")
        if new.recovery_days is not None and not 0 <= new.recovery_days <= DAYS_MAX:
            raise InvalidInput("the recovery period is out of range")
        visit = Visit(
            patient_id=new.patient_id,
            external_id=new.external_id,
            kind=_kind(VisitKind, new.kind),
            department_code=clean_text(new.department_code, limit=32),
            department_name=clean_text(new.department_name),
            doctor_code=clean_text(new.doctor_code, limit=32),
            doctor_name=clean_text(new.doctor_name),
            started_at=new.started_at,
            ended_at=new.ended_at,
            ward=clean_text(new.ward, limit=32),
            bed=clean_text(new.bed, limit=16),
            clinical_encrypted=seal(self._cipher, Clinical(new.condition, new.diagnosis, new.treatment, new.cautions)),
            recovery_days=new.recovery_days,
        )
        visit.medications = [_medication(one, visit) for one in new.medications]
        visit.reports = [self._report(one, visit) for one in new.reports]
        visit.fees = [_fee(one, visit) for one in new.fees]
        visit.deposits = [_deposit(one, visit) for one in new.deposits]
        return visit

    def _report(self, new: NewReport, visit: Visit, visit_id: int | None = None) -> Report:
        if new.link and not _LINK.fullmatch(new.link):
            raise InvalidInput("a report's link is an https address or a path of the hospital's viewer")
        return Report(
            visit_id=visit_id,
            patient_id=visit.patient_id,
            kind=_kind(ReportKind, new.kind),
            title=clean_text(new.title, limit=128),
            reported_at=new.reported_at,
            is_abnormal=new.is_abnormal,
            link=new.link,
            finding_encrypted=self._cipher.encrypt(prose(new.finding)) if new.finding.strip() else None,
        )


def _medication(new: NewMedication, visit: Visit, visit_id: int | None = None) -> Medication:
    if not 0 <= new.days_supplied <= DAYS_MAX:
        raise InvalidInput("the days supplied are out of range")
    started_on = new.started_on or hospital_date(visit.started_at)
    return Medication(
        visit_id=visit_id,
        patient_id=visit.patient_id,
        name=clean_text(new.name, limit=128),
        specification=clean_text(new.specification),
        usage=clean_text(new.usage, limit=128),
        started_on=started_on,
        days_supplied=new.days_supplied,
        runs_out_on=started_on + timedelta(days=new.days_supplied),
    )


def _fee(new: NewFee, visit: Visit, visit_id: int | None = None) -> Fee:
    """A negative amount is money given back; the insurance never pays more than the amount."""
    amount_fen = checked_fen(new.amount_fen, may_be_negative=True)
    insurance_fen = checked_fen(new.insurance_fen, may_be_negative=True)
    if not min(0, amount_fen) <= insurance_fen <= max(0, amount_fen):
        raise InvalidInput("the insurance cannot pay more than the fee")
    return Fee(
        visit_id=visit_id,
        patient_id=visit.patient_id,
        external_id=new.external_id,
        kind=_kind(FeeKind, new.kind),
        title=clean_text(new.title, limit=128),
        amount_fen=amount_fen,
        insurance_fen=insurance_fen,
        charged_at=new.charged_at or visit.started_at,
        is_paid=new.is_paid,
    )


def _deposit(new: NewDeposit, visit: Visit, visit_id: int | None = None) -> Deposit:
    return Deposit(
        visit_id=visit_id,
        patient_id=visit.patient_id,
        external_id=new.external_id,
        amount_fen=checked_fen(new.amount_fen, may_be_negative=True),
        paid_at=new.paid_at or visit.started_at,
    )


def _is_known(session: Session, model: type[Fee] | type[Deposit], external_id: str | None) -> bool:
    if external_id is None:
        return False
    return session.scalar(select(model.id).where(model.external_id == external_id)) is not None


def _kind(kinds: type[VisitKind] | type[ReportKind] | type[FeeKind], text: str) -> str:
    if text not in set(kinds):
        raise InvalidInput(f"there is no such kind in {kinds.__name__}")
    return str(text)
