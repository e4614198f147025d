"""Asha rings; the IVR knows her; Bela's desk shows her while the phone rings; they talk; all of it is recorded."""

import time
from pathlib import Path

import pytest

from crm_core.calls.kinds import CallOutcome, CallState, HungUpBy
from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually


@pytest.mark.capability("C1")
@pytest.mark.capability("C29")
@pytest.mark.capability("C45")
@pytest.mark.invariant("I1")
@pytest.mark.invariant("I6")
def test_given_asha_when_she_asks_for_a_person_then_bela_sees_her_while_it_rings_and_it_is_recorded(
    product: Product, bela: AtWork, tmp_path: Path
) -> None:
    began = time.time()
    bela.ready()
    patient = product.call("13800000001", keys="w3,0,w60", record=tmp_path / "heard.wav")
    assert bela.phone.wait_state("ringing", 20)

    # the pop: while it rings the desk already has the patient
    call = eventually(lambda: next(iter(product.ground.calls.open_calls_of(bela.id)), None), what="call at Bela's desk")
    assert call.state is CallState.RINGING
    shown = eventually(lambda: (c := bela.live.entity("call", call.id)) and c["patient"] and c, what="pop")
    assert (shown["id"], shown["state"], shown["patient"]["name"]) == (call.id, "ringing", "阿莎")
    assert shown["number_masked"] == "138****0001"
    assert "13800000001" not in str(shown)
    assert [step["key"] for step in shown["ivr_path"]][-1] == "0"
    assert shown["queue_title"] == "咨询"

    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).state is CallState.TALKING, what="talking")
    time.sleep(3)
    patient.hang_up()
    record = eventually(lambda: _ended(product, call.id), what="end")
    assert (record.outcome, record.hung_up_by) == (CallOutcome.ANSWERED, HungUpBy.PATIENT)
    assert record.notice_played_at is not None
    assert record.notice_played_at < record.agent_answered_at
    assert record.arrived_at.timestamp() >= began - 1
    assert bela.state == "wrap_up"
    bela.desk.post(f"/calls/{call.id}/wrap_up", {"disposition": "enquiry", "sub_disposition": "process",
                                                 "is_resolved": True, "notes": "已答复", "next": "ready"})  # fmt: skip
    eventually(lambda: bela.state == "ready", what="ready again")

    recording = eventually(lambda: _ready_recording(product, call.id), within_s=30, what="recording ready")
    talked = (record.ended_at - record.patient_answered_at).total_seconds()
    assert recording.length_s == pytest.approx(talked, abs=1.5)
    assert recording.measures["agent_talk_ratio"] > 0.1  # prompts and Bela's voice
    assert patient.wait_ended(10).heard_path.stat().st_size > 44 + 8000 * 2 * 3


def _ended(product: Product, call_id: str):  # type: ignore[no-untyped-def]
    record = product.ground.calls.record(call_id)
    return record if record.ended_at else None


def _ready_recording(product: Product, call_id: str):  # type: ignore[no-untyped-def]
    recording = product.ground.recordings.of_call(call_id)
    return recording if recording and recording.state.value == "ready" else None
