"""A place in the line without a receiver: asked for, dialled in order, followed to its end (C18, C20, I4)."""

from datetime import timedelta

import pytest

from crm_core.agents.kinds import AgentState
from crm_core.calls import events as e
from crm_core.calls.kinds import CallMark, CallOutcome, Direction, HungUpBy, LossReason
from crm_core.errors import InvalidInput, OutcomeUnknown, TelephonyRefused, TelephonyUnavailable, WrongState
from crm_core.ids import CallId
from crm_core.ports import LiveCall
from crm_core.waiting.call_backs import AlreadyRequested
from crm_core.waiting.events import CallBackAttemptEnded, CallBackRequested
from crm_core.waiting.kinds import CallBackState
from tests.support.ground import Ground
from tests.support.waiting_house import WaitingHouse

ASHA, WANG, LIU, ZHAO = "13800000001", "13800000002", "13800000003", "13800000004"


@pytest.fixture
def house(ground: Ground) -> WaitingHouse:
    return WaitingHouse(ground)


def _picks_up(house: WaitingHouse, call_id: str, number: str) -> None:
    house.bus.publish(
        e.CallArrived(at=house.clock.now(), call_id=CallId(call_id), direction=Direction.OUTBOUND, number=number)
    )
    house.bus.publish(e.PatientLegAnswered(at=house.clock.now(), call_id=CallId(call_id)))


@pytest.mark.capability("C20")
def test_given_a_caller_who_waited_when_he_asks_then_his_entry_time_and_priority_are_kept(house: WaitingHouse) -> None:
    house.queued("hl1-1.1", ASHA, priority=30)
    entered_at = house.ground.calls.record("hl1-1.1").entered_at
    house.clock.advance(120)
    house.steps_out("hl1-1.1", waited_s=120)
    stand = house.lines.stand_of(CallId("hl1-1.1"), "enquiry")
    card = house.call_backs.request(
        CallId("hl1-1.1"), ASHA, queue="enquiry", priority=stand.priority, entered_at=stand.entered_at
    )
    assert (card.entered_at, card.priority, card.state) == (entered_at, 30, CallBackState.WAITING)
    assert [one.request_id for one in house.bus.of(CallBackRequested)] == [card.id]


@pytest.mark.capability("C20")
def test_given_a_request_when_asked_again_in_the_same_call_then_it_is_the_same_and_in_another_call_refused(
    house: WaitingHouse,
) -> None:
    first = house.call_backs.request(CallId("hl1-1.1"), ASHA, queue="enquiry", priority=0)
    again = house.call_backs.request(CallId("hl1-1.1"), ASHA, queue="enquiry", priority=0)
    assert again.id == first.id
    assert len(house.bus.of(CallBackRequested)) == 1
    with pytest.raises(AlreadyRequested):
        house.call_backs.request(CallId("hl1-1.2"), "+86 138 0000 0001", queue="booking", priority=0)


@pytest.mark.invariant("I9")
@pytest.mark.parametrize(
    "number", ["", "120", "95169", "0044207946000", "+14155552671", "abc", "1380000000;1", "96000"]
)
def test_given_a_number_that_may_not_be_rung_when_asked_for_then_refused(house: WaitingHouse, number: str) -> None:
    with pytest.raises(InvalidInput):
        house.call_backs.request(CallId("hl1-1.1"), number, queue="enquiry", priority=0)
    assert house.call_backs.in_line() == []


@pytest.mark.capability("C20")
@pytest.mark.invariant("I4")
def test_given_one_free_agent_when_ticked_often_then_one_attempt_and_its_place_is_the_old_one(
    house: WaitingHouse,
) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA, priority=30)
    house.asks_for_call_back("hl1-1.2", WANG, after_s=10)
    house.agent("bela", "1001")
    for _ in range(5):
        house.dialer.tick()
    (placed,) = house.telephony.placed
    card = house.call_backs.get(request_id)
    assert (placed.number, placed.priority, placed.entered_at) == ("+8613800000001", 30, card.entered_at)
    assert (card.state, card.attempts_count) == (CallBackState.CALLING, 1)


