"""Transfers: blind, attended (consult, cancel, complete), and three people in one conversation."""

from __future__ import annotations

from crm_core.calls import events as e
from crm_core.calls.kinds import CallState, LegKind, TransferKind
from cti import ami_messages as m
from cti.call_book import CallBook
from cti.call_states import CallInput
from cti.leg_tracking import LegTracking
from cti.tracked_call import Channel, Consult, Leg, TrackedCall


class TransferTracking:
    """A consultation is a pair of Local channels that Asterisk makes for the initiator."""

    def __init__(self, book: CallBook, legs: LegTracking, *, transfer_context: str) -> None:
        self._book = book
        self._legs = legs
        self._context = transfer_context

    def on_local_channel(self, channel: Channel, facts: m.ChannelFacts) -> None:
        """A Local channel into our transfer context while an agent talks: that agent consults somebody."""
        call = self._book.call_of(channel)
        if call is None or facts.context != self._context:
            return
        if call.consult is not None:
            call.consult.channel_ids.add(channel.unique_id)
            return
        initiator = self._initiator(call)
        if initiator is None:
            return
        call.consult = Consult(initiator, facts.exten, {channel.unique_id})
        self._book.emit(call, e.ConsultStarted, agent_id=initiator.agent_id, target=facts.exten)
        call.step(CallInput.CONSULT_STARTED)

    def on_pair(self, message: m.LocalPairJoined) -> None:
        one, two = self._book.touch(message.one), self._book.touch(message.two)
        if one is not None and two is not None:
            one.local_peer, two.local_peer = two.unique_id, one.unique_id
        for channel, facts in ((one, message.one), (two, message.two)):
            if channel is not None:
                self.on_local_channel(channel, facts)

    def on_talkers(self, call: TrackedCall, talkers: set[str]) -> None:
        """Where the initiator and the consulted party are tells what became of the consultation."""
        consult = call.consult
        if consult is None or not talkers:
            return
        is_back = consult.initiator.channel_id in talkers
        target_is_in = consult.leg is not None and consult.leg.is_talking and consult.leg.channel_id in talkers
        if not is_back:
            consult.has_left_patient = True
        elif consult.has_left_patient and target_is_in:
            self._conference(call, consult)
        elif consult.has_left_patient and not self._local_is_in(consult, talkers):
            self._end_consult(call, consult)

    def on_attended(self, message: m.AttendedTransferred) -> None:
        channel = self._book.touch(message.transferer)
        call = self._book.call_of(channel)
        consult = call.consult if call else None
        if call is None or consult is None or not message.is_success:
            return
        if message.is_three_way:
            self._conference(call, consult)
        else:
            self._transfer(call, consult)

    def on_blind(self, message: m.BlindTransferred) -> None:
        channel = self._book.touch(message.transferer)
        call = self._book.call_of(channel)
        leg = call.legs.get(channel.unique_id) if call and channel else None
        if call is None or leg is None or leg.agent_id is None or not message.is_success or leg.was_transferred:
            return
        leg.was_transferred = True
        if call.held_by is leg:
            call.held_by = None
        self._book.emit(call, e.CallTransferred, agent_id=leg.agent_id, kind=TransferKind.BLIND, target=message.exten)
        call.step(CallInput.TRANSFERRED_BLIND)
        self._leave(call, leg)

    def on_consult_failed(self, call: TrackedCall) -> None:
        """Our dialplan: the consulted party was not reached. Asterisk gives the patient back."""
        if call.consult is not None and not call.consult.is_answered:
            self._end_consult(call, call.consult)

    def on_channel_gone(self, call: TrackedCall, channel: Channel) -> None:
        """A channel of the consultation hung up and nothing else told how it ended."""
        consult = call.consult
        if consult is None or not (channel.unique_id in consult.channel_ids or self._is_leg(consult, channel)):
            return
        talkers = self._book.talkers(call)
        target_is_in = consult.leg is not None and not consult.leg.is_over and consult.leg.channel_id in talkers
        if not target_is_in:
            self._end_consult(call, consult)
        elif consult.initiator.channel_id in talkers:
            self._conference(call, consult)
        else:
            self._transfer(call, consult)

    def on_leg_over(self, call: TrackedCall) -> None:
        """Somebody left a conference: with one agent left who hears the patient it is an ordinary talk again."""
        if call.state is not CallState.CONFERENCE:
            return
        left = [leg for leg in call.legs.values() if leg.is_talking]
        if len(left) == 1 and left[0].agent_id is not None and left[0].channel_id in self._book.talkers(call):
            self._book.emit(call, e.ConsultEnded, agent_id=left[0].agent_id)
            call.step(CallInput.CONSULT_ENDED)

    def close(self, call: TrackedCall) -> None:
        """The patient is gone: whatever the two agents still say is no consultation of this call."""
        if call.consult is not None:
            self._end_consult(call, call.consult)

    def _end_consult(self, call: TrackedCall, consult: Consult) -> None:
        call.consult = None
        self._book.emit(call, e.ConsultEnded, agent_id=consult.initiator.agent_id)
        call.step(CallInput.CONSULT_ENDED)

    def _conference(self, call: TrackedCall, consult: Consult) -> None:
        call.consult = None
        self._take_over(call, consult)
        if call.held_by is consult.initiator:
            self._legs.retrieve(call)
        self._book.emit(call, e.ConferenceStarted, agent_id=consult.initiator.agent_id)
        call.step(CallInput.CONFERENCE_STARTED)

    def _transfer(self, call: TrackedCall, consult: Consult) -> None:
        call.consult = None
        consult.initiator.was_transferred = True
        if call.held_by is consult.initiator:
            call.held_by = None
        self._take_over(call, consult)
        self._book.emit(call, e.CallTransferred, agent_id=consult.initiator.agent_id, kind=TransferKind.ATTENDED,
                        target=consult.target)
        call.step(CallInput.TRANSFERRED_ATTENDED)
        self._leave(call, consult.initiator)

    def _leave(self, call: TrackedCall, leg: Leg) -> None:
        """The initiator is free at once; Asterisk may keep his old channel for a while."""
        channel = self._book.channels.get(leg.channel_id)
        if channel is not None:
            self._legs.end_leg(call, channel)

    @staticmethod
    def _take_over(call: TrackedCall, consult: Consult) -> None:
        """The consulted party is a party of the patient's call now."""
        if consult.leg is not None and consult.leg.kind is LegKind.CONSULT:
            consult.leg.kind = LegKind.AGENT
        call.was_served = True
        call.hung_up_by = None

    @staticmethod
    def _is_leg(consult: Consult, channel: Channel) -> bool:
        return consult.leg is not None and consult.leg.channel_id == channel.unique_id

    @staticmethod
    def _local_is_in(consult: Consult, talkers: set[str]) -> bool:
        return not consult.channel_ids.isdisjoint(talkers)

    def _initiator(self, call: TrackedCall) -> Leg | None:
        """The agent who has just put the patient on hold; else the one who took the call last."""
        if call.held_by is not None:
            return call.held_by
        talking = [leg for leg in call.talking_agents() if leg.kind is LegKind.AGENT]
        return max(talking, key=lambda leg: leg.answered_at_s or 0.0, default=None)
