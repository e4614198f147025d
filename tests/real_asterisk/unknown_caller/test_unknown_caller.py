"""Somebody nobody knows, and somebody who hides his number: both are served, nothing is guessed."""

import pytest

from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually


@pytest.mark.capability("C9")
@pytest.mark.parametrize("number", ["18611112222", "anonymous"])
def test_given_an_unknown_caller_when_he_asks_for_a_person_then_he_gets_one_and_no_patient_is_bound(
    product: Product, bela: AtWork, number: str
) -> None:
    bela.ready()
    patient = product.call(number, keys="w3,0,w60")
    assert bela.phone.wait_state("ringing", 20)
    (call,) = eventually(lambda: product.ground.calls.open_calls_of(bela.id), what="call at the desk")
    assert (call.patient_id, call.candidate_ids) == (None, ())
    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).agent_answered_at, what="answered")
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call.id).ended_at, what="end")
