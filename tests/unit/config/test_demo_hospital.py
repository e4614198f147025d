"""What the demo hospital is made of: its data files agree with one another, its people are plausible and always the same."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import chain

import pytest

from config.demo.hospital_care import report_kind
from config.demo.hospital_cast import CAST_VISITS, DEPARTMENTS, DOCTORS, MORE_DEPARTMENTS, PATIENTS
from config.demo.hospital_catalogue import ITEMS, new_items, new_knowledge
from config.demo.hospital_facts import Facts, read_facts, variants
from config.demo.hospital_names import SURNAMES
from config.demo.hospital_people import Household, households
from config.demo.hospital_staff import SURNAMES_SAID, department_names
from crm_core import phone_number
from crm_core.enquiries.kinds import ItemKind, KnowledgeKind
from crm_core.patients.families import INVERSE
from crm_core.patients.kinds import Kin
from crm_core.visits.kinds import ReportKind
from ivr.prompt_catalogue import load_catalogue

TODAY = date(2026, 11, 23)
COUNT = 3000
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture(scope="module")
def facts() -> Facts:
    return read_facts()


@pytest.fixture(scope="module")
def homes() -> list[Household]:
    return list(households(COUNT, seed=1, today=TODAY, taken_names=[one.name for one in PATIENTS]))


def people_of(homes: list[Household]) -> list:  # type: ignore[type-arg]
    return list(chain.from_iterable(home.people for home in homes))


def test_given_the_thirty_departments_when_named_then_each_has_its_texts_its_diseases_and_its_sound(
    facts: Facts,
) -> None:
    names = department_names(is_full=True)
    zh = load_catalogue("zh")
    assert len(names) == len(set(names.values())) == 30
    assert set(facts.departments) == set(names) == {one.department for one in facts.diseases}
    assert [name for name in names.values() if zh.key_for_text(name) is None] == []


def test_given_the_small_hospital_when_named_then_it_is_what_the_telephone_menu_offers() -> None:
    assert list(department_names(is_full=False)) == [told[0] for told in DEPARTMENTS]
    kept = {told[0]: told[4:] for told in DEPARTMENTS}
    changed = {told[0]: told[4:] for told in MORE_DEPARTMENTS if told[0] in kept}
    assert changed == {code: kept[code] for code in changed}, "key and number stay"
    numbers = [told[5] for told in (*DEPARTMENTS, *MORE_DEPARTMENTS[1:])]
    assert len(set(numbers)) == 30


def test_given_any_disease_when_its_drugs_and_examinations_are_priced_then_the_catalogue_has_them(facts: Facts) -> None:
    drugs, items = {one.name for one in facts.drugs}, {one.name for one in facts.items}
    assert [name for one in facts.diseases for name in one.drugs if name not in drugs] == []
    assert [name for one in facts.diseases for name in one.examinations if name not in items] == []
    named = {(one.department, one.name) for one in facts.diseases}
    assert [visit for visit in CAST_VISITS if (visit[1], visit[2]) not in named] == []
    assert {visit[3] for visit in CAST_VISITS} <= {told[0] for told in DOCTORS}


def test_given_the_price_list_when_made_then_two_thousand_different_lines_each_with_a_code_that_keys_can_type(
    facts: Facts,
) -> None:
    items = new_items(facts, TODAY)
    assert len(items) == ITEMS == len({one.code for one in items})
    assert len({(one.name, one.specification, one.origin) for one in items}) == ITEMS
    assert all(one.code.isdigit() and one.price_fen > 0 and one.usage and one.origin for one in items)
    assert {one.kind for one in items} == {kind.value for kind in ItemKind}
    assert {one.name for one in facts.drugs} <= {one.name for one in items}
    assert all(1 <= len(one.reimbursement_permille) <= 3 for one in items)


def test_given_the_answers_when_made_then_each_department_has_its_introduction_and_every_kind_but_doctors_is_there(
    facts: Facts,
) -> None:
    known = new_knowledge(facts, department_names(is_full=True), TODAY)
    assert len({one.code for one in known}) == len(known)
    assert {one.kind for one in known} == set(KnowledgeKind) - {KnowledgeKind.DOCTOR}
    assert sum(one.kind == KnowledgeKind.DEPARTMENT for one in known) == 30
    assert all(one.owner and one.text and one.valid_until > TODAY for one in known)


def test_given_choices_in_braces_when_read_then_one_name_for_each() -> None:
    assert variants("{头颅|胸部}CT平扫") == ["头颅CT平扫", "胸部CT平扫"]
    assert variants("心电图") == ["心电图"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [("血常规", ReportKind.LAB), ("胸部CT平扫", ReportKind.IMAGING), ("电子胃镜检查", ReportKind.FUNCTION),
     ("病理检查", ReportKind.PATHOLOGY), ("尿培养", ReportKind.LAB), ("心脏彩超", ReportKind.IMAGING)],
)  # fmt: skip
def test_given_an_examination_when_reported_then_its_kind_is_known_by_its_name(title: str, kind: ReportKind) -> None:
    assert report_kind(title) is kind


def test_given_the_frequent_surnames_of_the_demo_when_a_doctor_is_announced_then_he_has_a_sound() -> None:
    zh = load_catalogue("zh")
    assert [name for name in SURNAMES[:SURNAMES_SAID] if zh.key_for_text(f"{name}医生") is None] == []


def test_given_a_seed_when_people_are_made_then_exactly_so_many_and_the_same_again_and_others_for_another(
    homes: list[Household],
) -> None:
    taken = [one.name for one in PATIENTS]
    assert len(people_of(homes)) == COUNT
    assert list(households(COUNT, seed=1, today=TODAY, taken_names=taken)) == homes
    assert list(households(COUNT, seed=2, today=TODAY, taken_names=taken)) != homes
    assert not set(taken) & {one.name for one in people_of(homes)}


def test_given_the_people_when_counted_then_ages_names_and_families_are_as_in_a_hospital(
    homes: list[Household],
) -> None:
    people = people_of(homes)
    ages = [TODAY.year - one.birth_date.year for one in people]
    assert 0.08 < sum(age < 15 for age in ages) / COUNT < 0.25
    assert 0.12 < sum(age > 64 for age in ages) / COUNT < 0.32
    assert max(ages) < 105
    frequent = Counter(one.name[0] for one in people).most_common(3)
    assert {name for name, _ in frequent} == set("王李张")
    assert 0.45 < sum(one.gender == "female" for one in people) / COUNT < 0.6
    assert sum(len(home.people) > 1 for home in homes) > len(homes) / 2


def test_given_identity_numbers_when_checked_then_digit_birthday_and_sex_agree_and_no_district_issues_them(
    homes: list[Household],
) -> None:
    numbers = [(one, one.id_number) for one in people_of(homes) if one.id_number]
    assert len({number for _, number in numbers}) == len(numbers) > COUNT * 0.8
    for one, number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
        assert number[17] == "10X98765432"[total % 11]
        assert number[6:14] == f"{one.birth_date:%Y%m%d}"
        assert int(number[16]) % 2 == (one.gender == "male")
        assert number[2:6] == "0000"


def test_given_telephones_when_read_then_usable_and_shared_in_families_only(homes: list[Household]) -> None:
    owners: dict[str, set[int]] = {}
    for place, home in enumerate(homes):
        for one in home.people:
            assert one.phones
            for number, _ in one.phones:
                normal = phone_number.normalise(number)
                assert normal is not None
                owners.setdefault(normal, set()).add(place)
    assert all(len(places) == 1 for places in owners.values())
    children = [one for one in people_of(homes) if TODAY.year - one.birth_date.year < 12]
    assert all(relation in ("parent", "self") for one in children for _, relation in one.phones)
    assert sum(one.phones[0][1] == "parent" for one in children) > len(children) * 0.9


def test_given_a_family_when_linked_then_both_ways_and_parents_are_older(homes: list[Household]) -> None:
    kinds = Counter(kin for home in homes for _, _, kin in home.kin)
    assert set(kinds) == {Kin.SPOUSE, Kin.PARENT, Kin.CHILD, Kin.SIBLING, Kin.GRANDPARENT, Kin.GRANDCHILD}
    for home in homes:
        links = {(one, other): kin for one, other, kin in home.kin}
        assert len(links) == len(home.kin)
        for (one, other), kin in links.items():
            assert links[other, one] is INVERSE[kin]
            if kin in (Kin.PARENT, Kin.GRANDPARENT):
                assert home.people[other].birth_date < home.people[one].birth_date