@pytest.mark.capability("C18")
@pytest.mark.capability("C20")
def test_given_callers_who_still_wait_when_an_agent_is_free_then_a_request_overtakes_nobody(
    house: WaitingHouse,
) -> None:
    house.queued("hl1-1.1", ASHA)
    house.asks_for_call_back("hl1-1.2", WANG, after_s=10)
    house.queued("hl1-1.3", LIU, after_s=10)
    house.agent("bela", "1001")
    assert house.dialer.tick() == 0  # the free agent is for Asha, who stands first
    house.agent("bolin", "1002")
    assert house.dialer.tick() == 1  # the second one for Wang, before Liu
    assert [one.number for one in house.telephony.placed] == ["+8613800000002"]


@pytest.mark.capability("C18")
def test_given_a_higher_priority_that_comes_later_when_an_agent_is_free_then_it_goes_first(house: WaitingHouse) -> None:
    house.asks_for_call_back("hl1-1.1", ASHA)
    house.asks_for_call_back("hl1-1.2", WANG, priority=40, after_s=60)
    house.agent("bela", "1001")
    house.dialer.tick()
    assert [one.number for one in house.telephony.placed] == ["+8613800000002"]


@pytest.mark.capability("C20")
@pytest.mark.parametrize("state", [AgentState.PAUSED, AgentState.TALKING, AgentState.RINGING, AgentState.WRAP_UP])
def test_given_no_free_agent_when_ticked_then_nobody_is_rung(house: WaitingHouse, state: AgentState) -> None:
    house.asks_for_call_back("hl1-1.1", ASHA)
    house.agent("bela", "1001", state)
    assert house.dialer.tick() == 0


@pytest.mark.capability("C20")
def test_given_an_attempt_when_the_patient_answers_and_talks_then_record_request_and_place_agree(
    house: WaitingHouse,
) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA, priority=30)
    bela = house.agent("bela", "1001")
    house.dialer.tick()
    call_id = house.telephony.placed[0].call_id
    house.telephony.live = [LiveCall(call_id, True, house.clock.now())]
    house.clock.advance(8)
    _picks_up(house, call_id, ASHA)
    record = house.ground.calls.record(call_id)
    assert record.marks == (CallMark.CALL_BACK,)
    assert record.entered_at == house.call_backs.get(request_id).entered_at
    house.dialer.tick()
    assert house.telephony.released == []  # he hears the sentence: his place is still held
    house.bus.publish(e.CallQueued(at=house.clock.now(), call_id=call_id, queue="enquiry", priority=30))
    house.dialer.tick()
    assert house.telephony.released == [call_id]
    assert house.ground.calls.waiting("enquiry")[0].entered_at == record.entered_at
    house.agent_takes(call_id, bela)
    assert house.call_backs.get(request_id).state is CallBackState.DONE
    house.ends(call_id, CallOutcome.ANSWERED)
    assert [one.outcome for one in house.bus.of(CallBackAttemptEnded)] == ["served"]
    assert house.missed.listed() == []


@pytest.mark.capability("C20")
@pytest.mark.capability("C24")
def test_given_nobody_who_answers_when_tried_three_times_then_he_is_a_missed_caller(house: WaitingHouse) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA)
    house.agent("bela", "1001")
    for attempt in range(1, 4):
        assert house.dialer.tick() == 1, attempt
        assert house.dialer.tick() == 0
        house.ends(house.telephony.placed[-1].call_id, CallOutcome.NO_ANSWER, after_s=25)
        assert house.dialer.tick() == 0  # not before the pause is over
        house.clock.advance(301)
    assert house.call_backs.get(request_id).state is CallBackState.UNREACHED
    assert house.dialer.tick() == 0
    (item,) = house.missed.listed()
    assert (item.number_masked, item.reason) == ("138****0001", LossReason.QUEUE)


@pytest.mark.capability("C20")
def test_given_a_caller_who_gets_through_himself_when_he_waits_for_a_call_back_then_it_is_done(
    house: WaitingHouse,
) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA)
    bela = house.agent("bela", "1001", AgentState.PAUSED)
    house.queued("hl1-1.2", ASHA)
    house.agent_takes("hl1-1.2", bela)
    assert house.call_backs.get(request_id).state is CallBackState.DONE


