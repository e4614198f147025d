"""Everything Asterisk has at one moment, asked over the actions login."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from crm_core.errors import TelephonyRefused
from crm_core.waiting.order import priority_of_weight
from cti.ami_encoding import Headers
from cti.ami_messages import ChannelFacts, ContactChanged
from cti.ami_readers import channel_facts
from cti.ami_reply import AmiReply

Ask = Callable[..., Awaitable[AmiReply]]


@dataclass(frozen=True)
class LiveChannel:
    facts: ChannelFacts
    bridge_id: str
    duration_s: float


@dataclass(frozen=True)
class WaitingCaller:
    queue: str
    unique_id: str
    position: int
    waited_s: float
    priority: int


@dataclass(frozen=True)
class QueueMember:
    queue: str
    interface: str
    is_paused: bool
    paused_reason: str


@dataclass(frozen=True)
class PbxSnapshot:
    """``asked_at_s``: monotonic, before the first question; what changed later is not contradicted by it.

    ``started_at``: Asterisk's own start time as it says it; another value means that it was restarted.
    """

    asked_at_s: float
    started_at: str
    channels: tuple[LiveChannel, ...]
    waiting: tuple[WaitingCaller, ...]
    members: tuple[QueueMember, ...]
    contacts: tuple[ContactChanged, ...]


async def take_snapshot(ask: Ask, *, now_s: float) -> PbxSnapshot:
    """Raises the errors of ``AmiClient.act``, and TelephonyRefused when Asterisk will not list its channels or queues."""
    status = await _list(ask, {"Action": "CoreStatus"}, is_list=False)
    channels = await _list(ask, {"Action": "CoreShowChannels"})
    queues = await _list(ask, {"Action": "QueueStatus"})
    contacts = await ask({"Action": "PJSIPShowContacts"}, is_list=True)  # an empty list is an Error: "No Contacts found"
    return PbxSnapshot(
        asked_at_s=now_s,
        started_at=f"{status.headers.get('CoreStartupDate', '')} {status.headers.get('CoreStartupTime', '')}".strip(),
        channels=tuple(live_channel(row) for row in channels.events if row.get("Event") == "CoreShowChannel"),
        waiting=tuple(_waiting(row) for row in queues.events if row.get("Event") == "QueueEntry"),
        members=tuple(queue_member(row) for row in queues.events if row.get("Event") == "QueueMember"),
        contacts=tuple(_contact(row) for row in contacts.events if row.get("Event") == "ContactList"))


async def _list(ask: Ask, action: Headers, *, is_list: bool = True) -> AmiReply:
    reply = await ask(action, is_list=is_list)
    if not reply.is_success:
        raise TelephonyRefused(f"{action['Action']}: {reply.message}")
    return reply


def live_channel(row: Mapping[str, str]) -> LiveChannel:
    return LiveChannel(channel_facts(row), row.get("BridgeId", ""), _clock_s(row.get("Duration", "")))


def queue_member(row: Mapping[str, str]) -> QueueMember:
    interface = row.get("Location", "") or row.get("StateInterface", "")
    return QueueMember(row.get("Queue", ""), interface, row.get("Paused", "0") == "1", row.get("PausedReason", ""))


def _waiting(row: Mapping[str, str]) -> WaitingCaller:
    return WaitingCaller(row.get("Queue", ""), row.get("Uniqueid", ""), _whole(row.get("Position", "")),
                         float(_whole(row.get("Wait", ""))), priority_of_weight(_whole(row.get("Priority", ""))))


def _contact(row: Mapping[str, str]) -> ContactChanged:
    """The name is ``1001;@hash`` for a registered contact, ``hl-trunk@@hash`` for a configured one."""
    aor = row.get("ObjectName", "").partition(";@")[0].partition("@@")[0]
    return ContactChanged(aor, row.get("Uri", ""), row.get("Status", ""))


def _clock_s(text: str) -> float:
    """``01:02:03`` -> 3723."""
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + _whole(part)
    return float(seconds)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
