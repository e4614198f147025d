"""Merging two records of one person: the preview tells the truth, everything moves, the undo restores everything."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm_core import schema
from crm_core.appointments.models import Appointment, Department, Doctor
from crm_core.calls.models import Call
from crm_core.errors import InvalidInput, NotFound, WrongState
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import Channel, Kin, Purpose
from crm_core.patients.pointers import pointers
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground
from tests.support.patient_world import ASHA, BELA, whole_of

DOUBLE = NewPatient(
    name="阿莎", phones=(("13800000001", "self"), ("13900000009", "child")), card_number="C0000077", occupation="教师",
    vip_card="VIP-7", vip_level=2, consents={"outbound": False},
)  # fmt: skip
TRACES = {"audit_lines", "patient_merges", "patient_merge_moves", "patient_changes", "alembic_version"}
"""What a merge and its undo leave behind on purpose."""
WHEN = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture
def whole(ground: Ground) -> PatientServices:
    with ground.database.write() as session:
        session.add(Department(id=1, code="cardiology", name="心内科"))
        session.flush()
        session.add(Doctor(id=1, code="d1", department_id=1, name="王建国"))
    return whole_of(ground)


def everything(ground: Ground) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table except the traces."""
    with ground.database.read() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in schema.all_metadata().tables.items()
            if name not in TRACES
        }


def book(ground: Ground, patient_id: int, count: int = 1) -> None:
    with ground.database.write() as session:
        session.add_all(Appointment(patient_id=patient_id, doctor_id=1, starts_at=WHEN) for _ in range(count))


def ring(ground: Ground, patient_id: int, call_id: str) -> None:
    with ground.database.write() as session:
        session.add(Call(id=call_id, direction="inbound", state="ended", patient_id=patient_id, arrived_at=WHEN))


def pair(whole: PatientServices, ground: Ground) -> tuple[int, int]:
    survivor = whole.registration.register(ASHA, actor=BELA)
    duplicate = whole.patients.register(DOUBLE)
    book(ground, duplicate, 2)
    ring(ground, duplicate, "in-1")
    return survivor, duplicate


@pytest.mark.capability("C119")
def test_given_two_records_when_previewed_then_nothing_changes_and_the_merge_does_exactly_that(
    whole: PatientServices, ground: Ground
) -> None:
    survivor, duplicate = pair(whole, ground)
    before = everything(ground)
    preview = whole.merging.preview(survivor, duplicate)
    assert everything(ground) == before
    assert (preview.moved["appointments"], preview.moved["calls"], preview.kept) == (2, 1, {"patient_phones": 1})
    taken = {one.key: one.duplicate for one in preview.fields if one.taken}
    assert taken == {"occupation": "教师", "vip_card": "VIP-7"}
    whole.merging.merge(survivor, duplicate, actor=BELA, reason="同一人")
    after = everything(ground)
    assert sum(row[1] == survivor or survivor in row for row in after["appointments"]) == 2
    assert whole.patients.card(survivor).vip_level == 2


@pytest.mark.capability("C119")
def test_given_a_merged_patient_when_looked_for_by_anything_old_then_it_is_the_survivor(
    whole: PatientServices, ground: Ground
) -> None:
    survivor, duplicate = pair(whole, ground)
    whole.merging.merge(survivor, duplicate, actor=BELA, reason="同一人")
    assert whole.patients.card(duplicate).id == survivor
    assert whole.patients.cards([duplicate, survivor])[duplicate].id == survivor
    assert whole.patients.survivor_of(duplicate) == survivor
    old_card = whole.patients.find_by_card("C0000077")
    assert old_card is not None
    assert old_card.id == survivor
    for needle in ("C0000077", "C0000001", "阿莎", "asha", "13900000009", "13800000001"):
        assert [card.id for card in whole.patients.search(needle)] == [survivor], needle
    assert {one.masked for one in whole.patients.card(survivor).phones} == {"138****0001", "010******01", "139****0009"}
    assert not whole.consents.may(duplicate, Purpose.SURVEY, Channel.CALL)
    assert ground.audit.entries(action="patient.merge")[0].reason == "同一人"


