"""What a resync makes of the difference between memory and Asterisk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, CallState, HungUpBy
from crm_core.events import Event
from crm_core.ids import CallId
from cti.ami_messages import ChannelFacts, ChannelHeld
from cti.call_tracker import CallTracker
from cti.pbx_snapshot import LiveChannel, PbxSnapshot, WaitingCaller
from cti.resync import Resync
from tests.support.ami_replay import broken_rules, messages_of, new_tracker, play, trace

PATIENT = "hl1-9.1"
NOW_S = 2_000_000_000.0


def channel(name: str, unique_id: str, *, bridge_id: str = "", is_up: bool = True) -> LiveChannel:
    facts = ChannelFacts(name, unique_id, PATIENT, is_up, "13800000001", "阿莎", "hl-queue", "s")
    return LiveChannel(facts, bridge_id, duration_s=30.0)


def snapshot(channels: Sequence[LiveChannel] = (), waiting: Sequence[WaitingCaller] = (), *, started_at: str = "boot-1",
             asked_at_s: float = NOW_S) -> PbxSnapshot:
    return PbxSnapshot(asked_at_s, started_at, tuple(channels), tuple(waiting), (), ())


def apply(resync: Resync, tracker: CallTracker, found: PbxSnapshot, *, now_s: float = NOW_S) -> list[Event]:
    tracker.set_time(datetime(2026, 11, 21, 4, 0, tzinfo=UTC), now_s)
    return resync.apply(found)


def in_mid_call(tracker: CallTracker, stop_after: bytes = b"Event: BridgeEnter") -> list[Event]:
    """A queue call up to the moment when the agent talks with the patient."""
    messages = messages_of([trace("inbound-answered")])
    last = max(place for place, raw in enumerate(messages) if raw.startswith(stop_after))
    return play(messages[:last + 1], tracker)


@pytest.mark.fault("F09")
@pytest.mark.invariant("I1")
def test_given_a_hangup_that_never_came_when_swept_then_the_call_ends_as_lost_and_the_agent_is_free() -> None:
    tracker = new_tracker()
    before = in_mid_call(tracker)
    events = apply(Resync(tracker), tracker, snapshot())
    assert broken_rules(before + events) == []
    ended = events[-1]
    assert isinstance(ended, e.CallEnded)
    assert (ended.outcome, ended.hung_up_by) == (CallOutcome.LOST_EVENT, HungUpBy.UNKNOWN)
    assert [type(event) for event in events] == [e.AgentLegEnded, e.CallEnded]
    assert tracker.book.channels == {}


@pytest.mark.fault("F15")
def test_given_asterisk_was_killed_when_it_is_back_then_its_calls_end_as_crashed() -> None:
    tracker = new_tracker()
    resync = Resync(tracker)
    apply(resync, tracker, snapshot(started_at="boot-1"), now_s=1.0)
    in_mid_call(tracker)
    events = apply(resync, tracker, snapshot(started_at="boot-2"))
    ended = events[-1]
    assert isinstance(ended, e.CallEnded)
    assert ended.outcome is CallOutcome.PBX_CRASH
    assert apply(resync, tracker, snapshot(started_at="boot-2")) == []


def test_given_a_call_born_after_the_question_when_the_answer_lacks_it_then_it_lives_on() -> None:
    tracker = new_tracker()
    in_mid_call(tracker)
    assert apply(Resync(tracker), tracker, snapshot(asked_at_s=1.0)) == []
    assert len(tracker.book.calls) == 1


@pytest.mark.fault("F14")
def test_given_a_program_that_was_restarted_when_it_resyncs_then_live_calls_are_adopted_as_they_are() -> None:
    tracker = new_tracker()
    resync = Resync(tracker)
    found = snapshot([channel("PJSIP/1001-2", "hl1-9.2", bridge_id="b1"), channel("PJSIP/hl-trunk-1", PATIENT, bridge_id="b1")])
    events = apply(resync, tracker, found)
    assert [type(event) for event in events] == [e.CallArrived, e.PatientLegAnswered, e.CallOffered, e.CallAnswered]
    assert tracker.book.calls[CallId(PATIENT)].state is CallState.TALKING
    assert apply(resync, tracker, found) == []
    assert resync.adopted_count == 1


def test_given_a_caller_who_waits_and_a_phone_that_rings_when_adopted_then_the_pop_has_its_queue() -> None:
    tracker = new_tracker()
    found = snapshot([channel("PJSIP/hl-trunk-1", PATIENT), channel("PJSIP/1001-2", "hl1-9.2", is_up=False)],
                     [WaitingCaller("booking", PATIENT, 1, 12.0, 5)])
    events = apply(Resync(tracker), tracker, found)
    kinds = [type(event) for event in events]
    assert kinds == [e.CallArrived, e.CallQueued, e.QueueChanged, e.PatientLegAnswered, e.CallOffered]
    offered = events[-1]
    assert isinstance(offered, e.CallOffered)
    assert offered.queue == "booking"


@pytest.mark.invariant("I1")
def test_given_records_left_open_by_an_earlier_run_when_resynced_then_the_dead_are_closed_and_the_living_kept() -> None:
    tracker = new_tracker()
    resync = Resync(tracker, open_before=lambda: [CallId(PATIENT), CallId("hl1-5.5")])
    events = apply(resync, tracker, snapshot([channel("PJSIP/hl-trunk-1", PATIENT)]))
    assert not [event for event in events if isinstance(event, e.CallArrived)]
    assert [event.call_id for event in events if isinstance(event, e.CallEnded)] == ["hl1-5.5"]
    assert apply(resync, tracker, snapshot([channel("PJSIP/hl-trunk-1", PATIENT)])) == []


@pytest.mark.fault("F07")
def test_given_a_call_that_ended_when_an_older_snapshot_still_lists_it_then_it_stays_ended() -> None:
    tracker = new_tracker()
    messages = messages_of([trace("inbound-answered")])
    events = play(messages, tracker)
    arrived = events[0]
    assert isinstance(arrived, e.CallArrived)
    facts = ChannelFacts("PJSIP/hl-trunk-1", arrived.call_id, arrived.call_id, True, "", "", "", "")
    assert apply(Resync(tracker), tracker, snapshot([LiveChannel(facts, "", 1.0)])) == []
    assert tracker.book.calls == {}


def test_given_a_queue_left_unseen_when_resynced_then_the_waiting_ends() -> None:
    tracker = new_tracker()
    in_mid_call(tracker, stop_after=b"Event: QueueCallerJoin")
    call = next(iter(tracker.book.calls.values()))
    facts = ChannelFacts("PJSIP/hl-trunk-1", call.patient_id, call.call_id, True, "", "", "", "")
    events = apply(Resync(tracker), tracker, snapshot([LiveChannel(facts, "", 1.0)]))
    assert [type(event) for event in events] == [e.CallLeftQueue, e.QueueChanged]
    assert tracker.queues.waiting("enquiry") == []


def test_given_supervisors_and_internal_calls_when_resynced_then_they_are_no_patients_calls() -> None:
    tracker = new_tracker()
    spy = ChannelFacts("PJSIP/1900-9", "mon-listen-1", "mon-listen-1", True, "", "", "", "")
    internal = ChannelFacts("PJSIP/1001-8", "hl1-8.8", "hl1-8.8", True, "", "", "", "")
    assert apply(Resync(tracker), tracker, snapshot([LiveChannel(spy, "", 1.0), LiveChannel(internal, "", 1.0)])) == []
    assert tracker.book.calls == {}


def _live(tracker: CallTracker, *, but: str) -> list[LiveChannel]:
    """What Asterisk would list now of the channels in memory."""
    call_id = next(iter(tracker.book.calls))
    return [LiveChannel(ChannelFacts(one.name, one.unique_id, call_id, True, "", "", "", ""), one.bridge_id, 9.0)
            for one in tracker.book.channels.values() if one.unique_id != but]


@pytest.mark.capability("C31")
@pytest.mark.fault("F14")
@pytest.mark.parametrize("is_held", [False, True])
def test_given_a_telephone_that_took_its_call_back_unheard_when_resynced_then_its_leg_goes_on(is_held: bool) -> None:
    tracker = new_tracker()
    before = in_mid_call(tracker)
    (call,) = tracker.book.calls.values()
    (leg,) = call.legs.values()
    if is_held:
        old = tracker.book.channels[leg.channel_id]
        before += tracker.handle(ChannelHeld(ChannelFacts(old.name, old.unique_id, call.call_id, True, "", "", "", "")),
                                 at=datetime(2026, 11, 21, 4, 0, tzinfo=UTC), now_s=NOW_S)
    bridge_id = tracker.book.channels[call.patient_id].bridge_id
    facts = ChannelFacts("PJSIP/1001-00000009", "hl1-9.9", call.call_id, True, "", "", "hl-agent", "s")
    found = snapshot([*_live(tracker, but=leg.channel_id), LiveChannel(facts, bridge_id, 3.0)])
    events = apply(Resync(tracker), tracker, found)
    assert [type(event) for event in events] == ([e.CallRetrieved] if is_held else [])
    assert (leg.channel_id, leg.is_talking, call.state) == ("hl1-9.9", True, CallState.TALKING)
    after = apply(Resync(tracker), tracker, snapshot())
    assert [type(event) for event in after] == [e.AgentLegEnded, e.CallEnded]
    assert broken_rules(before + events + after) == []


def test_given_a_colleague_in_the_place_of_an_agent_who_is_gone_when_resynced_then_it_is_a_leg_of_his_own() -> None:
    tracker = new_tracker()
    before = in_mid_call(tracker)
    (call,) = tracker.book.calls.values()
    (leg,) = call.legs.values()
    bridge_id = tracker.book.channels[call.patient_id].bridge_id
    facts = ChannelFacts("PJSIP/1002-00000009", "hl1-9.9", call.call_id, True, "", "", "hl-transfer", "s")
    events = apply(Resync(tracker), tracker, snapshot([*_live(tracker, but=leg.channel_id), LiveChannel(facts, bridge_id, 3.0)]))
    assert [type(event) for event in events] == [e.AgentLegEnded, e.CallOffered, e.CallAnswered]
    assert broken_rules(before + events + apply(Resync(tracker), tracker, snapshot())) == []
