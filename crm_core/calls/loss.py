"""Why a call was lost: one table from what the network saw and what the caller was told (C26). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.calls.kinds import CallOutcome, LossReason, Overflow

LOSS_BY_OUTCOME: Mapping[CallOutcome, LossReason] = MappingProxyType(
    {
        CallOutcome.IVR_ABANDONED: LossReason.IVR,
        CallOutcome.QUICK_ABANDONED: LossReason.QUICK,
        CallOutcome.QUEUE_ABANDONED: LossReason.QUEUE,
        CallOutcome.RING_ABANDONED: LossReason.RINGING,
        CallOutcome.QUEUE_TIMEOUT: LossReason.TIMEOUT,
        CallOutcome.NO_AGENT: LossReason.NO_AGENT,
    }
)
"""Outcomes that are not here lost nobody, or nobody saw the end (LOST_EVENT, PBX_CRASH)."""

LOSS_BY_OVERFLOW: Mapping[Overflow, LossReason] = MappingProxyType(
    {
        Overflow.NOBODY: LossReason.NO_AGENT,
        Overflow.CLOSED: LossReason.NO_AGENT,
        Overflow.FULL: LossReason.QUEUE_FULL,
        Overflow.LONG: LossReason.TIMEOUT,
    }
)
"""Who was told so and left without an arrangement was lost by that, whatever the network calls it."""

LOSS_TITLES: Mapping[LossReason, str] = MappingProxyType(
    {
        LossReason.IVR: "IVR放弃",
        LossReason.QUICK: "速挂",
        LossReason.QUEUE: "排队放弃",
        LossReason.RINGING: "振铃放弃",
        LossReason.QUEUE_FULL: "队列满",
        LossReason.TIMEOUT: "超时",
        LossReason.NO_AGENT: "无坐席",
    }
)

WANTED_A_PERSON = frozenset(LossReason) - {LossReason.IVR}
"""Losses that count as a vain try for a person (C23): in the menu many hang up because they know enough."""


def loss_of(outcome: CallOutcome, overflow: Overflow | None) -> LossReason | None:
    """None when nothing was lost. ``overflow``: what the caller was told last, and he has not queued since."""
    reason = LOSS_BY_OUTCOME.get(outcome)
    if reason is None or overflow is None:
        return reason
    return LOSS_BY_OVERFLOW[overflow]
