"""Blind and attended transfer between agents: one call, one recording from answer to end, both agents in it (C36, C46)."""

import time

import pytest

from crm_core.calls.kinds import CallState
from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually


def _talk_with_bela(product: Product, bela: AtWork, number: str):  # type: ignore[no-untyped-def]
    bela.ready()
    patient = product.call(number, keys="w3,0,w120")
    assert bela.phone.wait_state("ringing", 25)
    (call,) = eventually(lambda: product.ground.calls.open_calls_of(bela.id), what="call at the desk")
    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).state is CallState.TALKING, what="talking")
    return patient, call.id


def _check_one_recording(product: Product, call_id: str) -> None:
    record = product.ground.calls.record(call_id)
    recording = eventually(
        lambda: (r := product.ground.recordings.of_call(call_id)) and r.state.value == "ready" and r,
        within_s=30,
        what="recording",
    )
    answered_s = (record.ended_at - record.patient_answered_at).total_seconds()
    assert recording.length_s == pytest.approx(answered_s, abs=1.5)


@pytest.mark.capability("C36")
@pytest.mark.capability("C46")
def test_given_a_talk_when_bela_transfers_blind_then_bolin_has_the_same_call(
    product: Product, bela: AtWork, bolin: AtWork
) -> None:
    patient, call_id = _talk_with_bela(product, bela, "18600003601")
    time.sleep(2)
    bela.desk.post(f"/calls/{call_id}/transfer", {"kind": "blind", "target": {"kind": "agent", "value": "1002"}})
    assert bolin.phone.wait_state("ringing", 10)
    eventually(lambda: bela.state == "wrap_up", what="Bela in wrap-up")
    eventually(lambda: [c.id for c in product.ground.calls.open_calls_of(bolin.id)] == [call_id], what="Bolin's desk")
    bolin.phone.answer()
    eventually(lambda: product.ground.calls.record(call_id).state is CallState.TALKING, what="talking with Bolin")
    time.sleep(2)
    patient.hang_up()
    record = eventually(lambda: (r := product.ground.calls.record(call_id)).ended_at and r, what="end")
    assert {leg.agent_id for leg in record.legs if leg.answered_at} == {bela.id, bolin.id}
    _check_one_recording(product, call_id)


@pytest.mark.capability("C36")
@pytest.mark.capability("C46")
def test_given_a_talk_when_bela_consults_and_completes_then_bolin_keeps_the_patient(
    product: Product, bela: AtWork, bolin: AtWork
) -> None:
    patient, call_id = _talk_with_bela(product, bela, "18600003602")
    bela.desk.post(f"/calls/{call_id}/transfer", {"kind": "attended", "target": {"kind": "agent", "value": "1002"}})
    assert bolin.phone.wait_state("ringing", 10)
    eventually(lambda: [c.id for c in product.ground.calls.open_calls_of(bolin.id)] == [call_id], what="Bolin's desk")
    bolin.phone.answer()
    eventually(lambda: product.ground.calls.record(call_id).consult_answered, what="consulting")
    time.sleep(2)
    bela.desk.post(f"/calls/{call_id}/consult/complete")
    eventually(lambda: bela.state == "wrap_up", what="Bela in wrap-up")
    eventually(
        lambda: product.ground.calls.record(call_id).state is CallState.TALKING, what="Bolin talks with the patient"
    )
    assert bolin.state == "talking"
    time.sleep(2)
    bolin.phone.hang_up()
    record = eventually(lambda: (r := product.ground.calls.record(call_id)).ended_at and r, within_s=15, what="end")
    assert {leg.agent_id for leg in record.legs if leg.answered_at} == {bela.id, bolin.id}
    assert patient.wait_ended(10)
    _check_one_recording(product, call_id)


@pytest.mark.capability("C36")
def test_given_a_consultation_when_cancelled_then_bela_is_back_with_the_patient(
    product: Product, bela: AtWork, bolin: AtWork
) -> None:
    patient, call_id = _talk_with_bela(product, bela, "18600003603")
    bela.desk.post(f"/calls/{call_id}/transfer", {"kind": "attended", "target": {"kind": "agent", "value": "1002"}})
    assert bolin.phone.wait_state("ringing", 10)
    bolin.phone.answer()
    eventually(lambda: product.ground.calls.record(call_id).consult_answered, what="consulting")
    bela.desk.post(f"/calls/{call_id}/consult/cancel")
    eventually(lambda: product.ground.calls.record(call_id).state is CallState.TALKING, what="back with the patient")
    assert bela.phone.state == "talking"
    assert not patient.ended
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="end")
    _check_one_recording(product, call_id)


@pytest.mark.capability("C37")
def test_given_a_consultation_when_joined_then_three_talk_and_leaving_one_keeps_the_others(
    product: Product, bela: AtWork, bolin: AtWork
) -> None:
    patient, call_id = _talk_with_bela(product, bela, "18600003604")
    bela.desk.post(f"/calls/{call_id}/transfer", {"kind": "attended", "target": {"kind": "agent", "value": "1002"}})
    assert bolin.phone.wait_state("ringing", 10)
    bolin.phone.answer()
    eventually(lambda: product.ground.calls.record(call_id).consult_answered, what="consulting")
    bela.desk.post(f"/calls/{call_id}/conference")
    eventually(lambda: product.ground.calls.record(call_id).state is CallState.CONFERENCE, what="conference")
    time.sleep(1)
    bela.phone.hang_up()
    eventually(lambda: bela.state == "wrap_up", what="Bela in wrap-up")
    assert not patient.ended
    assert bolin.phone.state == "talking"
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="end")
    eventually(lambda: bolin.state == "wrap_up", what="Bolin in wrap-up")


@pytest.mark.capability("C38")
def test_given_a_held_patient_when_he_hangs_up_then_the_agent_is_free_at_once(product: Product, bela: AtWork) -> None:
    patient, call_id = _talk_with_bela(product, bela, "18600003605")
    bela.phone.hold()
    eventually(lambda: product.ground.calls.record(call_id).held_since, what="held")
    assert bela.state == "holding"
    patient.hang_up()
    eventually(lambda: bela.state == "wrap_up", within_s=5, what="Bela free")
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="end")


@pytest.mark.fault("F21")
@pytest.mark.invariant("I8")
def test_given_a_blind_transfer_to_a_phone_that_does_not_answer_when_tried_then_the_caller_is_not_lost(
    product: Product, bela: AtWork
) -> None:
    patient, call_id = _talk_with_bela(product, bela, "18600003606")
    bela.desk.post(f"/calls/{call_id}/transfer", {"kind": "blind", "target": {"kind": "agent", "value": "1003"}})
    eventually(
        lambda: product.ground.calls.record(call_id).state is CallState.QUEUED, within_s=25, what="back in the queue"
    )
    assert not patient.ended
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="end")
