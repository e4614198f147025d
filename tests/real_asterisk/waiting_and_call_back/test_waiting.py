"""Waiting with a real telephone: place told in the queue, messages, nuisance, last agent, emergency without an answer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.demo.carrier import Behaviour, BehaviourKind
from config.demo.carrier_sounds import write_carrier_sounds
from crm_core.calls.kinds import CallMark, CallState
from crm_core.calls.records import CallRecord
from crm_core.ids import AgentId
from crm_core.tickets.kinds import SoundState
from tests.real_asterisk.conftest import AtWork
from tests.support.product import Product, eventually
from tests.support.waiting_desk import fresh_number, waiting_services_of

ASHA = "13800000001"
TO_PERSON = "w1,0"
EMERGENCY_ROOM = "05195550999"


def _waiting(product: Product, number: str) -> CallRecord:
    return eventually(lambda: (c := product.call_of(number)) and c.is_waiting and c, within_s=60, what="in the queue")


def _console(product: Product, command: str) -> str:
    return str(product.switches().instance("asterisk").console(command))


@pytest.fixture
def emergency_room(product: Product) -> Iterator[str]:
    """The number of 急诊/总值班 is set; nobody of ours is on duty."""
    _console(product, f"dialplan set global HL_EMERGENCY_NUMBER {EMERGENCY_ROOM}")
    yield EMERGENCY_ROOM
    _console(product, 'dialplan set global HL_EMERGENCY_NUMBER ""')
    product.carrier.forget_behaviour(EMERGENCY_ROOM)


@pytest.mark.capability("C19")
def test_given_a_caller_who_waits_when_time_passes_then_his_own_place_is_what_the_queue_will_say(
    product: Product, bela: AtWork
) -> None:
    bela.ready()
    talking = product.call(fresh_number(), keys=f"{TO_PERSON},w300")
    assert bela.phone.wait_state("ringing", 60)
    bela.phone.answer()
    number = fresh_number()
    waits = product.call(number, keys=f"{TO_PERSON},w300")
    _waiting(product, number)
    told = eventually(
        lambda: list(product.home.glob("sounds/zh_q0w*/hl/waiting-told.g722")), within_s=30, what="sentence"
    )
    channels = _console(product, "core show channels concise").splitlines()
    (channel,) = [line.split("!")[0] for line in channels if "!Queue!" in line and f"!{number}!" in line]
    language = told[0].parts[-3]
    assert eventually(
        lambda: language in _console(product, f"core show channel {channel}"), within_s=15, what="language"
    )
    waits.hang_up()
    talking.hang_up()
    bela.phone.hang_up()


@pytest.mark.capability("C13")
@pytest.mark.capability("C21")
def test_given_nobody_on_duty_when_2_is_pressed_then_the_message_is_a_ticket_with_its_sound(product: Product) -> None:
    number = fresh_number()
    write_carrier_sounds(product.home / "carrier" / "sounds-of-test")
    voice = Path(product.home / "carrier" / "sounds-of-test" / "voice")
    patient = product.call(number, keys=f"{TO_PERSON},w14,2,w8,say,w2,#,w60", say=voice)
    patient.wait_ended(120)
    call = eventually(lambda: (c := product.call_of(number)) and c.ended_at and c, what="record")
    tickets = waiting_services_of(product).tickets
    (ticket,) = [one for one in tickets.listed(limit=500) if one.call_id == call.id]
    assert ticket.working_days == 1
    eventually(lambda: tickets.get(ticket.id).sounds[0].state is SoundState.KEPT, within_s=20, what="kept")
    assert call.loss_reason is None


@pytest.mark.capability("C25")
def test_given_a_listed_number_when_it_calls_then_it_hears_a_message_and_is_not_put_through(product: Product) -> None:
    number = fresh_number()
    nuisance = waiting_services_of(product).nuisance
    until = product.ground.clock.now() + timedelta(hours=1)
    entry = nuisance.add(number, reason="骚扰", expires_at=until, by=AgentId(1))
    product.call(number, keys=f"{TO_PERSON},w60").wait_ended(60)
    call = eventually(lambda: (c := product.call_of(number)) and c.ended_at and c, what="record")
    assert call.queued_at is None
    assert [step.kind for step in call.steps].count("nuisance_call_refused") == 1
    nuisance.remove(entry.id, by=AgentId(1))


@pytest.mark.capability("C22")
def test_given_two_free_agents_when_a_patient_calls_again_then_his_last_one_rings(
    product: Product, bela: AtWork, bolin: AtWork
) -> None:
    bela.ready()
    for attempt in range(2):
        patient = product.call(ASHA, keys=f"{TO_PERSON},w300")
        assert bela.phone.wait_state("ringing", 60), attempt
        assert bolin.phone.state != "ringing"
        bela.phone.answer()
        eventually(lambda: bela.state == "talking", within_s=20, what="talking")
        call = product.call_of(ASHA)
        patient.hang_up()
        eventually(lambda: bela.state == "wrap_up", within_s=20, what="notes")
        bela.desk.post("/desk/ready")
        eventually(lambda: bela.state == "ready", what="ready")
        if attempt == 0:
            bolin.ready()  # he has talked with nobody: app_queue alone would ask him
    assert CallMark.LAST_AGENT in product.ground.calls.record(call.id).marks


@pytest.mark.capability("C14")
def test_given_no_agent_for_an_emergency_when_it_comes_then_the_emergency_room_is_rung(
    product: Product, emergency_room: str
) -> None:
    product.carrier.set_behaviour(emergency_room, Behaviour(BehaviourKind.ANSWER, ring_s=1, hang_up_after_s=4))
    number = fresh_number()
    product.call(number, keys="w2,9,w60").wait_ended(90)
    call = eventually(lambda: (c := product.call_of(number)) and c.ended_at and c, what="record")
    assert call.agent_answered_at is not None
    assert emergency_room in [invite.number for invite in product.carrier.invite_log()]


@pytest.mark.capability("C14")
@pytest.mark.invariant("I8")
def test_given_an_emergency_room_that_does_not_answer_when_rung_then_back_to_the_queue(
    product: Product, emergency_room: str
) -> None:
    product.carrier.set_behaviour(emergency_room, Behaviour(BehaviourKind.BUSY))
    number = fresh_number()
    patient = product.call(number, keys="w2,9,w90")
    call = _waiting(product, number)
    assert (call.queue, call.priority) == ("emergency", 100)
    patient.hang_up()


@pytest.mark.capability("C19")
@pytest.mark.fault("F24")
@pytest.mark.invariant("I8")
def test_given_the_program_dead_when_a_waiting_caller_presses_a_key_then_he_goes_on_waiting(
    product: Product, bela: AtWork
) -> None:
    bela.ready()
    talking = product.call(fresh_number(), keys=f"{TO_PERSON},w300")
    assert bela.phone.wait_state("ringing", 60)
    bela.phone.answer()
    number = fresh_number()
    waits = product.call(number, keys=f"{TO_PERSON},w300")
    _waiting(product, number)
    product.kill_program()
    try:
        waits.press("1")
        eventually(lambda: "!Queue!" in _line_of(product, number), within_s=20, what="in the queue again")
        assert not waits.ended
    finally:
        product.start_program()
    eventually(
        lambda: product.call_of(number).state in (CallState.QUEUED, CallState.RINGING), within_s=30, what="known"
    )
    waits.hang_up()
    talking.hang_up()
    bela.phone.hang_up()


def _line_of(product: Product, number: str) -> str:
    """What Asterisk does with this caller now."""
    lines = _console(product, "core show channels concise").splitlines()
    return next((line for line in lines if f"!{number}!" in line), "")
