"""The pop: right person, right moment, withdrawn in time; and everything a reload must restore (C29-C32, I5)."""

from __future__ import annotations

import json

import pytest

from crm_core.calls import events as call
from crm_core.calls.kinds import LegKind, LegOutcome, TransferKind
from tests.support.desk_world import CANARY, SHARED_NUMBER, DeskWorld


def seen(browser: object) -> str:
    """Every byte this browser has received."""
    return json.dumps(browser.socket.get_received(), ensure_ascii=False)  # type: ignore[attr-defined]


@pytest.mark.capability("C29")
@pytest.mark.capability("C30")
@pytest.mark.invariant("I5")
def test_given_three_desks_when_one_phone_rings_then_only_that_desk_pops(world: DeskWorld) -> None:
    bela, dora, chen = (world.browser(one).connect() for one in (world.bela, world.dora, world.chen))
    for browser in (bela, dora):
        browser.subscribe("desk")
    chen.subscribe("desk")
    chen.subscribe("board")
    world.sign_on(world.bela, world.bolin, world.dora)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id, "enquiry", 10)
    assert CANARY not in seen(bela)
    world.offer(call_id, world.bela)
    world.server.desk.notifier.flush()
    pop = bela.calls()[call_id]
    assert pop["my_leg"]["state"] == "ringing"
    assert pop["patient"]["name"] == "阿莎"
    assert pop["patient"]["tier_title"] == "白金"
    assert pop["patient"]["next_appointment"]["department_name"] == "心内科"
    assert pop["number_masked"] == "138****0001"
    assert [step["label"] for step in pop["ivr_path"]] == ["主菜单"]
    assert (pop["queue_title"], pop["priority"]) == ("咨询", 10)
    assert pop["patient"]["allergies"] == CANARY
    for other in (dora, chen):
        received = seen(other)
        assert CANARY not in received
        assert "13800000001" not in received
        assert "阿莎" not in received


@pytest.mark.capability("C30")
def test_given_a_ringing_pop_when_another_agent_answers_then_it_is_withdrawn(world: DeskWorld) -> None:
    bela, bolin = (world.browser(one).connect() for one in (world.bela, world.bolin))
    bela.subscribe()
    bolin.subscribe()
    world.sign_on(world.bela, world.bolin)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    first, second = world.offer(call_id, world.bela), world.offer(call_id, world.bolin)
    assert call_id in bela.calls()
    assert call_id in bolin.calls()
    world.answer(call_id, world.bolin, second)
    world.withdraw(call_id, world.bela, first, LegOutcome.ANSWERED_ELSEWHERE)
    assert bela.calls() == {}
    assert bolin.calls()[call_id]["my_leg"]["state"] == "talking"
    world.publish(call.RecordingStarted(at=world.clock.now(), call_id=call_id))
    assert bela.calls() == {}
    assert bolin.calls()[call_id]["is_recording"] is True


