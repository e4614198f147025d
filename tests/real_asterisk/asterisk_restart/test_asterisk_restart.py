"""Asterisk is killed in mid-call: rows are closed with the reason, agents are free, and the house works again by itself."""

import os
import signal

import pytest

from crm_core.calls.kinds import CallOutcome
from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually


@pytest.mark.fault("F14")
@pytest.mark.fault("F15")
@pytest.mark.capability("C135")
@pytest.mark.invariant("I1")
def test_given_a_talk_when_asterisk_is_killed_and_comes_back_then_all_is_closed_and_the_next_call_works(
    product: Product, bela: AtWork
) -> None:
    bela.ready()
    product.call("18600001501", keys="w3,0,w90")
    assert bela.phone.wait_state("ringing", 25)
    bela.phone.answer()
    call_id = eventually(lambda: product.call_of("18600001501"), what="call").id
    eventually(lambda: bela.state == "talking", what="talking")
    pid = product.switches().pids()["asterisk"]
    assert pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not bela.live.entity("link", "ami")["is_up"], within_s=4, what="desk says disconnected")
    product.start_program()
    record = eventually(lambda: (r := product.ground.calls.record(call_id)).ended_at and r, within_s=30, what="closed")
    assert record.outcome in (CallOutcome.PBX_CRASH, CallOutcome.LOST_EVENT, CallOutcome.ANSWERED)
    eventually(lambda: bela.state in ("wrap_up", "ready", "paused"), what="Bela free")
    recording = eventually(
        lambda: (r := product.ground.recordings.of_call(call_id)) and r.state.value != "recording" and r,
        within_s=40,
        what="recording",
    )
    assert recording.state.value in ("ready", "damaged", "missing")

    bela.phone.hang_up()
    bela.phone.register()
    bela.ready()
    patient = product.call("18600001502", keys="w3,0,w60")
    assert bela.phone.wait_state("ringing", 30)
    bela.phone.answer()
    eventually(lambda: bela.state == "talking", what="talking again")
    patient.hang_up()
    eventually(lambda: product.call_of("18600001502").ended_at, what="end")