@pytest.mark.capability("C119")
def test_given_a_merge_when_undone_then_every_row_and_field_is_as_before(
    whole: PatientServices, ground: Ground
) -> None:
    survivor, duplicate = pair(whole, ground)
    before = everything(ground)
    merge = whole.merging.merge(survivor, duplicate, actor=BELA, reason="同一人", take={"card_number", "name"})
    undone = whole.merging.undo(merge, actor=BELA, reason="弄错了")
    assert everything(ground) == before
    assert (undone.lost, undone.fields_kept, undone.moved_back["appointments"]) == ({}, (), 2)
    assert whole.merging.of(duplicate)[0].is_undone
    with pytest.raises(WrongState):
        whole.merging.undo(merge, actor=BELA, reason="再来")
    assert ground.audit.verify() == []


def test_given_changes_after_the_merge_when_undone_then_they_stay_and_are_named(
    whole: PatientServices, ground: Ground
) -> None:
    survivor, duplicate = pair(whole, ground)
    merge = whole.merging.merge(survivor, duplicate, actor=BELA, reason="同一人")
    whole.changes.change(survivor, {"occupation": "医生"}, actor=BELA)
    book(ground, survivor)
    with ground.database.write() as session:
        session.delete(session.scalars(select(Appointment)).first())
    undone = whole.merging.undo(merge, actor=BELA, reason="弄错了")
    assert (undone.fields_kept, undone.lost, undone.moved_back["appointments"]) == (
        ("occupation",),
        {"appointments": 1},
        1,
    )
    with ground.database.read() as session:
        assert sorted(session.scalars(select(Appointment.patient_id))) == [survivor, duplicate]
    assert whole.patients.card(duplicate).card_number == "C0000077"


def test_given_two_identity_numbers_when_previewed_then_a_warning_and_both_still_lead_to_the_survivor(
    whole: PatientServices,
) -> None:
    one = whole.patients.register(ASHA)
    other = whole.patients.register(replace(DOUBLE, id_number="110101198806150038", birth_date=date(1990, 1, 1)))
    assert set(whole.merging.preview(one, other).warnings) == {"id_number", "birth_date"}
    merge = whole.merging.merge(one, other, actor=BELA, reason="证号录错", take={"id_number"})
    assert whole.patients.unmask(one, "id_number") == "110101198806150038"
    for number in ("110101198806150038", "11010119880615002X"):
        assert [card.id for card in whole.patients.search(number)] == [one]
    whole.merging.undo(merge, actor=BELA, reason="弄错了")
    assert whole.patients.unmask(one, "id_number") == "11010119880615002X"
    assert whole.patients.unmask(other, "id_number") == "110101198806150038"


def test_given_relatives_of_both_when_merged_then_nobody_is_his_own_relative_and_links_come_back(
    whole: PatientServices, ground: Ground
) -> None:
    survivor, duplicate = pair(whole, ground)
    child = whole.patients.register(NewPatient(name="李小明"))
    whole.families.link(survivor, child, Kin.CHILD, actor=BELA)
    whole.families.link(duplicate, child, Kin.CHILD, actor=BELA)
    whole.families.link(survivor, duplicate, Kin.SIBLING, actor=BELA)
    before = everything(ground)
    merge = whole.merging.merge(survivor, duplicate, actor=BELA, reason="同一人")
    assert [(one.card.id, one.kin) for one in whole.families.of(survivor)] == [(child, Kin.CHILD)]
    assert [one.card.id for one in whole.families.of(child)] == [survivor]
    whole.merging.undo(merge, actor=BELA, reason="弄错了")
    assert everything(ground) == before


def test_given_unusable_pairs_when_merged_then_refused(whole: PatientServices, ground: Ground) -> None:
    survivor, duplicate = pair(whole, ground)
    third = whole.patients.register(NewPatient(name="王芳"))
    with pytest.raises(InvalidInput):
        whole.merging.merge(survivor, survivor, actor=BELA, reason="同一人")
    with pytest.raises(InvalidInput):
        whole.merging.merge(survivor, duplicate, actor=BELA, reason="")
    with pytest.raises(InvalidInput):
        whole.merging.preview(survivor, duplicate, take={"shoe_size"})
    with pytest.raises(NotFound):
        whole.merging.merge(survivor, 999, actor=BELA, reason="同一人")
    first = whole.merging.merge(survivor, duplicate, actor=BELA, reason="同一人")
    with pytest.raises(WrongState):
        whole.merging.merge(third, duplicate, actor=BELA, reason="同一人")
    second = whole.merging.merge(third, survivor, actor=BELA, reason="同一人")
    assert whole.patients.survivor_of(duplicate) == third
    with pytest.raises(WrongState):
        whole.merging.undo(first, actor=BELA, reason="弄错了")
    whole.merging.undo(second, actor=BELA, reason="弄错了")
    whole.merging.undo(first, actor=BELA, reason="弄错了")


