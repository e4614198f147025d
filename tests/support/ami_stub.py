"""A stub AMI server on loopback: answers as told, freezes, drops, slices; for tests of the AMI door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Action = dict[str, str]
Answer = Callable[[Action], str | None]


class AmiStub:
    """Started in the test's own loop. ``answers``: action name (lower case) -> text to send back, None = stay silent."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.received = b""
        self.connection_count = 0
        self.is_frozen = False
        self.login_is_refused = False
        self.says_booted = True
        self.chunk_bytes = 0
        self.answers: dict[str, Answer] = {}
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()  # first, so that nobody can connect again between the two
        await self.drop()
        if self._server is not None:
            await self._server.wait_closed()

    async def drop(self) -> None:
        """Break every connection, as a crashed peer does."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await asyncio.sleep(0)

    async def send(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        for writer in list(self._writers):
            await self._write(writer, data)

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = self.chunk_bytes or len(data)
        for start in range(0, len(data), step):
            writer.write(data[start:start + step])
            await writer.drain()
            if self.chunk_bytes:
                await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        self._writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        pending: Action = {}
        try:
            while line := await reader.readline():
                self.received += line
                text = line.decode().rstrip("\r\n")
                if text:
                    name, _, value = text.partition(": ")
                    pending[name.lower()] = value
                    continue
                action, pending = pending, {}
                if action.get("action") != "Ping":
                    self.actions.append(action)
                if not self.is_frozen:
                    await self._answer(writer, action)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter, action: Action) -> None:
        name = action.get("action", "").lower()
        if name == "login" and self.login_is_refused:
            text: str | None = "Response: Error\r\nMessage: Authentication failed\r\n\r\n"
        elif name in self.answers:
            text = self.answers[name](action)
        else:
            text = "Response: Success\r\nMessage: ok\r\n\r\n"
        if text is None:
            return
        for message in filter(None, text.split("\r\n\r\n")):
            await self._write(writer, f"{message}\r\nActionID: {action.get('actionid', '')}\r\n\r\n".encode())
        if name == "login" and not self.login_is_refused and self.says_booted:
            await self._write(writer, b"Event: FullyBooted\r\nUptime: 5\r\nStatus: Fully Booted\r\n\r\n")

    def names(self) -> list[str]:
        """Names of the actions received, pings and logins left out."""
        return [action["action"] for action in self.actions if action["action"] != "Login"]
