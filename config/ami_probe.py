"""Logs in to a manager interface once and asks which actions a login may use (doctor only; calls use cti)."""

import re
import socket

ANSWER_LIMIT_BYTES = 1_000_000


class AmiProbeError(Exception):
    """No connection, login refused, or no understandable answer."""


def allowed_actions(host: str, port: int, *, user: str, secret: str, timeout_s: float = 5.0) -> set[str]:
    """The actions of ListCommands: exactly those that this login may send. Raises AmiProbeError."""
    if re.search(r"[\r\n\0]", user + secret):
        raise AmiProbeError("user or secret holds a line end")
    try:
        with socket.create_connection((host, port), timeout_s) as link:
            answer = _ask(link, f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n")
            if "Response: Success" not in answer:
                raise AmiProbeError(f"{user} may not log in at {host}:{port}")
            link.sendall(b"Action: ListCommands\r\nActionID: doctor\r\n\r\n")
            listing = _read_until(link, b"ActionID: doctor")
            if not listing.endswith("\r\n\r\n"):
                listing += _read_until(link, b"\r\n\r\n")
    except OSError as error:
        raise AmiProbeError(f"{host}:{port}: {error.strerror or error}") from None
    return {line.partition(":")[0] for line in listing.splitlines() if "(Priv:" in line}


def _ask(link: socket.socket, text: str) -> str:
    link.sendall(text.encode())
    return _read_until(link, b"\r\n\r\n")


def _read_until(link: socket.socket, mark: bytes) -> str:
    received = b""
    while mark not in received:
        chunk = link.recv(65536)
        received += chunk
        if not chunk or len(received) > ANSWER_LIMIT_BYTES:
            raise AmiProbeError("the answer ended too early or never")
    return received.decode(errors="replace")
