"""Streams that no honest Asterisk sends: nothing breaks, nothing is invented, memory stays bounded."""

from __future__ import annotations

import random
import re

import pytest

from crm_core.bus import RecordingBus
from crm_core.calls import events as e
from crm_core.clock import ManualClock
from cti import call_book
from cti.ami_framing import AmiFramer, FramingError, event_name, is_wanted
from cti.ami_readers import WANTED
from cti.event_pump import EventPump
from tests.support.ami_replay import broken_rules, messages_of, new_tracker, play, trace, trace_names

RICH = ["attended-transfer-complete", "three-way", "inbound-abandoned-while-ringing", "agent-dial-answered", "supervisor-listens"]


def mutated(stream: bytes, rng: random.Random) -> bytes:
    """Bits flipped, pieces cut out, pieces doubled, noise put in."""
    data = bytearray(stream)
    for _ in range(rng.randint(1, 60)):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                del data[at:at + rng.randint(1, 200)]
            case 2:
                data[at:at] = data[at:at + rng.randint(1, 300)]
            case _:
                data[at:at] = rng.randbytes(rng.randint(1, 50))
    return bytes(data)


@pytest.mark.fault("F10")
@pytest.mark.parametrize("name", RICH)
@pytest.mark.parametrize("seed", range(25))
def test_given_a_damaged_stream_when_pumped_then_no_message_stops_the_next_and_ended_calls_stay_ended(name: str, seed: int) -> None:
    rng = random.Random(f"{name}{seed}")
    framer, bus, clock = AmiFramer(), RecordingBus(), ManualClock()
    pump = EventPump(new_tracker(), bus, clock)
    try:
        messages = framer.feed(mutated(trace(name), rng))
    except FramingError:
        return
    wanted = [raw for raw in messages if is_wanted(raw, event_name(raw), WANTED)]
    pump.handle_batch(wanted, at=clock.now(), received_at_s=clock.monotonic_s())
    assert pump.figures().handled_count == len(wanted)
    assert {parked.error.partition(":")[0] for parked in pump.parked} <= {"MessageFault"}
    ended: set[str] = set()
    for event in bus.events:
        if isinstance(event, e.CallArrived | e.CallEnded):
            assert event.call_id not in ended
        if isinstance(event, e.CallEnded):
            ended.add(event.call_id)


@pytest.mark.invariant("I1")
def test_given_all_recorded_calls_in_one_stream_when_replayed_then_the_rules_hold_for_all() -> None:
    tracker = new_tracker()
    messages = [raw for name in trace_names() for raw in messages_of([_renamed(trace(name), name)])]
    assert broken_rules(play(messages, tracker)) == []
    assert tracker.book.calls == {}


def test_given_thousands_of_calls_when_they_are_over_then_memory_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_book, "REMEMBERED_ENDS", 100)
    tracker = new_tracker()
    for number in range(300):
        play(messages_of([_renamed(trace("inbound-answered"), str(number))]), tracker)
    book = tracker.book
    sizes = [len(kept) for kept in (book.calls, book.channels, book._bridges, book._expected, tracker.queues._waiting)]
    assert sizes == [0, 0, 0, 0, 0]
    assert len(book._ended_channels) == len(book._ended_calls) == 100


def test_given_hangups_of_channels_nobody_knows_when_they_come_then_no_call_is_invented() -> None:
    tracker = new_tracker()
    ends = [raw for name in trace_names() for raw in messages_of([trace(name)])
            if event_name(raw) in (b"Hangup", b"HangupRequest", b"SoftHangupRequest", b"BridgeLeave", b"QueueCallerLeave")]
    assert play(ends, tracker) == []
    assert tracker.book.calls == {}


def _renamed(stream: bytes, name: str) -> bytes:
    """The same call with ids of its own."""
    tag = re.sub(r"[^a-z0-9]", "", name).encode()
    stream = re.sub(rb"hl1-(\d+\.\d+)", rb"hl1-" + tag + rb"-\1", stream)
    return re.sub(rb"(att|out|mon)-(?=[\w-]+)", rb"\1-" + tag + rb"-", stream)
