"""Which sockets are open, whose they are, and how those of an ended session are closed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from agent_desk.sessions import LoginSession, Sessions

log = structlog.get_logger(__name__)

NAMESPACE = "/"
WAITING_MAX = 500
"""Messages that may wait for one browser: some minutes of a busy desk, about a megabyte."""


@dataclass(frozen=True)
class OpenSocket:
    socket_id: str
    session: LoginSession


class Sockets:
    """The open sockets of this process. Thread-safe."""

    def __init__(self, server: Any, sessions: Sessions, *, per_user: int, check_interval_s: float) -> None:
        self._server = server
        self._sessions = sessions
        self._per_user = per_user
        self._check_interval_s = check_interval_s
        self._open: dict[str, OpenSocket] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def count(self) -> int:
        return len(self._open)

    def opened(self, socket_id: str, session: LoginSession) -> bool:
        """False when this user has too many sockets already."""
        with self._lock:
            if sum(one.session.user_id == session.user_id for one in self._open.values()) >= self._per_user:
                return False
            self._open[socket_id] = OpenSocket(socket_id, session)
            return True

    def closed(self, socket_id: str) -> None:
        with self._lock:
            self._open.pop(socket_id, None)

    def session_of(self, socket_id: str) -> LoginSession | None:
        found = self._open.get(socket_id)
        return found.session if found else None

    def is_live(self, session_id: str) -> bool:
        """True when a socket of this login is open."""
        with self._lock:
            return any(one.session.session_id == session_id for one in self._open.values())

    def close_user(self, user_id: int, reason: str) -> None:
        """Tell the browser why and close every socket of this user (R9, F68)."""
        self._close_where(lambda session: session.user_id == user_id, reason)

    def close_session(self, session_id: str, reason: str) -> None:
        self._close_where(lambda session: session.session_id == session_id, reason)

    def close_ended(self) -> None:
        """Close the sockets whose session is over (idle, old, epoch changed)."""
        with self._lock:
            current = {one.session.session_id: one.session for one in self._open.values()}
        for session in current.values():
            if self._sessions.account_of(session) is None:
                self.close_session(session.session_id, "session ended")

    def drop_slow(self) -> int:
        """Cut every transport whose browser does not read: what waits for it is bounded, and its thread is freed (F73).

        The browser comes back by itself and takes a fresh snapshot. The number of those cut.
        """
        slow = [
            one for one, transport in list(self._server.eio.sockets.items()) if transport.queue.qsize() > WAITING_MAX
        ]
        for transport_id in slow:
            log.warning("slow_browser_dropped")
            self._drop_transport(transport_id)
        return len(slow)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="desk-sessions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(5)

    def _watch(self) -> None:
        while not self._stopping.wait(self._check_interval_s):
            try:
                self.close_ended()
                self.drop_slow()
            except Exception:
                log.exception("session_check_failed")

    def _close_where(self, matches: Callable[[LoginSession], bool], reason: str) -> None:
        with self._lock:
            chosen = [one for one in self._open.values() if matches(one.session)]
            for one in chosen:
                del self._open[one.socket_id]
        for one in chosen:
            self._close(one.socket_id, reason)

    def _close(self, socket_id: str, reason: str) -> None:
        manager = self._server.manager
        try:
            transport_id = manager.eio_sid_from_sid(socket_id, NAMESPACE)
            self._server.emit("revoked", {"reason": reason}, to=socket_id)
            self._server.disconnect(socket_id)
            if transport_id:
                # The browser is asked to close; the transport itself goes too, whatever the browser does.
                timer = threading.Timer(0.3, self._drop_transport, (transport_id,))
                timer.daemon = True
                timer.start()
        except KeyError:
            log.info("socket_already_gone")

    def cut_all(self) -> None:
        """Drop every transport without ending a session: the browsers come back when the server does."""
        for transport_id in list(self._server.eio.sockets):
            self._drop_transport(transport_id)

    def _drop_transport(self, transport_id: str) -> None:
        """Shut the TCP connection, so that its thread ends whatever the browser does. Never ``eio.disconnect``: it waits
        for the socket's queue to be emptied, which may be never."""
        transport = self._server.eio.sockets.get(transport_id)
        environ = self._server.environ.get(transport_id, {})
        connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        if transport is not None:
            transport.close(wait=False)
        if connection is not None:
            with contextlib.suppress(OSError):  # already gone
                connection.shutdown(socket.SHUT_RDWR)
