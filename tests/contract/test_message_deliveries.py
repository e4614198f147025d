"""Sending: claimed before it leaves, settled once, never twice what may have left, dead letters seen (C123)."""

import threading
from datetime import timedelta

import pytest

from crm_core.errors import NotFound, WrongState
from crm_core.messaging.cards import MaybeSent, NotSent, Receipt
from crm_core.messaging.kinds import Channel, MessageState
from crm_core.messaging.models import Message
from crm_core.patients.cards import NewPatient
from scheduler.outbox_tick import OutboxLimits, OutboxTick
from tests.support.ground import Ground
from tests.support.message_house import MessageHouse, ToldSender


@pytest.fixture
def house(ground: Ground) -> MessageHouse:
    return MessageHouse(ground)


def tick(house: MessageHouse, sender: ToldSender, **limits: float) -> OutboxTick:
    made = OutboxLimits(**({"failures_in_a_row": 1000} | limits))  # type: ignore[arg-type]
    return OutboxTick(
        house.make_deliveries(), [sender], clock=house.ground.clock, owner="a", limits=made, figures=house.log.figures
    )


def state(house: MessageHouse, message: int) -> tuple[MessageState, str, int]:
    card = house.log.card(message)
    return card.state, card.error, card.attempts_count


@pytest.mark.capability("C123")
def test_given_queued_messages_when_ticked_then_sent_once_with_id_and_cost(house: MessageHouse) -> None:
    ids = [house.queue(f"k{number}", answer="中" * 100) for number in range(3)]
    sender = ToldSender()
    assert tick(house, sender).tick() == 3
    assert tick(house, sender).tick() == 0
    assert [one.id for one in sender.got] == ids
    assert sender.got[0].recipient == "+8613800000001"
    assert len({one.reference for one in sender.got}) == 3
    card = house.log.card(ids[0])
    assert (card.state, card.provider_id, card.parts, card.cost_fen) == (MessageState.SENT, f"gw-{ids[0]}", 2, 8)
    assert card.sent_at == house.ground.clock.now()
    figures = house.log.figures()
    assert (figures.sent_today, figures.cost_today_fen, figures.waiting, figures.problems) == (3, 24, 0, 0)


def test_given_a_gateway_that_refuses_for_now_when_time_goes_on_then_tried_by_the_table_and_dead_in_the_end(
    house: MessageHouse,
) -> None:
    message = house.queue("k1")
    sender = ToldSender(instructions=[NotSent("http_500") for _ in range(9)])
    runner = tick(house, sender)
    for tries, pause_s in enumerate((30, 120, 600, 3600, 21_600), start=1):
        runner.tick()
        assert state(house, message) == (MessageState.FAILED, "http_500", tries)
        house.ground.clock.advance(pause_s - 1)
        runner.tick()
        assert len(sender.got) == tries, "not before its time"
        house.ground.clock.advance(1)
    runner.tick()
    assert state(house, message) == (MessageState.DEAD, "http_500", 6)
    assert [one.id for one in house.log.messages(states=[MessageState.DEAD])] == [message]
    assert len({one.reference for one in sender.got}) == 1


def test_given_a_final_refusal_when_sent_then_dead_at_once_and_sent_again_only_by_a_person(house: MessageHouse) -> None:
    message = house.queue("k1")
    sender = ToldSender(instructions=[NotSent("gateway_blocked", is_final=True)])
    runner = tick(house, sender)
    runner.tick()
    assert state(house, message) == (MessageState.DEAD, "gateway_blocked", 1)
    house.ground.clock.advance(86_400)
    assert runner.tick() == 0
    chen = house.ground.agent()
    house.deliveries.retry(message, chen)
    assert runner.tick() == 1
    assert state(house, message)[0] is MessageState.SENT
    with pytest.raises(WrongState):
        house.deliveries.retry(message, chen)
    with pytest.raises(NotFound):
        house.deliveries.retry(4711, chen)
    line = house.ground.audit.entries(action="message.retry")[0]
    assert (line.actor_id, line.detail) == (chen, {"state": "dead"})


def test_given_a_gateway_that_took_it_and_hung_when_ticked_on_then_never_sent_again_by_a_machine(
    house: MessageHouse,
) -> None:
    message = house.queue("k1")
    sender = ToldSender(instructions=[MaybeSent("timeout")])
    runner = tick(house, sender)
    runner.tick()
    house.ground.clock.advance(7 * 86_400)
    runner.tick()
    assert len(sender.got) == 1
    assert state(house, message) == (MessageState.UNKNOWN, "timeout", 1)
    assert house.log.figures().problems == 1


def test_given_a_gateway_that_drops_doubles_when_it_hung_then_tried_again_with_the_same_reference(
    house: MessageHouse,
) -> None:
    house.queue("k1")
    sender = ToldSender(sends_once=True, instructions=[MaybeSent("timeout")])
    runner = tick(house, sender)
    runner.tick()
    house.ground.clock.advance(30)
    assert runner.tick() == 1
    assert len({one.reference for one in sender.got}) == 1