@pytest.mark.capability("C20")
def test_given_a_number_that_speaks_with_us_when_its_turn_comes_then_it_is_not_rung(house: WaitingHouse) -> None:
    house.asks_for_call_back("hl1-1.1", ASHA)
    house.arrives("hl1-1.2", ASHA)
    house.agent("bela", "1001")
    assert house.dialer.tick() == 0
    house.ends("hl1-1.2", CallOutcome.IVR_ENDED, by=HungUpBy.SYSTEM, after_s=6)
    assert house.dialer.tick() == 1


@pytest.mark.invariant("I4")
@pytest.mark.fault("F53")
def test_given_an_answer_that_never_came_when_reconciled_then_a_person_decides_and_no_machine_dials(
    house: WaitingHouse,
) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA)
    house.agent("bela", "1001")
    house.telephony.failing = OutcomeUnknown("no answer")
    house.dialer.tick()
    house.telephony.failing = None
    for _ in range(5):
        house.clock.advance(10)
        assert house.dialer.tick() == 0
    assert house.call_backs.get(request_id).state is CallBackState.TO_REVIEW
    house.call_backs.again(request_id)
    assert house.dialer.tick() == 1


@pytest.mark.fault("F51")
def test_given_a_dialler_that_died_after_the_claim_when_the_lease_ends_then_another_one_dials_once(
    ground: Ground,
) -> None:
    class Died(Exception):
        pass

    def die(name: str) -> None:
        if name == "claimed":
            raise Died

    house = WaitingHouse(ground)
    house.asks_for_call_back("hl1-1.1", ASHA)
    house.agent("bela", "1001")
    house.dialer._failpoint = die
    with pytest.raises(Died):
        house.dialer.tick()
    other = house.new_dialer("test-2")
    assert other.tick() == 0  # the claim is not his, and the other one may still lead
    house.clock.advance(61)
    assert other.tick() == 1
    assert len(house.telephony.placed) == 1


@pytest.mark.invariant("I4")
def test_given_asterisk_away_or_refusing_when_dialled_then_the_place_is_kept_and_nothing_counts_twice(
    house: WaitingHouse,
) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA)
    house.agent("bela", "1001")
    house.telephony.failing = TelephonyUnavailable("down")
    house.dialer.tick()
    card = house.call_backs.get(request_id)
    assert (card.state, card.attempts_count) == (CallBackState.WAITING, 0)
    house.clock.advance(11)
    house.telephony.failing = TelephonyRefused("no")
    house.dialer.tick()
    card = house.call_backs.get(request_id)
    assert (card.state, card.attempts_count, card.last_outcome) == (CallBackState.WAITING, 1, "failed")


@pytest.mark.requirement("R39")
@pytest.mark.capability("C20")
def test_given_a_wish_of_opening_hours_when_the_window_is_closed_then_two_hours_hold_but_never_the_night(
    house: WaitingHouse,
) -> None:
    noon = house.clock.now().replace(hour=4, minute=30)  # 12:30 in the hospital: the dialler pauses
    house.clock.set(noon)
    house.asks_for_call_back("hl1-1.1", ASHA)
    house.agent("bela", "1001")
    assert house.dialer.tick() == 1
    house.ends(house.telephony.placed[0].call_id, CallOutcome.NO_ANSWER, after_s=20)
    house.clock.set(noon + timedelta(hours=9, minutes=31))  # 22:01
    assert house.dialer.tick() == 0
    house.clock.set(noon + timedelta(hours=19, minutes=20))  # 07:50 of the next day
    assert house.dialer.tick() == 0
    house.clock.set(noon + timedelta(hours=20, minutes=40))  # 09:10: within the window of the house
    assert house.dialer.tick() == 1


@pytest.mark.capability("C20")
def test_given_a_request_when_cancelled_then_it_leaves_the_line_and_an_ended_one_stays(house: WaitingHouse) -> None:
    request_id = house.asks_for_call_back("hl1-1.1", ASHA)
    house.call_backs.cancel(request_id)
    house.agent("bela", "1001")
    assert house.dialer.tick() == 0
    with pytest.raises(WrongState):
        house.call_backs.cancel(request_id)