def test_given_the_metadata_when_asked_then_every_table_with_a_patient_is_moved_and_keys_can_be_written_down() -> None:
    found = {(one.table.name, one.column.name) for one in pointers(schema.all_metadata())}
    with_patient = {
        (table.name, column.name)
        for table in schema.all_metadata().tables.values()
        for column in table.columns
        if column.name == "patient_id" or any(key.column.table.name == "patients" for key in column.foreign_keys)
    }
    assert with_patient - found == {("patient_merges", "survivor_id"), ("patient_merges", "merged_id")}
    keys = {column.type.python_type for one in pointers(schema.all_metadata()) for column in one.table.primary_key}
    assert keys <= {int, str}


PEOPLE = 5
LINKS = st.lists(
    st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.sampled_from(list(Kin))), max_size=8
)
NUMBERS = st.lists(st.lists(st.integers(0, 3), unique=True, max_size=3), min_size=PEOPLE, max_size=PEOPLE)
ROWS = st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(["call", "book", "consent", "pin"])), max_size=10)
MERGES = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1),
        st.sets(st.sampled_from(["name", "card_number", "id_number", "occupation", "vip_card", "tags"])),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@pytest.mark.capability("C119")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=LINKS, numbers=NUMBERS, rows=ROWS, merges=MERGES, blank=st.sets(st.integers(0, PEOPLE - 1)))
def test_given_any_graph_of_people_when_merged_and_undone_in_turn_then_every_state_comes_back(
    whole: PatientServices, ground: Ground, links: list[tuple[int, int, Kin]], numbers: list[list[int]],
    rows: list[tuple[int, str]], merges: list[tuple[int, int, set[str]]], blank: set[int],
) -> None:  # fmt: skip
    people = _people(whole, numbers, blank)
    _fill(whole, ground, people, links, rows)
    states, done = [everything(ground)], []
    for one, other, take in merges:
        try:
            done.append(whole.merging.merge(people[one], people[other], actor=BELA, reason="同一人", take=take))
        except (InvalidInput, WrongState):
            continue
        states.append(everything(ground))
    for merge in reversed(done):
        assert everything(ground) == states.pop()
        undone = whole.merging.undo(merge, actor=BELA, reason="弄错了")
        assert (undone.lost, undone.fields_kept) == ({}, ())
    assert everything(ground) == states.pop()


def _people(whole: PatientServices, numbers: Iterable[list[int]], blank: set[int]) -> list[int]:
    born = len(whole.patients.search("甲", 100))
    return [
        whole.patients.register(
            NewPatient(
                name=f"甲{'乙' * place}",
                phones=tuple((f"1380000000{digit}", "self") for digit in digits),
                card_number="" if place in blank else f"C{born}-{place}",
                id_number="" if place in blank else f"1101011988{born:04d}{place:03d}X",
                vip_card="" if place in blank else f"V{born}-{place}",
                vip_level=0 if place in blank else 1,
                tags=() if place in blank else (f"标签{place}",),
                occupation="" if place in blank else f"职业{place}",
            )
        )
        for place, digits in enumerate(numbers)
    ]


def _fill(
    whole: PatientServices, ground: Ground, people: list[int], links: list[tuple[int, int, Kin]],
    rows: list[tuple[int, str]],
) -> None:  # fmt: skip
    for one, other, kin in links:
        if one != other:
            whole.families.link(people[one], people[other], kin, actor=BELA)
    for place, (one, what) in enumerate(rows):
        match what:
            case "call":
                ring(ground, people[one], f"in-{people[0]}-{place}")
            case "book":
                book(ground, people[one])
            case "consent":
                whole.consents.grant(people[one], Purpose.SURVEY, Channel.CALL, actor=BELA)
            case _:
                whole.proofs.set_pin(people[one], "274913", actor=BELA)
