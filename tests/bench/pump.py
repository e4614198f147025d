"""Measures AMI events per second: stock panoramisk, our door alone, and the whole pump up to the bus."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from crm_core.bus import RecordingBus
from crm_core.clock import SystemClock
from crm_core.events import Event
from cti.ami_framing import AmiFramer, event_name, is_wanted
from cti.ami_readers import EVENT_NAMES, WANTED
from cti.event_pump import EventPump
from tests.support.ami_replay import new_tracker, trace

_UNIQUE_ID = re.compile(rb"hl1-\d+\.(\d+)")
_CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class PumpSpeed:
    """Events per second of CPU time, so that other load on the machine does not count.

    ``stock_per_s``: panoramisk with one callback for everything that does nothing; ``stock_named_per_s``: with one empty
    callback for each event we handle. ``door_per_s``: our framing and filter; ``pump_per_s``: from bytes to domain events.
    """

    events: int
    calls: int
    stock_per_s: float
    stock_named_per_s: float
    door_per_s: float
    pump_per_s: float

    @property
    def ratio(self) -> float:
        """The whole pump against panoramisk with as many handlers as we have."""
        return self.pump_per_s / self.stock_named_per_s

    @property
    def door_ratio(self) -> float:
        """Framing and filter against panoramisk's framing and dispatch: the part that keeps the socket drained."""
        return self.door_per_s / self.stock_per_s


class _CountingBus(RecordingBus):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def publish(self, event: Event) -> None:
        self.count += 1


def measure_pump(calls: int = 400, *, trace_name: str = "inbound-answered", rounds: int = 3) -> PumpSpeed:
    """Best of ``rounds`` each. The stream is one recorded queue call, unfiltered, ``calls`` times with new ids."""
    stream = _stream(trace_name, calls)
    events = stream.count(b"Event: ")
    chunks = [stream[start:start + _CHUNK_BYTES] for start in range(0, len(stream), _CHUNK_BYTES)]

    def rate(work: Callable[[list[bytes]], None]) -> float:
        best_s = min(_timed(work, chunks) for _ in range(rounds))
        return events / best_s

    return PumpSpeed(events, calls, stock_per_s=rate(_stock), stock_named_per_s=rate(_stock_named),
                     door_per_s=rate(_door), pump_per_s=rate(_pump))


def _timed(work: Callable[[list[bytes]], None], chunks: list[bytes]) -> float:
    began_s = time.process_time()
    work(chunks)
    return time.process_time() - began_s


def _stream(name: str, calls: int) -> bytes:
    once = trace(name)
    once = once[once.index(b"Event: Newchannel"):]
    return b"".join(_UNIQUE_ID.sub(rb"hl1-%d.\1" % (1000 + number), once) for number in range(calls))


def _stock(chunks: list[bytes]) -> None:
    _panoramisk(chunks, ["*"])


def _stock_named(chunks: list[bytes]) -> None:
    _panoramisk(chunks, EVENT_NAMES)


def _panoramisk(chunks: list[bytes], patterns: Sequence[str]) -> None:
    async def read() -> None:
        manager = Manager(loop=asyncio.get_running_loop())
        for pattern in patterns:
            manager.register_event(pattern, lambda _manager, _event: None)
        protocol = AMIProtocol()
        protocol.connection_made(None)
        protocol.factory, protocol.encoding = manager, "utf8"
        for chunk in chunks:
            protocol.data_received(chunk)

    asyncio.run(read())


def _door(chunks: list[bytes]) -> None:
    framer = AmiFramer()
    for chunk in chunks:
        for message in framer.feed(chunk):
            is_wanted(message, event_name(message), WANTED)


def _pump(chunks: list[bytes]) -> None:
    bus, clock = _CountingBus(), SystemClock()
    pump = EventPump(new_tracker(), bus, clock)
    pump.start()
    framer = AmiFramer()
    for chunk in chunks:
        pump.put_messages([raw for raw in framer.feed(chunk) if is_wanted(raw, event_name(raw), WANTED)])
    pump.stop(timeout_s=60)
    if pump.figures().parked_count or not bus.count:
        raise AssertionError(f"the pump lost something: {pump.figures()}")
