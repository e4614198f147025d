"""Fees and deposits: whole fen, added up by kind, never twice (A6.5, C110)."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_core.errors import InvalidInput
from crm_core.patients.cards import NewPatient
from crm_core.visits.cards import NewDeposit, NewFee, NewVisit, VisitFigures
from crm_core.visits.money import FEN_MAX
from crm_core.visits.records import VisitRecords
from crm_core.visits.service import Visits
from tests.support.ground import Ground

DAY = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@pytest.fixture
def visits(ground: Ground) -> Visits:
    return Visits(ground.database, ground.cipher, ground.clock)


@pytest.fixture
def records(ground: Ground) -> VisitRecords:
    return VisitRecords(ground.database, ground.cipher)


@pytest.fixture
def asha(ground: Ground) -> int:
    return ground.patients.register(NewPatient(name="阿莎"))


def stay(patient_id: int, *fees: NewFee, kind: str = "inpatient", started_at: datetime = DAY) -> NewVisit:
    return NewVisit(patient_id, kind, "surgery", "普外科", started_at, fees=fees)


@pytest.mark.capability("A6.5")
def test_given_fees_when_summed_then_by_kind_with_insurance_and_unpaid(
    visits: Visits, records: VisitRecords, asha: int
) -> None:
    first = records.record(
        stay(
            asha, NewFee("drug", 12_345, 10_000), NewFee("drug", 55), NewFee("bed", 8_000, is_paid=True),
            NewFee("lab", 3_000, 3_000),
        )
    )  # fmt: skip
    records.record(stay(asha, NewFee("drug", 100), kind="outpatient", started_at=DAY + timedelta(days=3)))
    whole = visits.fees(asha)
    assert [(one.title, one.amount_fen, one.insurance_fen, one.self_fen) for one in whole.by_kind] == [
        ("药费", 12_500, 10_000, 2_500),
        ("床位费", 8_000, 0, 8_000),
        ("化验费", 3_000, 3_000, 0),
    ]
    assert (whole.amount_fen, whole.self_fen, whole.unpaid_fen) == (23_500, 10_500, 2_500)
    assert visits.fees(asha, visit_id=first).amount_fen == 23_400
    assert visits.fees(asha, since=DAY + timedelta(days=1)).amount_fen == 100
    assert visits.fees(asha, until=DAY + timedelta(days=1)).amount_fen == 23_400
    assert [one.amount_fen for one in visits.fee_lines(asha, limit=1)] == [100]


def test_given_no_fees_when_summed_then_nothing_is_owed(visits: Visits, asha: int) -> None:
    nothing = visits.fees(asha)
    assert (nothing.by_kind, nothing.amount_fen, nothing.unpaid_fen) == ((), 0, 0)
    assert visits.fee_lines(asha) == []
    assert visits.balance(asha) is None


@pytest.mark.capability("A6.5")
def test_given_a_stay_when_deposits_and_charges_come_then_the_balance_follows_also_below_zero(
    ground: Ground, visits: Visits, records: VisitRecords, asha: int
) -> None:
    visit_id = records.record(stay(asha, NewFee("surgery", 900_000, 600_000)))
    records.add_deposit(visit_id, NewDeposit(500_000, external_id="D1"))
    records.add_deposit(visit_id, NewDeposit(500_000, external_id="D1"))
    balance = visits.balance(asha)
    assert balance is not None
    assert (balance.deposit_fen, balance.charged_fen, balance.balance_fen) == (500_000, 300_000, 200_000)
    assert balance.as_of == ground.clock.now()
    records.add_fee(visit_id, NewFee("bed", 250_000, external_id="F1"))
    records.add_fee(visit_id, NewFee("bed", 250_000, external_id="F1"))
    records.add_deposit(visit_id, NewDeposit(-10_000))
    again = visits.balance(asha)
    assert again is not None
    assert again.balance_fen == -60_000


@pytest.mark.capability("C117")
def test_given_visits_in_a_year_when_figures_are_asked_then_one_and_all_agree(
    ground: Ground, visits: Visits, records: VisitRecords, asha: int
) -> None:
    other = ground.patients.register(NewPatient(name="李雷"))
    records.record(stay(asha, NewFee("drug", 700), started_at=DAY - timedelta(days=400)))
    records.record(stay(asha, NewFee("drug", 300)))
    records.record(stay(asha, NewFee("drug", -100, charged_at=DAY)))
    records.record(stay(other))
    since = DAY - timedelta(days=365)
    assert visits.visit_figures(asha, since) == VisitFigures(visits=2, spending_fen=200)
    assert visits.figures_of_all(since) == {asha: VisitFigures(2, 200), other: VisitFigures(1, 0)}


def test_given_the_largest_amounts_when_summed_then_exact(visits: Visits, records: VisitRecords, asha: int) -> None:
    records.record(stay(asha, *(NewFee("surgery", FEN_MAX) for _ in range(1000))))
    assert visits.fees(asha).amount_fen == FEN_MAX * 1000


@pytest.mark.parametrize(
    "broken",
    [
        NewFee("drug", FEN_MAX + 1),
        NewFee("drug", 2**63),
        NewFee("drug", 100, 101),
        NewFee("drug", 100, -1),
        NewFee("drug", 12.5),  # type: ignore[arg-type]
        NewFee("drug", True),
        NewFee("tips", 100),
    ],
)
def test_given_an_impossible_fee_when_recorded_then_refused(
    visits: Visits, records: VisitRecords, asha: int, broken: NewFee
) -> None:
    with pytest.raises(InvalidInput):
        records.record(stay(asha, broken))
    assert visits.of_patient(asha) == []
