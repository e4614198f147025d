"""The AMI events we understand, as frozen typed messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from crm_core.phone_number import clean_caller


class MessageFault(Exception):
    """A message of a known name without what it must have: parked by the pump, never guessed."""


class ChannelFacts(NamedTuple):
    """What Asterisk says of one channel in a message. ``unique_id`` is never empty. (A tuple: made thousands of times a second.)"""

    name: str
    unique_id: str
    linked_id: str
    is_up: bool
    raw_number: str
    raw_name: str
    context: str
    exten: str

    @property
    def caller_number(self) -> str:
        """Harmless to keep and to show; "" when withheld."""
        return "" if self.raw_number == "<unknown>" else clean_caller(self.raw_number)

    @property
    def caller_name(self) -> str:
        return "" if self.raw_name == "<unknown>" else clean_caller(self.raw_name)


@dataclass(frozen=True, slots=True)
class ChannelCreated:
    channel: ChannelFacts


@dataclass(frozen=True, slots=True)
class ChannelStateChanged:
    channel: ChannelFacts


@dataclass(frozen=True, slots=True)
class ChannelHungUp:
    """``sip_code``: the final SIP response when there was one, else 0."""

    channel: ChannelFacts
    cause: int
    sip_code: int = 0


@dataclass(frozen=True, slots=True)
class HangupRequested:
    """``is_soft``: asked by Asterisk or over AMI; otherwise the far end hung up."""

    channel: ChannelFacts
    is_soft: bool
    cause: int = 0


@dataclass(frozen=True, slots=True)
class DialBegan:
    """``source`` is None when Asterisk dials by itself (Originate). ``dial_string``: ``13800000001@hl-trunk``."""

    source: ChannelFacts | None
    destination: ChannelFacts
    dial_string: str = ""


@dataclass(frozen=True, slots=True)
class DialEnded:
    source: ChannelFacts | None
    destination: ChannelFacts
    status: str


@dataclass(frozen=True, slots=True)
class BridgeEntered:
    channel: ChannelFacts
    bridge_id: str
    swapped_unique_id: str


@dataclass(frozen=True, slots=True)
class BridgeLeft:
    channel: ChannelFacts
    bridge_id: str


@dataclass(frozen=True, slots=True)
class LocalPairJoined:
    one: ChannelFacts
    two: ChannelFacts


@dataclass(frozen=True, slots=True)
class QueueJoined:
    channel: ChannelFacts
    queue: str
    position: int


@dataclass(frozen=True, slots=True)
class QueueLeft:
    channel: ChannelFacts
    queue: str


@dataclass(frozen=True, slots=True)
class QueueAbandoned:
    channel: ChannelFacts
    queue: str





@dataclass(frozen=True, slots=True)
class BlindTransferred:
    is_success: bool
    transferer: ChannelFacts
    transferee: ChannelFacts | None
    exten: str


@dataclass(frozen=True, slots=True)
class AttendedTransferred:
    is_success: bool
    is_three_way: bool
    transferer: ChannelFacts
    second_transferer: ChannelFacts
    transferee: ChannelFacts | None
    target: ChannelFacts | None


@dataclass(frozen=True, slots=True)
class ChannelHeld:
    channel: ChannelFacts


@dataclass(frozen=True, slots=True)
class ChannelRetrieved:
    channel: ChannelFacts


@dataclass(frozen=True, slots=True)
class SpyStarted:
    spyer: ChannelFacts
    spyee: ChannelFacts


@dataclass(frozen=True, slots=True)
class SpyStopped:
    spyer: ChannelFacts


@dataclass(frozen=True, slots=True)
class DialplanSignal:
    """UserEvent(Hotline, HlEvent: ..., CallId: ...) of our dialplan. ``facts``: the other headers."""

    kind: str
    call_id: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OriginateAnswered:
    unique_id: str
    is_success: bool
    reason: int


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A telephone registered, vanished or was found (un)reachable. ``aor`` is the extension."""

    aor: str
    uri: str
    status: str

    @property
    def is_removed(self) -> bool:
        """Nothing that was sent to this address will be answered any more; an unreachable one may come back."""
        return self.status == "Removed"


@dataclass(frozen=True, slots=True)
class PbxBooted:
    uptime_s: int


AmiMessage = (
    ChannelCreated | ChannelStateChanged | ChannelHungUp | HangupRequested | DialBegan | DialEnded | BridgeEntered
    | BridgeLeft | LocalPairJoined | QueueJoined | QueueLeft | QueueAbandoned | BlindTransferred | AttendedTransferred
    | ChannelHeld | ChannelRetrieved | SpyStarted | SpyStopped | DialplanSignal | OriginateAnswered | ContactChanged | PbxBooted
)
