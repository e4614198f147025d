"""One table: name of an AMI event -> how its headers become a typed message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cti import ami_messages as m
from cti.ami_framing import Headers, event_name, headers_of

_Headers = Mapping[str, str] | Headers
_UP = "6"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


def _names(prefix: str) -> tuple[str, ...]:
    fields = ("Uniqueid", "Linkedid", "Channel", "ChannelState", "CallerIDNum", "CallerIDName", "Context", "Exten")
    return tuple(prefix + field for field in fields)


_NAMES = {prefix: _names(prefix) for prefix in (
    "", "Dest", "LocalOne", "LocalTwo", "Transferer", "Transferee", "OrigTransferer", "SecondTransferer", "TransferTarget",
    "Spyer", "Spyee")}


def channel_facts(headers: _Headers, prefix: str = "") -> m.ChannelFacts:
    """The channel that ``prefix`` names in a message; raises MessageFault when there is none."""
    facts = _maybe(headers, prefix)
    if facts is None:
        raise m.MessageFault(f"{headers.get('Event', '?')} without {prefix}Uniqueid")
    return facts


def _maybe(headers: _Headers, prefix: str) -> m.ChannelFacts | None:
    get = headers.get
    unique, linked, name, state, number, caller, context, exten = _NAMES[prefix]
    unique_id = get(unique, "")
    if not _ID.fullmatch(unique_id):
        return None
    linked_id = get(linked, "")
    return m.ChannelFacts(
        get(name, ""), unique_id, linked_id if linked_id == unique_id or _ID.fullmatch(linked_id) else "",
        get(state, "") == _UP, get(number, ""), get(caller, ""), get(context, ""), get(exten, ""))


def _number(headers: _Headers, name: str) -> int:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _signal(headers: _Headers) -> m.DialplanSignal:
    return m.DialplanSignal(headers.get("HlEvent", ""), headers.get("CallId", ""),
                           headers_of(headers.raw) if isinstance(headers, Headers) else headers)


def _is(headers: _Headers, name: str, word: str) -> bool:
    return headers.get(name, "").lower() == word


READERS: dict[bytes, Callable[[_Headers], m.AmiMessage]] = {
    b"Newchannel": lambda h: m.ChannelCreated(channel_facts(h)),
    b"Newstate": lambda h: m.ChannelStateChanged(channel_facts(h)),
    b"Hangup": lambda h: m.ChannelHungUp(
        channel_facts(h), _number(h, "Cause"), _number(h, "TechCause")),
    b"HangupRequest": lambda h: m.HangupRequested(
        channel_facts(h), is_soft=False, cause=_number(h, "Cause")),
    b"SoftHangupRequest": lambda h: m.HangupRequested(
        channel_facts(h), is_soft=True, cause=_number(h, "Cause")),
    b"DialBegin": lambda h: m.DialBegan(_maybe(h, ""), channel_facts(h, "Dest"), h.get("DialString", "")),
    b"DialEnd": lambda h: m.DialEnded(_maybe(h, ""), channel_facts(h, "Dest"), h.get("DialStatus", "")),
    b"BridgeEnter": lambda h: m.BridgeEntered(channel_facts(h), h.get("BridgeUniqueid", ""), h.get("SwapUniqueid", "")),
    b"BridgeLeave": lambda h: m.BridgeLeft(channel_facts(h), h.get("BridgeUniqueid", "")),
    b"LocalBridge": lambda h: m.LocalPairJoined(channel_facts(h, "LocalOne"), channel_facts(h, "LocalTwo")),
    b"QueueCallerJoin": lambda h: m.QueueJoined(
        channel_facts(h), h.get("Queue", ""), _number(h, "Position")),
    b"QueueCallerLeave": lambda h: m.QueueLeft(channel_facts(h), h.get("Queue", "")),
    b"QueueCallerAbandon": lambda h: m.QueueAbandoned(channel_facts(h), h.get("Queue", "")),
    b"BlindTransfer": lambda h: m.BlindTransferred(
        _is(h, "Result", "success"), channel_facts(h, "Transferer"), _maybe(h, "Transferee"), h.get("Extension", "")),
    b"AttendedTransfer": lambda h: m.AttendedTransferred(
        _is(h, "Result", "success"), _is(h, "DestType", "threeway"), channel_facts(h, "OrigTransferer"),
        channel_facts(h, "SecondTransferer"), _maybe(h, "Transferee"), _maybe(h, "TransferTarget")),
    b"Hold": lambda h: m.ChannelHeld(channel_facts(h)),
    b"Unhold": lambda h: m.ChannelRetrieved(channel_facts(h)),
    b"ChanSpyStart": lambda h: m.SpyStarted(channel_facts(h, "Spyer"), channel_facts(h, "Spyee")),
    b"ChanSpyStop": lambda h: m.SpyStopped(channel_facts(h, "Spyer")),
    b"UserEvent": _signal,
    b"OriginateResponse": lambda h: m.OriginateAnswered(
        h.get("Uniqueid", ""), _is(h, "Response", "success"), _number(h, "Reason")),
    b"ContactStatus": lambda h: m.ContactChanged(h.get("AOR", ""), h.get("URI", ""), h.get("ContactStatus", "")),
    b"FullyBooted": lambda h: m.PbxBooted(_number(h, "Uptime")),
}
"""The only list of events in the house: the socket filter and Asterisk's own filter are made from it."""

EVENT_NAMES: tuple[str, ...] = tuple(name.decode() for name in READERS)
"""For the ``eventfilter`` lines of the events login."""

_NEEDLES = {b"UserEvent": b"UserEvent: Hotline\r\n", b"Newstate": b"\r\nChannelState: 6\r\n"}

WANTED: dict[bytes, bytes] = {name: _NEEDLES.get(name, b"") for name in READERS}
"""For the filter at the socket: foreign UserEvents, and states other than Up, are dropped before decoding (F05)."""

SHEDDABLE: frozenset[bytes] = frozenset({b"ContactStatus"})
"""May be dropped under a storm, because a resync asks for it again. Events of calls are never in here."""


def read_message(raw: bytes) -> m.AmiMessage | None:
    """The typed message, None for an event we do not know; raises m.MessageFault when it is not as it should be."""
    reader = READERS.get(event_name(raw))
    return None if reader is None else reader(Headers(raw))
