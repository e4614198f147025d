"""Recorded AMI streams of real calls: the same events whatever the network does to the bytes."""

from __future__ import annotations

import pytest

from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, CallState
from crm_core.events import CallEvent
from cti.call_tracker import CallTracker
from tests.support.ami_replay import (
    EXPECTED,
    EXTENSIONS,
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


@pytest.mark.capability("C31")
@pytest.mark.parametrize("name", ["agent-reloads-in-mid-call", "agent-reloads-twice", "agent-reloads-while-held"])
def test_given_a_telephone_that_takes_its_call_back_when_replayed_then_one_leg_lasts_to_the_end(name: str) -> None:
    events = play(messages_of([trace(name)]))
    legs = [(type(event), event.leg_id) for event in events if isinstance(event, e.CallOffered | e.CallAnswered | e.AgentLegEnded)]
    leg_id = legs[0][1]
    assert legs == [(e.CallOffered, leg_id), (e.CallAnswered, leg_id), (e.AgentLegEnded, leg_id)]
    assert sum(isinstance(event, e.CallHeld) for event in events) == sum(isinstance(event, e.CallRetrieved) for event in events)


@pytest.mark.fault("F75")
@pytest.mark.invariant("I8")
@pytest.mark.parametrize("name", [
    "agent-lost-after-reload", "blind-transfer-then-recipient-lost", "click-to-dial-agent-lost"])
def test_given_a_telephone_that_fell_silent_when_replayed_then_the_agent_is_free_and_the_patient_waits_again(name: str) -> None:
    story = [type(event) for event in play(messages_of([trace(name)])) if not isinstance(event, e.QueueChanged)]
    at = max(place for place, kind in enumerate(story) if kind is e.AgentLegEnded)
    assert story[at:] == [e.AgentLegEnded, e.CallQueued, e.CallLeftQueue, e.CallEnded]


@pytest.mark.capability("C37")
@pytest.mark.parametrize(("name", "who_stays"), [("three-way", 2), ("three-way-recipient-leaves", 1)])
def test_given_a_conference_when_one_agent_leaves_then_the_other_talks_with_the_patient(name: str, who_stays: int) -> None:
    tracker = new_tracker()
    messages = messages_of([trace(name)])
    states: list[tuple[int, CallState]] = []
    for raw in messages:
        for event in play([raw], tracker):
            if isinstance(event, e.ConsultEnded):
                states.append((event.agent_id, next(iter(tracker.book.calls.values())).state))
    assert states == [(who_stays, CallState.TALKING)]


@pytest.mark.capability("C38")
@pytest.mark.parametrize(("name", "stranded"), [
    ("consult-patient-hangs-up", ["1001", "1002"]), ("three-way-patient-hangs-up", ["1001", "1002"]),
    ("inbound-answered-patient-hangs-up", []), ("three-way-recipient-leaves", []), ("attended-transfer-complete", [])])
def test_given_a_patient_who_leaves_two_agents_when_replayed_then_their_telephones_are_to_be_released(
        name: str, stranded: list[str]) -> None:
    told_of: list[str] = []
    tracker = CallTracker(trunk="hl-trunk", transfer_context="hl-transfer", agent_of_extension=EXTENSIONS.get,
                          on_stranded=lambda channels, _: told_of.extend(channels))
    play(messages_of([trace(name)]), tracker)
    assert [channel.removeprefix("PJSIP/").partition("-")[0] for channel in told_of] == stranded


@pytest.mark.capability("C31")
@pytest.mark.invariant("I8")
def test_given_an_agent_who_reloads_in_a_consultation_when_replayed_then_the_patient_is_to_be_brought_back() -> None:
    told_of: list[tuple[list[str], str]] = []
    tracker = CallTracker(trunk="hl-trunk", transfer_context="hl-transfer", agent_of_extension=EXTENSIONS.get,
                          on_stranded=lambda channels, patient: told_of.append((sorted(channels), patient)))
    story = [type(event) for event in play(messages_of([trace("consult-initiator-reloads")]), tracker)]
    assert told_of == [(["PJSIP/1001-00000003", "PJSIP/1002-00000002"], "PJSIP/hl-trunk-00000000")]
    assert story.count(e.AgentLegEnded) == 2
    assert story.index(e.ConsultEnded) < story.index(e.AgentLegEnded) < len(story) - story[::-1].index(e.CallQueued)


@pytest.mark.fault("F62")
@pytest.mark.parametrize(("name", "outcome"), [
    ("survey-answered", CallOutcome.ANSWERED), ("survey-busy", CallOutcome.BUSY), ("survey-no-answer", CallOutcome.NO_ANSWER),
    ("survey-unobtainable", CallOutcome.UNOBTAINABLE), ("survey-refused", CallOutcome.REJECTED),
    ("survey-congestion", CallOutcome.FAILED)])
def test_given_an_outbound_attempt_when_replayed_then_its_outcome_is_the_networks(name: str, outcome: CallOutcome) -> None:
    events = play(messages_of([trace(name)]))
    assert [event.outcome for event in events if isinstance(event, e.CallEnded)] == [outcome]
    assert next(event.number for event in events if isinstance(event, e.CallArrived)).startswith("139000000")


@pytest.mark.capability("C37")
@pytest.mark.parametrize(("name", "stay"), [
    ("three-way-recipient-leaves", [["PJSIP/1001", "PJSIP/hl-trunk"]]),
    ("three-way-patient-hangs-up", [["PJSIP/1001", "PJSIP/1002"]]), ("hold", [])])
def test_given_three_in_a_conversation_when_one_leaves_then_the_sound_of_the_others_is_to_be_renewed(
        name: str, stay: list[list[str]]) -> None:
    told_of: list[list[str]] = []
    tracker = CallTracker(trunk="hl-trunk", transfer_context="hl-transfer", agent_of_extension=EXTENSIONS.get,
                          on_unmixed=lambda channels: told_of.append(sorted(one.rpartition("-")[0] for one in channels)))
    play(messages_of([trace(name)]), tracker)
    assert told_of == stay
