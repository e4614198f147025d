"""From the socket to the bus: a bounded queue between the AMI loop, which must never wait, and the handlers, which may."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.events import Event
from cti.ami_framing import event_name
from cti.ami_messages import AmiMessage, ContactChanged
from cti.ami_readers import SHEDDABLE, read_message
from cti.call_tracker import CallTracker

log = structlog.get_logger(__name__)

Step = Callable[[], list[Event]]
"""Something to be done between two messages, in order with them; its events are published."""


@dataclass(frozen=True, slots=True)
class _Batch:
    messages: list[bytes]
    at: datetime
    received_at_s: float


@dataclass(frozen=True)
class ParkedMessage:
    """A message that could not be handled: for the health page; the text of it stays out (personal data)."""

    event: str
    error: str
    at: datetime


@dataclass(frozen=True)
class PumpFigures:
    handled_count: int
    parked_count: int
    shed_count: int
    backlog: int
    lag_s: float
    """How old the oldest waiting message is; 0 when nothing waits."""
    peak_lag_s: float


class EventPump:
    """One thread. Events of calls are never shed: when the queue is full the socket is not read any more (F04, F05)."""

    def __init__(self, tracker: CallTracker, bus: Bus, clock: Clock, *, capacity: int = 50_000, parked_limit: int = 200,
                 on_contact: Callable[[ContactChanged], list[Event]] | None = None,
                 on_pressure: Callable[[bool], None] | None = None) -> None:
        self._tracker = tracker
        self._bus = bus
        self._clock = clock
        self._capacity = capacity
        self._on_contact = on_contact or (lambda _: [])
        self.on_pressure = on_pressure or (lambda _: None)
        """Told True when reading must stop, False when it may go on; called in either thread."""
        self._items: deque[_Batch | Step] = deque()
        self._wake = threading.Condition()
        self._backlog = 0
        self._is_full = False
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self.parked: deque[ParkedMessage] = deque(maxlen=parked_limit)
        self._handled = self._parked = self._shed = 0
        self._peak_lag_s = 0.0

    def start(self) -> None:
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="cti-pump", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Handle what is queued, then end."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def put_messages(self, messages: list[bytes]) -> None:
        """Hand over whole events in the order of the wire; returns at once."""
        with self._wake:
            if self._backlog + len(messages) > self._capacity:
                kept = [message for message in messages if event_name(message) not in SHEDDABLE]
                self._shed += len(messages) - len(kept)
                messages = kept
                self._press(True)
            if messages:
                self._items.append(_Batch(messages, self._clock.now(), self._clock.monotonic_s()))
                self._backlog += len(messages)
                self._wake.notify()

    def put_step(self, step: Step) -> None:
        """Do ``step`` in the pump's thread after everything that was handed over before."""
        with self._wake:
            self._items.append(step)
            self._wake.notify()

    def figures(self) -> PumpFigures:
        with self._wake:
            oldest = next((item for item in self._items if isinstance(item, _Batch)), None)
            lag_s = self._clock.monotonic_s() - oldest.received_at_s if oldest else 0.0
            return PumpFigures(self._handled, self._parked, self._shed, self._backlog, lag_s,
                               max(self._peak_lag_s, lag_s))

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._items and not self._is_stopping:
                    self._wake.wait()
                if not self._items:
                    return
                item = self._items.popleft()
            if isinstance(item, _Batch):
                self.handle_batch(item.messages, at=item.at, received_at_s=item.received_at_s)
                self._done(len(item.messages))
            else:
                self._do(item)

    def handle_batch(self, messages: list[bytes], *, at: datetime, received_at_s: float) -> None:
        """Read, track and publish, in the calling thread. A poison message is parked and the next one handled (F10)."""
        self._peak_lag_s = max(self._peak_lag_s, self._clock.monotonic_s() - received_at_s)
        for raw in messages:
            try:
                message = read_message(raw)
                if message is not None:
                    for event in self._handle(message, at, received_at_s):
                        self._bus.publish(event)
            except Exception as error:
                self._park(raw, error, at)
        self._handled += len(messages)

    def _handle(self, message: AmiMessage, at: datetime, now_s: float) -> list[Event]:
        if isinstance(message, ContactChanged):
            return self._on_contact(message)
        return self._tracker.handle(message, at=at, now_s=now_s)

    def _do(self, step: Step) -> None:
        try:
            for event in step():
                self._bus.publish(event)
        except Exception:
            log.exception("pump_step_failed")
            self._parked += 1

    def _park(self, raw: bytes, error: Exception, at: datetime) -> None:
        name = event_name(raw)[:40].decode("ascii", "replace")
        self.parked.append(ParkedMessage(name, f"{type(error).__name__}: {error}"[:200], at))
        self._parked += 1
        log.error("ami_message_parked", ami_event=name, error=type(error).__name__)
        for event in self._tracker.leave_half_done():
            self._bus.publish(event)

    def _done(self, count: int) -> None:
        with self._wake:
            self._backlog -= count
            if self._backlog <= self._capacity // 2:
                self._press(False)

    def _press(self, is_full: bool) -> None:
        if self._is_full != is_full:
            self._is_full = is_full
            self.on_pressure(is_full)
