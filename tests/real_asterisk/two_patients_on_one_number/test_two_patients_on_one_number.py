"""王芳 and her son share a telephone: the system asks or leaves it open, it never guesses (C32)."""

import pytest

from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually


@pytest.mark.capability("C32")
def test_given_two_patients_on_one_number_when_he_goes_to_a_person_then_both_are_offered_and_the_agent_chooses(
    product: Product, bela: AtWork
) -> None:
    bela.ready()
    patient = product.call("13800000002", keys="w3,0,w60")
    assert bela.phone.wait_state("ringing", 25)
    (call,) = eventually(lambda: product.ground.calls.open_calls_of(bela.id), what="call at the desk")
    assert call.patient_id is None
    names = {product.ground.patients.card(one).name for one in call.candidate_ids}
    assert names == {"王芳", "李小明"}
    bela.phone.answer()
    eventually(lambda: product.ground.calls.record(call.id).agent_answered_at, what="answered")
    chosen = next(one for one in call.candidate_ids if product.ground.patients.card(one).name == "李小明")
    bela.desk.post(f"/calls/{call.id}/patient", {"patient_id": chosen})
    assert product.ground.calls.record(call.id).patient_id == chosen
    patient.hang_up()
    eventually(lambda: product.ground.calls.record(call.id).ended_at, what="end")


@pytest.mark.capability("C32")
@pytest.mark.requirement("R46")
def test_given_two_patients_on_one_number_when_asking_for_appointments_then_he_is_asked_which_and_for_a_proof(
    product: Product,
) -> None:
    patient = product.call("13800000002", keys="w3,1,w60")
    asked = eventually(lambda: _nodes(product, "13800000002"), within_s=25, what="asked which patient")
    assert asked
    patient.hang_up()


def _nodes(product: Product, number: str) -> list[str]:
    call = product.call_of(number)
    if call is None or call.ended_at:
        return []
    return [step.node for step in call.ivr_path if "patient" in step.node or "which" in step.node]
