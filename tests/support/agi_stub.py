"""The Asterisk end of a FastAGI connection, for tests of the session and the server without an Asterisk."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable

from ivr.agi_session import AgiSession
from ivr.agi_stream import AgiStream

HEADER = {
    "agi_network": "yes",
    "agi_network_script": "inbound",
    "agi_request": "agi://127.0.0.1:4673/inbound",
    "agi_channel": "PJSIP/hl-trunk-00000001",
    "agi_language": "zh",
    "agi_uniqueid": "hl1-1795295027.1",
    "agi_callerid": "13800000001",
    "agi_calleridname": "阿莎",
    "agi_dnid": "95169",
}


def header_bytes(**changes: str) -> bytes:
    lines = [f"{key}: {value}" for key, value in {**HEADER, **changes}.items()]
    return ("\n".join(lines) + "\n\n").encode()


class AsteriskEnd:
    """Answers each command with the next reply (bytes, or a function of the command). Without replies it hangs up."""

    def __init__(self, replies: Iterable[bytes | Callable[[str], bytes]] = (), *, header: bytes | None = None) -> None:
        self.ours, self._theirs = socket.socketpair()
        self.commands: list[str] = []
        self._replies = list(replies)
        self._theirs.sendall(header_bytes() if header is None else header)
        self._thread = threading.Thread(target=self._run, name="asterisk-end", daemon=True)
        self._thread.start()

    def session(self) -> AgiSession:
        return AgiSession(AgiStream(self.ours))

    def close(self) -> None:
        self._theirs.close()
        self.ours.close()

    def _run(self) -> None:
        with self._theirs, self._theirs.makefile("rb") as lines:
            for line in lines:
                self.commands.append(line.decode().rstrip("\n"))
                if not self._replies:
                    return
                reply = self._replies.pop(0)
                self._theirs.sendall(reply(self.commands[-1]) if callable(reply) else reply)


OK = b"200 result=0\n"


def call(port: int, *, header: bytes | None = None) -> socket.socket:
    """Connects to the FastAGI server as Asterisk would."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(header_bytes() if header is None else header)
    return connection


def answer_everything(connection: socket.socket, *, digits: str = "0") -> list[str]:
    """Plays a willing Asterisk until the server ends the session; returns the commands."""
    commands: list[str] = []
    with connection, connection.makefile("rb") as lines:
        for line in lines:
            command = line.decode().rstrip("\n")
            commands.append(command)
            if command.startswith("GET FULL VARIABLE"):
                reply = f"200 result=1 (OK:{digits})\n"
            elif command.startswith("GET DATA"):
                reply = f"200 result={digits}\n"
            else:
                reply = "200 result=0 endpos=16000\n"
            connection.sendall(reply.encode())
    return commands
