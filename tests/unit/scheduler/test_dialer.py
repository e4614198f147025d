"""What the dialler does when telephony refuses, is silent or is gone, and when the window closes under its hands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.kinds import ContactState
from crm_core.clock import ManualClock
from crm_core.errors import InvalidInput, OutcomeUnknown, TelephonyRefused, TelephonyUnavailable
from crm_core.ids import CallId
from crm_core.ports import LiveCall
from scheduler.housekeeping import Housekeeping
from tests.support.campaign_house import House, mobile, sqlite_at


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def house(tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    house = House(sqlite_at(tmp_path), clock=clock)
    yield house
    house.database.close()


def raising(error: Exception) -> object:
    def answer(number: str) -> None:
        raise error

    return answer


def states(house: House, campaign_id: int) -> list[str]:
    return [contact.state for contact in house.campaigns.contacts(campaign_id)]


@pytest.mark.fault("F18")
def test_given_asterisk_refuses_when_ticked_for_hours_then_two_tries_each_and_a_final_state(
    house: House, clock: ManualClock
) -> None:
    asked: list[str] = []

    def refuse(number: str) -> None:
        asked.append(number)
        raise TelephonyRefused("no such endpoint")

    house.telephony.answer = refuse
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    for _ in range(200):
        house.dialer.tick()
        clock.advance(60)
    assert len(asked) == 4
    assert states(house, campaign_id) == [ContactState.UNREACHED] * 2
    assert house.campaigns.progress(campaign_id).failed == 2


def test_given_an_unsafe_number_when_dialled_then_the_contact_is_invalid_and_the_next_is_called(house: House) -> None:
    house.telephony.answer = lambda number: (_ for _ in ()).throw(InvalidInput("x")) if number == mobile(1) else None
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    assert house.dialer.tick() == 1
    assert states(house, campaign_id) == [ContactState.INVALID, ContactState.CLAIMED]


def test_given_the_link_is_lost_when_dialling_then_nothing_counts_and_everything_is_called_later(
    house: House, clock: ManualClock
) -> None:
    house.telephony.answer = raising(TelephonyUnavailable("down"))  # type: ignore[assignment]
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    assert house.dialer.tick() == 0
    assert states(house, campaign_id) == [ContactState.WAITING] * 2
    assert [contact.attempts_count for contact in house.campaigns.contacts(campaign_id)] == [0, 0]
    house.telephony.answer = lambda number: None
    clock.advance(31)
    assert house.dialer.tick() == 2


@pytest.mark.fault("F13")
@pytest.mark.fault("F52")
@pytest.mark.invariant("I4")
def test_given_no_answer_to_originate_when_silent_then_never_sent_again_and_reconciled(
    house: House, clock: ManualClock
) -> None:
    house.telephony.after_send = raising(OutcomeUnknown("deadline"))  # type: ignore[assignment]
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    assert house.dialer.tick() == 0
    assert states(house, campaign_id) == [ContactState.CLAIMED, ContactState.WAITING]
    house.telephony.after_send = lambda number: None
    attempt_id = house.telephony.invites[0][0]
    house.telephony.live = [LiveCall(CallId(attempt_id), False, clock.now())]
    for _ in range(20):
        house.dialer.tick()
        house.reconciler.tick()
        clock.advance(5)
    assert [number for _, number in house.telephony.invites].count(mobile(1)) == 1
    assert states(house, campaign_id)[0] == ContactState.CLAIMED, "it rings: adopted"
    house.telephony.live = []
    for _ in range(4):
        house.reconciler.tick()
        clock.advance(5)
    assert states(house, campaign_id)[0] == ContactState.TO_REVIEW


def test_given_telephony_is_down_when_reconciled_then_silence_is_no_proof(house: House, clock: ManualClock) -> None:
    campaign_id = house.running_campaign([mobile(1)])
    house.dialer.tick()
    house.telephony.is_up = False
    for _ in range(100):
        house.reconciler.tick()
        clock.advance(60)
    assert states(house, campaign_id) == [ContactState.CLAIMED]
    assert house.dialer.tick() == 0


@pytest.mark.fault("F58")
@pytest.mark.invariant("I9")
def test_given_twenty_due_when_the_window_closes_in_mid_batch_then_no_call_after_and_on_next_day(
    house: House, clock: ManualClock
) -> None:
    house.limits = type(house.limits)(concurrent_calls_max=20)
    house.dialer = house.new_dialer("test-1")
    campaign_id = house.running_campaign([mobile(i) for i in range(20)], concurrency=20)
    clock.set(datetime(2026, 11, 23, 11, 59, 55, tzinfo=UTC))  # 19:59:55 in the hospital
    house.telephony.after_send = lambda number: clock.advance(1)
    assert house.dialer.tick() == 5
    assert house.campaigns.progress(campaign_id).remaining == 15
    for attempt_id, _ in list(house.telephony.invites):
        house.end(attempt_id, CallOutcome.UNOBTAINABLE)
    assert house.dialer.tick() == 0
    assert house.campaigns.card(campaign_id).window_reason == "不在外呼时段内，11-24 09:00 继续"
    clock.set(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    assert house.dialer.tick() == 15
    assert house.campaigns.card(campaign_id).window_reason == ""


@pytest.mark.fault("F54")
@pytest.mark.fault("F56")
def test_given_the_clock_jumps_when_ticked_then_wall_time_decides_and_the_lease_does_not_block(
    house: House, clock: ManualClock
) -> None:
    house.running_campaign([mobile(i) for i in range(4)], concurrency=1)
    assert house.dialer.tick() == 1
    house.end(house.telephony.invites[0][0], CallOutcome.UNOBTAINABLE)
    clock.set(clock.now() + timedelta(hours=12))
    assert house.dialer.tick() == 0, "22:00 in the hospital"
    clock.set(clock.now() - timedelta(hours=11, minutes=59))
    assert house.new_dialer("test-2").tick() == 1, "the lease ends in a future that is none any more"


def test_given_a_stop_when_ticked_then_no_call(house: House) -> None:
    house.running_campaign([mobile(1)])
    house.dialer.stop()
    assert house.dialer.tick() == 0
    assert house.telephony.invites == []


def test_given_everybody_called_when_housekeeping_runs_then_the_campaign_is_finished(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1)])
    housekeeping = Housekeeping(house.campaigns)
    assert housekeeping.finish_campaigns() == []
    house.dialer.tick()
    house.end(house.telephony.invites[0][0], CallOutcome.UNOBTAINABLE)
    assert housekeeping.finish_campaigns() == [campaign_id]


def test_given_an_hourly_task_that_fails_when_run_then_the_others_run_and_it_is_named(house: House) -> None:
    done: list[str] = []
    tasks = {"broken": lambda: 1 / 0, "fine": lambda: done.append("fine")}
    with pytest.raises(RuntimeError, match="broken"):
        Housekeeping(house.campaigns, tasks).hourly()
    assert done == ["fine"]
