"""Commands of an agent: what is sent to the telephone system, what is refused, what is asked only once (C35-C39)."""

from __future__ import annotations

import pytest

from crm_core.calls import events as call
from crm_core.calls.kinds import TransferTargetKind
from crm_core.errors import OutcomeUnknown, TelephonyRefused, TelephonyUnavailable
from crm_core.ports import TransferTarget
from tests.support.desk_world import ASHA_NUMBER, DeskWorld


def target(kind: str, value: str) -> dict[str, object]:
    return {"kind": kind, "value": value}


@pytest.mark.capability("C27")
def test_given_an_unregistered_phone_when_signing_on_then_refused_with_the_reason(world: DeskWorld) -> None:
    world.telephony.registered.clear()
    answer = world.browser(world.bela).post("/desk/sign_on")
    assert answer.status_code == 409
    assert answer.json["error"]["message_zh"] == "话机未注册，不能签入"


@pytest.mark.capability("C27")
def test_given_an_account_on_duty_in_a_live_browser_when_signing_on_elsewhere_then_refused(world: DeskWorld) -> None:
    first, second = world.browser(world.bela).connect(), world.browser(world.bela).connect()
    assert first.post("/desk/sign_on").status_code == 202
    assert second.post("/desk/sign_on").json["error"]["code"] == "signed_on_elsewhere"
    first.socket.disconnect()
    assert second.post("/desk/sign_on").status_code == 202


