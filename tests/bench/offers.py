"""Plays Asterisk for the pop bench: a stub AMI that offers recorded queue calls to agents, each after its talk with the IVR."""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from cti.ami_framing import event_name
from cti.ami_readers import EVENT_NAMES
from tests.support.ami_replay import trace
from tests.support.ami_stub import Action, AmiStub

TRACE = "inbound-abandoned-while-ringing"
_END = b"\r\n\r\n"
_CALL_NUMBER = re.compile(rb"hl1-\d+\.(\d+)")
_PATIENT_CHANNEL, _AGENT_CHANNEL = b"PJSIP/hl-trunk-00000005", b"PJSIP/1001-00000006"


@dataclass(frozen=True)
class CallStory:
    """The recorded stream of one offered call in three parts, as the events login would get it (filtered by name)."""

    arrival: bytes
    offer: bytes
    withdrawal: bytes

    @classmethod
    def from_trace(cls) -> CallStory:
        names = {name.encode() for name in EVENT_NAMES}
        messages = [raw + _END for raw in trace(TRACE).split(_END) if event_name(raw) in names]
        first = next(i for i, raw in enumerate(messages) if event_name(raw) == b"Newchannel")
        joined = next(i for i, raw in enumerate(messages) if event_name(raw) == b"QueueCallerJoin")
        gone = next(i for i, raw in enumerate(messages) if event_name(raw) == b"HangupRequest")
        return cls(b"".join(messages[first:joined]), b"".join(messages[joined:gone]), b"".join(messages[gone:]))

    def of(self, part: bytes, *, serial: int, extension: str, number: str) -> bytes:
        """The part with the ids, channels, extension and number of another call."""
        part = _CALL_NUMBER.sub(rb"hl1-%d.\1" % serial, part)
        part = part.replace(_PATIENT_CHANNEL, b"PJSIP/hl-trunk-%08x" % serial)
        part = part.replace(_AGENT_CHANNEL, b"PJSIP/%s-%08x" % (extension.encode(), serial))
        part = part.replace(b"1001", extension.encode())
        return part.replace(b"13800000001", number.encode())


def call_id_of(serial: int) -> str:
    return f"hl1-{serial}.5"


@dataclass(frozen=True)
class Offer:
    """``at_s``: time.time() just before the first byte of the offer was written."""

    call_id: str
    extension: str
    at_s: float


