"""What one AMI connection gives back: replies to actions, and news to its listener."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AmiReply:
    """The answer to one action, always in the same shape. ``events``: the items of a list, without its end marker."""

    is_success: bool
    message: str
    headers: Mapping[str, str]
    events: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class AmiListener:
    """Whom one connection tells what; all are called in the loop's thread and must return at once."""

    on_messages: Callable[[list[bytes]], None]
    """Whole wanted events as bytes, in the order of the wire."""
    on_up: Callable[[], None]
    """Logged in."""
    on_booted: Callable[[], None]
    """Asterisk said FullyBooted on this connection."""
    on_down: Callable[[str], None]
    """The connection is gone; the text says why, without personal data. Only called after on_up."""
