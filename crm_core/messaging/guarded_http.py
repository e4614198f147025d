"""One HTTP request to a guarded address: no proxy, no redirect, a limit for its whole time and for its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from crm_core.messaging.outgoing import AddressRefused, OutgoingGuard

ANSWER_MAX_BYTES = 64 * 1024


class NothingLeft(Exception):
    """No connection was made: nothing was sent. The message is a stable code."""


class NoAnswer(Exception):
    """Connected, and then no whole answer in time: it may have arrived. The message is a stable code."""


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: bytes


def post(
    guard: OutgoingGuard,
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeout_s: float,
    ca_file: str | None = None,
) -> HttpAnswer:
    """Raises NothingLeft or NoAnswer. ``timeout_s`` is for the whole exchange, however slowly the other side drips."""
    try:
        guard.check_url(url)
    except AddressRefused:
        raise NothingLeft("address_refused") from None
    wire = _Wire(guard, timeout_s)
    with requests.Session() as session, wire:
        session.trust_env = False
        session.headers.clear()
        session.mount("https://", wire.adapter())
        session.mount("http://", wire.adapter())
        try:
            response = session.post(
                url, data=body, headers=dict(headers), timeout=timeout_s, allow_redirects=False, stream=True,
                verify=ca_file or True,
            )  # fmt: skip
            content = response.raw.read(ANSWER_MAX_BYTES + 1, decode_content=False)
        except (requests.RequestException, OSError, ValueError) as error:
            raise wire.failure(error) from None
        except Exception as error:  # urllib3 has errors of its own below ``raw.read``
            raise wire.failure(error) from None
        if wire.is_over or len(content) > ANSWER_MAX_BYTES:
            raise NoAnswer("timeout" if wire.is_over else "answer_too_long")
        return HttpAnswer(response.status_code, content)


class _Wire:
    """The one connection of a request: made by the guard, cut when the time is over."""

    def __init__(self, guard: OutgoingGuard, timeout_s: float) -> None:
        self._guard = guard
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(timeout_s, self._cut)
        self._timer.daemon = True
        self._refused = False
        self._is_secured = True
        self.is_over = False

    def __enter__(self) -> _Wire:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def adapter(self) -> HTTPAdapter:
        wire = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return wire.connect(self)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                wire._is_secured = False
                return wire.connect(self)

            def connect(self) -> None:
                super().connect()
                wire._is_secured = True

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        class Adapter(HTTPAdapter):
            def init_poolmanager(self, *args: Any, **options: Any) -> None:
                super().init_poolmanager(*args, **options)
                self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

        return Adapter(max_retries=0)

    def connect(self, connection: HTTPConnection) -> socket.socket:
        try:
            self._socket = self._guard.connect(connection.host, connection.port or 443, self._timeout_s)
        except AddressRefused as error:
            self._refused = True
            raise NewConnectionError(connection, "refused") from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, "timeout") from error
        except OSError as error:
            raise NewConnectionError(connection, "unreachable") from error
        return self._socket

    def failure(self, error: Exception) -> NothingLeft | NoAnswer:
        """What a failed exchange means for the message."""
        if self._refused:
            return NothingLeft("address_refused")
        if self._socket is None:
            return NothingLeft("connect_timeout" if self.is_over else "unreachable")
        if not self._is_secured:  # the request follows the handshake
            return NothingLeft("tls_failed")
        is_timeout = self.is_over or isinstance(error, requests.Timeout)
        return NoAnswer("timeout" if is_timeout else "connection_lost")

    def _cut(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
