"""9 at any level goes to the emergency queue, before everybody who waits, even while the notice plays (C14)."""

import pytest

from tests.support.product import Product, eventually


@pytest.mark.capability("C14")
@pytest.mark.capability("C18")
@pytest.mark.parametrize("keys", ["w2,9,w60", "w3,5,w9,9,w60"], ids=["in-the-notice", "in-the-department-menu"])
def test_given_an_emergency_key_when_pressed_then_the_emergency_queue_with_the_highest_priority(
    product: Product, keys: str
) -> None:
    number = f"1860000140{len(keys) % 10}"
    patient = product.call(number, keys=keys)
    call = eventually(lambda: (c := product.call_of(number)) and c.queued_at and c, within_s=40, what="queued")
    assert (call.queue, call.priority) == ("emergency", 100)
    patient.hang_up()
    eventually(lambda: product.call_of(number).ended_at, what="end")