@pytest.mark.capability("C28")
def test_given_the_state_buttons_when_pressed_then_the_state_follows(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    for path, body, expected in (
        ("/desk/sign_on", None, ("paused", "示忙")),
        ("/desk/ready", None, ("ready", "")),
        ("/desk/pause", {"reason": "meal"}, ("paused", "用餐")),
        ("/desk/sign_off", None, ("offline", "")),
    ):
        assert bela.post(path, body).status_code == 202
        bela.take()
        me = bela.screen[("me", "me")]
        assert (me["state"], me["reason_title"], me["by"]) == (*expected, "self")
    assert bela.post("/desk/ready").json["error"]["code"] == "not_signed_on"
    bela.post("/desk/sign_on")
    assert bela.post("/desk/pause", {"reason": "phone_lost"}).status_code == 422


@pytest.mark.capability("C35")
def test_given_a_patients_phone_when_clicked_then_dialled_without_showing_the_number(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    world.talk(world.bela, patient=world.asha)
    leg = world.services.calls.open_calls_of(world.bela.id)[0]
    world.end_leg(leg.id, world.bela, leg.legs[0].id)
    phone = world.services.patients.card(world.asha).phones[0]
    answer = bela.post("/calls", {"patient_phone_id": phone.id})
    assert answer.status_code == 202
    call_id = answer.json["call_id"]
    assert world.telephony.commands[-1] == ("dial", call_id, "1001", ASHA_NUMBER)
    assert ASHA_NUMBER not in answer.text
    assert bela.post("/calls", {"call_id": leg.id}).status_code == 202


@pytest.mark.requirement("R45")
@pytest.mark.fault("F95")
@pytest.mark.parametrize(
    "number", ["1&PJSIP/trunk/0013800000001", "Local/1@x", "0014155550100", "16812345", "110", "13800000001\r\nX: y"]
)
def test_given_a_dangerous_number_when_dialled_or_transferred_to_then_refused_before_anything_is_sent(
    world: DeskWorld, number: str
) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    assert bela.post("/calls", {"number": number}).status_code in (403, 422)
    call_id = world.talk(world.bela)
    sent = len(world.telephony.commands)
    answer = bela.post(f"/calls/{call_id}/transfer", {"kind": "blind", "target": target("number", number)})
    assert answer.status_code in (403, 422)
    assert len(world.telephony.commands) == sent


def test_given_an_agent_in_a_call_or_signed_off_when_dialling_then_refused(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    assert bela.post("/calls", {"number": ASHA_NUMBER}).json["error"]["code"] == "not_signed_on"
    world.sign_on(world.bela)
    world.talk(world.bela)
    assert bela.post("/calls", {"number": ASHA_NUMBER}).json["error"]["code"] == "in_call"
    assert bela.post("/calls", {}).status_code == 422
    assert bela.post("/calls", {"number": ASHA_NUMBER, "call_id": "x"}).status_code == 422


@pytest.mark.capability("C36")
@pytest.mark.parametrize(
    ("kind", "value"), [("agent", "1002"), ("queue", "booking"), ("department", "cardiology"), ("number", ASHA_NUMBER)]
)
def test_given_a_talk_when_transferred_then_the_port_gets_the_target(world: DeskWorld, kind: str, value: str) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    expected = TransferTarget(TransferTargetKind(kind), value)
    assert bela.post(f"/calls/{call_id}/transfer", {"kind": "blind", "target": target(kind, value)}).status_code == 202
    assert world.telephony.commands[-1] == ("blind_transfer", call_id, world.bela.id, expected)
    bela.post(f"/calls/{call_id}/transfer", {"kind": "attended", "target": target(kind, value)})
    assert world.telephony.commands[-1] == ("start_consult", call_id, world.bela.id, expected)


@pytest.mark.fault("F97")
@pytest.mark.parametrize(
    ("kind", "value"), [("agent", "1001"), ("agent", "9999"), ("agent", "0013"), ("queue", "x"), ("department", "../x")]
)
def test_given_an_unknown_target_when_transferred_then_refused(world: DeskWorld, kind: str, value: str) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    answer = bela.post(f"/calls/{call_id}/transfer", {"kind": "blind", "target": target(kind, value)})
    assert answer.status_code == 422


@pytest.mark.capability("C36")
@pytest.mark.capability("C37")
def test_given_a_consultation_when_completed_cancelled_or_joined_then_sent_and_shown_as_requested(
    world: DeskWorld,
) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    now = world.clock.now()
    for path, command, event in (
        ("consult/complete", "complete_consult", None),
        ("consult/cancel", "cancel_consult", call.ConsultEnded(at=now, call_id=call_id, agent_id=world.bela.id)),
        ("conference", "start_conference", call.ConferenceStarted(at=now, call_id=call_id, agent_id=world.bela.id)),
    ):
        assert bela.post(f"/calls/{call_id}/{path}").status_code == 202
        assert world.telephony.commands[-1] == (command, call_id, world.bela.id)
        assert bela.calls()[call_id]["requested"]["command"].endswith(path.rpartition("/")[2])
        if event is not None:
            world.publish(event)
            assert bela.calls()[call_id]["requested"] is None


@pytest.mark.parametrize(
    ("failure", "status", "stays_requested"),
    [
        (TelephonyUnavailable("link down"), 503, False),
        (TelephonyRefused("no such channel"), 502, False),
        (OutcomeUnknown("no answer"), 504, True),
    ],
)
def test_given_a_telephone_system_that_fails_when_commanded_then_told_and_shown_truly(
    world: DeskWorld, failure: Exception, status: int, stays_requested: bool
) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    world.telephony.failure = failure  # type: ignore[assignment]
    answer = bela.post(f"/calls/{call_id}/hang_up")
    assert answer.status_code == status
    assert answer.json["error"]["message_zh"]
    assert (bela.calls()[call_id]["requested"] is not None) is stays_requested


@pytest.mark.fault("F65")
def test_given_a_double_click_when_sent_with_one_key_then_one_command(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    headers = {"Idempotency-Key": "k1"}
    first = bela.post("/calls", {"number": ASHA_NUMBER}, headers=headers)
    second = bela.post("/calls", {"number": ASHA_NUMBER}, headers=headers)
    assert first.json == second.json
    assert [command[0] for command in world.telephony.commands].count("dial") == 1
    assert bela.post("/calls", {"number": "13800000003"}, headers=headers).status_code == 422


@pytest.mark.capability("C35")
def test_given_keys_when_sent_then_only_dtmf_reaches_the_port(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    assert bela.post(f"/calls/{call_id}/digits", {"digits": "12*#A"}).status_code == 202
    assert world.telephony.commands[-1] == ("send_digits", call_id, world.bela.id, "12*#A")
    for digits in ("", "1" * 33, "1\r\n", "e"):
        assert bela.post(f"/calls/{call_id}/digits", {"digits": digits}).status_code == 422


@pytest.mark.capability("C39")
def test_given_a_wrap_up_when_saved_then_ready_or_paused_as_chosen(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    for chosen, expected in (("ready", "ready"), ("pause", "paused")):
        world.services.agents.ready(world.bela.id)
        call_id = world.talk(world.bela, patient=world.asha)
        body = {
            "disposition": "booking",
            "sub_disposition": "changed",
            "is_resolved": True,
            "notes": "ok",
            "next": chosen,
        }
        assert bela.post(f"/calls/{call_id}/wrap_up", body).json["error"]["code"] == "in_call"
        world.end_leg(call_id, world.bela, world.services.calls.record(call_id).legs[0].id)
        world.end(call_id)
        assert bela.post(f"/calls/{call_id}/wrap_up", body | {"disposition": "nonsense"}).status_code == 422
        assert bela.post(f"/calls/{call_id}/wrap_up/extend").status_code == 202
        assert bela.post(f"/calls/{call_id}/wrap_up", body).status_code == 202
        assert world.state_of(world.bela).value == expected
        assert bela.calls() == {}
        assert bela.screen[("me", "me")]["state"] == expected


@pytest.mark.capability("C39")
def test_given_an_overdue_wrap_up_when_completed_during_another_then_the_other_goes_on(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    old = world.talk(world.bela)
    world.end_leg(old, world.bela, world.services.calls.record(old).legs[0].id)
    world.end(old)
    world.services.agents.finish_wrap_up(world.bela.id)
    new = world.talk(world.bela)
    world.end_leg(new, world.bela, world.services.calls.record(new).legs[0].id)
    world.end(new)
    assert bela.post(f"/calls/{old}/wrap_up", {"disposition": "other"}).status_code == 202
    assert world.state_of(world.bela).value == "wrap_up"
    assert bela.get("/calls").json["overdue_call_ids"] == []


def test_given_too_long_notes_when_saved_then_refused(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    world.sign_on(world.bela)
    call_id = world.talk(world.bela)
    assert bela.put(f"/calls/{call_id}/notes", {"text": "x" * 4001}).status_code == 422
    assert bela.put(f"/calls/{call_id}/notes", {"text": "<b>x</b>"}).status_code == 200


def test_given_the_lists_when_asked_then_what_an_agent_may_choose(world: DeskWorld) -> None:
    bela = world.browser(world.bela)
    targets = bela.get("/transfer_targets").json
    assert {one["extension"] for one in targets["agents"]} == {"1002", "1003", "1900"}
    assert {one["code"] for one in targets["departments"]} == {"cardiology"}
    assert {"code": "meal", "title": "用餐"} in bela.get("/pause_reasons").json
    assert "phone_lost" not in bela.get("/pause_reasons").text
    assert bela.get("/dispositions").json[0]["children"]


def test_given_a_softphone_when_asked_then_only_the_own_one(world: DeskWorld) -> None:
    assert world.browser(world.bela).get("/softphone").json["authorization_user"] == "1001"
    assert world.browser(world.admin).get("/softphone").status_code == 403
    assert world.browser().get("/demo_phone").json["patients"] == [{"number": ASHA_NUMBER, "label": "阿莎"}]
    away = world.browser().get("/demo_phone", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert away.status_code == 404
