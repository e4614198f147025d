"""A hospital's database of the first version becomes the whole appointment office, and keeps its rows both ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import inspect, text

from crm_core import schema
from crm_core.appointments import models, models_booking
from crm_core.appointments.service import Appointments
from crm_core.clock import ManualClock
from crm_core.database import Database
from tests.support.booking_house import HOURS, BookingHouse

OURS = {
    kind.__tablename__
    for module in (models, models_booking)
    for kind in vars(module).values()
    if isinstance(kind, type) and hasattr(kind, "__tablename__")
}


@pytest.fixture
def old_database(empty_database_url: str) -> Iterator[Database]:
    """As version 0002 left it: a department, a doctor, a patient, two appointments at the same time, one cancelled."""
    database = Database(empty_database_url)
    schema.upgrade(database, "0002")
    with database.write() as session:
        for statement in (
            "INSERT INTO departments (id, code, name, name_en, place, phone_number, menu_digit, hours, introduction)"
            " VALUES (501, 'ent', '耳鼻喉科', 'ENT', '5层', '', '6', '[]', '')",
            "INSERT INTO doctors (id, code, department_id, name, title) VALUES (501, 'xie', 501, '解晓东', '主任医师')",
        ):
            session.execute(text(statement))
        columns = {column["name"] for column in inspect(database.engine).get_columns("patients")}
        assert {"id", "name", "created_at"} <= columns
        needed = [
            c for c in inspect(database.engine).get_columns("patients") if not c["nullable"] and c["name"] != "id"
        ]
        values = {c["name"]: _something(str(c["type"])) for c in needed}
        session.execute(
            text(f"INSERT INTO patients (id, {', '.join(values)}) VALUES (501, {', '.join(':' + n for n in values)})"),
            values,
        )
        for number, state in ((501, "booked"), (502, "booked"), (503, "cancelled")):
            session.execute(
                text(
                    "INSERT INTO appointments (id, patient_id, doctor_id, starts_at, state) VALUES (:n, 501, 501, :at, :state)"
                ),
                {"n": number, "at": datetime(2026, 11, 24, 16, 30, tzinfo=UTC), "state": state},
            )
    yield database
    database.close()


def _something(kind: str) -> object:
    """Any value a NOT NULL column of another folder takes."""
    table = {"VARCHAR": "x", "TEXT": "x", "INT": 0, "BOOL": False, "TIMESTAMP": datetime(2026, 1, 1, tzinfo=UTC),
             "DATETIME": datetime(2026, 1, 1), "JSON": "[]", "DATE": date(2026, 1, 1)}  # fmt: skip  # noqa: DTZ001
    return next((value for word, value in table.items() if kind.startswith(word)), b"")


def test_given_rows_of_the_first_version_when_upgraded_then_they_are_read_searched_and_dated(
    old_database: Database,
) -> None:
    schema.upgrade(old_database, "0003")
    appointments = Appointments(old_database, ManualClock(), HOURS)
    cards = appointments.upcoming(501)
    assert [(card.id, card.doctor_name, card.slot_id) for card in cards] == [
        (501, "解晓东", None),
        (502, "解晓东", None),
    ]
    [department] = appointments.find_departments("ebh")
    assert (department.name, department.keypad) == ("耳鼻喉科", "3245")
    [doctor] = appointments.find_doctors("xiexiao")
    assert (doctor.name, doctor.is_bookable) == ("解晓东", True)
    with old_database.read() as session:
        days = session.scalars(text("SELECT CAST(day AS VARCHAR) FROM appointments"))
        assert set(days) == {"2026-11-25"}, "half past midnight in the hospital"


def test_given_the_new_tables_when_compared_with_the_models_then_they_agree(old_database: Database) -> None:
    schema.upgrade(old_database, "0003")
    ours = [one for one in _flat(schema.differences(old_database)) if _table_of(one) in OURS]
    assert ours == []


def test_given_bookings_of_the_new_version_when_downgraded_then_the_appointments_stay(old_database: Database) -> None:
    schema.upgrade(old_database, "0003")
    house = BookingHouse(old_database)
    house.setup.add_doctor("wang", "王建国", title="", department_code="ent")
    house.clinic("wang", department="ent", ends=time(8, 30))
    old = Appointments(old_database, house.clock, HOURS).upcoming(501)[0]
    with old_database.write() as session:
        session.execute(text("UPDATE patients SET id_number_hash = 'known' WHERE id = 501"))
    slot = house.slots("wang", date(2026, 11, 26), "ent")[0]
    moved = house.booking.move(old.id, slot.id, idempotency_key="k", channel="desk", by="x")  # type: ignore[arg-type]
    assert moved.moved_from_id == old.id
    schema.downgrade(old_database, "0002")
    with old_database.read() as session:
        rows = session.execute(text("SELECT id, state FROM appointments ORDER BY id")).all()
    assert [tuple(row) for row in rows] == sorted(
        [(501, "moved"), (502, "booked"), (503, "cancelled"), (moved.id, "booked")]
    )
    assert "seats" not in inspect(old_database.engine).get_table_names()
    schema.upgrade(old_database, "0003")


def _flat(found: list[object]) -> list[object]:
    return [inner for one in found for inner in (one if isinstance(one, list) else [one])]


def _table_of(difference: object) -> str:
    """Of one of Alembic's tuples."""
    assert isinstance(difference, tuple)
    for part in difference[1:]:
        table = getattr(part, "table", part)
        name = getattr(table, "name", part)
        if isinstance(name, str):
            return name
    return ""
