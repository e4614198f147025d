"""Reads SIP messages, as far as a simple telephone needs it."""

from __future__ import annotations

from dataclasses import dataclass, field

Headers = dict[str, str]


@dataclass
class SipMessage:
    """One request or response; header names in lower case, of repeated ones (Via) all lines joined in order."""

    first_line: str
    headers: Headers
    vias: list[str] = field(default_factory=list)
    body: str = ""

    @property
    def method(self) -> str:
        """INVITE for a request and for the response to one."""
        return self.headers.get("cseq", "0 ").split(" ")[-1]

    @property
    def status(self) -> int:
        """200 for a response; 0 for a request."""
        return int(self.first_line.split(" ")[1]) if self.first_line.startswith("SIP/2.0") else 0


def parse_sip(packet: bytes) -> SipMessage:
    """Raises ValueError for something that is no SIP message."""
    head, _, body = packet.decode("utf-8", "replace").partition("\r\n\r\n")
    first_line, *lines = head.split("\r\n")
    if "SIP/2.0" not in first_line:
        raise ValueError("no SIP message")
    message = SipMessage(first_line, {}, body=body)
    for name, _, value in (line.partition(":") for line in lines):
        key = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}.get(name.lower(), name.lower().strip())
        if key == "via":
            message.vias.append(value.strip())
        else:
            message.headers[key] = value.strip()
    return message
