"""Which telephones are members of which queues: asked, added, paused, removed, until Asterisk agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from cti.ami_encoding import Headers
from cti.pbx_snapshot import Ask, QueueMember, queue_member

log = structlog.get_logger(__name__)

Membership = tuple[str, Sequence[str], str | None]
"""(extension, queues, pause reason or None when calls may be offered)."""

_ALREADY = "already there"
_NOT_THERE = "not there"


@dataclass(frozen=True)
class _Wanted:
    extension: str
    queue: str
    paused_reason: str | None


def interface_of(extension: str) -> str:
    return f"PJSIP/{extension}"


def member_changes(wanted: Iterable[Membership], actual: Sequence[QueueMember], *, only: str | None = None) -> list[Headers]:
    """The actions that make ``actual`` into ``wanted``. ``only``: look at this extension, leave the others alone."""
    rows = {(interface_of(extension), queue): _Wanted(extension, queue, reason)
            for extension, queues, reason in wanted for queue in queues}
    present = {(member.interface, member.queue): member for member in actual
               if only is None or member.interface == interface_of(only)}
    actions: list[Headers] = []
    for (interface, queue) in present:
        if (interface, queue) not in rows:
            actions.append({"Action": "QueueRemove", "Queue": queue, "Interface": interface})
    for key, row in rows.items():
        member = present.get(key)
        if member is None:
            actions.append(_add(row))
        elif member.is_paused != (row.paused_reason is not None) or member.paused_reason != (row.paused_reason or ""):
            actions.append(pause_action(row.extension, row.paused_reason, queue=row.queue))
    return actions


def penalty_of(extension: str) -> int:
    """1 to 997: what the dialplan names one agent by when it asks him first (hl-last-agent); else it counts for nothing."""
    return 1 + int(extension) % 997


def _add(row: _Wanted) -> Headers:
    headers = {"Action": "QueueAdd", "Queue": row.queue, "Interface": interface_of(row.extension),
               "Penalty": str(penalty_of(row.extension)),
               "MemberName": f"Agent/{row.extension}", "StateInterface": interface_of(row.extension),
               "Paused": "true" if row.paused_reason is not None else "false"}
    return headers if row.paused_reason is None else {**headers, "Reason": row.paused_reason}


def pause_action(extension: str, reason: str | None, *, queue: str | None = None) -> Headers:
    """Pause (or, with None, unpause) in one queue, or in all when ``queue`` is None."""
    headers = {"Action": "QueuePause", "Interface": interface_of(extension),
               "Paused": "true" if reason is not None else "false", "Reason": reason or ""}
    return headers if queue is None else {**headers, "Queue": queue}


async def members_of(ask: Ask, extension: str) -> list[QueueMember]:
    reply = await ask({"Action": "QueueStatus", "Member": interface_of(extension)}, is_list=True)
    rows = [queue_member(row) for row in reply.events if row.get("Event") == "QueueMember"]
    return [row for row in rows if row.interface == interface_of(extension)]


async def apply_changes(ask: Ask, actions: Iterable[Headers]) -> list[str]:
    """Sends the actions one by one; returns what Asterisk refused, "already there" and "not there" not counted."""
    refused = []
    for action in actions:
        reply = await ask(action)
        message = reply.message.lower()
        if not reply.is_success and _ALREADY not in message and _NOT_THERE not in message:
            log.warning("queue_member_refused", action=action["Action"], queue=action.get("Queue", ""), answer=reply.message)
            refused.append(f"{action['Action']}: {reply.message}")
    return refused
