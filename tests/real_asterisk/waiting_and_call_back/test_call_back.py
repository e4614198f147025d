"""The patient presses 1 while he waits, hangs up, and is rung when it is his turn: at his old place (C19, C20)."""

import pytest

from config.demo.carrier import Behaviour, BehaviourKind
from crm_core.calls.kinds import CallMark, CallState, LossReason
from crm_core.calls.records import CallRecord
from crm_core.ids import CallId
from crm_core.phone_number import normalise
from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually
from tests.support.waiting_desk import fresh_number, waiting_services_of

TO_PERSON = "w1,0"
"""0 is heard while the notice plays and answers the menu."""


@pytest.mark.capability("C20")
@pytest.mark.capability("C21")
@pytest.mark.fault("F23")
def test_given_nobody_on_duty_when_1_and_1_are_pressed_then_he_is_called_back_and_the_agent_sees_why(
    product: Product, bela: AtWork
) -> None:
    number = fresh_number()
    waiting = waiting_services_of(product)
    product.carrier.set_behaviour(number, Behaviour(BehaviourKind.ANSWER, ring_s=1, hang_up_after_s=60))
    asked = product.call(number, keys=f"{TO_PERSON},w14,1,w16,1,w60")
    asked.wait_ended(90)
    first = eventually(lambda: (c := product.call_of(number)) and c.ended_at and c, what="first call closed")
    assert first.loss_reason is None
    request = waiting.request_of(number)
    assert request is not None

    bela.ready()
    assert bela.phone.wait_state("ringing", 30)
    (call,) = eventually(lambda: product.ground.calls.open_calls_of(bela.id), what="call at the desk")
    assert call.id != first.id
    assert call.number == normalise(number)
    assert CallMark.CALL_BACK in call.marks
    assert call.entered_at == request.entered_at
    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).state is CallState.TALKING, what="talking")
    eventually(lambda: waiting.call_backs.get(request.id).state == "done", what="request served")
    bela.phone.hang_up()
    eventually(lambda: product.ground.calls.record(call.id).ended_at, what="end")
    product.carrier.forget_behaviour(number)


@pytest.mark.capability("C18")
@pytest.mark.capability("C19")
@pytest.mark.capability("C20")
def test_given_a_call_back_that_is_first_when_an_agent_is_free_then_a_later_caller_who_waits_is_not_served_before(
    product: Product, bela: AtWork
) -> None:
    first, later = fresh_number(), fresh_number()
    waiting = waiting_services_of(product)
    product.carrier.set_behaviour(first, Behaviour(BehaviourKind.ANSWER, ring_s=4, hang_up_after_s=60))
    bela.ready()
    talking = product.call(fresh_number(), keys=f"{TO_PERSON},w300")
    assert bela.phone.wait_state("ringing", 40)
    bela.phone.answer()  # on duty and busy: the others wait
    asked = product.call(first, keys=f"{TO_PERSON},w300")
    line = eventually(lambda: (c := product.call_of(first)) and c.queued_at and c, within_s=40, what="first waits")
    asked.press("1")
    eventually(lambda: _stepped_out(product, line.id), within_s=20, what="out of the line")
    asked.press("1")
    request = eventually(lambda: waiting.request_of(first), within_s=30, what="request")
    assert request.entered_at == line.entered_at
    asked.wait_ended(60)
    second = product.call(later, keys=f"{TO_PERSON},w300")
    waits = eventually(lambda: (c := product.call_of(later)) and c.is_waiting and c, within_s=40, what="later waits")
    talking.hang_up()
    eventually(lambda: bela.state == "wrap_up", within_s=20, what="notes")
    bela.desk.post("/desk/ready")
    assert bela.phone.wait_state("ringing", 60)
    call = eventually(lambda: _ringing(product, bela), what="call at the desk")
    assert call.number == normalise(first)
    assert CallMark.CALL_BACK in call.marks
    assert product.ground.calls.record(waits.id).is_waiting
    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).state is CallState.TALKING, what="talking")
    second.hang_up()
    ended = eventually(lambda: (c := product.ground.calls.record(waits.id)).ended_at and c, what="later gone")
    assert ended.loss_reason in (LossReason.QUEUE, LossReason.RINGING)
    assert eventually(lambda: waiting.missed_of(later), what="missed").call_ids == (waits.id,)
    bela.phone.hang_up()
    product.carrier.forget_behaviour(first)


def _stepped_out(product: Product, call_id: CallId) -> bool:
    """He has pressed a key and is being asked."""
    return any(step.kind == "call_left_queue" for step in product.ground.calls.record(call_id).steps)


def _ringing(product: Product, agent: AtWork) -> CallRecord | None:
    """The call for which this agent's telephone rings."""
    calls = product.ground.calls.open_calls_of(agent.id)
    return next((one for one in calls if one.state is CallState.RINGING), None)
