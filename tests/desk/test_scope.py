"""Nobody sees or touches what is not his: patients, calls, sockets (R15, I5, F69, F78)."""

from __future__ import annotations

import pytest

from tests.support.desk_world import CANARY, DeskWorld


@pytest.mark.requirement("R15")
@pytest.mark.invariant("I5")
def test_given_a_patient_when_there_is_no_call_then_404_with_a_current_or_owned_call_the_card(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    assert bela.get(f"/patients/{world.asha}").status_code == 404
    call_id = world.talk(world.bela, patient=world.asha)
    card = bela.get(f"/patients/{world.asha}")
    assert card.json["name"] == "阿莎"
    assert "13800000001" not in card.text
    assert "110101195803021234" not in card.text
    world.end_leg(call_id, world.bela, world.services.calls.record(call_id).legs[0].id)
    world.end(call_id)
    world.services.agents.finish_wrap_up(world.bela.id)
    assert bela.get(f"/patients/{world.asha}").status_code == 200
    world.clock.advance(25 * 3600)
    assert world.browser(world.bela).get(f"/patients/{world.asha}").status_code == 404
    assert world.actions().count("patient.view") == 2


@pytest.mark.fault("F78")
@pytest.mark.invariant("I5")
def test_given_ids_that_are_walked_when_foreign_or_missing_then_the_same_answer_and_noted(world: DeskWorld) -> None:
    world.sign_on(world.bela, world.dora)
    call_id = world.talk(world.bela, patient=world.asha)
    recording_id = world.recorded(call_id)
    dora = world.browser(world.dora)
    foreign = dora.get(f"/patients/{world.asha}")
    missing = dora.get("/patients/4711")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.data == missing.data
    assert dora.get(f"/calls/{call_id}").status_code == 404
    for path in (f"/recordings/{recording_id}", f"/recordings/{recording_id}/audio", "/recordings"):
        assert dora.get(path).status_code == 403
    assert world.actions().count("access.refused") >= 5
    assert CANARY not in foreign.text


@pytest.mark.fault("F69")
def test_given_a_colleagues_call_when_commanded_then_nothing_is_sent(world: DeskWorld) -> None:
    world.sign_on(world.bela, world.dora)
    call_id = world.talk(world.bela, patient=world.asha)
    dora = world.browser(world.dora)
    sent = len(world.telephony.commands)
    target = {"kind": "blind", "target": {"kind": "queue", "value": "booking"}}
    wrap_up = {"disposition": "other"}
    for method, path, body in (
        ("POST", "hang_up", None), ("POST", "transfer", target), ("POST", "consult/complete", None),
        ("POST", "consult/cancel", None), ("POST", "conference", None), ("POST", "digits", {"digits": "1"}),
        ("POST", "patient", {"patient_id": int(world.asha)}), ("PUT", "notes", {"text": "x"}),
        ("POST", "wrap_up", wrap_up), ("POST", "wrap_up/extend", None), ("POST", "unmask", {"reason": "why not"}),
    ):  # fmt: skip
        assert dora.send(method, f"/calls/{call_id}/{path}", body).status_code == 404, path
    assert len(world.telephony.commands) == sent


@pytest.mark.parametrize("call_id", ["..", "x" * 200, "a b", "a%0d%0ab", "%00"])
def test_given_an_unsafe_call_id_when_used_then_404(world: DeskWorld, call_id: str) -> None:
    assert world.browser(world.chen).get(f"/calls/{call_id}").status_code == 404


@pytest.mark.requirement("R17")
def test_given_a_reason_when_unmasking_then_the_value_and_a_line_in_the_audit(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    phone = world.services.patients.card(world.asha).phones[0]
    path = f"/patients/{world.asha}/unmask"
    assert bela.post(path, {"field": "id_number", "reason": ""}).status_code == 422
    assert bela.post(path, {"field": "password_hash", "reason": "test"}).status_code == 404
    answer = bela.post(path, {"field": "id_number", "reason": "核对身份"})
    assert answer.json == {"value": "110101195803021234"}
    assert bela.post(path, {"field": "phone", "phone_id": phone.id, "reason": "回拨"}).json["value"] == "13800000001"
    assert bela.post(f"/calls/{call_id}/unmask", {"reason": "回拨"}).json["value"] == "13800000001"
    noted = world.services.audit.entries(action="patient.unmask")
    assert [(one.reason, one.detail["field"]) for one in noted] == [("回拨", "phone"), ("核对身份", "id_number")]
    assert "13800000001" not in repr(noted)
    other_phone = world.services.patients.card(world.stranger).phones[0]
    wrong = bela.post(path, {"field": "phone", "phone_id": other_phone.id, "reason": "回拨"})
    assert wrong.status_code == 404


def test_given_a_foreign_patients_phone_when_dialled_then_refused(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    phone = world.services.patients.card(world.stranger).phones[0]
    assert bela.post("/calls", {"patient_phone_id": phone.id}).status_code == 404
    assert not any(command[0] == "dial" for command in world.telephony.commands)


@pytest.mark.fault("F69")
def test_given_an_agent_when_he_subscribes_to_the_board_then_refused_and_noted(world: DeskWorld) -> None:
    dora = world.browser(world.dora).connect()
    assert dora.subscribe("board")["error"]["code"] == "not_allowed"
    for payload in (None, {}, {"view": 1}, {"view": "user:1"}, {"view": {"a": 1}}, "desk", [1]):
        answer = dora.socket.emit("subscribe", payload, callback=True)
        assert answer["error"]["code"] == "invalid_input"
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.server.desk.notifier.flush()
    assert dora.take() == []
    assert "access.refused" in world.actions()


def test_given_all_calls_when_listed_then_only_for_those_who_may(world: DeskWorld) -> None:
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    assert world.browser(world.dora).get("/calls?scope=open").status_code == 403
    assert world.browser(world.dora).get("/calls").json["items"] == []
    listed = world.browser(world.chen).get("/calls?scope=open").json["items"]
    assert [one["id"] for one in listed] == [call_id]
    detail = world.browser(world.chen).get(f"/calls/{call_id}").json
    assert detail["legs"][0]["agent_name"] == "贝拉"
    assert [step["kind"] for step in detail["steps"]][:2] == ["call_arrived", "patient_leg_answered"]


@pytest.mark.invariant("I5")
def test_given_every_answer_a_stranger_can_get_when_searched_then_no_marker_of_the_patient(world: DeskWorld) -> None:
    world.sign_on(world.bela, world.dora)
    dora = world.browser(world.dora).connect()
    dora.subscribe()
    call_id = world.talk(world.bela, patient=world.asha)
    world.recorded(call_id)
    world.server.desk.notifier.flush()
    received = str(dora.socket.get_received())
    for rule in world.server.app.url_map.iter_rules():
        path = rule.rule.replace("<call_id>", call_id).replace("<int:patient_id>", str(world.asha))
        for name in ("recording_id", "campaign_id", "agent_id", "_id"):
            path = path.replace(f"<int:{name}>", "1")
        if "<" not in path and "GET" in (rule.methods or ()):
            received += dora.http.get(path).text
    for marker in (CANARY, "13800000001", "110101195803021234", "阿莎"):
        assert marker not in received.replace("'label': '阿莎'", "").replace('"label":"阿莎"', "").replace(
            '"number":"13800000001"', ""
        ), marker