class OfferingAsterisk(AmiStub):
    """Only the events login gets events. Says which of its calls are alive, so that the sweep agrees with us."""

    def __init__(self, extensions: Sequence[str], *, events_user: str, agi: tuple[str, int]) -> None:
        super().__init__()
        self._extensions = extensions
        self._events_user = events_user
        self._agi = agi
        self._events_writer: asyncio.StreamWriter | None = None
        self._story = CallStory.from_trace()
        self._serials = itertools.count(int(time.time()))
        self._live: dict[int, tuple[str, str]] = {}
        self.answers |= {
            "corestatus": lambda _: "Response: Success\r\nCoreStartupDate: 2026-01-01\r\nCoreStartupTime: 00:00:00\r\n\r\n",
            "coreshowchannels": self._channels,
            "queuestatus": lambda _: _listed("QueueStatus", []),
            "pjsipshowcontacts": self._contacts,
        }

    async def offer(self, extension: str, number: str, *, ring_s: float) -> Offer:
        """One call from arrival to its withdrawal: IVR first (the caller presses 0), then the queue rings the agent."""
        serial = next(self._serials)
        patient = {"serial": serial, "extension": extension, "number": number}
        self._live[serial] = (number, extension)
        await self._tell(self._story.of(self._story.arrival, **patient))  # type: ignore[arg-type]
        await self._talk_to_ivr(call_id_of(serial), number)
        at_s = time.time()
        await self._tell(self._story.of(self._story.offer, **patient))  # type: ignore[arg-type]
        await asyncio.sleep(ring_s)
        await self._tell(self._story.of(self._story.withdrawal, **patient))  # type: ignore[arg-type]
        del self._live[serial]
        return Offer(call_id_of(serial), extension, at_s)

    async def _tell(self, data: bytes) -> None:
        if self._events_writer is None:
            raise ConnectionError("the program has no events login")
        self._events_writer.write(data)
        await self._events_writer.drain()

    async def _answer(self, writer: asyncio.StreamWriter, action: Action) -> None:
        if action.get("action") == "Login" and action.get("username") == self._events_user:
            self._events_writer = writer
        await super()._answer(writer, action)

    async def _talk_to_ivr(self, call_id: str, number: str) -> None:
        reader, writer = await asyncio.open_connection(*self._agi)
        header = {
            "agi_network": "yes", "agi_network_script": "inbound", "agi_uniqueid": call_id, "agi_callerid": number,
            "agi_calleridname": "unknown", "agi_dnid": "95169", "agi_language": "zh", "agi_channel": "PJSIP/hl-trunk-1",
        }  # fmt: skip
        writer.write(("".join(f"{key}: {value}\n" for key, value in header.items()) + "\n").encode())
        while line := await reader.readline():
            writer.write(_agi_reply(line))
        writer.close()

    def _channels(self, _action: Action) -> str:
        rows = [
            f"Event: CoreShowChannel\r\nChannel: PJSIP/hl-trunk-{serial:08x}\r\nChannelState: 6\r\nCallerIDNum: {number}\r\n"
            f"Context: hl-queue\r\nExten: s\r\nUniqueid: {call_id_of(serial)}\r\nLinkedid: {call_id_of(serial)}\r\n"
            "Duration: 00:00:01\r\n\r\n"
            for serial, (number, _) in self._live.items()
        ]
        return _listed("CoreShowChannels", rows)

    def _contacts(self, _action: Action) -> str:
        rows = [
            f"Event: ContactList\r\nObjectName: {extension};@bench\r\nUri: sip:{extension}@127.0.0.1:5999\r\n"
            "Status: Reachable\r\n\r\n"
            for extension in self._extensions
        ]
        return _listed("PJSIPShowContacts", rows, complete="ContactListComplete")


def _listed(action: str, rows: Sequence[str], *, complete: str = "") -> str:
    head = "Response: Success\r\nEventList: start\r\nMessage: list follows\r\n\r\n"
    end = f"Event: {complete or action + 'Complete'}\r\nEventList: Complete\r\nListItems: {len(rows)}\r\n\r\n"
    return head + "".join(rows) + end


def _agi_reply(command: bytes) -> bytes:
    """The caller presses 0 at the first question and hears out everything else."""
    if command.startswith(b"GET FULL VARIABLE"):
        return b"200 result=1 (OK:0)\n"
    if command.startswith(b"STREAM FILE"):
        return b"200 result=0 endpos=800\n"
    return b"200 result=0\n"


class AsteriskThread:
    """Runs the stub's loop beside the browser, which needs the main thread."""

    def __init__(self, stub: OfferingAsterisk) -> None:
        self.stub = stub
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stub-asterisk", daemon=True)

    def __enter__(self) -> AsteriskThread:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.stub.start(), self._loop).result(10)
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self.stub.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def offer_steadily(self, *, rate_per_s: float, seconds: float, ring_s: float,
                       who: Callable[[int], tuple[str, str]]) -> Future[list[Offer]]:
        """``who``: number of the offer -> extension and caller's number. Offers begin at equal distances of time."""

        async def work() -> list[Offer]:
            began_s = self._loop.time()
            tasks = []
            for number in range(int(rate_per_s * seconds)):
                await asyncio.sleep(max(0.0, began_s + number / rate_per_s - self._loop.time()))
                tasks.append(asyncio.create_task(self.stub.offer(*who(number), ring_s=ring_s)))
            return list(await asyncio.gather(*tasks))

        return asyncio.run_coroutine_threadsafe(work(), self._loop)
