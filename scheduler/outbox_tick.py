"""Sends what the outbox holds: one tick claims, sends and settles message by message, until nothing is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from crm_core.clock import Clock
from crm_core.messaging.cards import ClaimedMessage, MaybeSent, MessageFigures, NotSent, Sender
from crm_core.messaging.deliveries import Deliveries
from crm_core.ports import HealthFinding

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OutboxLimits:
    lease_s: float = 120.0
    """How long one message belongs to one sender; longer than any sender's time limit."""
    messages_per_tick: int = 100
    tick_max_s: float = 20.0
    failures_in_a_row: int = 3
    """After so many tries without success a channel rests, and the messages keep their tries."""
    rest_s: float = 60.0
    late_s: float = 600.0
    """A message that is due so long is reported on the health page."""


class OutboxTick:
    """``tick`` is called by one scheduler job and never runs twice at once; several processes may each have one."""

    def __init__(
        self,
        deliveries: Deliveries,
        senders: Sequence[Sender],
        *,
        clock: Clock,
        owner: str,
        limits: OutboxLimits | None = None,
        figures: Callable[[], MessageFigures] | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._senders = list(senders)
        self._clock = clock
        self._owner = owner
        self._limits = limits or OutboxLimits()
        self._figures = figures
        self._failures = {sender.channel: 0 for sender in self._senders}
        self._rests_until_s = {sender.channel: 0.0 for sender in self._senders}
        self._is_stopping = False

    def tick(self) -> int:
        """Send what is due now; returns how many messages were accepted by the other side."""
        once = [sender.channel for sender in self._senders if sender.sends_once]
        self._deliveries.recover(once)
        ends_s = self._clock.monotonic_s() + self._limits.tick_max_s
        return sum(self._send_channel(sender, ends_s) for sender in self._senders)

    def stop(self) -> None:
        """No message after the one that is being sent."""
        self._is_stopping = True

    def health(self) -> Sequence[HealthFinding]:
        resting = [sender.channel.value for sender in self._senders if self._is_resting(sender)]
        found = [HealthFinding("message senders", not resting, f"resting: {', '.join(resting)}" if resting else "")]
        if self._figures is not None:
            figures = self._figures()
            gauges = {
                "messages_waiting": float(figures.waiting),
                "messages_problems": float(figures.problems),
                "messages_oldest_due_s": figures.oldest_due_s,
            }
            found.append(HealthFinding("outbox", figures.oldest_due_s < self._limits.late_s, "", gauges))
        return found

    def _send_channel(self, sender: Sender, ends_s: float) -> int:
        sent = 0
        for _ in range(self._limits.messages_per_tick):
            if self._is_stopping or self._is_resting(sender) or self._clock.monotonic_s() >= ends_s:
                break
            claimed = self._deliveries.claim(sender.channel, self._owner, lease_s=self._limits.lease_s)
            if claimed is None:
                break
            sent += self._send(sender, claimed)
        return sent

    def _send(self, sender: Sender, claimed: ClaimedMessage) -> int:
        try:
            receipt = sender.send(claimed.message)
        except NotSent as error:
            self._deliveries.not_sent(claimed, error.code, is_final=error.is_final)
            self._count(sender, has_failed=not error.is_final)
            return 0
        except MaybeSent as error:
            self._deliveries.maybe_sent(claimed, error.code, sends_once=sender.sends_once)
            self._count(sender, has_failed=True)
            return 0
        self._deliveries.sent(claimed, receipt)
        self._count(sender, has_failed=False)
        return 1

    def _count(self, sender: Sender, *, has_failed: bool) -> None:
        channel = sender.channel
        self._failures[channel] = self._failures[channel] + 1 if has_failed else 0
        if self._failures[channel] >= self._limits.failures_in_a_row:
            self._rests_until_s[channel] = self._clock.monotonic_s() + self._limits.rest_s
            self._failures[channel] = 0
            log.warning("message_sender_rests", channel=channel.value, rest_s=self._limits.rest_s)

    def _is_resting(self, sender: Sender) -> bool:
        return self._clock.monotonic_s() < self._rests_until_s[sender.channel]
