"""How the link is: findings for the health page, figures for the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from crm_core.ports import HealthFinding
from cti.event_pump import PumpFigures

LAG_ALARM_S = 2.0
"""Events older than this when they are handled: the desks show the past."""

_HINTS = {
    "login_refused": "Asterisk refuses the manager login: check secret and permit in manager.conf",
    "refused": "nothing listens on the manager port: is Asterisk running?",
    "timeout": "the manager port does not answer in time",
    "unreachable": "the manager's address cannot be reached",
    "lost": "the connection to Asterisk was lost; it is being made again",
}


@dataclass(frozen=True)
class LinkFigures:
    """``lost_count``: calls whose end was found out, not heard. ``adopted_count``: calls found by a resync."""

    is_up: bool
    last_error: str
    reconnect_count: int
    live_calls: int
    live_channels: int
    lost_count: int
    adopted_count: int
    ivr_failed_count: int


def findings(link: LinkFigures, pump: PumpFigures) -> Sequence[HealthFinding]:
    """One line for the connection, one for the stream of events."""
    detail = "" if link.is_up else _HINTS.get(link.last_error, "connecting to Asterisk")
    link_figures = {name: float(value) for name, value in asdict(link).items() if not isinstance(value, str)}
    pump_figures = {name: float(value) for name, value in asdict(pump).items()}
    is_current = pump.lag_s < LAG_ALARM_S
    late = "" if is_current else f"events are handled {pump.lag_s:.1f} s late"
    parked = f"{pump.parked_count} messages could not be handled" if pump.parked_count else ""
    return (HealthFinding("telephony-link", link.is_up, detail, link_figures),
            HealthFinding("telephony-events", is_current and not pump.parked_count, late or parked, pump_figures))
