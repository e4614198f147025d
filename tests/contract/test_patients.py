"""Patients: found by every spelling of a number, masked by default, stored unreadable."""

from datetime import date

import pytest
from sqlalchemy import text

from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.cards import NewPatient
from tests.support.ground import Ground

ASHA = NewPatient(
    name="阿莎", gender="female", birth_date=date(1988, 6, 15), id_number="11010119880615002x",
    phones=(("13800000001", "self"), ("010-66778801", "self")), card_number="C1", consents={"sms": True},
)  # fmt: skip


@pytest.mark.capability("C9")
@pytest.mark.parametrize(
    "spelling",
    [
        "13800000001",
        "+8613800000001",
        "008613800000001",
        "013800000001",
        "138 0000 0001",
        "138-0000-0001",
        "８６13800000001",
    ],
)
def test_given_a_patient_when_looked_up_by_any_spelling_then_it_is_he(ground: Ground, spelling: str) -> None:
    patient_id = ground.patients.register(ASHA)
    assert [card.id for card in ground.patients.find_by_number(spelling)] == [patient_id]


@pytest.mark.capability("C32")
def test_given_two_patients_on_one_number_when_looked_up_then_both_are_candidates_owner_first(ground: Ground) -> None:
    child = ground.patients.register(NewPatient(name="李小明", phones=(("13800000002", "child"),)))
    mother = ground.patients.register(NewPatient(name="王芳", phones=(("13800000002", "self"),)))
    found = ground.patients.find_by_number("13800000002")
    assert [(card.id, card.relation) for card in found] == [(mother, "self"), (child, "child")]


@pytest.mark.requirement("R17")
def test_given_a_patient_when_shown_then_numbers_are_masked(ground: Ground) -> None:
    card = ground.patients.card(ground.patients.register(ASHA))
    assert [phone.masked for phone in card.phones] == ["138****0001", "010******01"]
    assert card.id_number_masked == "110101********002X"
    assert card.age == 38  # the test clock says 2026-11-23


@pytest.mark.requirement("R19")
def test_given_a_patient_when_the_tables_are_read_raw_then_no_number_is_readable(ground: Ground) -> None:
    ground.patients.register(ASHA)
    with ground.database.read() as session:
        rows = str(session.execute(text("SELECT * FROM patients")).all())
        rows += str(session.execute(text("SELECT * FROM patient_phones")).all())
    assert "13800000001" not in rows
    assert "0615002" not in rows


def test_given_a_patient_when_unmasked_then_the_plain_value_comes_back(ground: Ground) -> None:
    patient_id = ground.patients.register(ASHA)
    phone = ground.patients.card(patient_id).phones[0]
    assert ground.patients.unmask(patient_id, "phone", phone.id) == "13800000001"
    assert ground.patients.unmask(patient_id, "id_number") == "11010119880615002X"
    with pytest.raises(NotFound):
        ground.patients.unmask(patient_id, "name")


@pytest.mark.requirement("R46")
@pytest.mark.parametrize(
    ("digits", "is_right"),
    [("002*", True), ("0615", True), ("0616", False), ("", False), ("11010119880615002*", False)],
)
def test_given_a_second_proof_when_checked_then_only_the_tail_or_the_birthday_count(
    ground: Ground, digits: str, is_right: bool
) -> None:
    assert ground.patients.matches_identity(ground.patients.register(ASHA), digits) is is_right


@pytest.mark.parametrize("needle", ["阿莎", "asha", "as", "C1", "13800000001", "11010119880615002X"])
def test_given_a_patient_when_searched_then_found(ground: Ground, needle: str) -> None:
    patient_id = ground.patients.register(ASHA)
    assert patient_id in [card.id for card in ground.patients.search(needle)]


@pytest.mark.parametrize("needle", ["%", "_", "'; DROP TABLE patients;--", "\x00", "{{7*7}}"])
def test_given_hostile_search_text_when_searched_then_nothing_is_found_and_nothing_breaks(
    ground: Ground, needle: str
) -> None:
    patient_id = ground.patients.register(ASHA)
    assert ground.patients.search(needle) == []
    assert ground.patients.card(patient_id).name == "阿莎"


@pytest.mark.parametrize(
    "broken",
    [NewPatient(name=""), NewPatient(name="x", id_number="123"), NewPatient(name="x", phones=(("abc", "self"),))],
)
def test_given_unusable_data_when_registered_then_refused_and_nothing_kept(ground: Ground, broken: NewPatient) -> None:
    with pytest.raises(InvalidInput):
        ground.patients.register(broken)
    assert ground.patients.search("x") == []
