"""A small blocking AMI client for the simulated carrier: a test tool, never used by the product itself."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue

Message = dict[str, str]
log = logging.getLogger(__name__)


class CarrierUnreachable(Exception):
    """The carrier's Asterisk does not answer; start it first (`hotline up`)."""

    code = "carrier-unreachable"


class CarrierRefused(Exception):
    """The carrier's Asterisk answered an action with Error; the text is its own."""

    code = "carrier-refused"


class CarrierAmi:
    """One login. Actions may be sent from any thread; events arrive on the reader's thread."""

    def __init__(self, host: str, port: int, *, secret: str, on_event: Callable[[Message], None]) -> None:
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._answers: dict[str, SimpleQueue[Message]] = {}
        self._write_lock = threading.Lock()
        try:
            self._socket = socket.create_connection((host, port), timeout=5)
        except OSError as error:
            raise CarrierUnreachable(f"no carrier at {host}:{port}: {error}") from error
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="carrier-ami", daemon=True)
        self._reader.start()
        self.act("Login", {"Username": "hl-carrier", "Secret": secret})

    def act(
        self, name: str, headers: Mapping[str, str], *, variables: Iterable[str] = (), timeout_s: float = 10
    ) -> Message:
        """Sends one action and returns its response; raises CarrierRefused or CarrierUnreachable."""
        action_id = f"carrier-{next(self._numbers)}"
        lines = [f"Action: {name}", f"ActionID: {action_id}", *(f"{key}: {value}" for key, value in headers.items())]
        lines += [f"Variable: {variable}" for variable in variables]
        if any(letter in line for line in lines for letter in "\r\n\0"):
            raise ValueError("an action's value must not contain a line break or NUL")
        answer: SimpleQueue[Message] = SimpleQueue()
        self._answers[action_id] = answer
        try:
            with self._write_lock:
                self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
            message = answer.get(timeout=timeout_s)
        except (OSError, Empty) as error:
            raise CarrierUnreachable(f"no answer to {name}: {error}") from error
        finally:
            del self._answers[action_id]
        if message.get("Response") == "Error":
            raise CarrierRefused(f"{name}: {message.get('Message', '')}")
        return message

    def close(self) -> None:
        """Ends the connection; calls in progress go on."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("carrier connection was closed already")
        self._socket.close()
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout=5)

    def _read(self) -> None:
        buffer = b""
        while True:
            try:
                chunk = self._socket.recv(65536)
            except OSError:
                chunk = b""
            if not chunk:
                self._on_event({"Event": "Disconnected"})
                return
            buffer += chunk
            *blocks, buffer = buffer.split(b"\r\n\r\n")
            for block in blocks:
                self._take(parse_message(block))

    def _take(self, message: Message) -> None:
        waiting = self._answers.get(message.get("ActionID", ""))
        if "Response" in message and waiting is not None:
            waiting.put(message)
        elif "Event" in message:
            self._on_event(message)


def parse_message(block: bytes) -> Message:
    """Header lines to a dict; a repeated header keeps its last value."""
    lines = block.decode("utf-8", "replace").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return {key: value for key, separator, value in pairs if separator}
