"""Distinct types for the identities that travel through the house, and how new ones are made."""

from __future__ import annotations

import re
import secrets
import time
from typing import NewType

CallId = NewType("CallId", str)
"""One call over all its legs, queues and transfers. Inbound: made by Asterisk; outbound: chosen by us before dialling."""

LegId = NewType("LegId", str)
"""One party's part in a call (a caller, an agent that was rung, a department, a listening supervisor)."""

AgentId = NewType("AgentId", int)
"""A person who logs in (``users.id``): agent, supervisor or administrator."""

PatientId = NewType("PatientId", int)
AttemptId = NewType("AttemptId", str)
"""One dial attempt of a campaign; it is also the ``CallId`` of the call that it makes."""

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def is_safe_id(text: str) -> bool:
    """True when ``text`` may be a call id: it can be a file name, an AMI value and a URL part as it is."""
    return bool(_SAFE_ID.fullmatch(text)) and ".." not in text


def new_call_id(prefix: str = "out") -> CallId:
    """A call id that sorts by time and is never made twice: ``<prefix>-<milliseconds>-<random>``."""
    return CallId(f"{prefix}-{time.time_ns() // 1_000_000}-{secrets.token_hex(5)}")


def new_attempt_id() -> AttemptId:
    """The id of one dial attempt; to be committed before anything is sent."""
    return AttemptId(new_call_id("att"))
