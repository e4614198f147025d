"""A stub of an SMS gateway on loopback that answers, hangs, drips, redirects or talks rubbish as told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"code": "0", "data": {"id": "m-77"}}'


@dataclass
class GatewayStub:
    """``answer`` gets the connection after the whole request was read."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    answer: Callable[[socket.socket], None] = lambda connection: connection.sendall(OK)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/sms/send"

    def says(self, data: bytes) -> None:
        self.answer = lambda connection: connection.sendall(data)

    def hangs(self) -> None:
        self.answer = lambda connection: self.stopped.wait(20) and None

    def drips(self) -> None:
        """One byte of a header at a time: no single read ever times out."""

        def drip(connection: socket.socket) -> None:
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not self.stopped.wait(0.05):
                    connection.sendall(b"X")

        self.answer = drip


@contextlib.contextmanager
def running_gateway() -> Iterator[GatewayStub]:
    stub = GatewayStub()
    server = socket.create_server(("127.0.0.1", 0))
    stub.port = server.getsockname()[1]
    thread = threading.Thread(target=_serve, args=(server, stub), name="gateway stub", daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.stopped.set()
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def _serve(server: socket.socket, stub: GatewayStub) -> None:
    while not stub.stopped.is_set():
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            stub.requests.append(_read_request(connection))
            stub.answer(connection)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
