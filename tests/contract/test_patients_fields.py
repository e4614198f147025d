"""The sheet: built-in and own fields, typed, masked by data level, one in full with a reason that is kept."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from crm_core.appointments.models import Department
from crm_core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_core.patients.fields import FieldSpec
from crm_core.patients.kinds import FieldKind
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground
from tests.support.patient_world import ASHA, BELA, whole_of

BLOOD = FieldSpec("blood_group", "血型", "Blood group", FieldKind.CHOICE, ("A", "B", "AB", "O"))
HIV = FieldSpec("hiv", "HIV", level=5, kind=FieldKind.FLAG)
WEEKS = FieldSpec("pregnancy_weeks", "孕周", kind=FieldKind.NUMBER, department_code="cardiology", is_masked=True)


@pytest.fixture
def whole(ground: Ground) -> PatientServices:
    with ground.database.write() as session:
        session.add(Department(code="cardiology", name="心内科"))
    return whole_of(ground)


def shown(whole: PatientServices, patient_id: int, department: str = "", level_max: int = 4) -> dict[str, str]:
    sheet = whole.sheets.sheet(patient_id, actor=BELA, department_code=department, level_max=level_max)
    return {one.key: one.shown for one in sheet.fields}


@pytest.mark.capability("C116")
def test_given_fields_of_a_department_when_the_sheet_is_opened_there_then_it_has_them(whole: PatientServices) -> None:
    for spec in (BLOOD, HIV, WEEKS):
        whole.fields.define(spec, actor=BELA)
    asha = whole.registration.register(
        replace(ASHA, own_fields={"blood_group": "AB", "pregnancy_weeks": " １２.50 "}), actor=BELA,
        department_code="cardiology",
    )  # fmt: skip
    assert {"blood_group", "hiv"} < set(shown(whole, asha))
    assert "pregnancy_weeks" not in shown(whole, asha)
    there = shown(whole, asha, "cardiology")
    assert (there["blood_group"], there["pregnancy_weeks"], there["hiv"]) == ("AB", "****", "")
    assert whole.sheets.reveal(asha, "pregnancy_weeks", actor=BELA, reason="核对孕周") == "12.5"


@pytest.mark.requirement("R17")
def test_given_a_patient_when_the_sheet_is_opened_then_every_field_is_masked_by_its_level(
    whole: PatientServices,
) -> None:
    asha = whole.registration.register(replace(ASHA, income_band="8k_15k", family_situation="独居"), actor=BELA)
    fields = shown(whole, asha)
    assert fields["id_number"] == "110101********002X"
    assert fields["address"] == "江苏省常州市****"
    assert fields["email"] == "a***@example.cn"
    assert fields["income_band"] == fields["family_situation"] == "****"
    assert fields["hereditary_disease"] == "有"
    assert fields["allergies"] == "青霉素"
    assert fields["education"] == ""


@pytest.mark.requirement("R17")
def test_given_a_masked_field_when_revealed_then_who_why_and_which_are_kept_before_the_value_leaves(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    phone = whole.patients.card(asha).phones[0]
    assert whole.sheets.reveal(asha, "address", actor=BELA, reason="寄送报告") == ASHA.address
    assert whole.sheets.reveal(asha, "phone", phone_id=phone.id, actor=BELA, reason="回拨") == "13800000001"
    last, first = ground.audit.entries(action="patient.unmask")
    assert (first.actor_id, first.object_id, first.reason, first.detail["field"]) == (
        7,
        str(asha),
        "寄送报告",
        "address",
    )
    assert last.detail["phone_id"] == phone.id
    for reason in ("", " ", "x"):
        with pytest.raises(InvalidInput):
            whole.sheets.reveal(asha, "address", actor=BELA, reason=reason)
    assert ground.audit.verify() == []


@pytest.mark.requirement("R16")
def test_given_level_five_when_an_agent_asks_then_refused_and_the_refusal_is_kept(
    whole: PatientServices, ground: Ground
) -> None:
    asha = whole.registration.register(ASHA, actor=BELA)
    with pytest.raises(NotAllowed):
        whole.sheets.reveal(asha, "hereditary_disease", actor=BELA, reason="好奇")
    (line,) = ground.audit.entries(action="patient.unmask")
    assert line.result == "refused"
    assert whole.sheets.reveal(asha, "hereditary_disease", actor=BELA, reason="接诊", level_max=5) == "地中海贫血"


@pytest.mark.requirement("R19")
def test_given_secret_fields_when_the_tables_are_read_raw_then_nothing_is_readable(
    whole: PatientServices, ground: Ground
) -> None:
    whole.fields.define(replace(BLOOD, level=4), actor=BELA)
    whole.registration.register(replace(ASHA, own_fields={"blood_group": "AB"}), actor=BELA)
    with ground.database.read() as session:
        raw = str(session.execute(text("SELECT * FROM patients")).all())
        values = session.execute(text("SELECT value, value_encrypted FROM patient_field_values")).all()
    assert not any(word in raw for word in ("和平路", "asha@example", "贫血"))
    assert [(row[0], b"AB" in bytes(row[1])) for row in values] == [(None, False)]


def test_given_a_field_that_becomes_secret_when_changed_then_its_values_are_encrypted_and_still_right(
    whole: PatientServices, ground: Ground
) -> None:
    whole.fields.define(BLOOD, actor=BELA)
    asha = whole.registration.register(replace(ASHA, own_fields={"blood_group": "AB"}), actor=BELA)
    for level, stored in ((5, None), (3, "AB")):
        whole.fields.change(replace(BLOOD, level=level), actor=BELA)
        with ground.database.read() as session:
            assert session.scalar(text("SELECT value FROM patient_field_values")) == stored
        assert whole.sheets.reveal(asha, "blood_group", actor=BELA, reason="核对", level_max=5) == "AB"


@pytest.mark.parametrize(
    "spec",
    [
        replace(BLOOD, key="Blood"),
        replace(BLOOD, key="x"),
        replace(BLOOD, label_zh=" \x00"),
        replace(BLOOD, choices=()),
        replace(BLOOD, choices=("A", "A")),
        replace(BLOOD, level=6),
        replace(BLOOD, is_required=True, is_hidden=True),
        FieldSpec("weeks", "周", choices=("1",)),
    ],
)
def test_given_an_unusable_definition_when_defined_then_refused(whole: PatientServices, spec: FieldSpec) -> None:
    with pytest.raises(InvalidInput):
        whole.fields.define(spec, actor=BELA)


def test_given_definitions_when_taken_twice_laxer_or_unknown_then_refused(whole: PatientServices) -> None:
    whole.fields.define(BLOOD, actor=BELA)
    builtin = {one.key: one for one in whole.fields.of()}
    with pytest.raises(Conflict):
        whole.fields.define(BLOOD, actor=BELA)
    with pytest.raises(Conflict):
        whole.fields.define(FieldSpec("name", "姓名"), actor=BELA)
    with pytest.raises(NotFound):
        whole.fields.define(replace(HIV, department_code="nowhere"), actor=BELA)
    for lax in (replace(builtin["id_number"], level=1), replace(builtin["name"], is_required=False)):
        with pytest.raises(InvalidInput):
            whole.fields.change(lax, actor=BELA)


def test_given_a_choice_that_patients_have_when_it_would_vanish_then_refused(whole: PatientServices) -> None:
    whole.fields.define(BLOOD, actor=BELA)
    whole.registration.register(replace(ASHA, own_fields={"blood_group": "AB"}), actor=BELA)
    with pytest.raises(Conflict):
        whole.fields.change(replace(BLOOD, choices=("A", "B", "O")), actor=BELA)
    whole.fields.change(replace(BLOOD, choices=("AB", "O")), actor=BELA)


def test_given_a_hidden_or_retired_field_when_the_sheet_is_opened_then_it_is_not_there_and_values_stay(
    whole: PatientServices,
) -> None:
    whole.fields.define(BLOOD, actor=BELA)
    occupation = next(one for one in whole.fields.of() if one.key == "occupation")
    asha = whole.registration.register(replace(ASHA, own_fields={"blood_group": "AB"}), actor=BELA)
    whole.fields.change(replace(occupation, is_hidden=True), actor=BELA)
    whole.fields.retire("blood_group", actor=BELA)
    assert not {"occupation", "blood_group"} & set(shown(whole, asha))
    whole.fields.change(BLOOD, actor=BELA)
    assert shown(whole, asha)["blood_group"] == "AB"


@pytest.mark.parametrize(("key", "said"), [("hiv", "maybe"), ("blood_group", "C"), ("pregnancy_weeks", "1e400")])
def test_given_a_value_of_another_type_when_set_then_refused(whole: PatientServices, key: str, said: str) -> None:
    for spec in (BLOOD, HIV, WEEKS):
        whole.fields.define(spec, actor=BELA)
    asha = whole.registration.register(ASHA, actor=BELA)
    with pytest.raises(InvalidInput):
        whole.changes.change(asha, {key: said}, actor=BELA, level_max=5)
    whole.changes.change(asha, {"hiv": "否"}, actor=BELA, level_max=5)
    assert whole.sheets.reveal(asha, "hiv", actor=BELA, reason="接诊", level_max=5) == "0"
    whole.changes.change(asha, {"hiv": ""}, actor=BELA, level_max=5)
    with pytest.raises(NotFound):
        whole.sheets.reveal(asha, "hiv", actor=BELA, reason="接诊", level_max=5)
