"""Adding up fees and deposits within a reading transaction: always whole fen, always by the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from crm_core.visits.cards import FeeLine, FeeSum, FeeSummary, StayBalance
from crm_core.visits.kinds import FEE_TITLES, FeeKind
from crm_core.visits.models import Deposit, Fee

Conditions = Sequence[ColumnElement[bool]]


def chosen(
    patient_id: int, visit_id: int | None, *, since: datetime | None = None, until: datetime | None = None
) -> Conditions:
    wanted: list[ColumnElement[bool]] = [Fee.patient_id == patient_id]
    if visit_id is not None:
        wanted.append(Fee.visit_id == visit_id)
    if since is not None:
        wanted.append(Fee.charged_at >= since)
    if until is not None:
        wanted.append(Fee.charged_at < until)
    return wanted


def summary(session: Session, wanted: Conditions) -> FeeSummary:
    own = Fee.amount_fen - Fee.insurance_fen
    rows = session.execute(
        select(
            Fee.kind,
            func.sum(Fee.amount_fen),
            func.sum(Fee.insurance_fen),
            func.sum(case((Fee.is_paid, 0), else_=own)),
        )
        .where(*wanted)
        .group_by(Fee.kind)
    ).all()
    # PostgreSQL adds up bigint as numeric: back to whole numbers at once
    sums = [FeeSum(kind, title_of(kind), int(amount), int(insurance)) for kind, amount, insurance, _ in rows]
    sums.sort(key=lambda one: (-one.amount_fen, one.kind))
    return FeeSummary(
        by_kind=tuple(sums),
        amount_fen=sum(one.amount_fen for one in sums),
        insurance_fen=sum(one.insurance_fen for one in sums),
        unpaid_fen=sum(int(row[3]) for row in rows),
    )


def lines(session: Session, wanted: Conditions, *, limit: int) -> list[FeeLine]:
    rows = session.scalars(select(Fee).where(*wanted).order_by(Fee.charged_at.desc(), Fee.id.desc()).limit(limit))
    return [
        FeeLine(
            row.id, row.visit_id, row.kind, title_of(row.kind), row.title, row.amount_fen, row.insurance_fen,
            row.charged_at, row.is_paid,
        )
        for row in rows
    ]  # fmt: skip


def stay_balance(session: Session, visit_id: int, as_of: datetime) -> StayBalance:
    deposit = session.scalar(select(func.sum(Deposit.amount_fen)).where(Deposit.visit_id == visit_id))
    charged = session.scalar(select(func.sum(Fee.amount_fen - Fee.insurance_fen)).where(Fee.visit_id == visit_id))
    deposit_fen, charged_fen = int(deposit or 0), int(charged or 0)
    return StayBalance(visit_id, deposit_fen, charged_fen, deposit_fen - charged_fen, as_of)


def title_of(kind: str) -> str:
    return FEE_TITLES[FeeKind(kind)] if kind in set(FeeKind) else kind
