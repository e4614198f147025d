"""Who waits in which queue, and when he left it."""

from __future__ import annotations

from crm_core.calls import events as e
from cti import ami_messages as m
from cti.call_book import CallBook
from cti.call_states import CallInput
from cti.tracked_call import TrackedCall


class QueueTracking:
    """Only the patient's own channel waits; a consultation that rings in a queue is nobody's waiting time."""

    def __init__(self, book: CallBook) -> None:
        self._book = book
        self._waiting: dict[str, dict[str, TrackedCall]] = {}

    def waiting(self, queue: str) -> list[TrackedCall]:
        return list(self._waiting.get(queue, {}).values())

    def on_joined(self, message: m.QueueJoined) -> None:
        call = self._patients_call(message.channel)
        if call is not None:
            self.join(call, message.queue, position=message.position, priority=call.queue_priority)

    def join(self, call: TrackedCall, queue: str, *, position: int, priority: int = 0, waited_s: float = 0.0) -> None:
        if call.queue == queue or not queue:
            return
        if call.queue is not None:
            self.leave(call, was_answered=False)
        call.queue, call.queue_joined_at = queue, self._book.at
        call.queue_joined_at_s = self._book.now_s - waited_s
        call.abandoned_after_s = None
        call.hung_up_by = None  # an agent's end that was not the call's
        self._book.emit(call, e.CallQueued, queue=queue, priority=priority, position=max(1, position))
        call.step(CallInput.QUEUE_JOINED)
        self._waiting.setdefault(queue, {})[call.call_id] = call
        self._tell_change(queue)

    def on_abandoned(self, message: m.QueueAbandoned) -> None:
        call = self._patients_call(message.channel)
        if call is not None:
            self._note_abandon(call)

    def on_left(self, message: m.QueueLeft) -> None:
        call = self._patients_call(message.channel)
        if call is not None and call.queue == message.queue:
            was_answered = any(leg.picked_up and not leg.is_over for leg in call.legs.values())
            self.leave(call, was_answered=was_answered)

    def leave(self, call: TrackedCall, *, was_answered: bool) -> None:
        queue = call.queue
        if queue is None:
            return
        waited_s = round(self._book.now_s - call.queue_joined_at_s, 3)
        call.queue = None
        self._book.emit(call, e.CallLeftQueue, queue=queue, answered=was_answered, waited_s=waited_s)
        if not was_answered:
            call.step(CallInput.QUEUE_LEFT)
        self._waiting.get(queue, {}).pop(call.call_id, None)
        self._tell_change(queue)

    def close(self, call: TrackedCall) -> None:
        """The patient is gone while he still waited."""
        if call.queue is not None:
            self._note_abandon(call)
            self.leave(call, was_answered=False)

    def _note_abandon(self, call: TrackedCall) -> None:
        if call.queue is None or call.abandoned_after_s is not None:
            return
        call.abandoned_after_s = self._book.now_s - call.queue_joined_at_s
        call.abandoned_while_ringing = bool(call.offers()) or call.was_ringing_at_hangup

    def _patients_call(self, facts: m.ChannelFacts) -> TrackedCall | None:
        channel = self._book.touch(facts)
        call = self._book.call_of(channel)
        return call if call is not None and channel is not None and channel.unique_id == call.patient_id else None

    def _tell_change(self, queue: str) -> None:
        waiting = self._waiting.get(queue, {})
        since = min((call.queue_joined_at for call in waiting.values() if call.queue_joined_at), default=None)
        self._book.tell(e.QueueChanged(at=self._book.at, queue=queue, waiting=len(waiting), longest_since=since))
        if not waiting:
            self._waiting.pop(queue, None)
