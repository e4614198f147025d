"""What is known of the calls and channels that live now: the tracker's memory, bounded by what Asterisk holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from crm_core.calls import events as e
from crm_core.calls.kinds import CallState, Direction
from crm_core.events import CallEvent, Event
from crm_core.ids import AgentId, CallId, is_safe_id
from cti.ami_messages import ChannelFacts
from cti.tracked_call import Channel, ChannelRole, ExpectedCall, TrackedCall

SURVEY_PREFIX = "att-"
DIAL_PREFIX = "out-"
MONITOR_PREFIX = "mon-"
REMEMBERED_ENDS = 20_000


class CallBook:
    """Calls and channels by id, and the events that came out of the message being handled. One thread at a time."""

    def __init__(self, trunk: str, agent_of_extension: Callable[[str], AgentId | None]) -> None:
        self.channels: dict[str, Channel] = {}
        self.calls: dict[CallId, TrackedCall] = {}
        self.at = datetime.min.replace(tzinfo=UTC)
        self.now_s = 0.0
        self.refused_count = 0
        self._bridges: dict[str, set[str]] = {}
        self._trunk_name = f"PJSIP/{trunk}-"
        self._agent_of_extension = agent_of_extension
        self._out: list[Event] = []
        self._ended_channels: OrderedDict[str, None] = OrderedDict()
        self._ended_calls: OrderedDict[CallId, None] = OrderedDict()
        self._expected: OrderedDict[CallId, ExpectedCall] = OrderedDict()
        self.known_before: set[CallId] = set()
        """Calls whose record was open before this process began: no second CallArrived."""

    def expect(self, call_id: CallId, number: str) -> None:
        _remember(self._expected, call_id, ExpectedCall(number))

    def expected_number(self, call_id: CallId) -> str:
        expected = self._expected.get(call_id)
        return expected.number if expected else ""

    def take_events(self) -> list[Event]:
        out, self._out = self._out, []
        return out

    def tell(self, event: Event) -> None:
        """An event that belongs to no call."""
        self._out.append(event)

    def emit(self, call: TrackedCall, kind: type[CallEvent], /, **facts: Any) -> None:
        """An event of ``call``; its CallArrived always goes first."""
        if call.call_id in self._ended_calls:
            self.refused_count += 1
            return
        self.arrive(call)
        self._out.append(kind(at=self.at, call_id=call.call_id, **facts))

    def arrive(self, call: TrackedCall) -> None:
        if call.has_arrived:
            return
        call.has_arrived = True
        call.number = call.number or self.expected_number(call.call_id)
        if call.call_id not in self.known_before:
            self._out.append(e.CallArrived(
                at=self.at, call_id=call.call_id, direction=call.direction, number=call.number, name=call.name,
                dialled_number=call.dialled_number))

    def touch(self, facts: ChannelFacts, *, may_open: bool = False) -> Channel | None:
        """The channel of a message, made known if it is new; None when it has already ended (F07, F08).

        Only the birth of a channel (``may_open``) opens a call: what lived before we listened is adopted by a resync.
        """
        channel = self.channels.get(facts.unique_id)
        if channel is None:
            if facts.unique_id in self._ended_channels:
                return None
            channel = self._new_channel(facts)
        if channel.call_id is None and channel.role is not ChannelRole.MONITOR:
            self._join_call(channel, facts, may_open=may_open)
        if facts.is_up:
            channel.is_up = True
        return channel

    def call_of(self, channel: Channel | None) -> TrackedCall | None:
        return None if channel is None or channel.call_id is None else self.calls.get(channel.call_id)

    def enter_bridge(self, channel: Channel, bridge_id: str) -> None:
        self.leave_bridge(channel)
        channel.bridge_id, channel.bridged_at_s = bridge_id, self.now_s
        if bridge_id:
            self._bridges.setdefault(bridge_id, set()).add(channel.unique_id)

    def leave_bridge(self, channel: Channel) -> None:
        members = self._bridges.get(channel.bridge_id)
        if members is not None:
            members.discard(channel.unique_id)
            if not members:
                del self._bridges[channel.bridge_id]
        channel.bridge_id, channel.bridged_at_s = "", self.now_s

    def in_bridge(self, bridge_id: str) -> list[Channel]:
        return [self.channels[unique_id] for unique_id in self._bridges.get(bridge_id, ())]

    def forget_channel(self, unique_id: str) -> None:
        channel = self.channels.get(unique_id)
        if channel is not None:
            self.leave_bridge(channel)
            del self.channels[unique_id]
        _remember(self._ended_channels, unique_id, None)

    def forget_call(self, call: TrackedCall) -> None:
        self.calls.pop(call.call_id, None)
        self._expected.pop(call.call_id, None)
        self.known_before.discard(call.call_id)
        _remember(self._ended_calls, call.call_id, None)

    def has_ended(self, call_id: str) -> bool:
        return call_id in self._ended_calls

    def channels_of(self, call: TrackedCall) -> Iterator[Channel]:
        return (channel for channel in self.channels.values() if channel.call_id == call.call_id)

    def open_call(self, call_id: CallId, direction: Direction, **facts: Any) -> TrackedCall | None:
        """A new call; None when the id is unsafe, or the call has ended already."""
        if call_id in self._ended_calls or not is_safe_id(call_id):
            return None
        state = CallState.IVR if direction is Direction.INBOUND else CallState.DIALLING
        call = TrackedCall(call_id, direction, self.now_s, state, **facts)
        self.calls[call_id] = call
        return call

    def talkers(self, call: TrackedCall) -> set[str]:
        """Unique ids of all channels that the patient hears now: same bridge, across pairs of Local channels."""
        patient = self.channels.get(call.patient_id)
        if patient is None or not patient.bridge_id:
            return set()
        found: set[str] = set()
        bridges, seen = [patient.bridge_id], {patient.bridge_id}
        while bridges:
            for unique_id in self._bridges.get(bridges.pop(), ()):
                found.add(unique_id)
                peer = self.channels.get(self.channels[unique_id].local_peer)
                if peer is not None and peer.bridge_id and peer.bridge_id not in seen:
                    seen.add(peer.bridge_id)
                    bridges.append(peer.bridge_id)
        return found

    def _new_channel(self, facts: ChannelFacts) -> Channel:
        role, agent_id = self._role(facts)
        channel = Channel(facts.unique_id, facts.name, role, self.now_s, agent_id)
        self.channels[facts.unique_id] = channel
        return channel

    def _role(self, facts: ChannelFacts) -> tuple[ChannelRole, AgentId | None]:
        if facts.unique_id.startswith(MONITOR_PREFIX):
            return ChannelRole.MONITOR, None
        if facts.name.startswith(self._trunk_name):
            return ChannelRole.TRUNK, None
        if facts.name.startswith("Local/"):
            return ChannelRole.LOCAL, None
        technology, _, rest = facts.name.partition("/")
        extension = rest.rpartition("-")[0]
        agent_id = self._agent_of_extension(extension) if technology == "PJSIP" and extension else None
        return (ChannelRole.OTHER, None) if agent_id is None else (ChannelRole.PHONE, agent_id)

    def agent_of_channel_name(self, name: str) -> AgentId | None:
        extension = name.partition("/")[2].rpartition("-")[0]
        return self._agent_of_extension(extension) if extension else None

    def known(self, facts: ChannelFacts) -> Channel | None:
        """The channel of a message that can only tell an end: never makes one known."""
        return self.channels.get(facts.unique_id)

    def _join_call(self, channel: Channel, facts: ChannelFacts, *, may_open: bool) -> None:
        call_id = CallId(facts.linked_id or facts.unique_id)
        call = self.calls.get(call_id)
        if call is None and may_open:
            call = self._call_for(channel, call_id, facts)
        if call is None:
            return
        channel.call_id = call.call_id
        if channel.role is ChannelRole.TRUNK and not call.patient_id:
            call.patient_id = channel.unique_id

    def _call_for(self, channel: Channel, call_id: CallId, facts: ChannelFacts) -> TrackedCall | None:
        """Who begins a patient's call: a trunk channel that is its own root, or the agent's phone of a click-to-dial."""
        is_root = channel.unique_id == call_id
        is_ours = call_id.startswith((SURVEY_PREFIX, DIAL_PREFIX)) or call_id in self._expected
        if channel.role is ChannelRole.TRUNK and is_root:
            if is_ours:
                return self.open_call(call_id, Direction.OUTBOUND)
            return self.open_call(call_id, Direction.INBOUND, number=facts.caller_number, name=facts.caller_name,
                                  dialled_number=facts.exten if facts.exten.isdigit() else "")
        if channel.role is ChannelRole.PHONE and is_root and is_ours:
            return self.open_call(call_id, Direction.OUTBOUND)
        root = self.channels.get(call_id)
        if channel.role is ChannelRole.TRUNK and root is not None and root.role is ChannelRole.PHONE:
            call = self.open_call(call_id, Direction.OUTBOUND)  # the agent dialled on the phone itself
            if call is not None:
                root.call_id = call_id
            return call
        return None


def _remember(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    memory[key] = value
    while len(memory) > REMEMBERED_ENDS:
        memory.popitem(last=False)
