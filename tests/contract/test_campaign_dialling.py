"""The dial-once rule over both databases: claim, last check, leadership, events in any order, reconciliation."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError

from crm_core import schema
from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.cards import CallTrace
from crm_core.campaigns.events import AttemptEnded
from crm_core.campaigns.kinds import AttemptState, ContactState, DialDecision
from crm_core.campaigns.models import Attempt
from crm_core.clock import ManualClock
from crm_core.database import Database
from crm_core.errors import WrongState
from crm_core.ids import CallId
from crm_core.ports import LiveCall
from tests.support.campaign_house import House, mobile


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    database = Database(database_url)
    schema.all_metadata().create_all(database.engine)
    house = House(database)
    yield house
    database.close()


def clock(house: House) -> ManualClock:
    assert isinstance(house.clock, ManualClock)
    return house.clock


def settle(house: House) -> None:
    """What was not seen to end goes to the review list after the grace time."""
    house.reconciler.tick()
    clock(house).advance(11)
    house.reconciler.tick()


def contact_state(house: House, campaign_id: int, index: int = 0) -> str:
    return house.campaigns.contacts(campaign_id)[index].state


@pytest.mark.requirement("R40")
def test_given_no_answer_again_and_again_when_the_caps_are_reached_then_no_further_call(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1)], max_attempts=10, retry_minutes={"no_answer": 1})
    other_id = house.running_campaign([mobile(1)], max_attempts=10, retry_minutes={"no_answer": 1})
    for _ in range(60):
        house.dialer.tick()
        for attempt_id, _number in house.telephony.invites:
            house.end(attempt_id, CallOutcome.NO_ANSWER)
        clock(house).advance(61)
    assert len(house.telephony.invites) == 3
    assert house.campaigns.progress(campaign_id).remaining == 1
    clock(house).advance(24 * 3600)
    house.dialer.tick()
    assert len(house.telephony.invites) == 4
    assert house.campaigns.progress(other_id).total == 1


@pytest.mark.fault("F08")
@pytest.mark.fault("F07")
def test_given_events_reordered_and_doubled_when_handled_then_a_closed_attempt_never_reopens(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1)])
    house.dialer.tick()
    attempt_id = house.telephony.invites[0][0]
    house.end(attempt_id, CallOutcome.BUSY)
    house.pick_up(attempt_id)
    house.ring(attempt_id)
    house.end(attempt_id, CallOutcome.ANSWERED)
    assert house.campaigns.contacts(campaign_id)[0].last_outcome == "busy"
    assert len(house.bus.of(AttemptEnded)) == 1
    assert house.attempts.in_flight() == 0


@pytest.mark.capability("C82")
def test_given_caps_of_campaign_and_house_when_dialling_then_never_exceeded_and_shared_fairly(house: House) -> None:
    big = house.running_campaign([mobile(i) for i in range(50)], concurrency=50)
    small = house.running_campaign([mobile(100 + i) for i in range(5)], concurrency=2)
    assert house.dialer.tick() == 5
    assert house.campaigns.progress(big).in_flight == 3
    assert house.campaigns.progress(small).in_flight == 2
    assert house.dialer.tick() == 0
    house.end(house.telephony.invites[0][0], CallOutcome.UNOBTAINABLE)
    assert house.dialer.tick() == 1
    assert house.attempts.in_flight() == 5


@pytest.mark.capability("C87")
@pytest.mark.fault("F63")
@pytest.mark.parametrize("action", ["pause", "stop"])
def test_given_a_pause_between_claim_and_dial_when_checked_then_nothing_is_sent(house: House, action: str) -> None:
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    leadership = house.leaderships.acquire(house.owner, lease_s=60)
    assert leadership is not None
    claims = house.attempts.claim_due(leadership, campaign_id, limit=2, lease_s=60, calls_per_number_and_day=3)
    house.attempts.mark_written(claims[0], leadership, calls_per_number_and_day=3)
    getattr(house.campaigns, action)(campaign_id)
    decision = house.attempts.mark_written(claims[1], leadership, calls_per_number_and_day=3)
    assert decision == DialDecision.NOT_OURS
    house.attempts.release(claims[1].attempt_id, delay_s=0)
    house.end(claims[0].attempt_id, CallOutcome.UNOBTAINABLE)
    states = [contact.state for contact in house.campaigns.contacts(campaign_id)]
    assert sorted(states) == ["invalid", "waiting"]
    assert house.dialer.tick() == 0
    if action == "pause":
        house.campaigns.start(campaign_id)
        assert house.dialer.tick() == 1
    else:
        with pytest.raises(WrongState):
            house.campaigns.start(campaign_id)


@pytest.mark.fault("F17")
@pytest.mark.fault("F55")
def test_given_two_diallers_when_both_tick_then_one_dials_and_the_old_one_s_claims_are_void(house: House) -> None:
    campaign_id = house.running_campaign([mobile(i) for i in range(3)], concurrency=1)
    second = house.new_dialer("test-2")
    first = house.leaderships.acquire("test-1", lease_s=15)
    assert first is not None
    (claim,) = house.attempts.claim_due(first, campaign_id, limit=1, lease_s=600, calls_per_number_and_day=3)
    assert second.tick() == 0
    clock(house).advance(16)
    house.reconciler.tick()
    assert second.tick() == 0, "the dead dialler's claim still fills the only channel"
    house.reconciler.tick()
    assert second.tick() == 1
    assert house.attempts.mark_written(claim, first, calls_per_number_and_day=3) == DialDecision.NOT_OURS
    assert house.dialer.tick() == 0
    assert second.is_leader
    assert not house.dialer.is_leader
    second.stop()
    house.end(house.telephony.invites[0][0], CallOutcome.BUSY)
    assert house.dialer.tick() == 1, "given back at stop: no waiting for the lease"


@pytest.mark.fault("F55")
def test_given_many_threads_when_all_claim_then_every_contact_is_claimed_once(house: House) -> None:
    campaign_id = house.running_campaign([mobile(i) for i in range(60)], concurrency=60)
    leadership = house.leaderships.acquire("test-1", lease_s=600)
    assert leadership is not None
    claimed: list[int] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(4):
                claims = house.attempts.claim_due(
                    leadership, campaign_id, limit=5, lease_s=60, calls_per_number_and_day=3
                )
                claimed.extend(claim.contact_id for claim in claims)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.invariant("I4")
def test_given_a_live_attempt_when_a_second_is_written_for_the_contact_then_the_database_refuses(house: House) -> None:
    house.running_campaign([mobile(1)])
    house.dialer.tick()
    with house.database.read() as session:
        row = session.get_one(Attempt, house.telephony.invites[0][0])
        values = {column.key: getattr(row, column.key) for column in Attempt.__table__.columns}
    with pytest.raises(IntegrityError), house.database.write() as session:
        session.add(Attempt(**(values | {"id": "att-second"})))


@pytest.mark.invariant("I4")
@pytest.mark.fault("F51")
def test_given_written_attempts_when_reconciled_then_adopted_closed_or_put_to_review_never_redialled(
    house: House,
) -> None:
    campaign_id = house.running_campaign([mobile(i) for i in range(4)], concurrency=4)
    house.dialer.tick()
    ids = [attempt_id for attempt_id, _ in house.telephony.invites]
    now = clock(house).now()
    house.telephony.live = [LiveCall(CallId(ids[0]), True, now)]
    house.traces[ids[1]] = CallTrace(CallOutcome.BUSY, False, now)
    house.traces[ids[2]] = CallTrace(CallOutcome.ANSWERED, True, now)
    house.reconciler.tick()
    assert house.campaigns.progress(campaign_id).in_flight == 4, "an end may still be on its way"
    clock(house).advance(11)
    house.reconciler.tick()
    contacts = house.campaigns.contacts(campaign_id)
    assert [(c.state, c.last_outcome) for c in contacts] == [
        ("claimed", ""),
        ("waiting", "busy"),
        ("done", "silent"),
        ("to_review", "unknown"),
    ]
    assert all(contact.attempts_count == 1 for contact in contacts)
    assert house.campaigns.progress(campaign_id).to_review == 1
    clock(house).advance(5 * 3600)
    house.dialer.tick()
    assert [number for _, number in house.telephony.invites].count(mobile(3)) == 1
    house.end(ids[3], CallOutcome.NO_ANSWER)
    assert contact_state(house, campaign_id, 3) == ContactState.WAITING, "the truth came late"


@pytest.mark.fault("F53")
@pytest.mark.parametrize("lost", [CallOutcome.LOST_EVENT, CallOutcome.PBX_CRASH])
def test_given_an_end_that_was_not_seen_when_the_cdr_knows_then_its_word_counts_and_answers_are_kept(
    house: House, lost: CallOutcome
) -> None:
    campaign_id = house.running_campaign([mobile(i) for i in range(3)], concurrency=3)
    house.dialer.tick()
    known, answered, silent = (attempt_id for attempt_id, _ in house.telephony.invites)
    house.traces[known] = CallTrace(CallOutcome.BUSY, False, clock(house).now())
    for attempt_id in (answered, silent):
        house.pick_up(attempt_id)
    house.surveys.record_answer(answered, "q1", 5)
    for attempt_id in (known, answered, silent):
        house.end(attempt_id, lost)
    assert house.attempts.in_flight() == 3
    settle(house)
    assert [(c.state, c.last_outcome) for c in house.campaigns.contacts(campaign_id)] == [
        ("waiting", "busy"),
        ("done", "partial"),
        ("to_review", "unknown"),
    ]


@pytest.mark.fault("F59")
@pytest.mark.requirement("R41")
def test_given_a_number_that_opts_out_when_queued_elsewhere_then_never_dialled_again(house: House) -> None:
    house.running_campaign([mobile(1)])
    other = house.running_campaign([mobile(1), mobile(2)])
    house.dialer.tick()
    attempt_id = next(attempt for attempt, number in house.telephony.invites if number == mobile(1))
    house.pick_up(attempt_id)
    house.surveys.refuse(attempt_id, for_ever=True)
    house.end(attempt_id, CallOutcome.ANSWERED)
    assert contact_state(house, other) == ContactState.REFUSED
    for _ in range(30):
        clock(house).advance(3600)
        house.dialer.tick()
    assert [number for _, number in house.telephony.invites].count(mobile(1)) == 1


def test_given_live_attempts_when_told_apart_then_their_states_follow_the_call(house: House) -> None:
    house.running_campaign([mobile(1)])
    house.dialer.tick()
    attempt_id = house.telephony.invites[0][0]
    seen = []
    for step in (lambda one: None, house.ring, house.pick_up):
        step(attempt_id)
        with house.database.read() as session:
            seen.append(session.get_one(Attempt, attempt_id).state)
    assert seen == [AttemptState.WRITTEN, AttemptState.RINGING, AttemptState.TALKING]
