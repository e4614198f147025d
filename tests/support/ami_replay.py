"""Plays a recorded AMI stream through framing, filter, readers and tracker, and writes the events down as text."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from crm_core.calls import events as e
from crm_core.events import CallEvent, Event
from crm_core.ids import AgentId
from cti.ami_framing import AmiFramer, event_name, headers_of, is_wanted
from cti.ami_readers import WANTED, read_message
from cti.call_tracker import CallTracker

TRACES = Path(__file__).parents[1] / "replay" / "traces"
EXPECTED = Path(__file__).parents[1] / "replay" / "expected"

EXTENSIONS = {"1001": AgentId(1), "1002": AgentId(2), "1003": AgentId(3), "1900": AgentId(9)}
_HIDDEN = {"at", "call_id", "leg_id", "channel_name", "since", "longest_since", "talked_s", "rang_s", "waited_s"}


def trace_names() -> list[str]:
    return sorted(path.stem for path in TRACES.glob("*.ami"))


def trace(name: str) -> bytes:
    return (TRACES / f"{name}.ami").read_bytes()


def new_tracker() -> CallTracker:
    return CallTracker(trunk="hl-trunk", transfer_context="hl-transfer", agent_of_extension=EXTENSIONS.get)


def messages_of(chunks: Iterable[bytes]) -> list[bytes]:
    """The wanted events in the stream, however it was cut."""
    framer = AmiFramer()
    return [raw for chunk in chunks for raw in framer.feed(chunk) if is_wanted(raw, event_name(raw), WANTED)]


def sliced(stream: bytes, size_bytes: int) -> Iterable[bytes]:
    return (stream[start:start + size_bytes] for start in range(0, len(stream), size_bytes))


def play(messages: Sequence[bytes], tracker: CallTracker | None = None) -> list[Event]:
    """Events in order; time is Asterisk's own time stamp."""
    tracker = tracker or new_tracker()
    out: list[Event] = []
    for raw in messages:
        stamp = float(headers_of(raw).get("Timestamp", "0"))
        message = read_message(raw)
        if message is not None:
            out += tracker.handle(message, at=datetime.fromtimestamp(stamp, UTC), now_s=stamp)
    return out


def told(events: Sequence[Event]) -> list[str]:
    """One line per event; calls are numbered in order of appearance, ids and measured times are left out."""
    numbers: dict[str, int] = {}
    lines = []
    for event in events:
        call = ""
        if isinstance(event, CallEvent):
            call = f"#{numbers.setdefault(event.call_id, len(numbers) + 1)} "
        facts = " ".join(f"{name}={_text(value)}" for name, value in vars(event).items()
                         if name not in _HIDDEN and _text(value) not in ("", "None"))
        lines.append(f"{call}{type(event).__name__} {facts}".strip())
    return lines


def _text(value: object) -> str:
    return str(getattr(value, "value", value))


def channel_of(raw: bytes) -> str:
    headers = headers_of(raw)
    names = ("Uniqueid", "DestUniqueid", "TransfererUniqueid", "OrigTransfererUniqueid", "LocalOneUniqueid", "SpyerUniqueid")
    return next((headers[name] for name in names if headers.get(name)), "")


def shuffled_across_channels(messages: Sequence[bytes], seed: int, *, window: int = 6) -> list[bytes]:
    """The order within each channel is kept; between channels a message may overtake up to ``window`` others (F08)."""
    rng = random.Random(seed)
    queues: dict[str, deque[tuple[int, bytes]]] = defaultdict(deque)
    for place, raw in enumerate(messages):
        queues[channel_of(raw)].append((place, raw))
    out: list[bytes] = []
    while any(queues.values()):
        heads = {name: queue[0][0] for name, queue in queues.items() if queue}
        first = min(heads.values())
        ready = sorted(name for name, place in heads.items() if place <= first + window)
        out.append(queues[rng.choice(ready)].popleft()[1])
    return out


def broken_rules(events: Sequence[Event]) -> list[str]:
    """What must hold in any order of arrival: each call arrives first, ends once and last; each offer has one end."""
    faults: list[str] = []
    calls: dict[str, list[CallEvent]] = defaultdict(list)
    for event in events:
        if isinstance(event, CallEvent):
            calls[event.call_id].append(event)
    for call_id, story in calls.items():
        arrived = [event for event in story if isinstance(event, e.CallArrived)]
        ended = [event for event in story if isinstance(event, e.CallEnded)]
        if len(arrived) != 1 or story[0] is not arrived[0]:
            faults.append(f"{call_id}: {len(arrived)} arrivals, first is {type(story[0]).__name__}")
        if len(ended) != 1 or story[-1] is not ended[0]:
            faults.append(f"{call_id}: {len(ended)} ends, last is {type(story[-1]).__name__}")
        faults += _broken_legs(call_id, story)
    return faults


def _broken_legs(call_id: str, story: Sequence[CallEvent]) -> list[str]:
    faults = []
    offers = [event.leg_id for event in story if isinstance(event, e.CallOffered)]
    answers = [event.leg_id for event in story if isinstance(event, e.CallAnswered)]
    ends = [event.leg_id for event in story if isinstance(event, e.OfferWithdrawn | e.AgentLegEnded)]
    if sorted(offers) != sorted(ends):
        faults.append(f"{call_id}: offered {sorted(offers)}, ended {sorted(ends)}")
    if len(set(answers)) != len(answers) or not set(answers) <= set(offers):
        faults.append(f"{call_id}: answered {answers} of {offers}")
    joined = sum(isinstance(event, e.CallQueued) for event in story)
    left = sum(isinstance(event, e.CallLeftQueue) for event in story)
    if joined != left:
        faults.append(f"{call_id}: {joined} times into a queue, {left} times out")
    return faults