@pytest.mark.capability("C30")
def test_given_a_ringing_pop_when_the_patient_hangs_up_then_it_is_withdrawn(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    leg_id = world.offer(call_id, world.bela)
    world.withdraw(call_id, world.bela, leg_id, LegOutcome.CALLER_GONE)
    world.end(call_id)
    assert bela.calls() == {}


@pytest.mark.capability("C31")
@pytest.mark.fault("F64")
def test_given_a_call_with_half_typed_notes_when_the_page_is_reloaded_then_all_is_there(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    assert bela.put(f"/calls/{call_id}/notes", {"text": "头晕三天"}).json["saved_at"]
    reloaded = world.browser(world.bela).connect()
    reloaded.subscribe()
    assert reloaded.calls()[call_id] == bela.calls()[call_id]
    assert reloaded.calls()[call_id]["notes"] == "头晕三天"


@pytest.mark.capability("C32")
def test_given_two_patients_on_one_number_when_it_rings_then_the_agent_chooses(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.call_arrives(SHARED_NUMBER)
    world.publish(
        call.CallerIdentified(
            at=world.clock.now(), call_id=call_id, patient_id=None, candidate_ids=(world.twin_one, world.twin_two)
        )
    )
    world.queue(call_id)
    leg_id = world.offer(call_id, world.bela)
    pop = bela.calls()[call_id]
    assert pop["patient"] is None
    assert [(one["name"], one["relation_title"]) for one in pop["candidates"]] == [("甲一", "本人"), ("乙二", "子女")]
    world.answer(call_id, world.bela, leg_id)
    assert bela.post(f"/calls/{call_id}/patient", {"patient_id": world.stranger}).status_code == 404
    assert bela.post(f"/calls/{call_id}/patient", {"patient_id": world.twin_two}).status_code == 202
    assert bela.calls()[call_id]["patient"]["name"] == "乙二"


@pytest.mark.capability("C32")
def test_given_an_ivr_that_was_down_when_it_rings_then_the_number_still_gives_candidates_and_binds_nobody(
    world: DeskWorld,
) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.call_arrives()
    world.queue(call_id)
    world.offer(call_id, world.bela)
    pop = bela.calls()[call_id]
    assert pop["patient"] is None
    assert [one["name"] for one in pop["candidates"]] == ["阿莎"]


@pytest.mark.capability("C36")
def test_given_an_attended_transfer_when_the_colleague_rings_then_patient_and_notes_reach_him(
    world: DeskWorld,
) -> None:
    bela, bolin = (world.browser(one).connect() for one in (world.bela, world.bolin))
    bela.subscribe()
    bolin.subscribe()
    world.sign_on(world.bela, world.bolin)
    call_id = world.talk(world.bela, patient=world.asha)
    bela.put(f"/calls/{call_id}/notes", {"text": "想改约"})
    now = world.clock.now()
    world.publish(call.ConsultStarted(at=now, call_id=call_id, agent_id=world.bela.id, target="1002"))
    leg_id = world.offer(call_id, world.bolin, queue=None, kind=LegKind.CONSULT)
    pop = bolin.calls()[call_id]
    assert pop["my_leg"]["kind"] == "consult"
    assert pop["transferred_from"] == "贝拉"
    assert pop["handed_over_notes"] == [{"agent_name": "贝拉", "notes": "想改约"}]
    assert pop["patient"]["name"] == "阿莎"
    assert bela.calls()[call_id]["consult"] == {"label": "柏林", "state": "ringing"}
    world.answer(call_id, world.bolin, leg_id, LegKind.CONSULT)
    world.publish(call.ConsultAnswered(at=now, call_id=call_id, agent_id=world.bela.id, target="1002"))
    assert bela.calls()[call_id]["consult"]["state"] == "talking"
    assert bolin.calls()[call_id]["consult"] is None
    world.publish(
        call.CallTransferred(at=now, call_id=call_id, agent_id=world.bela.id, kind=TransferKind.ATTENDED, target="1002")
    )
    own_leg = next(leg for leg in world.services.calls.record(call_id).legs if leg.agent_id == world.bela.id)
    world.end_leg(call_id, world.bela, own_leg.id)
    assert bela.calls()[call_id]["my_leg"]["state"] == "ended"
    assert bolin.calls()[call_id]["my_leg"] == {
        "id": leg_id, "kind": "agent", "state": "talking", "answered_at": "2026-11-23T02:00:00.000Z",
    }  # fmt: skip


@pytest.mark.capability("C39")
def test_given_a_wrap_up_when_the_clock_ends_it_then_the_call_leaves_the_screen_and_is_listed(
    world: DeskWorld,
) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.talk(world.bela, patient=world.asha)
    world.end_leg(call_id, world.bela, world.services.calls.record(call_id).legs[0].id)
    world.end(call_id)
    assert call_id in bela.calls()
    assert bela.screen[("me", "me")]["wrap_up_call_id"] == call_id
    world.services.agents.finish_wrap_up(world.bela.id)
    assert bela.calls() == {}
    assert bela.screen[("me", "me")]["overdue_call_ids"] == [call_id]


@pytest.mark.fault("F32")
@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "‮evil", "a\r\nb", "😀" * 100, "${jndi:x}", "\x00x"]
)
def test_given_a_hostile_caller_when_it_rings_then_harmless_text_on_the_desk(world: DeskWorld, name: str) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    call_id = world.call_arrives(number=name, name=name)
    world.queue(call_id)
    world.offer(call_id, world.bela)
    shown = bela.calls()[call_id]
    assert len(shown["caller_name"]) <= 64
    assert not any(character in shown["caller_name"] for character in "\r\n\x00‮")


def test_given_earlier_calls_when_it_rings_then_the_last_ones_are_shown(world: DeskWorld) -> None:
    bela = world.browser(world.bela).connect()
    bela.subscribe()
    world.sign_on(world.bela)
    before = world.talk(world.bela, patient=world.asha)
    world.end_leg(before, world.bela, world.services.calls.record(before).legs[0].id)
    world.end(before)
    bela.post(f"/calls/{before}/wrap_up", {"disposition": "booking", "sub_disposition": "changed", "is_resolved": True})
    world.clock.advance(3600)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.offer(call_id, world.bela)
    assert bela.calls()[call_id]["recent_calls"] == [
        {
            "id": before, "at": "2026-11-23T02:00:00.000Z", "direction": "inbound", "outcome": "answered",
            "outcome_title": "已接通", "agent_name": "贝拉", "disposition_title": "预约挂号 / 改约",
        }
    ]  # fmt: skip
