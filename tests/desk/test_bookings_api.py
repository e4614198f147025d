"""Booking at the desk: three clicks, one of two agents gets the last seat, foreign patients are nobody's (C102-C105)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.ids import CallId
from tests.support.desk_browser import Browser
from tests.support.desk_world import ASHA_NUMBER, SHARED_NUMBER
from tests.support.whole_desk import TUESDAY, WholeDesk


@pytest.fixture
def world(tmp_path: Path, desk_template: Path) -> Iterator[WholeDesk]:
    made = WholeDesk(tmp_path, desk_template)
    yield made
    made.close()


def desk_of(world: WholeDesk, account: Any) -> Browser:
    world.sign_on(account)
    browser = world.browser(account).connect()
    browser.subscribe()
    return browser


def hold(browser: Browser, call_id: CallId, slot_id: int, patient_id: int) -> Any:
    return browser.post(f"/calls/{call_id}/hold", {"slot_id": slot_id, "patient_id": patient_id})


def book(browser: Browser, call_id: CallId, patient_id: int, *, key: str = "k1", **seat: int) -> Any:
    body = {"patient_id": patient_id} | seat
    return browser.post(f"/calls/{call_id}/appointments", body, headers={"Idempotency-Key": key})


@pytest.mark.capability("C102")
def test_given_a_caller_when_a_seat_is_held_and_confirmed_then_booked_written_to_him_and_on_the_call(
    world: WholeDesk,
) -> None:
    first, second = world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    (department,) = [one for one in bela.get("/booking/departments").json["items"] if one["code"] == "eyes"]
    assert department["name"] == "眼科"
    grid = bela.get("/booking/sessions?department=eyes").json
    (half_day,) = [one for one in grid["sessions"] if one["day"] == TUESDAY.isoformat()]
    assert (half_day["title"], half_day["doctor_name"], half_day["fee_fen"]) == ("余 2", "林静", 2500)
    slots = bela.get(f"/booking/sessions/{half_day['id']}/slots").json["items"]
    assert [one["id"] for one in slots] == [first.id, second.id]

    held = hold(bela, call_id, first.id, world.asha)
    assert held.status_code == 200
    answer = book(bela, call_id, world.asha, hold_id=held.json["hold"]["id"])
    assert (answer.status_code, answer.json["appointment"]["state"]) == (201, "booked")
    assert answer.json["message"]["recipient_masked"] == "138****0001"
    again = book(bela, call_id, world.asha, hold_id=held.json["hold"]["id"])
    assert again.json["appointment"]["id"] == answer.json["appointment"]["id"]

    (message,) = world.message_log.of_patient(world.asha)
    text = world.message_log.text(message.id).text
    assert "眼科" in text
    assert "门诊楼2层B区" in text
    bela.take()
    on_call = [one["department_code"] for one in bela.calls()[call_id]["patient"]["appointments"]]
    assert "eyes" in on_call
    assert "appointment.booked" in world.actions()
    known = bela.get(f"/patients/{world.asha}/bookings").json
    assert known["is_real_name"] is True
    assert answer.json["appointment"]["id"] in [one["id"] for one in known["appointments"]]


@pytest.mark.capability("C103")
@pytest.mark.invariant("I2")
def test_given_the_last_seat_when_two_agents_want_it_then_one_has_it_and_the_other_is_told_and_shown_others(
    world: WholeDesk,
) -> None:
    first, second = world.clinic()
    world.real_name(world.twin_one)
    bela, bolin = desk_of(world, world.bela), desk_of(world, world.bolin)
    mine = world.talk(world.bela, patient=world.asha)
    his = world.talk(world.bolin, patient=world.twin_one, number=SHARED_NUMBER)
    before = topic(bolin, "slots:eyes")
    held = hold(bela, mine, first.id, world.asha).json["hold"]["id"]
    world.server.desk.notifier.flush()
    assert topic(bolin, "slots:eyes") > before, "his grid is told at once"
    seen = bolin.get(f"/booking/sessions/{first.session_id}/slots").json["items"]
    assert [(one["state"], one["title"]) for one in seen] == [("full", "满"), ("open", "余 1")]

    refused = hold(bolin, his, first.id, world.twin_one)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "slot_taken")
    assert refused.json["error"]["message_zh"] == "这个号刚被他人约走，请另选"
    assert next(one["id"] for one in refused.json["error"]["next_slots"]) == second.id
    assert book(bolin, his, world.twin_one, slot_id=first.id).json["error"]["code"] == "slot_taken"
    assert book(bela, mine, world.asha, hold_id=held).status_code == 201
    assert [one.patient_id for one in world.booking.of_patient(world.twin_one)] == []


def topic(browser: Browser, name: str) -> int:
    browser.take()
    return int(browser.screen.get(("topic", name), {}).get("stamp", 0))


@pytest.mark.capability("C102")
def test_given_a_hold_when_the_agent_lets_go_then_the_seat_is_free_for_others(world: WholeDesk) -> None:
    first, _ = world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    hold(bela, call_id, first.id, world.asha)
    assert world.schedules.slot(first.id).left == 0
    assert bela.post(f"/calls/{call_id}/hold/release").status_code == 200
    assert world.schedules.slot(first.id).left == 1


@pytest.mark.capability("C104")
def test_given_an_appointment_when_moved_and_cancelled_then_each_is_told_and_the_seats_come_back(
    world: WholeDesk,
) -> None:
    first, second = world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    made = book(bela, call_id, world.asha, slot_id=first.id).json["appointment"]["id"]
    moved = bela.post(
        f"/calls/{call_id}/appointments/{made}/move", {"slot_id": second.id}, headers={"Idempotency-Key": "k2"}
    )
    assert (moved.status_code, moved.json["appointment"]["state"]) == (200, "booked")
    assert (world.schedules.slot(first.id).left, world.schedules.slot(second.id).left) == (1, 0)
    cancelled = bela.post(
        f"/calls/{call_id}/appointments/{moved.json['appointment']['id']}/cancel", {"reason": "临时有事"}
    )
    assert cancelled.json["appointment"]["state_title"] == "已取消"
    assert world.schedules.slot(second.id).left == 1
    assert [one.title for one in world.message_log.of_patient(world.asha)] == ["预约已取消", "改约成功", "预约成功"]
    assert bela.post(f"/calls/{call_id}/appointments/{made}/cancel", {}).json["error"]["code"] == "not_booked"


@pytest.mark.capability("C102")
def test_given_no_identity_number_when_booked_then_the_reason_in_words(world: WholeDesk) -> None:
    first, _ = world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.twin_one, number=SHARED_NUMBER)
    assert bela.get(f"/patients/{world.twin_one}/bookings").json["is_real_name"] is False
    refused = book(bela, call_id, world.twin_one, slot_id=first.id)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_real_name")
    assert "实名" in refused.json["error"]["message_zh"]


@pytest.mark.capability("C102")
def test_given_a_booking_that_day_when_booked_again_then_the_existing_one_is_shown(world: WholeDesk) -> None:
    first, second = world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    made = book(bela, call_id, world.asha, slot_id=first.id).json["appointment"]["id"]
    refused = book(bela, call_id, world.asha, slot_id=second.id, key="k9").json["error"]
    assert (refused["code"], refused["existing"]["id"]) == ("one_per_department_per_day", made)


@pytest.mark.capability("C105")
def test_given_a_full_day_when_he_waits_then_the_freed_seat_is_his_to_take(world: WholeDesk) -> None:
    (first,) = world.clinic()[:1]
    slots = world.schedules.slots_of(first.session_id)
    world.real_name(world.twin_one, world.twin_two)
    bela, bolin = desk_of(world, world.bela), desk_of(world, world.bolin)
    mine = world.talk(world.bela, patient=world.asha)
    his = world.talk(world.bolin, patient=world.twin_one, number=SHARED_NUMBER)
    wish = {"patient_id": int(world.twin_one), "department": "eyes", "doctor": "lin", "day": TUESDAY.isoformat()}
    free = bolin.post(f"/calls/{his}/waiting", wish).json["error"]
    assert (free["code"], len(free["next_slots"])) == ("seats_still_free", 2)
    made = book(bela, mine, world.asha, slot_id=slots[0].id).json["appointment"]["id"]
    assert hold(bela, mine, slots[1].id, world.asha).status_code == 200
    joined = bolin.post(f"/calls/{his}/waiting", wish)
    assert (joined.status_code, joined.json["waiting"]["place"]) == (201, 1)
    assert bolin.post(f"/calls/{his}/waiting", wish).json["error"]["code"] == "already_waiting"
    bela.post(f"/calls/{mine}/appointments/{made}/cancel", {})
    (entry,) = bolin.get(f"/patients/{world.twin_one}/bookings").json["waiting"]
    assert (entry["state"], entry["state_title"]) == ("offered", "待确认")
    taken = bolin.post(f"/calls/{his}/waiting/{entry['id']}/accept")
    assert taken.json["appointment"]["state"] == "booked"
    assert bela.post(f"/calls/{mine}/waiting/{entry['id']}/leave").status_code == 404, "not her patient"


@pytest.mark.requirement("R15")
def test_given_a_foreign_patient_call_or_appointment_when_touched_then_404_and_noted(world: WholeDesk) -> None:
    first, _ = world.clinic()
    bela, dora = desk_of(world, world.bela), desk_of(world, world.dora)
    call_id = world.talk(world.bela, patient=world.asha)
    made = book(bela, call_id, world.asha, slot_id=first.id).json["appointment"]["id"]
    doras = world.talk(world.dora, patient=world.stranger, number="13800000009")
    tries = [
        dora.get(f"/patients/{world.asha}/bookings"),
        hold(dora, call_id, first.id, world.asha),
        hold(dora, doras, first.id, world.asha),
        book(dora, doras, world.asha, slot_id=first.id),
        dora.post(f"/calls/{doras}/appointments/{made}/cancel", {}),
        dora.post(f"/calls/{doras}/appointments/{made + 999}/cancel", {}),
        dora.post(f"/calls/{doras}/appointments/{made}/move", {"slot_id": first.id}),
        dora.post(f"/calls/{doras}/waiting/1/leave"),
    ]
    assert [one.status_code for one in tries] == [404] * len(tries)
    assert tries[4].json == tries[5].json, "foreign and missing look the same"
    assert world.booking.card(made).state == "booked"
    assert "access.refused" in world.actions()


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("hold", {"slot_id": "1; DROP TABLE slots", "patient_id": 1}),
        ("hold", {"slot_id": -1, "patient_id": 1}),
        ("hold", {"slot_id": 999999999, "patient_id": 1}),
        ("appointments", {"patient_id": 1}),
        ("appointments", {"patient_id": 1, "slot_id": 1, "hold_id": 1}),
        ("appointments", {"patient_id": 1, "hold_id": 424242}),
        ("waiting", {"patient_id": 1, "department": "../x", "day": "2026-11-24"}),
        ("waiting", {"patient_id": 1, "department": "nowhere", "day": "2026-11-24"}),
        ("waiting", {"patient_id": 1, "department": "eyes", "day": "1999-01-01"}),
    ],
)
def test_given_hostile_input_when_sent_then_refused_in_one_shape_and_nothing_booked(
    world: WholeDesk, path: str, body: dict[str, Any]
) -> None:
    world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    answer = bela.post(f"/calls/{call_id}/{path}", body)
    assert answer.status_code in (404, 422)
    assert answer.json["error"]["message_zh"]
    assert [one for one in world.booking.of_patient(world.asha) if one.department_code == "eyes"] == []
    assert bela.get("/booking/sessions?department=nowhere").status_code == 404
    assert bela.get("/booking/sessions?department=eyes&from_day=9999-01-01").status_code == 422


@pytest.mark.capability("C105")
@pytest.mark.fault("F40")
def test_given_a_closed_clinic_when_the_supervisor_closes_it_then_everybody_in_it_is_listed_masked(
    world: WholeDesk,
) -> None:
    first, _ = world.clinic()
    bela = desk_of(world, world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    made = book(bela, call_id, world.asha, slot_id=first.id).json["appointment"]["id"]
    wish = {"doctor": "lin", "day": TUESDAY.isoformat(), "period": "morning", "reason": "医生外出会诊"}
    assert bela.post("/schedule/close", wish).status_code == 403
    chen = desk_of(world, world.chen)
    day = chen.get(f"/schedule?day={TUESDAY.isoformat()}&department=eyes").json
    assert [one["title"] for one in day["sessions"]] == ["余 1"]
    closed = chen.post("/schedule/close", wish)
    (line,) = closed.json["items"]
    assert (line["id"], line["patient_name_masked"], line["phone_masked"]) == (made, "阿*", "138****0001")
    assert ASHA_NUMBER not in closed.text
    again = chen.get(f"/schedule/sessions/{first.session_id}/affected").json["items"]
    assert [one["id"] for one in again] == [made]
    assert hold(bela, call_id, first.id, world.asha).json["error"]["code"] == "session_closed"
    assert world.browser(world.admin).post(f"/schedule/sessions/{first.session_id}/reopen").status_code == 200
    assert world.schedules.slot(first.id).left == 1
    assert {"schedule.close", "schedule.affected", "schedule.reopen"} <= set(world.actions())


@pytest.mark.requirement("R14")
def test_given_every_office_when_the_server_is_made_then_each_route_has_a_permission_and_nobody_unknown_gets_in(
    world: WholeDesk,
) -> None:
    browser = world.browser()
    permissions = world.server.app.extensions["hotline_permissions"]
    wanted = ("/api/v1/booking", "/api/v1/answers", "/api/v1/missed", "/api/v1/tickets", "/api/v1/schedule")
    own = [rule for rule in world.server.app.url_map.iter_rules() if rule.rule.startswith(wanted)]
    assert len(own) >= 12
    assert all(permissions[rule.endpoint].value not in ("anybody", "logged_in") for rule in own)
    for path in ("/booking/departments", "/schedule", "/tickets", "/missed", f"/patients/{world.asha}/timeline"):
        assert browser.get(path).status_code == 401
