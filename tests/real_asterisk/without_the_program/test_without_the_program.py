"""Our program is dead or frozen: callers still reach the queue and agents still get them (I8, F24, F25)."""

import os
import signal
import time

import pytest

from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually


def _waiting_in(product: Product) -> int:
    answer = product.switches().instance("asterisk").console("queue show enquiry")
    return sum("(wait:" in line for line in answer.splitlines())


def _seconds_to_the_queue(product: Product, number: str) -> int:
    """From the call's arrival to its entry into a queue, by Asterisk's own queue_log (whole seconds)."""
    log = product.home / "asterisk" / "log" / "queue_log"

    def entry() -> list[str] | None:
        lines = [line.split("|") for line in log.read_text().splitlines() if "|ENTERQUEUE|" in line]
        return next((parts for parts in reversed(lines) if number in parts), None)

    epoch, unique_id = eventually(entry, within_s=20, every_s=0.2, what="entry in queue_log")[:2]
    return int(epoch) - int(unique_id.rpartition("-")[2].partition(".")[0])


@pytest.mark.fault("F24")
@pytest.mark.invariant("I8")
def test_given_the_program_is_down_when_a_patient_calls_then_he_is_in_the_queue_within_3_s(
    product: Product, bela: AtWork
) -> None:
    bela.sign_on()
    product.kill_program()
    try:
        patient = product.call("18600002401", keys="w60")
        assert patient.wait_answered(5)
        assert _seconds_to_the_queue(product, "18600002401") <= 3
        assert not patient.ended
    finally:
        product.start_program()
    # the program adopts the waiting caller when it is back (C61, C135)
    call = eventually(lambda: product.call_of("18600002401"), within_s=10, what="adopted call")
    assert call.ended_at is None
    patient.hang_up()
    eventually(lambda: product.call_of("18600002401").ended_at, what="end")


@pytest.mark.fault("F25")
@pytest.mark.invariant("I8")
def test_given_the_program_is_frozen_when_a_patient_calls_then_he_is_in_the_queue(
    product: Product, bela: AtWork
) -> None:
    bela.sign_on()
    pid = product.pids()[1]
    os.kill(pid, signal.SIGSTOP)
    try:
        patient = product.call("18600002501", keys="w60")
        assert patient.wait_answered(5)
        assert _seconds_to_the_queue(product, "18600002501") <= 6  # 5 s of silence, and whole seconds in the log
        assert not patient.ended
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: product.call_of("18600002501"), within_s=15, what="record")
    patient.hang_up()
    eventually(lambda: product.call_of("18600002501").ended_at, within_s=15, what="end")


@pytest.mark.fault("F28")
@pytest.mark.invariant("I8")
def test_given_a_caller_in_the_menu_when_the_program_dies_then_he_is_put_into_the_queue(
    product: Product, bela: AtWork
) -> None:
    bela.sign_on()
    patient = product.call("18600002801", keys="w90")
    eventually(lambda: product.call_of("18600002801"), what="in the IVR")
    time.sleep(3)
    product.kill_program()
    try:
        eventually(lambda: _waiting_in(product) == 1, within_s=15, what="in the queue")
        assert not patient.ended
    finally:
        product.start_program()
    patient.hang_up()
    eventually(lambda: product.call_of("18600002801").ended_at, within_s=10, what="end")


@pytest.mark.capability("C61")
@pytest.mark.capability("C135")
def test_given_a_talk_when_the_program_restarts_then_the_talk_goes_on_and_the_desk_has_it_back(
    product: Product, bela: AtWork
) -> None:
    bela.ready()
    patient = product.call("18600002901", keys="w3,0,w90")
    assert bela.phone.wait_state("ringing", 25)
    bela.phone.answer()
    eventually(lambda: bela.state == "talking", what="talking")
    product.kill_program()
    product.start_program()
    assert bela.phone.state == "talking"
    assert not patient.ended
    eventually(lambda: bela.state == "talking", what="state kept")
    call_id = product.call_of("18600002901").id
    assert [call.id for call in product.ground.calls.open_calls_of(bela.id)] == [call_id]
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call_id).ended_at, what="end")
    eventually(lambda: bela.state == "wrap_up", what="wrap-up")
