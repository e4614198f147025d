"""The bus: rooms publish events, subscribers receive them one after the other, in order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import structlog

from crm_core.events import Event

log = structlog.get_logger(__name__)

E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]


class Bus(Protocol):
    """Publish and subscribe. Subscriptions are made before ``start`` by the wiring only."""

    def publish(self, event: Event) -> None:
        """Hand an event over; returns at once. Thread-safe. Order of one publisher is kept for every subscriber."""

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> None:
        """Call ``handler`` for every event that is a ``kind``; handlers run in the order of subscription."""


class InProcessBus:
    """One dispatcher thread. A handler that raises is logged, its event parked, and the next one goes on (C140)."""

    def __init__(self, *, capacity: int = 100_000, parked_limit: int = 1000) -> None:
        self._subscriptions: list[tuple[type[Event], Handler]] = []
        self._queue: queue.Queue[Event | None] = queue.Queue(maxsize=capacity)
        self._thread: threading.Thread | None = None
        self._parked_limit = parked_limit
        self.parked: list[tuple[Event, str, str]] = []
        """Events whose handler failed: (event, handler, error), newest last, bounded."""
        self.handled_count = 0

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> None:
        self._subscriptions.append((kind, handler))

    def publish(self, event: Event) -> None:
        self._queue.put(event)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Deliver what is queued, then end."""
        if self._thread is None:
            return
        self._queue.put(None)
        self._thread.join(timeout_s)
        self._thread = None

    def drain(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything published so far was handled; for tests and shutdown. False on timeout."""
        done = threading.Event()
        self._queue.put(_Barrier.of(done))
        return done.wait(timeout_s)

    @property
    def backlog(self) -> int:
        return self._queue.qsize()

    def _run(self) -> None:
        while True:
            event = self._queue.get()
            if event is None:
                return
            if isinstance(event, _Barrier):
                event.done.set()
                continue
            self.deliver(event)

    def deliver(self, event: Event) -> None:
        """Run every handler of one event in the calling thread."""
        for kind, handler in self._subscriptions:
            if not isinstance(event, kind):
                continue
            try:
                handler(event)
            except Exception as error:
                log.exception("bus_handler_failed", event_kind=type(event).__name__, handler=_name(handler))
                self.parked.append((event, _name(handler), repr(error)))
                del self.parked[: -self._parked_limit]
        self.handled_count += 1


class _Barrier(Event):
    """Not a real event: marks a place in the queue."""

    done: threading.Event

    @classmethod
    def of(cls, done: threading.Event) -> _Barrier:
        barrier = object.__new__(cls)
        object.__setattr__(barrier, "done", done)
        return barrier


class RecordingBus:
    """Keeps what was published and delivers at once in the caller's thread: for tests of one room."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._inner = InProcessBus()

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> None:
        self._inner.subscribe(kind, handler)

    def publish(self, event: Event) -> None:
        self.events.append(event)
        self._inner.deliver(event)

    def of(self, kind: type[E]) -> Sequence[E]:
        return [event for event in self.events if isinstance(event, kind)]


def _name(handler: Handler) -> str:
    return getattr(handler, "__qualname__", repr(handler))
