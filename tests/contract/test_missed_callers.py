"""Every lost call is a work item that closes itself (C23, C24, C26)."""

import pytest

from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy, LossReason, Overflow
from crm_core.errors import WrongState
from crm_core.waiting.events import MissedCallerClosed, MissedCallerOpened
from crm_core.waiting.kinds import ClosedHow, MissedState
from tests.support.ground import Ground
from tests.support.waiting_house import WaitingHouse

ASHA, WANG = "13800000001", "13800000002"


@pytest.fixture
def house(ground: Ground) -> WaitingHouse:
    return WaitingHouse(ground)


@pytest.mark.capability("C24")
@pytest.mark.capability("C26")
@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (CallOutcome.IVR_ABANDONED, LossReason.IVR),
        (CallOutcome.QUICK_ABANDONED, LossReason.QUICK),
        (CallOutcome.QUEUE_ABANDONED, LossReason.QUEUE),
        (CallOutcome.RING_ABANDONED, LossReason.RINGING),
        (CallOutcome.QUEUE_TIMEOUT, LossReason.TIMEOUT),
        (CallOutcome.NO_AGENT, LossReason.NO_AGENT),
    ],
)
def test_given_a_lost_call_when_it_ends_then_one_item_with_its_own_reason(
    house: WaitingHouse, outcome: CallOutcome, reason: LossReason
) -> None:
    house.lost("hl1-1.1", ASHA, outcome)
    (item,) = house.missed.listed()
    assert (item.reason, item.calls_count, item.number_masked) == (reason, 1, "138****0001")
    assert house.ground.calls.record("hl1-1.1").loss_reason is reason


@pytest.mark.capability("C26")
@pytest.mark.parametrize(
    ("overflow", "reason"),
    [
        (Overflow.FULL, LossReason.QUEUE_FULL),
        (Overflow.NOBODY, LossReason.NO_AGENT),
        (Overflow.LONG, LossReason.TIMEOUT),
    ],
)
def test_given_a_caller_who_was_told_of_a_full_line_when_he_hangs_up_then_that_is_the_reason(
    house: WaitingHouse, overflow: Overflow, reason: LossReason
) -> None:
    call_id = house.arrives("hl1-1.1", ASHA)
    house.bus.publish(e.OverflowMet(at=house.clock.now(), call_id=call_id, queue="booking", reason=overflow))
    house.ends(call_id, CallOutcome.IVR_ABANDONED)
    (item,) = house.missed.listed()
    assert (item.reason, item.queue) == (reason, "booking")


@pytest.mark.capability("C26")
def test_given_a_caller_who_was_told_and_then_waited_when_he_hangs_up_then_he_left_the_queue(
    house: WaitingHouse,
) -> None:
    call_id = house.arrives("hl1-1.1", ASHA)
    house.bus.publish(e.OverflowMet(at=house.clock.now(), call_id=call_id, queue="enquiry", reason=Overflow.FULL))
    house.bus.publish(e.CallQueued(at=house.clock.now(), call_id=call_id, queue="enquiry"))
    house.ends(call_id, CallOutcome.QUEUE_ABANDONED)
    assert house.ground.calls.record(call_id).loss_reason is LossReason.QUEUE


@pytest.mark.capability("C24")
@pytest.mark.parametrize("outcome", [CallOutcome.ANSWERED, CallOutcome.IVR_ENDED, CallOutcome.LOST_EVENT])
def test_given_a_call_that_was_served_or_not_seen_to_the_end_when_it_ends_then_no_item(
    house: WaitingHouse, outcome: CallOutcome
) -> None:
    house.lost("hl1-1.1", ASHA, outcome)
    assert house.missed.listed() == []


@pytest.mark.capability("C23")
def test_given_three_vain_calls_in_an_hour_when_seen_then_one_item_marked_repeated(house: WaitingHouse) -> None:
    for index in range(3):
        house.lost(f"hl1-1.{index}", ASHA)
        house.clock.advance(600)
    (item,) = house.missed.listed()
    assert (item.calls_count, item.is_repeated, len(item.call_ids)) == (3, True, 3)
    assert house.callers.standing(ASHA).lost_within_hour == 3
    house.clock.advance(3600)
    assert house.callers.standing(ASHA).lost_within_hour == 0


@pytest.mark.capability("C23")
def test_given_two_hang_ups_in_the_menu_when_seen_then_they_are_no_vain_tries(house: WaitingHouse) -> None:
    for index in range(2):
        house.lost(f"hl1-1.{index}", ASHA, CallOutcome.IVR_ABANDONED)
    (item,) = house.missed.listed()
    assert not item.is_repeated
    assert house.callers.standing(ASHA).lost_within_hour == 0


@pytest.mark.fault("F07")
def test_given_an_end_that_is_told_twice_when_counted_then_once(house: WaitingHouse) -> None:
    house.lost("hl1-1.1", ASHA)
    house.missed.on_call_ended(house.bus.of(e.CallEnded)[-1])
    assert house.missed.listed()[0].calls_count == 1
    assert len(house.bus.of(MissedCallerOpened)) == 1


@pytest.mark.capability("C24")
def test_given_an_open_item_when_the_caller_gets_through_later_then_it_closes_itself(house: WaitingHouse) -> None:
    bela = house.ground.agent()
    house.lost("hl1-1.1", ASHA)
    house.lost("hl1-1.2", WANG)
    house.queued("hl1-1.3", "+8613800000001")
    house.agent_takes("hl1-1.3", bela)
    (still_open,) = house.missed.listed()
    (closed,) = house.missed.listed(state=MissedState.CLOSED)
    assert still_open.number_masked == "138****0002"
    assert (closed.closed_how, closed.closed_call_id) == (ClosedHow.CALLED_AGAIN, "hl1-1.3")
    assert [one.item_id for one in house.bus.of(MissedCallerClosed)] == [closed.id]


@pytest.mark.capability("C24")
def test_given_an_open_item_when_an_agent_calls_the_patient_then_it_closes_when_they_talk(house: WaitingHouse) -> None:
    bela = house.ground.agent()
    house.lost("hl1-1.1", ASHA)
    house.arrives("out-1", ASHA, direction=Direction.OUTBOUND)
    assert house.missed.open_count() == 1
    house.agent_takes("out-1", bela)
    (closed,) = house.missed.listed(state=None)
    assert closed.closed_how is ClosedHow.CALLED_BACK


@pytest.mark.capability("C24")
def test_given_a_withheld_number_when_lost_twice_then_two_items_that_only_a_person_closes(house: WaitingHouse) -> None:
    bela = house.ground.agent()
    house.lost("hl1-1.1", "")
    house.lost("hl1-1.2", "")
    first, second = house.missed.listed()
    assert house.missed.number_of(first.id) == ""
    house.missed.close_by_hand(first.id, bela)
    with pytest.raises(WrongState):
        house.missed.close_by_hand(first.id, bela)
    assert [one.id for one in house.missed.listed()] == [second.id]


@pytest.mark.capability("C24")
def test_given_a_call_in_which_a_call_back_was_arranged_when_it_ends_then_nothing_is_lost(house: WaitingHouse) -> None:
    house.asks_for_call_back("hl1-1.1", ASHA)
    house.queued("hl1-1.2", WANG)
    house.call_backs.request(house.arrives("hl1-1.2", WANG), WANG, queue="enquiry", priority=0)
    house.ends("hl1-1.2", CallOutcome.IVR_ABANDONED, by=HungUpBy.PATIENT)
    assert house.missed.listed() == []
