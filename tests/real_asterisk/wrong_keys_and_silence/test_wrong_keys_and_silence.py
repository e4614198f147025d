"""Whoever presses nonsense or nothing reaches a person; the menu never hangs up (C3, F29, F31)."""

import pytest

from crm_core.calls.kinds import CallState
from tests.support.product import Product, eventually


@pytest.mark.capability("C3")
@pytest.mark.fault("F29")
@pytest.mark.fault("F31")
@pytest.mark.invariant("I8")
@pytest.mark.timeout(300)  # silence: three times the whole menu
@pytest.mark.parametrize(
    ("number", "keys", "within_s"),
    [
        ("18600000031", "w4,7,w4,7,w4,7,w60", 60),
        ("18600000032", "w180", 180),
        ("18600000033", "w3,*,w3,#,w2,ABCD,w60", 70),
        ("18600000034", "w3,77777777777777777777777777777777777777777777777777777777,w60", 70),
    ],
    ids=["wrong-keys", "silence", "garbage", "flood"],
)
def test_given_wrong_keys_or_none_when_tried_enough_then_the_queue_and_never_a_hangup(
    product: Product, number: str, keys: str, within_s: float
) -> None:
    patient = product.call(number, keys=keys)
    eventually(lambda: (call := product.call_of(number)) and call.queued_at, within_s=within_s, what="queued")
    assert not patient.ended
    assert product.call_of(number).state is CallState.QUEUED
    patient.hang_up()
    eventually(lambda: product.call_of(number).ended_at, what="end")
