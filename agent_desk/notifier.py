"""Turns events into changes of screens: builds, numbers and sends them; the only place that emits."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from agent_desk.entities import Entities, EntityKind
from agent_desk.notices import AT_ONCE, NOTICES, Notice, Which, check_table
from agent_desk.topics import ALL_SLOTS, slots_of
from crm_core.agents import events as agent
from crm_core.bus import Bus
from crm_core.calls import events as call
from crm_core.calls.queues import QUEUE_TITLES
from crm_core.events import CallEvent, Event, ToAgent
from crm_core.ids import AgentId, CallId

log = structlog.get_logger(__name__)


SUPERVISORS_ROOM = "supervisors"
DESKS_ROOM = "desks"


def user_room(user_id: int) -> str:
    return f"user:{user_id}"


Emit = Callable[[str, dict[str, Any], str], None]
"""(event name, payload, room)."""


class Notifier:
    """Turns events into entities and sends them. Thread-safe.

    Every value is built and sent under the lock of its room, so for every entity a higher version is a newer truth; an
    agent who saves notes does not stand before the pop of another. A snapshot reads the version first and the entities
    after it: what changes meanwhile is sent again with a higher version, so snapshot + events = fresh snapshot.
    """

    def __init__(
        self,
        entities: Entities,
        emit: Emit,
        *,
        revoke: Callable[[int, str], None],
        on_pop: Callable[[CallEvent], None] = lambda _event: None,
        board_interval_s: float = 0.25,
        first_version: int = 0,
        notices: Mapping[type[Event], tuple[Notice, ...]] = NOTICES,
    ) -> None:
        check_table(notices)
        self._entities = entities
        self._emit = emit
        self._revoke = revoke
        self._on_pop = on_pop
        self._board_interval_s = board_interval_s
        self._notices = notices
        self._version = first_version
        self._sent_count = 0
        self._lock = threading.Lock()
        self._rooms: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._shown: set[tuple[AgentId, CallId]] = set()
        self._without_parties: set[CallId] = set()
        self._gathered: dict[tuple[EntityKind, str], None] = {}
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def version(self) -> int:
        return self._version

    @property
    def sent_count(self) -> int:
        return self._sent_count

    def subscribe(self, bus: Bus) -> None:
        """To be called by the wiring after the services that write the records have subscribed."""
        for event_class in self._notices:
            bus.subscribe(event_class, self.on_event)
        bus.subscribe(agent.SessionsRevoked, self.on_sessions_revoked)

    def on_event(self, event: Event) -> None:
        self._entities.observe(event)
        self._note_parties(event)
        for notice in self._notices.get(type(event), ()):
            self._react(notice, event)
        if isinstance(event, call.CallOffered):
            self._on_pop(event)
        elif isinstance(event, call.CallQueued):
            self._entities.prepare(event)
        elif isinstance(event, call.CallEnded):
            self._without_parties.discard(event.call_id)

    def _note_parties(self, event: Event) -> None:
        """A call that has just arrived is on nobody's screen until an event names an agent: most events stop here."""
        if isinstance(event, ToAgent) and isinstance(event, CallEvent):
            self._without_parties.discard(event.call_id)
        elif isinstance(event, call.CallArrived) and not self._entities.parties(event.call_id):
            self._without_parties.add(event.call_id)

    def _react(self, notice: Notice, event: Event) -> None:
        if notice.which is Which.SHOWN_TO_AGENT:
            for agent_id in _agent_of(event):
                for call_id in self._shown_to(agent_id):
                    self._call_changed(call_id, (agent_id,))
            return
        for entity_id in self._ids(notice.which, event):
            if notice.kind is EntityKind.CALL:
                self.call_changed(CallId(entity_id), also=_agent_of(event))
            elif notice.kind is EntityKind.ME:
                self.agent_changed(AgentId(int(entity_id)))
            elif notice.kind is EntityKind.TOPIC:
                self.topic_changed(entity_id)
            elif notice.kind in AT_ONCE:
                with self._turn(DESKS_ROOM):
                    self._send(notice.kind, entity_id, self._entities.of(notice.kind, entity_id), DESKS_ROOM)
            else:
                self._gather(notice.kind, entity_id)

    def _ids(self, which: Which, event: Event) -> tuple[str, ...]:
        if which is Which.AMI:
            return ("ami",)
        if which in (Which.ALL_SLOTS, Which.LOST, Which.TICKETS):
            return (which.value,)
        if which is Which.SLOTS_OF_APPOINTMENT:
            department_code = self._entities.department_of(getattr(event, "appointment_id", 0))
            return (slots_of(department_code),) if department_code else ()
        if which is Which.ALL_QUEUES:
            return tuple(QUEUE_TITLES)
        if which is Which.PARTIES_OF_CALL:
            return tuple(str(one) for one in self._entities.parties(getattr(event, Which.CALL.value)))
        if which is Which.QUEUES_OF_AGENT:
            return self._entities.queues_of(getattr(event, Which.AGENT.value))
        if which is Which.QUEUE_OF_CALL:
            return self._entities.queue_of(getattr(event, Which.CALL.value))
        return (str(getattr(event, which.value)),)

    def on_sessions_revoked(self, event: agent.SessionsRevoked) -> None:
        self._revoke(event.user_id, event.reason)

    def call_changed(self, call_id: CallId, *, also: Iterable[AgentId] = ()) -> None:
        """Send each party its own view of the call, and ``gone`` to those who may not see it any more (C30)."""
        if call_id in self._without_parties and not also:
            return
        self._call_changed(call_id, dict.fromkeys([*also, *self._entities.parties(call_id)]))

    def _call_changed(self, call_id: CallId, agent_ids: Iterable[AgentId]) -> None:
        for agent_id in agent_ids:
            room, key = user_room(agent_id), (agent_id, call_id)
            with self._turn(room):
                value = self._entities.call(call_id, agent_id)
                with self._lock:
                    was_shown = key in self._shown
                    (self._shown.discard if value is None else self._shown.add)(key)
                if value is not None or was_shown:
                    self._send(EntityKind.CALL, call_id, value, room)

    def _shown_to(self, agent_id: AgentId) -> list[CallId]:
        with self._lock:
            return [call_id for owner, call_id in self._shown if owner == agent_id]

    def agent_changed(self, agent_id: AgentId) -> None:
        """The agent's own line changed by a command, without an event."""
        room = user_room(agent_id)
        with self._turn(room):
            self._send(EntityKind.ME, "me", self._entities.me(agent_id), room)

    def waiting_changed(self, call_id: CallId) -> None:
        self._gather(EntityKind.WAITING, call_id)

    def topic_changed(self, topic: str) -> None:
        """Screens that show it ask again."""
        self._entities.topics.changed(topic)
        self._gather(EntityKind.TOPIC, topic)

    def slots_changed(self, department_code: str) -> None:
        """A seat was held at a desk: no event tells of it."""
        self.topic_changed(slots_of(department_code))

    def all_slots_changed(self) -> None:
        self.topic_changed(ALL_SLOTS)

    def note_shown(self, agent_id: AgentId, call_ids: Iterable[CallId]) -> None:
        """A snapshot has shown these calls. What went away while it was being made is told now."""
        shown = list(call_ids)
        with self._lock:
            self._shown.update((agent_id, call_id) for call_id in shown)
        for call_id in shown:
            if self._entities.call(call_id, agent_id) is None:
                self._call_changed(call_id, (agent_id,))

    # -- boards: gathered and sent by an own thread -----------------------------------------------------------------

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="desk-boards", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()
        if self._thread:
            self._thread.join(5)
        self.flush()

    def flush(self) -> None:
        """Send what was gathered, now."""
        with self._turn("boards"):
            with self._wake:
                gathered, self._gathered = self._gathered, {}
            look = self._entities.look()
            for kind, entity_id in gathered:
                room = DESKS_ROOM if kind in (EntityKind.QUEUE, EntityKind.TOPIC) else SUPERVISORS_ROOM
                try:
                    self._send(kind, entity_id, self._entities.of(kind, entity_id, look), room)
                except Exception:
                    log.exception("board_update_failed", kind=kind.value)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._wake:
                self._wake.wait_for(lambda: self._stopping.is_set() or bool(self._gathered))
            self._stopping.wait(self._board_interval_s)
            self.flush()

    def _gather(self, kind: EntityKind, entity_id: str) -> None:
        with self._wake:
            self._gathered[(kind, entity_id)] = None
            self._wake.notify_all()

    def _turn(self, room: str) -> threading.Lock:
        with self._lock:
            return self._rooms[room]

    def _send(self, kind: EntityKind, entity_id: str, value: dict[str, Any] | None, room: str) -> None:
        with self._lock:
            self._version += 1
            self._sent_count += 1
            change = {"version": self._version, "kind": kind.value, "id": entity_id, "value": value}
            self._emit("change", change, room)  # inside: no browser sees a version before a lower one


def _agent_of(event: Event) -> tuple[AgentId, ...]:
    return (event.agent_id,) if isinstance(event, ToAgent) else ()
