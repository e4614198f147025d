"""Nobody picks up in the department: the caller comes back to the queue, marked 科室未接 (C8)."""

import pytest

from config.demo.carrier import Behaviour, BehaviourKind
from config.demo.hospital import DEPARTMENTS
from crm_core.calls.kinds import CallState
from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually

CARDIOLOGY = DEPARTMENTS[0][5]


@pytest.mark.capability("C8")
@pytest.mark.parametrize("kind", [BehaviourKind.NO_ANSWER, BehaviourKind.BUSY, BehaviourKind.UNOBTAINABLE])
def test_given_a_department_that_does_not_answer_when_dialled_then_the_caller_is_queued_and_marked(
    product: Product, bela: AtWork, kind: BehaviourKind
) -> None:
    bela.ready()
    product.carrier.set_behaviour(CARDIOLOGY, Behaviour(kind))
    number = f"1860000810{list(BehaviourKind).index(kind)}"
    patient = product.call(number, keys="w3,5,w3,1,w90")
    assert bela.phone.wait_state("ringing", 60)
    (call,) = eventually(lambda: product.ground.calls.open_calls_of(bela.id), what="call at the desk")
    assert call.department_no_answer
    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).state is CallState.TALKING, what="talking")
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call.id).ended_at, what="end")
    product.carrier.forget_behaviour(CARDIOLOGY)


@pytest.mark.capability("C8")
def test_given_a_department_that_answers_when_dialled_then_they_talk_and_it_counts_as_answered(
    product: Product,
) -> None:
    product.carrier.set_behaviour(CARDIOLOGY, Behaviour(BehaviourKind.ANSWER, ring_s=1, hang_up_after_s=4))
    product.call("18600008200", keys="w3,5,w3,1,w60").wait_ended(60)
    call = eventually(lambda: (c := product.call_of("18600008200")) and c.ended_at and c, what="closed record")
    assert call.agent_answered_at is not None
    assert not call.department_no_answer
    product.carrier.forget_behaviour(CARDIOLOGY)
