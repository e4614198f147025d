"""History, money, answers, sheets, lost callers and tickets at the desk: who may, what is masked, what is noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent_desk.offices import Offices
from crm_core.calls.kinds import CallOutcome
from crm_core.ids import CallId
from crm_core.tickets.cards import NewMessage
from tests.support.desk_browser import Browser
from tests.support.desk_world import ASHA_NUMBER
from tests.support.whole_desk import WholeDesk

ASHA_FACTS = {"id_tail": "1234", "birth_date": "1958-03-02"}


@pytest.fixture
def world(tmp_path: Path, desk_template: Path) -> Iterator[WholeDesk]:
    made = WholeDesk(tmp_path, desk_template)
    yield made
    made.close()


@pytest.fixture
def bela(world: WholeDesk) -> Browser:
    return desk_of(world, world.bela)


def desk_of(world: WholeDesk, account: Any) -> Browser:
    world.sign_on(account)
    browser = world.browser(account).connect()
    browser.subscribe()
    return browser


@pytest.mark.capability("C34")
def test_given_everything_that_happened_when_the_time_line_is_asked_then_one_list_newest_first(
    world: WholeDesk, bela: Browser
) -> None:
    world.visit()
    call_id = world.talk(world.bela, patient=world.asha)
    world.enquiry_log.record(call_id, "drug", answer="阿莫西林", patient_id=int(world.asha), was_solved=True)
    world.tickets.leave_message(NewMessage(call_id, "a.wav", 4.0, number=ASHA_NUMBER, patient_id=world.asha))
    items = bela.get(f"/patients/{world.asha}/timeline").json["items"]
    assert {"visit", "medication", "report", "appointment", "call", "enquiry", "ticket"} <= {
        one["kind"] for one in items
    }
    assert [one["at"] for one in items] == sorted((one["at"] for one in items), reverse=True)
    assert [one["is_bad"] for one in items if one["kind"] == "report"] == [True]
    visit = bela.get(f"/patients/{world.asha}/visits").json["items"][0]
    assert (visit["diagnosis"], visit["kind_title"]) == ("高血压3级", "住院")
    for path in ("timeline", "visits", f"fees?call_id={call_id}", "sheet", "consents"):
        assert desk_of(world, world.dora).get(f"/patients/{world.asha}/{path}").status_code == 404, path


@pytest.mark.capability("C110")
@pytest.mark.requirement("R46")
def test_given_money_is_asked_for_when_two_facts_were_right_in_this_call_then_shown_and_not_before(
    world: WholeDesk, bela: Browser
) -> None:
    world.visit()
    call_id = world.talk(world.bela, patient=world.asha)
    path = f"/patients/{world.asha}/fees?call_id={call_id}"
    assert bela.get(path).json["error"]["code"] == "not_proven_yet"
    prove = f"/patients/{world.asha}/identity"
    assert bela.post(prove, {"call_id": call_id, "id_tail": "1234"}).status_code == 422
    wrong = bela.post(prove, {"call_id": call_id, "id_tail": "9999", "birth_date": "19580302"})
    assert wrong.json == {"result": "not_proven"}
    assert bela.get(path).status_code == 403
    assert bela.post(prove, {"call_id": call_id, **ASHA_FACTS}).json == {"result": "proven"}
    fees = bela.get(path).json
    assert (fees["amount_fen"], fees["self_fen"], fees["balance"]["deposit_fen"]) == (123_45, 23_45, 5_000_00)
    again = world.talk(world.bela, patient=world.asha)
    assert bela.get(f"/patients/{world.asha}/fees?call_id={again}").status_code == 403, "proven in that call only"
    assert "identity.proven" in world.actions()
    assert "patient.fees" in world.actions()


@pytest.mark.requirement("R46")
def test_given_three_wrong_tries_when_asked_again_then_locked_even_with_right_facts(
    world: WholeDesk, bela: Browser
) -> None:
    call_id = world.talk(world.bela, patient=world.asha)
    prove = f"/patients/{world.asha}/identity"
    for _ in range(3):
        bela.post(prove, {"call_id": call_id, "id_tail": "0000", "name": "阿莎"})
    assert bela.post(prove, {"call_id": call_id, **ASHA_FACTS}).json == {"result": "locked"}


@pytest.mark.capability("C109")
@pytest.mark.capability("C41")
def test_given_a_medicine_when_found_by_initials_then_its_card_is_shown_and_sent_once(
    world: WholeDesk, bela: Browser
) -> None:
    world.answers()
    call_id = world.talk(world.bela, patient=world.asha)
    (found,) = bela.get("/answers?q=amxl").json["items"]
    rows = {one["key"]: one["value"] for one in found["rows"]}
    assert (found["price_fen"], found["owner"], rows["origin"]) == (18_60, "药剂科", "华北制药")
    assert rows["reimbursement"] == "职工医保 80%"
    sent = bela.post(f"/calls/{call_id}/answers/send", {"code": "AMXL"}).json
    assert sent["recipient_masked"] == "138****0001"
    assert bela.post(f"/calls/{call_id}/answers/send", {"code": "AMXL"}).json["id"] == sent["id"]
    assert "18.60元/盒" in world.message_log.text(sent["id"]).text
    (old,) = bela.get("/answers?q=来院").json["items"]
    assert old["is_expired"] is True
    assert bela.post(f"/calls/{call_id}/answers/send", {"code": "route"}).json["error"]["code"] == "expired"
    assert bela.get("/answers?q=" + "'; DROP TABLE x--").json["items"] == []


@pytest.mark.capability("C108")
def test_given_an_enquiry_when_settled_at_once_then_it_is_in_the_record_of_the_call(
    world: WholeDesk, bela: Browser
) -> None:
    call_id = world.talk(world.bela, patient=world.asha)
    made = bela.post(f"/calls/{call_id}/enquiries", {"kind": "drug", "item": "AMXL", "was_solved": None}).json["id"]
    assert bela.post(f"/calls/{call_id}/enquiries/{made}/settle", {"was_solved": True}).status_code == 200
    (one,) = bela.get(f"/calls/{call_id}/enquiries").json["items"]
    assert (one["kind_title"], one["was_solved"]) == ("药品", True)
    other = world.talk(world.bolin)
    assert bela.post(f"/calls/{other}/enquiries", {"kind": "drug"}).status_code == 404
    assert bela.post(f"/calls/{call_id}/enquiries/{made + 1}/settle", {"was_solved": True}).status_code == 404
    assert bela.post(f"/calls/{call_id}/enquiries", {"kind": "gossip"}).status_code == 422


@pytest.mark.capability("C116")
@pytest.mark.capability("C121")
def test_given_the_sheet_when_fields_and_consents_change_then_masked_kept_in_history_and_on_the_call(
    world: WholeDesk, bela: Browser
) -> None:
    call_id = world.talk(world.bela, patient=world.asha)
    one = f"/patients/{world.asha}"
    sheet = bela.get(f"{one}/sheet")
    fields = {field["key"]: field for field in sheet.json["fields"]}
    assert fields["id_number"]["is_masked"] is True
    assert "110101195803021234" not in sheet.text
    assert bela.put(f"{one}/fields", {"fields": {"preferred_time": "上午"}}).json == {"changed": ["preferred_time"]}
    assert bela.calls()[call_id]["patient"]["preferred_time"] == "上午"
    assert bela.put(f"{one}/fields", {"fields": {"no_such": "x"}}).status_code == 422
    assert next(line["field"] for line in bela.get(f"{one}/changes").json["items"]) == "preferred_time"
    wish = {"purpose": "survey", "channel": "call", "is_granted": False, "call_id": call_id}
    after = bela.post(f"{one}/consents", wish).json
    assert after["ledger"][0]["is_granted"] is False
    assert [(c["answer"], c["may"]) for c in after["items"] if (c["purpose"], c["channel"]) == ("survey", "call")] == [
        (False, False)
    ]
    assert "consent.withdraw" in world.actions()


@pytest.mark.capability("C117")
@pytest.mark.capability("C119")
def test_given_duplicates_when_the_supervisor_merges_them_then_previewed_done_and_undone(
    world: WholeDesk, bela: Browser
) -> None:
    world.talk(world.bela, patient=world.asha)
    one, wish = f"/patients/{world.twin_one}", {"duplicate_id": int(world.twin_two)}
    assert bela.post(f"{one}/merge/preview", wish).status_code == 403
    chen = desk_of(world, world.chen)
    preview = chen.post(f"{one}/merge/preview", wish).json
    assert "name" in {field["key"] for field in preview["fields"]}
    assert int(world.services.patients.survivor_of(int(world.twin_two))) == int(world.twin_two), "only looked at"
    merged = chen.post(f"{one}/merge", wish | {"reason": "同一人"}).json["merge_id"]
    assert int(world.services.patients.survivor_of(int(world.twin_two))) == int(world.twin_one)
    assert chen.post(f"/merges/{merged}/undo", {"reason": "弄错了"}).status_code == 200
    assert int(world.services.patients.survivor_of(int(world.twin_two))) == int(world.twin_two)
    tier = chen.post(f"{one}/tier", {"tier": "gold", "reason": "院长嘱托"}).json
    assert (tier["tier_title"], tier["tier_is_by_hand"]) == ("黄金", True)
    assert "院长嘱托" in tier["tier_why"]


@pytest.mark.capability("C23")
def test_given_a_lost_call_when_listed_then_masked_live_and_closed_by_hand(world: WholeDesk, bela: Browser) -> None:
    call_id = world.call_arrives(ASHA_NUMBER, patient=world.asha)
    world.queue(call_id)
    world.clock.advance(60)
    world.end(call_id, CallOutcome.QUEUE_ABANDONED)
    world.server.desk.notifier.flush()
    bela.take()
    assert bela.screen[("topic", "lost")]["stamp"] >= 1
    answer = bela.get("/missed")
    (item,) = answer.json["items"]
    assert (item["number_masked"], item["patient_name_masked"], item["state"]) == ("138****0001", "阿*", "open")
    assert ASHA_NUMBER not in answer.text
    assert bela.post(f"/missed/{item['id']}/number", {}).json["value"].endswith("13800000001")
    assert bela.post(f"/missed/{item['id']}/close", {}).status_code == 200
    assert bela.post(f"/missed/{item['id']}/close", {}).json["error"]["code"] == "missed_closed"
    assert bela.get("/missed?state=closed").json["items"][0]["closed_how_title"] == "人工关闭"
    assert {"missed.number", "missed.close"} <= set(world.actions())
    assert bela.get("/call_backs").json == {"items": []}


def test_given_a_nuisance_number_when_listed_then_supervisors_only_masked_and_never_the_police(
    world: WholeDesk, bela: Browser
) -> None:
    until = (world.clock.now() + timedelta(days=30)).isoformat()
    body = {"number": "13911112222", "reason": "反复骚扰", "expires_at": until}
    assert bela.post("/nuisance", body).status_code == 403
    chen = desk_of(world, world.chen)
    made = chen.post("/nuisance", body)
    assert (made.status_code, made.json["number_masked"]) == (201, "139****2222")
    assert chen.post("/nuisance", body | {"number": "110"}).json["error"]["code"] == "nuisance_protected"
    assert chen.post("/nuisance", body | {"number": "<script>"}).status_code == 422
    assert chen.post(f"/nuisance/{made.json['id']}/remove", {}).status_code == 200
    assert chen.get("/nuisance").json["items"] == []


@pytest.mark.capability("C13")
def test_given_a_recorded_message_when_worked_on_then_each_step_is_kept_and_agents_stay_out(
    world: WholeDesk, bela: Browser
) -> None:
    card = world.tickets.leave_message(NewMessage(CallId("hl1-9.1"), "m.wav", 6.0, number=ASHA_NUMBER))
    assert bela.get("/tickets").status_code == 403
    chen = desk_of(world, world.chen)
    (item,) = chen.get("/tickets").json["items"]
    assert (item["number"], item["kind_title"], item["number_masked"]) == (card.number, "录音留言", "138****0001")
    (next_state, *_) = [one["state"] for one in item["next_states"]]
    moved = chen.post(f"/tickets/{card.id}/move", {"state": next_state, "note": "<b>已联系</b>"}).json
    assert (moved["state"], moved["hops"][-1]["note"]) == (next_state, "<b>已联系</b>")
    assert chen.post(f"/tickets/{card.id}/move", {"state": "open"}).json["error"]["code"] == "ticket_state"
    assert chen.post(f"/tickets/{card.id}/move", {"state": "closed", "department": "nowhere"}).status_code == 422
    assert chen.get(f"/tickets/{card.id}/sounds/999").status_code == 404
    assert chen.get("/tickets/999").status_code == 404
    assert "ticket.move" in world.actions()


def test_given_an_office_that_is_not_there_when_logged_in_then_no_page_is_promised(world: WholeDesk) -> None:
    shown = world.browser(world.bela).get("/session").json["user"]["permissions"]
    assert {"booking.edit", "lost.view", "patient.edit"} <= set(shown)
    world.server.desk.services = replace(world.services, offices=Offices())
    shown = world.browser(world.bela).get("/session").json["user"]["permissions"]
    assert shown == ["call.control", "desk.use", "patient.unmask", "patient.view"]
