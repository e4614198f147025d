"""A stub of a mail server on loopback: takes one mail a connection, refuses or dies where told, may speak STARTTLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass
class MailStub:
    """``replies`` by verb replace the good ones; the reply ``die`` closes the connection instead."""

    port: int = 0
    replies: dict[str, str] = field(default_factory=dict)
    mails: list[bytes] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")
        stream.write(b"220 stub\r\n")
        stream.flush()
        while line := stream.readline():
            verb = line.decode("utf-8", "replace").strip()
            self.lines.append(verb)
            word = verb.split(" ")[0].split(":")[0].upper()
            reply = self.replies.get(word, _GOOD.get(word, "502 what"))
            if reply == "die":
                return
            if word == "EHLO" and self.tls is not None and not isinstance(connection, ssl.SSLSocket):
                reply = "250-stub\r\n250 STARTTLS"
            stream.write(reply.encode() + b"\r\n")
            stream.flush()
            if word == "STARTTLS" and self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rwb")
            if word == "DATA" and reply.startswith("354"):
                self._take(stream)
            if word == "QUIT":
                return

    def _take(self, stream: object) -> None:
        mail = b""
        while (line := stream.readline()) not in (b".\r\n", b""):  # type: ignore[attr-defined]
            mail += line
        self.mails.append(mail)
        reply = self.replies.get(".", "250 queued as 4F7")
        if reply != "die":
            stream.write(reply.encode() + b"\r\n")  # type: ignore[attr-defined]
            stream.flush()  # type: ignore[attr-defined]


_GOOD: Mapping[str, str] = {
    "EHLO": "250 stub", "HELO": "250 stub", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", "QUIT": "221 bye",
    "STARTTLS": "220 go", "AUTH": "235 ok", "RSET": "250 ok",
}  # fmt: skip


@contextlib.contextmanager
def running_mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailStub]:
    stub = MailStub(tls=tls)
    server = socket.create_server(("127.0.0.1", 0))
    stub.port = server.getsockname()[1]
    stopped = threading.Event()

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.settimeout(5)
            with connection, contextlib.suppress(OSError):
                stub.serve(connection)

    thread = threading.Thread(target=accept, name="mail stub", daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
