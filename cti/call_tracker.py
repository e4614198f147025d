"""Turns AMI messages into domain events, in order and each once; the truth of what the network does with calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy, LegOutcome
from crm_core.events import Event
from crm_core.ids import AgentId, CallId
from cti import ami_messages as m
from cti.call_book import CallBook
from cti.call_endings import outcome_of, who_hung_up
from cti.call_states import CallInput
from cti.hangup_causes import CAUSE_BY_SIP, originate_outcome
from cti.leg_tracking import LegTracking
from cti.queue_tracking import QueueTracking
from cti.signal_tracking import SignalTracking
from cti.tracked_call import Channel, ChannelRole, TrackedCall
from cti.transfer_tracking import TransferTracking

SOFT_HANGUPS_BY_PBX = frozenset({1, 4})
"""Causes of SoftHangupRequest that are nobody's wish: no sound for too long (AST_SOFTHANGUP_DEV), a stop (_SHUTDOWN)."""

PARTIES_OF_A_CONFERENCE = 3


class CallTracker:
    """Fed by the pump's thread; what others read is guarded by ``lock``.

    CallEnded is the last event of a call: open legs, offers, waiting and consultations are closed before it.
    """

    def __init__(self, *, trunk: str, transfer_context: str, agent_of_extension: Callable[[str], AgentId | None],
                 on_stranded: Callable[[Sequence[str], str], None] = lambda _channels, _patient: None,
                 on_unmixed: Callable[[Sequence[str]], None] = lambda _channels: None) -> None:
        """``on_stranded``: channels that talk without their patient, and his channel when he waits where nobody can reach
        him any more ("" when he has gone). ``on_unmixed``: the two channels that a third has left. Each is told once and
        must return at once."""
        self.lock = threading.RLock()
        self.book = CallBook(trunk, agent_of_extension)
        self.legs = LegTracking(self.book)
        self.queues = QueueTracking(self.book)
        self.transfers = TransferTracking(self.book, self.legs, transfer_context=transfer_context)
        self.signals = SignalTracking(self.book, self.transfers)
        self._on_stranded = on_stranded
        self._on_unmixed = on_unmixed
        self._handlers: dict[type, Callable[[Any], None]] = {
            m.ChannelCreated: self._on_created,
            m.ChannelStateChanged: self._on_state,
            m.HangupRequested: self._on_hangup_requested,
            m.ChannelHungUp: self._on_hung_up,
            m.OriginateAnswered: self._on_originated,
            m.BridgeEntered: self._on_bridge_entered,
            m.BridgeLeft: self._on_bridge_left,
            m.LocalPairJoined: self.transfers.on_pair,
            m.BlindTransferred: self.transfers.on_blind,
            m.AttendedTransferred: self.transfers.on_attended,
            m.DialBegan: self.legs.on_dial_began,
            m.DialEnded: self.legs.on_dial_ended,
            m.ChannelHeld: self.legs.on_held,
            m.ChannelRetrieved: self.legs.on_retrieved,
            m.QueueJoined: self.queues.on_joined,
            m.QueueLeft: self.queues.on_left,
            m.QueueAbandoned: self.queues.on_abandoned,
            m.DialplanSignal: self.signals.on_signal,
            m.SpyStarted: self.signals.on_spy_started,
            m.SpyStopped: self.signals.on_spy_stopped,
        }

    def handle(self, message: m.AmiMessage, *, at: datetime, now_s: float) -> list[Event]:
        """The events that follow from one message; ``now_s`` is monotonic. Messages of no interest give none."""
        handler = self._handlers.get(type(message))
        if handler is None:
            return []
        with self.lock:
            self.set_time(at, now_s)
            handler(message)
            return self.book.take_events()

    def set_time(self, at: datetime, now_s: float) -> None:
        self.book.at, self.book.now_s = at, now_s

    def leave_half_done(self) -> list[Event]:
        """What a message had already brought about when its handling failed."""
        with self.lock:
            return self.book.take_events()

    def look_at(self, channel: Channel, *, is_ringing: bool) -> None:
        """A channel as found by a resync: what its being there tells."""
        self._note_up(channel)
        if is_ringing:
            self.legs.found_ringing(channel)
        self._look_at_talkers(channel)

    def expect(self, call_id: CallId, number: str) -> None:
        """To be called before Asterisk is asked to dial: whom the call is for."""
        with self.lock:
            self.book.expect(call_id, number)

    def end_call(self, call: TrackedCall, *, cause: int = 0, outcome: CallOutcome | None = None) -> None:
        """Close everything that is open, then the call itself."""
        self._release_stranded(call, outcome)
        self.queues.close(call)
        call.hung_up_by = who_hung_up(call, outcome or outcome_of(call, cause))
        final = outcome or outcome_of(call, cause)
        self.transfers.close(call)
        gone = LegOutcome.LINK_LOST if outcome in (CallOutcome.LOST_EVENT, CallOutcome.PBX_CRASH) else None
        for channel_id in list(call.legs):
            channel = self.book.channels.get(channel_id)
            if channel is not None:
                self.legs.end_leg(call, channel, outcome=gone)
        self.signals.close(call)
        self.book.emit(call, e.CallEnded, outcome=final, hung_up_by=call.hung_up_by, cause=cause)
        call.step(CallInput.HUNG_UP)
        self.book.forget_call(call)

    def _release_stranded(self, call: TrackedCall, outcome: CallOutcome | None) -> None:
        """Asterisk leaves those who talk about the patient with one another; for us they are free (C38)."""
        if outcome is None and (call.consult is not None or len([leg for leg in call.legs.values() if leg.is_talking]) > 1):
            self._on_stranded(self._parties(call), "")

    def _parties(self, call: TrackedCall) -> list[str]:
        channels = [self.book.channels.get(leg.channel_id) for leg in call.legs.values() if not leg.is_over]
        return [channel.name for channel in channels if channel is not None]

    def _on_created(self, message: m.ChannelCreated) -> None:
        channel = self.book.touch(message.channel, may_open=True)
        call = self.book.call_of(channel)
        if channel is None or call is None:
            return
        if channel.role is ChannelRole.LOCAL:
            self.transfers.on_local_channel(channel, message.channel)
        elif call.direction is Direction.INBOUND and channel.unique_id == call.patient_id:
            self.book.arrive(call)
        self._note_up(channel)

    def _on_state(self, message: m.ChannelStateChanged) -> None:
        channel = self.book.touch(message.channel)
        if channel is not None:
            self._note_up(channel)

    def _note_up(self, channel: Channel) -> None:
        call = self.book.call_of(channel)
        if call is None or not channel.is_up or channel.unique_id != call.patient_id or call.patient_answered:
            return
        call.patient_answered = True
        self.book.emit(call, e.PatientLegAnswered)
        call.step(CallInput.PATIENT_ANSWERED)

    def _on_bridge_entered(self, message: m.BridgeEntered) -> None:
        channel = self.book.touch(message.channel)
        if channel is None:
            return
        swapped = self.book.channels.get(message.swapped_unique_id)
        if swapped is not None and swapped.bridge_id in ("", message.bridge_id):  # "": its BridgeLeave comes first
            self.book.leave_bridge(swapped)
            self.take_over(swapped, channel)
        self.book.enter_bridge(channel, message.bridge_id)
        self._note_up(channel)
        self._look_at_talkers(channel)

    def take_over(self, old: Channel, new: Channel) -> None:
        """``new`` stands where ``old`` stood.

        Who takes his call back in a consultation can neither complete nor cancel it: Asterisk listens to the old channel.
        """
        leg = self.legs.take_over(old, new)
        call = self.book.call_of(new)
        patient = self.book.channels.get(call.patient_id) if call is not None else None
        if call is not None and patient is not None and call.consult is not None and call.consult.initiator is leg:
            self._on_stranded(self._parties(call), patient.name)

    def _on_bridge_left(self, message: m.BridgeLeft) -> None:
        channel = self.book.known(message.channel)
        if channel is None or channel.bridge_id != message.bridge_id:
            return
        mates = self.book.in_bridge(message.bridge_id)
        self.book.leave_bridge(channel)
        if len(mates) == PARTIES_OF_A_CONFERENCE and channel.role is not ChannelRole.LOCAL:  # whose party takes his place
            self._on_unmixed([mate.name for mate in mates if mate is not channel])
        for other in (channel, *mates):
            self._look_at_talkers(other)

    def _look_at_talkers(self, channel: Channel) -> None:
        mates = self.book.in_bridge(channel.bridge_id) or [channel]
        for call in {id(c): c for mate in mates if (c := self.book.call_of(mate)) is not None}.values():
            talkers = self.book.talkers(call)
            if len(talkers) > 1:
                self.legs.on_talkers(call, talkers)
                self.transfers.on_talkers(call, talkers)

    def _on_hangup_requested(self, message: m.HangupRequested) -> None:
        channel = self.book.known(message.channel)
        if channel is None:
            return
        channel.hangup_cause = channel.hangup_cause or message.cause
        call = self.book.call_of(channel)
        if call is None or call.hung_up_by is not None:
            return
        by_pbx = message.is_soft and message.cause in SOFT_HANGUPS_BY_PBX
        if channel.unique_id == call.patient_id:
            call.was_ringing_at_hangup = bool(call.offers())
            by_us = HungUpBy.AGENT if call.talking_agents() and not by_pbx else HungUpBy.SYSTEM
            call.hung_up_by = by_us if message.is_soft else HungUpBy.PATIENT
        elif self._is_last_of_ours(call, channel, is_soft=message.is_soft):
            call.hung_up_by = HungUpBy.SYSTEM if by_pbx else HungUpBy.AGENT

    @staticmethod
    def _is_last_of_ours(call: TrackedCall, channel: Channel, *, is_soft: bool) -> bool:
        """The agent (or department) whose hanging up ends the call: nobody else talks, or he gives up dialling."""
        leg = call.legs.get(channel.unique_id)
        if leg is None or leg.is_over or call.consult is not None:
            return False
        if call.direction is Direction.OUTBOUND and not call.patient_answered:
            return leg.picked_up and not is_soft  # soft: the dialplan's own end, after the patient was not reached
        return [other for other in call.legs.values() if other.is_talking] == [leg]

    def _on_hung_up(self, message: m.ChannelHungUp) -> None:
        channel = self.book.known(message.channel)
        if channel is None:
            self.book.forget_channel(message.channel.unique_id)  # an older event of it may still come
            return
        cause = message.cause or CAUSE_BY_SIP.get(message.sip_code, 0)
        channel.hangup_cause = cause or channel.hangup_cause
        self.lose_channel(channel)

    def lose_channel(self, channel: Channel, *, outcome: CallOutcome | None = None) -> None:
        """A channel is gone; ``outcome`` is given when its end was not heard but found out."""
        call = self.book.call_of(channel)
        self.book.leave_bridge(channel)
        if call is not None:
            self.legs.end_leg(call, channel)
            self.transfers.on_channel_gone(call, channel)
            self.transfers.on_leg_over(call)
            is_root_of_dialling = not call.patient_id and channel.unique_id == call.call_id
            if channel.unique_id == call.patient_id or is_root_of_dialling:
                self.end_call(call, cause=channel.hangup_cause, outcome=outcome)
        self.signals.on_spyer_gone(channel.unique_id)
        self.book.forget_channel(channel.unique_id)

    def _on_originated(self, message: m.OriginateAnswered) -> None:
        """A dial attempt that failed before any channel existed still gets its one CallArrived and CallEnded."""
        call_id = CallId(message.unique_id)
        if message.is_success or call_id in self.book.channels or self.book.has_ended(call_id):
            return
        if not self.book.expected_number(call_id):
            return
        call = self.book.calls.get(call_id) or self.book.open_call(call_id, Direction.OUTBOUND)
        if call is not None:
            self.end_call(call, outcome=originate_outcome(message.reason))
