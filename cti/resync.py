"""Makes the tracker agree with what Asterisk really has: after every (re)connect, and now and then (F01, F09, F15)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, CallState, HungUpBy
from crm_core.events import Event
from crm_core.ids import CallId
from cti.call_tracker import CallTracker
from cti.pbx_snapshot import LiveChannel, PbxSnapshot, WaitingCaller
from cti.tracked_call import Channel, TrackedCall

log = structlog.get_logger(__name__)


class Resync:
    """Runs in the pump's thread, between messages. What happened after the questions were asked is left alone."""

    def __init__(self, tracker: CallTracker, *, open_before: Callable[[], Iterable[CallId]] = tuple) -> None:
        """``open_before``: calls whose records are open from an earlier run of this program; asked once."""
        self._tracker = tracker
        self._book = tracker.book
        self._open_before = open_before
        self._started_at = ""
        self._is_first = True
        self.lost_count = 0
        self.adopted_count = 0

    def apply(self, snapshot: PbxSnapshot) -> list[Event]:
        """The events that close the gap."""
        with self._tracker.lock:
            self._note_earlier_calls()
            outcome = CallOutcome.LOST_EVENT
            if self._started_at and snapshot.started_at != self._started_at:
                outcome = CallOutcome.PBX_CRASH
            self._started_at = snapshot.started_at or self._started_at
            self._note_swaps(snapshot)
            self._end_vanished(snapshot, outcome)
            found = self._adopt(snapshot)
            self._agree_queues(snapshot)
            for live, channel in found:
                self._tracker.look_at(channel, is_ringing=not live.facts.is_up)
            self._end_earlier_calls(outcome)
            return self._book.take_events()

    def _note_earlier_calls(self) -> None:
        if self._is_first:
            self._is_first = False
            self._book.known_before.update(self._open_before())

    def _end_earlier_calls(self, outcome: CallOutcome) -> None:
        """Records that are open, of calls that Asterisk has not: their end was missed while we were not running."""
        for call_id in sorted(self._book.known_before - set(self._book.calls)):
            self._book.known_before.discard(call_id)
            self.lost_count += 1
            self._book.tell(e.CallEnded(at=self._book.at, call_id=call_id, outcome=outcome, hung_up_by=HungUpBy.UNKNOWN))

    def _vanished(self, snapshot: PbxSnapshot) -> list[Channel]:
        live = {channel.facts.unique_id for channel in snapshot.channels}
        return [channel for channel in self._book.channels.values()
                if channel.unique_id not in live and channel.seen_at_s < snapshot.asked_at_s]

    def _note_swaps(self, snapshot: PbxSnapshot) -> None:
        """A telephone took its call back (``Replaces``) while nobody listened: the same agent talks in the same call on a
        channel we have never heard of, and his old one is gone. His leg goes on (C31)."""
        strangers = [live for live in snapshot.channels if live.facts.is_up and live.bridge_id
                     and live.facts.unique_id not in self._book.channels]
        for old in self._vanished(snapshot):
            call = self._book.call_of(old)
            leg = call.legs.get(old.unique_id) if call is not None else None
            if call is None or leg is None or not leg.is_talking or leg.agent_id is None:
                continue
            for live in strangers:
                if live.facts.linked_id == call.call_id and self._book.agent_of_channel_name(live.facts.name) == leg.agent_id:
                    self._swap(old, live)
                    strangers.remove(live)
                    break

    def _swap(self, old: Channel, live: LiveChannel) -> None:
        new = self._book.touch(live.facts)
        if new is not None:
            self._book.leave_bridge(old)
            self._tracker.take_over(old, new)
            self._book.enter_bridge(new, live.bridge_id)

    def _end_vanished(self, snapshot: PbxSnapshot, outcome: CallOutcome) -> None:
        for channel in self._vanished(snapshot):
            call = self._book.call_of(channel)
            if call is not None and channel.unique_id == call.patient_id:
                self.lost_count += 1
                log.warning("call_end_was_missed", call_id=call.call_id, outcome=outcome.value)
            self._tracker.lose_channel(channel, outcome=outcome)

    def _adopt(self, snapshot: PbxSnapshot) -> list[tuple[LiveChannel, Channel]]:
        known = set(self._book.calls)
        roots_first = sorted(snapshot.channels, key=lambda c: (c.facts.unique_id != c.facts.linked_id, c.facts.unique_id))
        found = [(live, channel) for live in roots_first if (channel := self._make_known(live)) is not None]
        for live, channel in found:
            if channel.bridge_id != live.bridge_id and channel.bridged_at_s < snapshot.asked_at_s:
                self._book.enter_bridge(channel, live.bridge_id)
        for call in [call for call in self._book.calls.values() if call.call_id not in known]:
            self.adopted_count += 1
            self._book.arrive(call)
        return found

    def _make_known(self, live: LiveChannel) -> Channel | None:
        channel = self._book.touch(live.facts, may_open=True)
        call = self._book.call_of(channel)
        if channel is not None and call is not None and call.call_id not in self._book.known_before:
            call.began_at_s = min(call.began_at_s, self._book.now_s - live.duration_s)
        return channel

    def _agree_queues(self, snapshot: PbxSnapshot) -> None:
        waiting = {caller.unique_id: caller for caller in snapshot.waiting}
        for call in list(self._book.calls.values()):
            caller = waiting.get(call.patient_id)
            if caller is not None:
                self._agree_waiting(call, caller)
            elif call.queue is not None and call.queue_joined_at_s < snapshot.asked_at_s:
                self._tracker.queues.leave(call, was_answered=bool(call.talking_agents()))

    def _agree_waiting(self, call: TrackedCall, caller: WaitingCaller) -> None:
        if call.queue is None and call.state in (CallState.IVR, CallState.RINGING) and not call.talking_agents():
            self._tracker.queues.join(call, caller.queue, position=caller.position, priority=caller.priority,
                                      waited_s=caller.waited_s)

