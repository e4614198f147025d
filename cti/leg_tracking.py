"""Agents' phones in a call: offered, withdrawn, answered, held, over."""

from __future__ import annotations

from crm_core.calls import events as e
from crm_core.calls.kinds import CallState, HungUpBy, LegKind, LegOutcome
from crm_core.ids import AgentId, LegId
from cti import ami_messages as m
from cti.call_book import CallBook
from cti.call_states import CallInput
from cti.hangup_causes import ANSWERED_ELSEWHERE, LEG_OUTCOME_BY_DIAL_STATUS
from cti.tracked_call import Channel, ChannelRole, Leg, TrackedCall

_REFUSING_CAUSES = frozenset({17, 21})
_UNREACHABLE_CAUSES = frozenset({1, 3, 20, 27, 38, 41, 42, 58})


class LegTracking:
    """Offers and answers. Withdrawal is told at the first sign that the phone has stopped ringing (C30)."""

    def __init__(self, book: CallBook) -> None:
        self._book = book

    def on_dial_began(self, message: m.DialBegan) -> None:
        source = self._book.touch(message.source) if message.source else None
        destination = self._book.touch(message.destination)
        call = self._book.call_of(destination)
        if call is None or destination is None:
            return
        if not call.has_arrived:
            dialled = message.dial_string.partition("@")[0] if "@" in message.dial_string else ""
            call.number = self._book.expected_number(call.call_id) or dialled or message.destination.caller_number
            self._book.arrive(call)
        if destination.unique_id == call.patient_id and source is not None:
            self._offer(None, source, queue=None)  # dialled on the phone itself
        if destination.role is ChannelRole.PHONE:
            in_queue = source is not None and source.unique_id == call.patient_id
            self._offer(source, destination, queue=call.queue if in_queue else None)
        elif destination.role is ChannelRole.TRUNK and destination.unique_id != call.patient_id:
            kind = LegKind.DEPARTMENT if call.department else LegKind.OUTSIDE
            self._leg(call, destination, kind=kind)
            self._link_consult(call, source, destination)

    def lose_telephone(self, agent_id: AgentId, *, before_s: float) -> list[str]:
        """This agent's telephone is gone: names of the channels that began to ring before ``before_s`` and ring on there."""
        legs = [leg for call in self._book.calls.values() for leg in call.offers()
                if leg.agent_id == agent_id and not leg.picked_up and leg.offered_at_s < before_s]
        for leg in legs:
            leg.telephone_is_gone = True
        channels = [self._book.channels.get(leg.channel_id) for leg in legs]
        return [channel.name for channel in channels if channel is not None]

    def found_ringing(self, phone: Channel) -> None:
        """A resync found a phone ringing for a call."""
        call = self._book.call_of(phone)
        if call is not None and phone.role is ChannelRole.PHONE:
            self._offer(self._book.channels.get(call.patient_id), phone, queue=call.queue)

    def _offer(self, source: Channel | None, phone: Channel | None, *, queue: str | None) -> None:
        call = self._book.call_of(phone)
        if call is None or phone is None or phone.agent_id is None or phone.unique_id in call.legs:
            return
        is_consult = self._is_consult_channel(call, source)
        leg = self._leg(call, phone, kind=LegKind.CONSULT if is_consult else LegKind.AGENT)
        leg.queue = None if is_consult else queue
        self._link_consult(call, source, phone)
        self._book.emit(call, e.CallOffered, agent_id=phone.agent_id, leg_id=leg.leg_id, queue=leg.queue,
                        kind=leg.kind, channel_name=phone.name)
        if not is_consult:
            call.step(CallInput.AGENT_RANG)

    def on_dial_ended(self, message: m.DialEnded) -> None:
        if message.source is not None:
            self._book.touch(message.source)
        channel = self._book.touch(message.destination)
        call = self._book.call_of(channel)
        if call is None or channel is None:
            return
        if channel.unique_id == call.patient_id and message.status == "CANCEL":
            call.hung_up_by = call.hung_up_by or HungUpBy.AGENT  # the agent put the receiver down while it rang
        leg = call.legs.get(channel.unique_id)
        if leg is None:
            return
        if message.status == "ANSWER":
            self.pick_up(call, leg)
        elif message.status:
            self._withdraw(call, leg, channel, status=message.status)

    def pick_up(self, call: TrackedCall, leg: Leg) -> None:
        """The phone was taken off the hook. A consulted agent talks with the initiator now, others wait for the bridge."""
        if leg.picked_up or leg.is_over:
            return
        leg.picked_up, leg.picked_up_at_s = True, self._book.now_s
        consult = call.consult
        if consult is not None and consult.leg is leg:
            consult.is_answered = True
            self.answer(call, leg)
            self._book.emit(call, e.ConsultAnswered, agent_id=consult.initiator.agent_id, target=consult.target)
        elif leg.kind is LegKind.DEPARTMENT and leg.agent_id is None:
            self.answer(call, leg)
            self._book.emit(call, e.DepartmentAnswered, department=call.department)
        elif leg.agent_id is None:
            self.answer(call, leg)

    def answer(self, call: TrackedCall, leg: Leg) -> None:
        if leg.answered_at_s is not None or leg.is_over:
            return
        if not leg.picked_up:
            leg.picked_up, leg.picked_up_at_s = True, self._book.now_s
        leg.answered_at_s = self._book.now_s
        if leg.kind is not LegKind.CONSULT:
            call.was_served = True
            call.hung_up_by = None
        if leg.agent_id is None:
            return
        self._book.emit(call, e.CallAnswered, agent_id=leg.agent_id, leg_id=leg.leg_id, kind=leg.kind)
        if leg.kind is LegKind.AGENT:
            call.step(CallInput.AGENT_JOINED)

    def on_talkers(self, call: TrackedCall, talkers: set[str]) -> None:
        """The patient hears other people than before: whoever is new has answered."""
        for unique_id in talkers:
            channel = self._book.channels[unique_id]
            if channel.role is not ChannelRole.PHONE or channel.agent_id is None:
                continue
            if channel.call_id is None:
                channel.call_id = call.call_id  # Asterisk called the initiator back after a failed transfer
            if channel.unique_id not in call.legs:
                self._offer(None, channel, queue=None)
            self.answer(call, call.legs[channel.unique_id])

    def take_over(self, old: Channel, new: Channel) -> Leg | None:
        """A telephone took its own call back on a new channel (INVITE with Replaces after a reload): the leg goes on (C31).

        None when it is another's telephone, or nobody's. A hold is over, but not that of a consultation.
        """
        call = self._book.call_of(old)
        leg = call.legs.get(old.unique_id) if call is not None else None
        if call is None or leg is None or not leg.is_talking or leg.agent_id is None or leg.agent_id != new.agent_id:
            return None
        new.call_id = call.call_id
        call.legs[new.unique_id] = call.legs.pop(old.unique_id)
        leg.channel_id = new.unique_id
        if call.held_by is leg and call.consult is None:
            self.retrieve(call)  # Asterisk takes the music away when the holding channel leaves
        return leg

    def on_held(self, message: m.ChannelHeld) -> None:
        call, leg = self._leg_of(message.channel)
        if call is None or leg is None or call.held_by is not None or not leg.is_talking:
            return
        call.held_by = leg
        self._book.emit(call, e.CallHeld, agent_id=leg.agent_id)
        call.step(CallInput.AGENT_HELD)

    def on_retrieved(self, message: m.ChannelRetrieved) -> None:
        call, leg = self._leg_of(message.channel)
        if call is not None and leg is not None and call.held_by is leg:
            self.retrieve(call)

    def retrieve(self, call: TrackedCall) -> None:
        """No agent keeps the patient on hold any more."""
        leg, call.held_by = call.held_by, None
        if leg is None or leg.is_over:
            return
        self._book.emit(call, e.CallRetrieved, agent_id=leg.agent_id)
        call.step(CallInput.AGENT_RETRIEVED)
        if call.state is CallState.TALKING and call.consult is None and len(call.talking_agents()) > 1:
            self._book.emit(call, e.ConferenceStarted, agent_id=leg.agent_id)  # who held was one of three
            call.step(CallInput.CONFERENCE_STARTED)

    def end_leg(self, call: TrackedCall, channel: Channel, *, outcome: LegOutcome | None = None) -> None:
        """The phone's channel is gone, or must be taken for gone."""
        leg = call.legs.get(channel.unique_id)
        if leg is None or leg.is_over:
            return
        if leg.answered_at_s is None:
            self._withdraw(call, leg, channel, status="", outcome=outcome)
            return
        leg.is_over = True
        if call.held_by is leg:
            call.held_by = None
        if leg.agent_id is not None:
            talked_s = round(self._book.now_s - leg.answered_at_s, 3)
            self._book.emit(call, e.AgentLegEnded, agent_id=leg.agent_id, leg_id=leg.leg_id, talked_s=talked_s)
        if leg.kind is LegKind.AGENT and not call.talking_agents():
            call.step(CallInput.AGENTS_GONE)
        elif leg.kind is LegKind.DEPARTMENT:
            call.step(CallInput.DEPARTMENT_GONE)

    def _withdraw(self, call: TrackedCall, leg: Leg, channel: Channel, *, status: str,
                  outcome: LegOutcome | None = None) -> None:
        if not leg.is_offered:
            return
        leg.is_over = True
        if leg.agent_id is None:
            return
        outcome = outcome or self._leg_outcome(call, channel, status)
        rang_s = round(self._book.now_s - leg.offered_at_s, 3)
        self._book.emit(call, e.OfferWithdrawn, agent_id=leg.agent_id, leg_id=leg.leg_id, outcome=outcome, rang_s=rang_s)
        if leg.kind is LegKind.AGENT and not call.offers():
            call.step(CallInput.RINGING_OVER if call.queue else CallInput.QUEUE_LEFT)

    def _leg_outcome(self, call: TrackedCall, channel: Channel, status: str) -> LegOutcome:
        leg = call.legs[channel.unique_id]
        if leg.telephone_is_gone:
            return LegOutcome.FAILED
        if leg.picked_up:
            return LegOutcome.CALLER_GONE  # the agent had taken it; the patient was not reached
        if channel.hangup_cause in _REFUSING_CAUSES:
            return LegOutcome.REJECTED
        if call.hung_up_by is not None or call.abandoned_after_s is not None:
            return LegOutcome.CALLER_GONE
        if channel.hangup_cause == ANSWERED_ELSEWHERE or self._was_faster(call, leg):
            return LegOutcome.ANSWERED_ELSEWHERE
        if leg.kind is LegKind.CONSULT and status in ("", "CANCEL"):
            return LegOutcome.CALLER_GONE
        if channel.hangup_cause in _UNREACHABLE_CAUSES:
            return LegOutcome.FAILED
        return LEG_OUTCOME_BY_DIAL_STATUS.get(status, LegOutcome.NO_ANSWER)

    @staticmethod
    def _was_faster(call: TrackedCall, leg: Leg) -> bool:
        """Another phone that rang for the patient was picked up while this one rang."""
        return leg.kind is LegKind.AGENT and any(
            other is not leg and other.kind is LegKind.AGENT and other.picked_up and not other.is_over
            and other.picked_up_at_s >= leg.offered_at_s for other in call.legs.values())

    def _leg(self, call: TrackedCall, channel: Channel, *, kind: LegKind) -> Leg:
        leg = call.legs.get(channel.unique_id)
        if leg is None:
            leg = Leg(LegId(channel.unique_id), kind, channel.agent_id, self._book.now_s, channel.unique_id)
            call.legs[channel.unique_id] = leg
        return leg

    def _leg_of(self, facts: m.ChannelFacts) -> tuple[TrackedCall | None, Leg | None]:
        channel = self._book.touch(facts)
        call = self._book.call_of(channel)
        leg = call.legs.get(channel.unique_id) if call and channel else None
        return call, leg if leg is not None and leg.agent_id is not None else None

    def _is_consult_channel(self, call: TrackedCall, source: Channel | None) -> bool:
        return call.consult is not None and source is not None and source.unique_id in call.consult.channel_ids

    def _link_consult(self, call: TrackedCall, source: Channel | None, destination: Channel) -> None:
        if call.consult is not None and self._is_consult_channel(call, source):
            call.consult.leg = call.legs[destination.unique_id]
