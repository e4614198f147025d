"""The demo hospital in the database: whole, in agreement with its own rules, loaded once, and quick to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from config.demo.hospital import PATIENTS, DemoGround, DemoSize, load_hospital
from config.demo.hospital_cast import APPOINTMENTS
from config.ground_offices import TierFigures, build_bookings
from crm_core import schema
from crm_core.appointments.kinds import Channel, SlotState
from crm_core.audit.service import Audit
from crm_core.bus import RecordingBus
from crm_core.clock import ManualClock, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.enquiries.cards import CatalogueCard
from crm_core.enquiries.service import Enquiries
from crm_core.patients.models import Patient
from crm_core.patients.service import Patients
from crm_core.patients.whole import patient_services
from crm_core.visits.service import Visits
from tests.support.booking_house import HOURS, broken_promises
from tests.support.ground import MASTER_KEY, empty_postgresql

pytestmark = pytest.mark.timeout(600)  # on a busy machine the whole hospital takes its time

PLAIN = {
    "departments": "SELECT code, name, place, menu_digit, keypad FROM departments ORDER BY code",
    "doctors": "SELECT code, name, title, introduction FROM doctors ORDER BY code",
    "patients": "SELECT card_number, name, gender, birth_date, tier, tier_why, vip_card FROM patients ORDER BY card_number",
    "phones": "SELECT number_hash, relation, position FROM patient_phones ORDER BY id",
    "kin": "SELECT patient_id, relative_id, kin FROM family_links ORDER BY id",
    "visits": "SELECT patient_id, external_id, doctor_code, started_at, ended_at FROM visits ORDER BY id",
    "fees": "SELECT visit_id, kind, title, amount_fen, insurance_fen FROM visit_fees ORDER BY id",
    "seats": "SELECT slot_id, number, is_taken FROM seats ORDER BY id",
    "booked": "SELECT patient_id, doctor_id, starts_at, state FROM appointments ORDER BY id",
    "items": "SELECT code, name, specification, origin, price_fen FROM catalogue_items ORDER BY code",
}
"""What is not encrypted; the ciphertext of the rest is another every time, its hash is not."""


@dataclass
class Demo:
    ground: DemoGround
    was_loaded: bool

    def count(self, query: str) -> int:
        with self.ground.database.read() as session:
            return int(session.execute(text(query)).scalar_one())

    def facts(self) -> dict[str, list[tuple[object, ...]]]:
        with self.ground.database.read() as session:
            return {name: [tuple(row) for row in session.execute(text(query))] for name, query in PLAIN.items()}

    @property
    def patients(self) -> Patients:
        return Patients(self.ground.database, self.ground.cipher, self.ground.clock)

    @property
    def visits(self) -> Visits:
        return Visits(self.ground.database, self.ground.cipher, self.ground.clock)

    @property
    def bookings(self):  # type: ignore[no-untyped-def]
        ground = self.ground
        return build_bookings(ground.database, RecordingBus(), ground.clock, hours=ground.hours)  # type: ignore[arg-type]


def empty(url: str) -> DemoGround:
    database = Database(url)
    schema.all_metadata().create_all(database.engine)
    return DemoGround(database, FieldCipher.from_master(MASTER_KEY), ManualClock(), HOURS)


def loaded(url: str, size: DemoSize, seed: int = 95169) -> Demo:
    ground = empty(url)
    return Demo(ground, load_hospital(ground, size=size, seed=seed))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole hospital, once for each database; the tests that share it only read."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'hotline.db'}"
    else:
        url = request.getfixturevalue("postgresql_url")
        empty_postgresql(url)
    made = loaded(url, DemoSize.FULL)
    yield made
    made.ground.database.close()


@pytest.fixture
def small(database_url: str) -> Iterator[Demo]:
    made = loaded(database_url, DemoSize.SMALL)
    yield made
    made.ground.database.close()


def test_given_the_whole_hospital_when_counted_then_it_is_as_large_as_promised(demo: Demo) -> None:
    assert demo.was_loaded
    sizes = {
        table: demo.count(f"SELECT COUNT(*) FROM {table}")
        for table in ("departments", "doctors", "catalogue_items", "patients")
    }
    assert sizes == {"departments": 30, "doctors": 200, "catalogue_items": 2000, "patients": 20_000 + len(PATIENTS)}
    assert demo.count("SELECT COUNT(*) - COUNT(DISTINCT number_hash) FROM patient_phones") > 1000
    assert demo.count("SELECT COUNT(DISTINCT patient_id) FROM family_links") > 10_000
    assert demo.count("SELECT COUNT(*) FROM visits") > 12_000
    assert demo.count("SELECT COUNT(*) FROM visits WHERE kind = 'inpatient' AND ended_at IS NULL") > 50
    assert demo.count("SELECT COUNT(DISTINCT department_code) FROM visits") == 30
    assert demo.count("SELECT COUNT(DISTINCT tier) FROM patients") == 4
    assert demo.count("SELECT COUNT(*) FROM patient_consents WHERE NOT is_granted") > 1000


def test_given_the_loaded_hospital_when_loaded_again_then_nothing_is_added(demo: Demo) -> None:
    before = demo.facts()
    assert not load_hospital(demo.ground, size=DemoSize.FULL)
    assert demo.facts() == before


@pytest.mark.invariant("I2")
@pytest.mark.capability("C101")
def test_given_two_weeks_of_sessions_when_read_then_open_full_and_closed_ones_and_no_promise_is_broken(
    demo: Demo,
) -> None:
    assert broken_promises(demo.ground.database) == {}
    today = hospital_date(demo.ground.clock.now())
    schedules = demo.bookings.schedules
    sessions = [one for days in range(1, 15) for one in schedules.sessions(today + timedelta(days=days))]
    assert {one.state for one in sessions} == {SlotState.OPEN, SlotState.FULL, SlotState.CLOSED}
    assert len({one.day for one in sessions}) >= 12
    assert all(one.close_reason for one in sessions if one.state is SlotState.CLOSED)
    sitting = {one.doctor_code for one in sessions}
    resting = {one.code for one in schedules.doctors()} - sitting
    assert resting == {one.code for one in schedules.doctors("emergency")}
    lacking = [
        one.code for one in schedules.departments()
        if one.code != "emergency" and len(schedules.open_slots(one.code, channel=Channel.PHONE)) < 9
    ]  # fmt: skip
    assert lacking == []


@pytest.mark.capability("C104")
def test_given_the_no_shows_when_the_rules_look_then_somebody_is_blocked_and_nothing_is_announced_again(
    demo: Demo,
) -> None:
    bookings = demo.bookings
    with demo.ground.database.read() as session:
        worst = session.execute(
            text("SELECT patient_id FROM no_shows GROUP BY patient_id HAVING COUNT(*) >= 3 ORDER BY patient_id")
        ).scalars().all()  # fmt: skip
    assert worst
    assert any(bookings.no_shows.of_patient(one).blocked_until for one in worst)
    assert bookings.no_shows.open_appeals()
    assert bookings.work.announce_missed(older_than_s=0) == 0


def test_given_the_cast_when_asked_then_it_is_as_the_tests_know_it_with_a_history(demo: Demo) -> None:
    (asha,) = demo.patients.find_by_number("+86 138-0000-0001")
    assert (asha.name, asha.tier, asha.vip_level, asha.consents["sms"]) == ("阿莎", "gold", 1, True)
    assert [one.name for one in demo.patients.find_by_number("13800000002")] == ["王芳", "李小明"]
    visits = demo.visits.of_patient(asha.id)
    assert [one.doctor_name for one in visits] == ["王建国", "王建国", "陈敏", "王建国"]
    assert visits[0].diagnosis == "高血压2级"
    assert visits[0].medications
    upcoming = [one for one in APPOINTMENTS if one[0] == 0]
    with demo.ground.database.read() as session:
        query = text("SELECT COUNT(*) FROM appointments WHERE patient_id = :one AND state = 'booked'")
        assert session.execute(query, {"one": asha.id}).scalar_one() == len(upcoming)


@pytest.mark.capability("C110")
def test_given_a_patient_in_hospital_when_fees_are_asked_then_balance_and_sums_agree(demo: Demo) -> None:
    (patient,) = demo.patients.find_by_number("13800000005")
    stay = demo.visits.current_stay(patient.id)
    assert stay is not None
    assert stay.ward.endswith("病区")
    balance = demo.visits.balance(patient.id)
    assert balance is not None
    assert balance.deposit_fen > 0
    fees = demo.visits.fees(patient.id, visit_id=stay.id)
    assert balance.charged_fen == fees.self_fen == fees.unpaid_fen
    assert fees.amount_fen == sum(one.amount_fen for one in fees.by_kind) > 0


def test_given_a_family_when_one_number_calls_then_all_who_share_it_are_candidates(demo: Demo) -> None:
    with demo.ground.database.read() as session:
        phone_id = session.execute(
            text("""SELECT id FROM patient_phones WHERE relation = 'self' AND number_hash IN
                 (SELECT number_hash FROM patient_phones WHERE relation = 'parent') ORDER BY id DESC LIMIT 1""")
        ).scalar_one()
    owner, number = demo.patients.number_of_phone(phone_id)
    found = demo.patients.find_by_number(number)
    assert len(found) > 1
    assert found[0].id == owner
    assert {one.relation for one in found[1:]} & {"parent", "child", "self"}


@pytest.mark.parametrize(
    ("typed", "name"), [("wangw", "王"), ("李", "李"), ("zengx", "曾"), ("ouyangnana", "欧阳娜娜")]
)
def test_given_the_beginning_of_a_name_when_searched_then_people_of_that_name_are_found(
    demo: Demo, typed: str, name: str
) -> None:
    found = demo.patients.search(typed)
    assert found
    assert all(one.name.startswith(name) or one.name[0] in "汪望万" for one in found)


def test_given_the_price_list_when_typed_on_keys_or_in_pinyin_then_price_usage_origin_and_insurance_are_told(
    demo: Demo,
) -> None:
    enquiries = Enquiries(demo.ground.database, demo.ground.clock)
    by_keys, by_code = enquiries.by_keys("26955", limit=20), enquiries.by_keys("1001")
    assert any(isinstance(one, CatalogueCard) and one.name == "阿莫西林胶囊" for one in by_keys)
    assert by_code[0].code == "1001"
    found = enquiries.search("tangniaobing") or enquiries.search("二甲双胍片")
    card = next(one for one in found if isinstance(one, CatalogueCard))
    assert card.price_fen > 0
    assert card.usage
    assert card.origin
    assert card.reimbursements
    assert enquiries.current("department", department_code="cardiology")
    assert enquiries.current("directions")


def test_given_medicine_that_ends_when_reminders_look_then_there_is_work_every_day(demo: Demo) -> None:
    today = hospital_date(demo.ground.clock.now())
    assert all(demo.visits.medication_run_out(today + timedelta(days=days)) for days in range(1, 6))


@pytest.mark.capability("C117")
def test_given_the_tiers_when_the_night_computes_them_again_then_none_changes(small: Demo) -> None:
    ground = small.ground
    with ground.database.write() as session:
        session.execute(update(Patient).values(tier_computed_on=None))
    people = patient_services(
        ground.database, ground.cipher, ground.clock, audit=Audit(ground.database, ground.clock),
        figures_of=TierFigures(small.visits, small.bookings.no_shows),
    )  # fmt: skip
    assert people.tiers.recompute(hospital_date(ground.clock.now())) == 0


def test_given_the_small_hospital_when_booked_in_then_the_named_doctors_have_free_seats_only(small: Demo) -> None:
    schedules = small.bookings.schedules
    assert len(schedules.departments()) == 10
    assert small.count("SELECT COUNT(*) FROM seats WHERE is_taken") == 0
    assert all(schedules.open_slots(one.department_code, one.code) for one in schedules.doctors())
    assert small.count("SELECT COUNT(*) FROM patients") == 300 + len(PATIENTS)


def test_given_an_interrupted_load_when_begun_anew_then_it_is_whole(database_url: str) -> None:
    ground = empty(database_url)

    def pull_the_plug(done: float, total: float, _what: str) -> None:
        if done > total * 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_hospital(ground, size=DemoSize.SMALL, progress=pull_the_plug)
    demo = Demo(ground, was_loaded=False)
    assert demo.count("SELECT COUNT(*) FROM patients") == demo.count("SELECT COUNT(*) FROM departments") == 0
    assert load_hospital(ground, size=DemoSize.SMALL)
    assert demo.count("SELECT COUNT(*) FROM patients") == 300 + len(PATIENTS)
    ground.database.close()


def test_given_people_of_an_older_home_when_loaded_then_they_stay_as_they_are(database_url: str) -> None:
    ground = empty(database_url)
    demo = Demo(ground, was_loaded=False)
    kept = demo.patients.register(PATIENTS[0])
    assert load_hospital(ground, size=DemoSize.SMALL)
    assert [one.id for one in demo.patients.find_by_number("13800000001")] == [kept]
    assert demo.visits.of_patient(kept)
    ground.database.close()


def test_given_a_seed_when_loaded_twice_then_the_same_hospital_and_another_for_another_seed(tmp_path: Path) -> None:
    first, again, other = (
        loaded(f"sqlite:///{tmp_path / f'{place}.db'}", DemoSize.SMALL, seed).facts()
        for place, seed in enumerate((7, 7, 8))
    )
    assert first == again
    assert {name for name in PLAIN if first[name] != other[name]} >= {"patients", "visits", "doctors"}


def test_given_a_progress_bar_when_loading_then_it_never_goes_back_and_ends_full(tmp_path: Path) -> None:
    ratios: list[float] = []
    ground = empty(f"sqlite:///{tmp_path / 'bar.db'}")
    load_hospital(ground, size=DemoSize.SMALL, progress=lambda done, total, _: ratios.append(done / total))
    assert ratios == sorted(ratios)
    assert ratios[-1] == pytest.approx(1)
