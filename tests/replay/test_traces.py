"""Recorded AMI streams of real calls: the same events whatever the network does to the bytes."""

from __future__ import annotations

import pytest

from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome
from crm_core.events import CallEvent
from tests.support.ami_replay import (
    EXPECTED,
    broken_rules,
    messages_of,
    new_tracker,
    play,
    shuffled_across_channels,
    sliced,
    told,
    trace,
    trace_names,
)


@pytest.mark.parametrize("name", trace_names())
def test_given_a_recorded_call_when_replayed_then_its_events_are_the_reviewed_ones(name: str) -> None:
    expected = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert told(play(messages_of([trace(name)]))) == expected


@pytest.mark.invariant("I1")
@pytest.mark.parametrize("name", trace_names())
def test_given_a_recorded_call_when_it_is_over_then_every_call_has_one_end_and_nothing_is_kept(name: str) -> None:
    tracker = new_tracker()
    events = play(messages_of([trace(name)]), tracker)
    assert broken_rules(events) == []
    assert tracker.book.calls == {}
    assert tracker.book.channels == {}


@pytest.mark.fault("F06")
@pytest.mark.parametrize("name", trace_names())
@pytest.mark.parametrize("size_bytes", [1, 7, 1460])
def test_given_any_tcp_segments_when_replayed_then_the_events_are_the_same(name: str, size_bytes: int) -> None:
    whole = trace(name)
    assert messages_of(sliced(whole, size_bytes)) == messages_of([whole])


@pytest.mark.fault("F07")
@pytest.mark.parametrize("name", trace_names())
def test_given_every_event_twice_when_replayed_then_each_domain_event_comes_once(name: str) -> None:
    messages = messages_of([trace(name)])
    expected = told(play(messages))
    assert told(play([copy for raw in messages for copy in (raw, raw)])) == expected
    assert told(play(messages + messages)) == expected


@pytest.mark.fault("F08")
@pytest.mark.parametrize("name", trace_names())
@pytest.mark.parametrize("seed", range(12))
def test_given_events_reordered_across_channels_when_replayed_then_the_rules_hold(name: str, seed: int) -> None:
    messages = shuffled_across_channels(messages_of([trace(name)]), seed)
    tracker = new_tracker()
    events = play(messages, tracker)
    assert broken_rules(events) == []
    assert tracker.book.calls == {}


@pytest.mark.fault("F08")
@pytest.mark.parametrize("name", trace_names())
def test_given_a_call_that_has_ended_when_its_old_events_come_again_then_it_never_reopens(name: str) -> None:
    messages = messages_of([trace(name)])
    tracker = new_tracker()
    play(messages, tracker)
    assert play(messages[::-1], tracker) == []
    assert tracker.book.calls == {}


@pytest.mark.parametrize("name", trace_names())
def test_given_a_stream_cut_in_mid_call_when_the_rest_is_lost_then_nothing_is_told_that_did_not_happen(name: str) -> None:
    messages = messages_of([trace(name)])
    whole = told(play(messages))
    for length in range(0, len(messages), 3):
        part = told(play(messages[:length]))
        assert part == whole[:len(part)]


@pytest.mark.parametrize("name", trace_names())
def test_given_a_program_that_starts_in_mid_call_when_only_the_rest_is_heard_then_no_half_call_is_told(name: str) -> None:
    messages = messages_of([trace(name)])
    for start in range(1, len(messages), 5):
        assert broken_rules(play(messages[start:])) == []


@pytest.mark.capability("C46")
@pytest.mark.parametrize("name", [
    "attended-transfer-complete", "attended-then-attended-again", "blind-transfer-to-queue", "three-way"])
def test_given_transfers_when_replayed_then_one_call_id_covers_them_all(name: str) -> None:
    events = [event for event in play(messages_of([trace(name)])) if isinstance(event, CallEvent)]
    assert len({event.call_id for event in events}) == 1
    ended = events[-1]
    assert isinstance(ended, e.CallEnded)
    assert ended.outcome is CallOutcome.ANSWERED


@pytest.mark.capability("C30")
def test_given_a_phone_that_rings_out_when_replayed_then_its_pop_is_withdrawn_before_the_next_agent_is_offered() -> None:
    events = play(messages_of([trace("ring-no-answer-then-second")]))
    story = [(type(event).__name__, event.agent_id) for event in events
             if isinstance(event, e.CallOffered | e.OfferWithdrawn | e.CallAnswered)]
    assert story == [("CallOffered", 1), ("OfferWithdrawn", 1), ("CallOffered", 2), ("CallAnswered", 2)]


@pytest.mark.capability("C38")
def test_given_a_patient_who_hangs_up_while_on_hold_when_replayed_then_both_agents_are_free_at_once() -> None:
    events = play(messages_of([trace("consult-patient-hangs-up")]))
    ended = events[-1]
    assert isinstance(ended, e.CallEnded)
    assert [event.agent_id for event in events if isinstance(event, e.AgentLegEnded) and event.at == ended.at] == [1, 2]


@pytest.mark.fault("F62")
@pytest.mark.parametrize(("name", "outcome"), [
    ("survey-answered", CallOutcome.ANSWERED), ("survey-busy", CallOutcome.BUSY), ("survey-no-answer", CallOutcome.NO_ANSWER),
    ("survey-unobtainable", CallOutcome.UNOBTAINABLE), ("survey-refused", CallOutcome.REJECTED),
    ("survey-congestion", CallOutcome.FAILED)])
def test_given_an_outbound_attempt_when_replayed_then_its_outcome_is_the_networks(name: str, outcome: CallOutcome) -> None:
    events = play(messages_of([trace(name)]))
    assert [event.outcome for event in events if isinstance(event, e.CallEnded)] == [outcome]
    assert next(event.number for event in events if isinstance(event, e.CallArrived)).startswith("139000000")
