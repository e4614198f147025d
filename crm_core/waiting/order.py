"""The order of the line as one number: higher is served first, whenever its caller entered app_queue (C18, C20). Pure."""

from __future__ import annotations

from datetime import UTC, datetime

UNITS_PER_S = 10
ROUND_S = 20 * 86400
SHIFT_S = 18000
"""The clock of the line begins anew every 20 days at 03:00 in the hospital: app_queue counts in 32 bits."""

ROUND_UNITS = ROUND_S * UNITS_PER_S
FLOOR = 1000
"""No weight looks like a plain priority, so the dialplan can tell them apart."""

PRIORITY_MAX = 100


def queue_weight(priority: int, entered_at: datetime) -> int:
    """QUEUE_PRIO for app_queue, as the dialplan computes it (context hl-weigh): priority first, then earlier entry.

    Below 2^31. Who waits at 03:00 of every 20th night stands behind those who come after it.
    """
    since_s = entered_at.astimezone(UTC).timestamp() + SHIFT_S
    units = int(since_s * UNITS_PER_S) % ROUND_UNITS
    return min(max(priority, 0), PRIORITY_MAX) * ROUND_UNITS + ROUND_UNITS - 1 - units + FLOOR


def priority_of_weight(weight: int) -> int:
    """0 to 100, from what app_queue shows as the priority of a waiting caller."""
    return (weight - FLOOR) // ROUND_UNITS if weight >= FLOOR else max(weight, 0)


def entered_at_value(entered_at: datetime) -> str:
    """HL_QUEUED_AT as the dialplan keeps it: tenths of seconds since 1970."""
    return str(int(entered_at.astimezone(UTC).timestamp() * UNITS_PER_S))
