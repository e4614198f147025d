"""Stands before the socket's handshake: each socket holds a thread, so nobody without a session gets one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request, session
from werkzeug.exceptions import SecurityError

from agent_desk.desk import Desk

SOCKET_PATH = "/socket.io"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SocketGate:
    """WSGI layer. Refuses an untrusted Host (400), no valid session (401), and one socket too many (503)."""

    def __init__(self, app: Flask, inner: Wsgi, *, desk: Desk, count_open: Callable[[], int]) -> None:
        self._app = app
        self._inner = inner
        self._desk = desk
        self._count_open = count_open

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not str(environ.get("PATH_INFO", "")).startswith(SOCKET_PATH):
            return self._inner(environ, start_response)
        status = self._refusal(environ)
        if status is None:
            return self._inner(environ, start_response)
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "0"), ("Connection", "close")])
        return [b""]

    def _refusal(self, environ: dict[str, Any]) -> str | None:
        with self._app.request_context(environ):
            try:
                request.host  # noqa: B018  # reading it checks it
            except SecurityError:
                return "400 Bad Request"
            login = self._desk.sessions.read(session)
            if login is None or self._desk.sessions.account_of(login) is None:
                return "401 Unauthorized"
        if self._count_open() >= self._desk.settings.sockets_max:
            return "503 Service Unavailable"
        return None
