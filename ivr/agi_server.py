"""The FastAGI server: one named thread per caller, bounded, for allowed peers only; it drains when it stops."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from crm_core.clock import Clock
from ivr.agi_session import AgiSession
from ivr.agi_stream import AgiStream, NotAgi

log = structlog.get_logger(__name__)

Handler = Callable[[AgiSession], None]
_ACCEPT_POLL_S = 0.5
_KEEPALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))


@dataclass(frozen=True)
class AgiServerSettings:
    """Port 0 takes a free one. ``callers_max``: more are refused at once, the dialplan takes them to the queue."""

    host: str = "127.0.0.1"
    port: int = 4673
    allowed_peers: Sequence[str] = ("127.0.0.0/8", "::1/128")
    callers_max: int = 500
    backlog: int = 1024
    drain_s: float = 20.0


@dataclass
class AgiServerCounters:
    """Since the start; ``garbage`` are connections without a good header (port probes, attacks)."""

    served: int = 0
    refused_peer: int = 0
    refused_full: int = 0
    garbage: int = 0


class AgiServer:
    """``handler`` gets each session in its own thread and must not raise. Thread-safe."""

    def __init__(self, settings: AgiServerSettings, handler: Handler, clock: Clock) -> None:
        self._settings = settings
        self._handler = handler
        self._clock = clock
        self._networks = [ipaddress.ip_network(peer, strict=False) for peer in settings.allowed_peers]
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._serial = 0
        self.counters = AgiServerCounters()

    @property
    def port(self) -> int:
        """The port that is really listened on; 0 before ``start``."""
        return int(self._listener.getsockname()[1]) if self._listener else 0

    @property
    def callers(self) -> int:
        with self._lock:
            return len(self._connections)

    @property
    def is_listening(self) -> bool:
        return self._acceptor is not None and self._acceptor.is_alive()

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        listener = socket.create_server(
            (self._settings.host, self._settings.port), family=family, backlog=self._settings.backlog
        )
        listener.settimeout(_ACCEPT_POLL_S)
        self._listener = listener
        self._acceptor = threading.Thread(target=self._accept, args=(listener,), name="agi-accept", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """No new callers; those in a conversation may finish for ``drain_s``, then their lines are closed."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread at once
        listener.close()
        if self._acceptor is not None:
            self._acceptor.join(_ACCEPT_POLL_S + 2)
        deadline = self._clock.monotonic_s() + self._settings.drain_s
        for thread in self._threads():
            thread.join(max(0.0, deadline - self._clock.monotonic_s()))
        with self._lock:
            leftovers = list(self._connections.items())
        for _, connection in leftovers:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread, _ in leftovers:
            thread.join(2.0)
        log.info("agi_server_stopped", cut_off=len(leftovers))

    def _threads(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._connections)

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener:
            try:
                connection, address = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                if self._listener is listener:
                    log.error("agi_accept_failed", error=type(error).__name__)
                    threading.Event().wait(0.1)  # out of file handles: do not spin
                    continue
                return
            self._admit(connection, str(address[0]))

    def _admit(self, connection: socket.socket, peer: str) -> None:
        if not self._is_allowed(peer):
            self.counters.refused_peer += 1
            connection.close()
            return
        with self._lock:
            if len(self._connections) >= self._settings.callers_max:
                self.counters.refused_full += 1
                connection.close()
                return
            self._serial += 1
            thread = threading.Thread(target=self._serve, args=(connection,), name=f"ivr-{self._serial}", daemon=True)
            self._connections[thread] = connection
        try:
            thread.start()
        except RuntimeError:  # the machine gives no more threads
            self._forget(thread, connection)
            self.counters.refused_full += 1

    def _is_allowed(self, peer: str) -> bool:
        address = ipaddress.ip_address(peer.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def _serve(self, connection: socket.socket) -> None:
        try:
            _keep_alive(connection)
            self._handler(AgiSession(AgiStream(connection)))
            self.counters.served += 1
        except NotAgi as error:
            self.counters.garbage += 1
            log.debug("agi_not_a_request", why=str(error))
        except Exception:
            log.exception("agi_thread_failed")
        finally:
            self._forget(threading.current_thread(), connection)

    def _forget(self, thread: threading.Thread, connection: socket.socket) -> None:
        with self._lock:
            self._connections.pop(thread, None)
        connection.close()


def _keep_alive(connection: socket.socket) -> None:
    """A machine that vanished is noticed by the kernel in half a minute, also in the middle of a long prompt."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if option := getattr(socket, name, None):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
