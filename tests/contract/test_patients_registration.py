"""Registering shows duplicates first; every change has its history; numbers have owners, order and limits."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from crm_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import Kin
from crm_core.patients.registration import DuplicatesFound, FieldsMissing
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground
from tests.support.patient_world import ASHA, BELA, whole_of


@pytest.fixture
def whole(ground: Ground) -> PatientServices:
    return whole_of(ground)


@pytest.mark.capability("C33")
@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewPatient(name="别人", id_number="11010119880615002x"), "id_number"),
        (NewPatient(name="别人", card_number="C0000001"), "card_number"),
        (NewPatient(name="阿莎", phones=(("+86 138 0000 0001", "self"),)), "name_and_number"),
        (NewPatient(name="阿莎", birth_date=date(1988, 6, 15)), "name_and_birth_date"),
    ],
)
def test_given_somebody_like_him_when_registered_then_he_is_shown_and_nothing_kept(
    whole: PatientServices, new: NewPatient, reason: str
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    with pytest.raises(DuplicatesFound) as refused:
        whole.registration.register(new, actor=BELA)
    assert [(one.card.id, one.reasons) for one in refused.value.candidates] == [(asha, (reason,))]
    assert [one.card.id for one in whole.registration.duplicates(new)] == [asha]
    assert whole.patients.search(new.name) == ([whole.patients.card(asha)] if new.name == "阿莎" else [])


@pytest.mark.capability("C33")
def test_given_a_person_looked_at_the_candidates_when_registered_despite_them_then_kept(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    other = NewPatient(name="阿莎", birth_date=date(1988, 6, 15), phones=(("13900000009", "self"),))
    second = whole.registration.register(other, actor=BELA, despite=[asha])
    assert {card.id for card in whole.patients.search("阿莎")} == {asha, second}
    (line, _) = ground.audit.entries(action="patient.register")
    assert (line.actor_id, line.object_id, line.detail["despite"]) == (7, str(second), [asha])


def test_given_the_same_identity_number_when_registered_despite_it_then_refused_all_the_same(
    whole: PatientServices,
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    with pytest.raises(DuplicatesFound):
        whole.registration.register(replace(ASHA, card_number="C9"), actor=BELA, despite=[asha])
    with pytest.raises(Conflict):
        whole.patients.register(replace(ASHA, card_number="C9"))


def test_given_an_own_field_is_needed_when_it_is_empty_then_the_desk_is_told_which(whole: PatientServices) -> None:
    gender, *_ = [one for one in whole.fields.of() if one.key == "birth_date"]
    whole.fields.change(replace(gender, is_required=True), actor=BELA)
    with pytest.raises(FieldsMissing) as refused:
        whole.registration.register(NewPatient(name="王小明"), actor=BELA)
    assert refused.value.keys == ("birth_date",)
    assert whole.registration.register(NewPatient(name="王小明"), actor=BELA, is_complete=False)


@pytest.mark.capability("C116")
def test_given_fields_when_changed_then_each_has_a_row_of_who_and_when_and_secrets_none_of_their_values(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    texts = {"occupation": " 教师\n", "address": "常州市新北区", "gender": "female", "marital_status": "married"}
    changed = whole.changes.change(asha, texts, actor=BELA, reason="本人来电更正")
    assert set(changed) == {"occupation", "address", "marital_status"}
    history = {one.field: one for one in whole.sheets.history(asha)}
    assert (history["occupation"].old, history["occupation"].new, history["occupation"].actor_id) == ("", "教师", 7)
    assert (history["address"].old, history["address"].new, history["address"].is_secret) == ("", "", True)
    assert history["address"].reason == "本人来电更正"
    with ground.database.read() as session:
        kept = str(session.execute(text("SELECT * FROM patient_changes")).all())
        kept += str(session.execute(text("SELECT * FROM audit_lines")).all())
    assert "和平路" not in kept
    assert "新北区" not in kept


@pytest.mark.parametrize(
    "texts",
    [
        {"gender": "robot"},
        {"birth_date": "2999-01-01"},
        {"birth_date": "1988-02-30"},
        {"id_number": "1234"},
        {"email": "no at sign"},
        {"name": "\u202e \x00"},
        {"shoe_size": "42"},
        {"occupation": "x" * 65},
        {"occupation": "ok", "card_number": "'; DROP TABLE patients;--"},
    ],
)
def test_given_one_unusable_value_when_changed_then_refused_and_nothing_kept(
    whole: PatientServices, texts: dict[str, str]
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    before = whole.patients.card(asha)
    with pytest.raises(InvalidInput):
        whole.changes.change(asha, texts, actor=BELA)
    assert whole.patients.card(asha) == before
    assert [one.field for one in whole.sheets.history(asha)] == ["registered"]


@pytest.mark.requirement("R16")
def test_given_a_field_above_his_level_when_an_agent_changes_it_then_refused(whole: PatientServices) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    with pytest.raises(NotAllowed):
        whole.changes.change(asha, {"hereditary_disease": "无"}, actor=BELA)
    whole.changes.change(asha, {"hereditary_disease": "无"}, actor=BELA, level_max=5)
    assert whole.patients.card(asha).hereditary_disease == "无"


def test_given_another_patient_has_the_identity_number_when_changed_then_a_conflict(whole: PatientServices) -> None:
    whole.registration.register(ASHA, actor=BELA)
    other = whole.registration.register(NewPatient(name="王芳"), actor=BELA)
    with pytest.raises(Conflict):
        whole.changes.change(other, {"id_number": ASHA.id_number}, actor=BELA)


def test_given_a_new_name_when_changed_then_found_by_it_and_not_by_the_old_one(whole: PatientServices) -> None:
    one = whole.registration.register(NewPatient(name="单雄信"), actor=BELA)
    whole.changes.change(one, {"name": "王小明"}, actor=BELA)
    assert [card.id for card in whole.patients.search("wangxm")] == [one]
    assert whole.patients.search("danxx") == []


@pytest.mark.capability("C9")
def test_given_several_numbers_when_added_ordered_and_limited_then_the_card_shows_it(whole: PatientServices) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    added = whole.phones.add(asha, "139 0000 0009", actor=BELA, relation="child", owner_name="小莎")
    first, second, third = whole.patients.card(asha).phones
    assert (third.id, third.owner_name, third.is_owner) == (added.id, "小莎", False)
    whole.phones.order(asha, [third.id, first.id, second.id], actor=BELA)
    whole.phones.change(first.id, actor=BELA, may_call=False, reason="工作时间勿扰")
    assert [(one.id, one.may_call) for one in whole.patients.card(asha).phones] == [
        (third.id, True), (first.id, False), (second.id, True),
    ]  # fmt: skip
    whole.phones.remove(second.id, actor=BELA)
    assert whole.patients.find_by_number("01066778801") == []
    assert [card.relation for card in whole.patients.find_by_number("0086 13900000009")] == ["child"]
    told = " ".join(f"{one.old} {one.new}" for one in whole.sheets.history(asha, field="phone"))
    assert "139****0009" in told
    assert "13900000009" not in told


@pytest.mark.fault("F60")
def test_given_a_number_in_another_spelling_when_added_again_then_a_conflict(whole: PatientServices) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    for spelling in ("+86 138-0000-0001", "013800000001"):
        with pytest.raises(Conflict):
            whole.phones.add(asha, spelling, actor=BELA)
    assert len(whole.patients.card(asha).phones) == 2


def test_given_a_strange_order_or_number_when_changed_then_refused(whole: PatientServices) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    with pytest.raises(InvalidInput):
        whole.phones.order(asha, [1], actor=BELA)
    with pytest.raises(InvalidInput):
        whole.phones.add(asha, "abc", actor=BELA)
    with pytest.raises(NotFound):
        whole.phones.change(999, actor=BELA, may_sms=False)


@pytest.mark.capability("C117")
def test_given_a_vip_card_when_its_days_pass_then_it_counts_only_while_valid(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    first, last = date(2026, 11, 24), date(2026, 11, 25)
    whole.changes.set_vip_card(asha, "VIP-1", level=3, valid_from=first, valid_until=last, actor=BELA)
    levels = []
    for _ in range(4):
        levels.append(whole.patients.card(asha).vip_level)
        ground.clock.advance(86_400)
    assert levels == [0, 3, 3, 0]
    assert [card.id for card in whole.patients.search("VIP-1")] == [asha]
    other = whole.registration.register(NewPatient(name="王芳"), actor=BELA)
    with pytest.raises(Conflict):
        whole.changes.set_vip_card(other, "VIP-1", level=1, actor=BELA)
    with pytest.raises(InvalidInput):
        whole.changes.set_vip_card(other, "VIP-2", level=1, valid_from=last, valid_until=first, actor=BELA)


@pytest.mark.capability("C119")
def test_given_a_family_when_linked_then_each_sees_the_other_by_the_right_word_and_keeps_his_record(
    whole: PatientServices,
) -> None:
    mother = whole.registration.register(ASHA, actor=BELA)
    child = whole.registration.register(NewPatient(name="李小明", birth_date=date(2016, 3, 1)), actor=BELA)
    whole.families.link(mother, child, Kin.CHILD, actor=BELA)
    assert [(one.card.id, one.kin) for one in whole.families.of(mother)] == [(child, Kin.CHILD)]
    assert [(one.card.id, one.kin) for one in whole.families.of(child)] == [(mother, Kin.PARENT)]
    whole.families.link(child, mother, Kin.GUARDIAN, actor=BELA)
    assert [(one.card.id, one.kin) for one in whole.families.of(mother)] == [(child, Kin.WARD)]
    whole.families.unlink(mother, child, actor=BELA)
    assert whole.families.of(child) == []
    with pytest.raises(InvalidInput):
        whole.families.link(mother, mother, Kin.SPOUSE, actor=BELA)
