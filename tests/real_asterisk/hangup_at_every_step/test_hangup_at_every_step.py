"""The caller puts the receiver down at any moment: one record, one end, nothing left behind (F27)."""

import pytest

from crm_core.calls.kinds import CallOutcome
from tests.support.product import Product, eventually

STEPS = {
    "at-once": "hangup",
    "in-greeting": "w2,hangup",
    "in-notice": "w5,hangup",
    "in-menu": "w9,hangup",
    "while-pressing": "w3,5,hangup",
    "in-departments": "w3,5,w3,hangup",
    "in-proof": "w3,2,w3,hangup",
    "in-proof-digits": "w3,2,w3,2,w3,06,hangup",
    "in-appointments": "w3,2,w3,2,w4,002*,w4,19880615,w5,hangup",
    "on-the-way-to-a-person": "w3,0,hangup",
    "in-queue": "w3,0,w22,hangup",
}


@pytest.mark.fault("F27")
@pytest.mark.capability("C26")
@pytest.mark.invariant("I1")
@pytest.mark.parametrize("step", STEPS)
def test_given_a_hangup_at_a_step_when_it_is_over_then_one_closed_record_with_its_reason(
    product: Product, step: str
) -> None:
    number = "13800000001" if "proof" in step or "appointments" in step else f"1860001{list(STEPS).index(step):04d}"
    before = product.ground.clock.now().timestamp()
    product.call(number, keys=STEPS[step]).wait_ended(60)
    call = eventually(
        lambda: (c := product.call_of(number, after=before)) and c.ended_at and c, within_s=15, what="closed record"
    )
    expected = {
        "in-queue": {CallOutcome.QUEUE_ABANDONED, CallOutcome.QUICK_ABANDONED, CallOutcome.NO_AGENT},
        "on-the-way-to-a-person": {CallOutcome.IVR_ABANDONED, CallOutcome.QUICK_ABANDONED, CallOutcome.QUEUE_ABANDONED},
    }.get(step, {CallOutcome.IVR_ABANDONED, CallOutcome.IVR_ENDED})
    assert call.outcome in expected
    assert not product.ground.calls.waiting()


@pytest.mark.fault("F27")
def test_after_all_hangups_no_traceback_is_in_the_log(product: Product) -> None:
    """The caller hung up is an outcome, not an error."""
    log = (product.home / "logs" / "hotline.log").read_text(encoding="utf-8")
    assert [line for line in log.splitlines() if "Traceback" in line] == []