@pytest.mark.fault("F55")
def test_given_many_senders_at_once_when_all_tick_then_every_message_leaves_exactly_once(house: MessageHouse) -> None:
    ids = [house.queue(f"k{number}") for number in range(40)]
    senders = [ToldSender() for _ in range(6)]
    start = threading.Barrier(6)
    runners = [tick(house, sender) for sender in senders]

    def run(runner: OutboxTick) -> None:
        start.wait()
        runner.tick()

    threads = [threading.Thread(target=run, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runner in runners:
        runner.tick()
    assert sorted(one.id for sender in senders for one in sender.got) == ids
    assert house.log.counts()[MessageState.SENT] == 40


@pytest.mark.fault("F51")
@pytest.mark.parametrize("sends_once", [False, True])
def test_given_a_sender_killed_after_the_packet_left_when_the_lease_ends_then_only_a_safe_gateway_gets_it_again(
    house: MessageHouse, sends_once: bool
) -> None:
    message = house.queue("k1")
    killed = ToldSender(sends_once=sends_once, instructions=[KeyboardInterrupt()])  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        tick(house, killed).tick()
    assert state(house, message)[0] is MessageState.SENDING
    other = ToldSender(sends_once=sends_once)
    runner = tick(house, other)
    house.ground.clock.advance(119)
    assert runner.tick() == 0, "the lease still runs"
    house.ground.clock.advance(1)
    assert runner.tick() == (1 if sends_once else 0)
    assert len(other.got) == (1 if sends_once else 0)
    assert state(house, message)[0] is (MessageState.SENT if sends_once else MessageState.UNKNOWN)


def test_given_a_slow_sender_when_its_truth_comes_late_then_it_counts_and_a_foreign_claim_does_not(
    house: MessageHouse,
) -> None:
    message = house.queue("k1")
    claimed = house.deliveries.claim(Channel.SMS, "slow", lease_s=10)
    assert claimed is not None
    house.ground.clock.advance(11)
    assert house.deliveries.recover() == 1
    assert state(house, message)[0] is MessageState.UNKNOWN
    house.deliveries.not_sent(claimed, "late", is_final=False)
    assert state(house, message)[0] is MessageState.UNKNOWN, "a lost claim may not put it back"
    house.deliveries.sent(claimed, Receipt("gw-late"))
    assert house.log.card(message).provider_id == "gw-late"
    second = house.queue("k2")
    first_claim = house.deliveries.claim(Channel.SMS, "one", lease_s=10)
    assert first_claim is not None
    house.ground.clock.advance(11)
    house.deliveries.recover([Channel.SMS])
    second_claim = house.deliveries.claim(Channel.SMS, "two", lease_s=10)
    assert second_claim is not None
    house.deliveries.not_sent(first_claim, "old", is_final=True)
    assert state(house, second)[0] is MessageState.SENDING


@pytest.mark.requirement("R23")
def test_given_a_consent_withdrawn_while_queued_when_ticked_then_nothing_leaves(house: MessageHouse) -> None:
    asha = house.ground.patients.register(NewPatient(name="阿莎"))
    message = house.queue("k1", patient_id=asha)
    house.unwilling.add(asha)
    sender = ToldSender()
    assert tick(house, sender).tick() == 0
    assert sender.got == []
    assert state(house, message) == (MessageState.REFUSED, "no_consent", 0)


def test_given_a_message_that_is_too_late_when_ticked_then_dead_and_the_next_one_leaves(house: MessageHouse) -> None:
    late = house.queue("k1", not_after=house.ground.clock.now() + timedelta(seconds=60))
    fine = house.queue("k2")
    house.ground.clock.advance(61)
    sender = ToldSender()
    assert tick(house, sender).tick() == 1
    assert [one.id for one in sender.got] == [fine]
    assert state(house, late) == (MessageState.DEAD, "too_late", 0)


def test_given_an_unreadable_message_when_ticked_then_it_does_not_stand_in_the_way(house: MessageHouse) -> None:
    broken, fine = house.queue("k1"), house.queue("k2")
    with house.ground.database.write() as session:
        row = session.get_one(Message, broken)
        row.content_encrypted = b"\x01\x02k1 broken"
    sender = ToldSender()
    assert tick(house, sender).tick() == 1
    assert [one.id for one in sender.got] == [fine]
    assert state(house, broken) == (MessageState.DEAD, "unreadable", 0)


def test_given_a_gateway_that_is_down_when_ticked_then_the_channel_rests_and_messages_keep_their_tries(
    house: MessageHouse,
) -> None:
    ids = [house.queue(f"k{number}") for number in range(10)]
    sender = ToldSender(instructions=[NotSent("unreachable") for _ in range(3)])
    runner = tick(house, sender, failures_in_a_row=3, rest_s=60)
    runner.tick()
    runner.tick()
    assert len(sender.got) == 3
    assert state(house, ids[5]) == (MessageState.QUEUED, "", 0)
    assert [(one.part, one.is_ok) for one in runner.health()] == [("message senders", False), ("outbox", True)]
    house.ground.clock.advance(60)
    assert runner.tick() == 10
    assert all(one.is_ok for one in runner.health())


def test_given_a_slow_gateway_when_ticked_then_the_tick_ends_in_its_time_and_a_stop_ends_it_at_once(
    house: MessageHouse,
) -> None:
    for number in range(10):
        house.queue(f"k{number}")
    sender = ToldSender(before=lambda: house.ground.clock.advance(6))
    runner = tick(house, sender, tick_max_s=20)
    assert runner.tick() == 4
    sender.before = runner.stop
    assert runner.tick() == 1
    assert runner.tick() == 0


def test_given_messages_that_are_late_when_health_is_asked_then_reported(house: MessageHouse) -> None:
    house.queue("k1")
    house.ground.clock.advance(700)
    outbox = tick(house, ToldSender()).health()[1]
    assert (outbox.is_ok, outbox.figures["messages_oldest_due_s"]) == (False, 700.0)
