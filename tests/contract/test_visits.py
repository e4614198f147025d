"""Visits: seen whole, entered once, medicine that ends, readable only with the key (A3.6, A3.7)."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from crm_core.errors import InvalidInput, NotFound, WrongState
from crm_core.patients.cards import NewPatient
from crm_core.visits.cards import NewFee, NewMedication, NewReport, NewVisit
from crm_core.visits.records import VisitRecords
from crm_core.visits.service import Visits
from tests.support.ground import Ground

DAY = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
DIAGNOSIS = "2型糖尿病-CANARY"


@pytest.fixture
def visits(ground: Ground) -> Visits:
    return Visits(ground.database, ground.cipher, ground.clock)


@pytest.fixture
def records(ground: Ground) -> VisitRecords:
    return VisitRecords(ground.database, ground.cipher)


@pytest.fixture
def asha(ground: Ground) -> int:
    return ground.patients.register(NewPatient(name="阿莎", phones=(("13800000001", "self"),)))


def visit(patient_id: int, **changes: object) -> NewVisit:
    given = {
        "patient_id": patient_id, "kind": "outpatient", "department_code": "endocrinology", "department_name": "内分泌科",
        "doctor_code": "wang", "doctor_name": "王建国", "started_at": DAY, "ended_at": DAY + timedelta(hours=1),
    }  # fmt: skip
    return NewVisit(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.capability("A3.6")
@pytest.mark.capability("A3.7")
def test_given_a_whole_visit_when_read_then_everything_comes_back(
    visits: Visits, records: VisitRecords, asha: int
) -> None:
    records.record(
        visit(
            asha, condition="多饮多尿两周", diagnosis=DIAGNOSIS, treatment="口服降糖\r\n饮食控制", cautions="空腹复查",
            recovery_days=30,
            medications=(NewMedication("二甲双胍片", 28, "0.5g×20片", "每日两次，每次一片"),),
            reports=(NewReport("lab", "糖化血红蛋白", DAY, True, "https://lis.example.cn/r/77?x=1", "8.1 %"),
                     NewReport("imaging", "胸部X光片")),
        )
    )  # fmt: skip
    card = visits.last_visit(asha)
    assert card is not None
    assert (card.condition, card.diagnosis, card.cautions) == ("多饮多尿两周", DIAGNOSIS, "空腹复查")
    assert card.treatment == "口服降糖\n饮食控制"
    assert card.recovered_on == date(2026, 12, 2)
    assert (card.medications[0].usage, card.medications[0].runs_out_on) == ("每日两次，每次一片", date(2026, 11, 30))
    assert [(one.title, one.is_abnormal, one.finding) for one in card.reports] == [
        ("糖化血红蛋白", True, "8.1 %"),
        ("胸部X光片", False, ""),
    ]
    assert [one.title for one in visits.reports(asha)] == ["胸部X光片", "糖化血红蛋白"], "not ready yet comes first"
    assert [one.title for one in visits.reports(asha, only_abnormal=True)] == ["糖化血红蛋白"]


@pytest.mark.requirement("R19")
def test_given_a_diagnosis_when_the_tables_are_read_raw_then_it_is_not_there(
    ground: Ground, records: VisitRecords, asha: int
) -> None:
    records.record(visit(asha, diagnosis=DIAGNOSIS, reports=(NewReport("lab", "血糖", finding=DIAGNOSIS),)))
    with ground.database.read() as session:
        raw = str(session.execute(text("SELECT * FROM visits")).all())
        raw += str(session.execute(text("SELECT * FROM visit_reports")).all())
    assert "CANARY" not in raw


def test_given_several_visits_when_asked_then_the_newest_first_and_the_running_stay_is_known(
    visits: Visits, records: VisitRecords, asha: int
) -> None:
    old = records.record(visit(asha, started_at=DAY - timedelta(days=90), ended_at=DAY - timedelta(days=90)))
    stay = records.record(visit(asha, kind="inpatient", ended_at=None, ward="五病区", bed="12"))
    planned = records.record(visit(asha, kind="inpatient", started_at=DAY + timedelta(days=60), ended_at=None))
    assert [one.id for one in visits.of_patient(asha)] == [planned, stay, old]
    assert [one.id for one in visits.of_patient(asha, 1)] == [planned]
    running = visits.current_stay(asha)
    assert running is not None
    assert (running.id, running.ward, running.bed) == (stay, "五病区", "12")
    last = visits.last_visit(asha)
    assert last is not None
    assert last.id == stay
    records.end(stay, DAY + timedelta(days=7))
    assert visits.current_stay(asha) is None
    with pytest.raises(WrongState):
        records.end(stay, DAY + timedelta(days=8))


@pytest.mark.capability("C78")
def test_given_medicine_when_it_ends_then_listed_unless_supplied_again(
    ground: Ground, visits: Visits, records: VisitRecords, asha: int
) -> None:
    other = ground.patients.register(NewPatient(name="李雷"))
    for patient in (asha, other):
        records.record(visit(patient, medications=(NewMedication("氨氯地平片", 28),)))
    again = visit(
        other, started_at=DAY + timedelta(days=20), ended_at=None, medications=(NewMedication("氨氯地平片", 28),)
    )
    records.record(again)
    due = visits.medication_run_out(date(2026, 11, 30))
    assert [(one.patient_id, one.medication.name, one.doctor_code) for one in due] == [(asha, "氨氯地平片", "wang")]
    assert visits.medication_run_out(date(2026, 11, 29)) == []


def test_given_one_delivery_twice_when_recorded_then_it_is_one_visit(
    visits: Visits, records: VisitRecords, asha: int
) -> None:
    once = records.record(visit(asha, external_id="HIS-1"))
    assert records.record(visit(asha, external_id="HIS-1", ward="changed")) == once
    assert len(visits.of_patient(asha)) == 1


def test_given_one_delivery_by_many_threads_when_recorded_then_it_is_one_visit(
    ground: Ground, visits: Visits, records: VisitRecords, asha: int
) -> None:
    start, found = threading.Barrier(8), []

    def deliver() -> None:
        start.wait()
        found.append(records.record(visit(asha, external_id="HIS-2", fees=(NewFee("drug", 100),))))

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert visits.fees(asha).amount_fen == 100


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "spa"},
        {"ended_at": DAY - timedelta(days=1)},
        {"recovery_days": -1},
        {"medications": (NewMedication("x", -1),)},
        {"medications": (NewMedication("x", 100_000),)},
        {"reports": (NewReport("lab", "x", link="javascript:alert(1)"),)},
        {"reports": (NewReport("lab", "x", link="http://plain.example/"),)},
        {"reports": (NewReport("lab", "x", link='https://a.example/"onclick=1'),)},
        {"reports": (NewReport("gossip", "x"),)},
    ],
)
def test_given_an_unusable_delivery_when_recorded_then_refused_and_nothing_kept(
    visits: Visits, records: VisitRecords, asha: int, broken: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput):
        records.record(visit(asha, **broken))
    assert visits.of_patient(asha) == []


def test_given_an_unknown_patient_or_visit_when_used_then_not_found(visits: Visits, records: VisitRecords) -> None:
    with pytest.raises(NotFound):
        records.record(visit(4711))
    with pytest.raises(NotFound):
        visits.visit(4711)
    with pytest.raises(NotFound):
        records.add_medication(4711, NewMedication("x", 1))
