"""How the two AMI connections are made and watched: values only, given by the wiring."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AmiLogin:
    """One manager user. ``secret`` is never shown in a repr."""

    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class AmiSettings:
    """Where Asterisk's manager listens and how patient we are. All times in seconds."""

    host: str
    port: int
    events: AmiLogin
    """The user that receives filtered events."""
    actions: AmiLogin
    """The user that sends actions; it gets no events."""
    connect_timeout_s: float = 3.0
    action_deadline_s: float = 5.0
    ping_interval_s: float = 0.5
    silence_limit_s: float = 1.7
    """A connection that has said nothing for so long, although pinged, is dead (half-open, F02)."""
    backoff_min_s: float = 0.5
    backoff_max_s: float = 30.0
    boot_wait_s: float = 20.0
    """How long to wait for FullyBooted after a login before going on without it (user without read=system)."""
    sweep_interval_s: float = 10.0
    """How often live calls are compared with what Asterisk really has (F09)."""
