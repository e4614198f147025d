"""The whole live state of the screens as keyed entities (kind, id) -> value, built from the services."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from agent_desk import board_payloads, payloads
from agent_desk.background import Backgrounds
from agent_desk.payloads import Json, Titles, iso
from agent_desk.services import DeskServices
from agent_desk.topics import Topics
from crm_core.agents.kinds import AgentState
from crm_core.agents.statuses import AgentStatus
from crm_core.calls import events as call
from crm_core.calls.queues import QUEUE_TITLES, QUEUES
from crm_core.calls.records import CallRecord
from crm_core.errors import NotFound
from crm_core.events import CallEvent, Event
from crm_core.ids import AgentId, CallId
from crm_core.patients.cards import PatientCard


class EntityKind(StrEnum):
    CALL = "call"
    ME = "me"
    QUEUE = "queue"
    LINK = "link"
    AGENT = "agent"
    WAITING = "waiting"
    CAMPAIGN = "campaign"
    TOPIC = "topic"


@dataclass(frozen=True)
class Entity:
    kind: EntityKind
    id: str
    value: Json

    def as_json(self) -> Json:
        return {"kind": self.kind.value, "id": self.id, "value": self.value}


_CONFIRMING = (
    call.CallAnswered,
    call.CallTransferred,
    call.ConsultStarted,
    call.ConsultEnded,
    call.ConferenceStarted,
    call.AgentLegEnded,
    call.OfferWithdrawn,
    call.CallEnded,
)
"""Events that end the *requested* mark of a command: the network has answered."""


class Look:
    """One look at the house for entities that are built together; nothing is read before it is asked for."""

    def __init__(self, services: DeskServices) -> None:
        self._services = services

    @cached_property
    def statuses(self) -> list[AgentStatus]:
        return self._services.agents.all_statuses()

    @cached_property
    def waiting(self) -> list[CallRecord]:
        return self._services.calls.waiting()

    def status(self, agent_id: AgentId) -> AgentStatus | None:
        return next((one for one in self.statuses if one.agent_id == agent_id), None)


class Entities:
    """Builds entities. Keeps in memory only what no table holds: who listens to whom, the state of the link, commands
    that wait for the network, and a short cache of what a pop needs. Thread-safe."""

    def __init__(self, services: DeskServices) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._link_up = services.telephony.is_up
        self._link_since: datetime = services.clock.now()
        self._listeners: dict[int, set[int]] = {}
        self._requested: dict[CallId, tuple[AgentId, Json]] = {}
        self._background = Backgrounds(services)
        self.topics = Topics()

    # -- what is remembered ---------------------------------------------------------------------------------------

    def observe(self, event: Event) -> None:
        """Remember what no record keeps; to be called before the entities of the event are built."""
        with self._lock:
            if isinstance(event, call.TelephonyLinkChanged):
                self._link_up, self._link_since = event.is_up, event.since
                self._requested.clear()
            elif isinstance(event, call.MonitoringStarted):
                self._listeners.setdefault(event.agent_id, set()).add(event.supervisor_id)
            elif isinstance(event, call.MonitoringEnded):
                self._listeners.get(event.agent_id, set()).discard(event.supervisor_id)
            elif isinstance(event, _CONFIRMING):
                self._requested.pop(event.call_id, None)
            if isinstance(event, call.CallEnded):
                self._background.forget(event.call_id)

    def note_requested(self, call_id: CallId, agent_id: AgentId, command: str) -> None:
        """A command was sent; the network has not answered yet."""
        with self._lock:
            self._requested[call_id] = (agent_id, {"command": command, "at": iso(self._services.clock.now())})

    def forget_requested(self, call_id: CallId) -> None:
        with self._lock:
            self._requested.pop(call_id, None)

    def prepare(self, event: CallEvent) -> None:
        """Look the patient up while the caller still waits, so that the pop finds everything ready."""
        try:
            self._background.of(self._services.calls.record(event.call_id))
        except NotFound:
            return

    def titles(self) -> Titles:
        return self._background.titles()

    def forget_background(self, call_id: CallId) -> None:
        """What is known of the patient was changed at the desk."""
        self._background.forget(call_id)

    # -- one entity -----------------------------------------------------------------------------------------------

    def look(self) -> Look:
        """What several entities that are built now have in common, read once."""
        return Look(self._services)

    def of(self, kind: EntityKind, entity_id: str, look: Look | None = None) -> Json | None:
        """One entity that is the same for everybody who may see it; None when it is gone."""
        look = look or self.look()
        builders: Mapping[EntityKind, Callable[[str], Json | None]] = {
            EntityKind.QUEUE: lambda _id: self._queue(_id, look),
            EntityKind.LINK: lambda _id: self.link(),
            EntityKind.AGENT: lambda _id: self._board_agent(look.status(AgentId(int(_id)))),
            EntityKind.WAITING: lambda _id: self._waiting(_id, look),
            EntityKind.CAMPAIGN: self._campaign,
            EntityKind.TOPIC: lambda _id: {"stamp": self.topics.stamp(_id)},
        }
        return builders[kind](entity_id)

    def call(self, call_id: CallId, agent_id: AgentId) -> Json | None:
        """None when the call is not (any more) this agent's."""
        try:
            record = self._services.calls.record(call_id)
        except NotFound:
            return None
        return self._call(record, agent_id)

    def _call(self, record: CallRecord, agent_id: AgentId) -> Json | None:
        if not record.concerns(agent_id):
            return None
        with self._lock:
            owner, requested = self._requested.get(record.id, (None, None))
        return payloads.call(
            record,
            agent_id,
            self._background.of(record),
            self._background.titles(),
            requested if owner == agent_id else None,
        )

    def me(self, agent_id: AgentId) -> Json | None:
        try:
            status = self._services.agents.status(agent_id)
        except NotFound:
            return None
        today = self._services.metrics.agent_today(agent_id)
        return board_payloads.me(status, today, self._services.calls.overdue_wrap_ups(agent_id))

    def link(self) -> Json:
        with self._lock:
            return {"is_up": self._link_up, "since": iso(self._link_since)}

    def parties(self, call_id: CallId) -> tuple[AgentId, ...]:
        """Every agent that ever had a leg in the call."""
        try:
            record = self._services.calls.record(call_id)
        except NotFound:
            return ()
        return tuple(dict.fromkeys(leg.agent_id for leg in record.legs if leg.agent_id is not None))

    def department_of(self, appointment_id: int) -> str:
        """ "" when there is no such appointment, or no booking here."""
        office = self._services.offices.bookings
        try:
            return office.booking.card(appointment_id).department_code if office else ""
        except NotFound:
            return ""

    def queues_of(self, agent_id: AgentId) -> tuple[str, ...]:
        try:
            return self._services.agents.status(agent_id).queues
        except NotFound:
            return ()

    def queue_of(self, call_id: CallId) -> tuple[str, ...]:
        try:
            queue = self._services.calls.record(call_id).queue
        except NotFound:
            return ()
        return (queue,) if queue else ()

    # -- snapshots ------------------------------------------------------------------------------------------------

    def desk(self, agent_id: AgentId) -> Iterator[Entity]:
        """Everything an agent's desk shows."""
        me = self.me(agent_id)
        if me is not None:
            yield Entity(EntityKind.ME, "me", me)
        for record in self._services.calls.open_calls_of(agent_id):
            value = self._call(record, agent_id)
            if value is not None:
                yield Entity(EntityKind.CALL, record.id, value)
        yield from self._shared()

    def board(self) -> Iterator[Entity]:
        """Everything a supervisor's board shows."""
        look = self.look()
        for status in look.statuses:
            value = self._board_agent(status)
            if value is not None:
                yield Entity(EntityKind.AGENT, str(status.agent_id), value)
        for record in look.waiting:
            yield Entity(EntityKind.WAITING, record.id, board_payloads.waiting(record, self._patient_card(record)))
        for progress in self._services.campaigns.all_progress():
            yield Entity(EntityKind.CAMPAIGN, str(progress.campaign.id), board_payloads.campaign(progress))
        yield from self._shared()

    def _shared(self) -> Iterator[Entity]:
        look = self.look()
        for queue in QUEUES:
            value = self._queue(queue.name, look)
            if value is not None:
                yield Entity(EntityKind.QUEUE, queue.name, value)
        yield Entity(EntityKind.LINK, "ami", self.link())
        for topic, stamp in self.topics.all().items():
            yield Entity(EntityKind.TOPIC, topic, {"stamp": stamp})

    # -- builders -------------------------------------------------------------------------------------------------

    def _queue(self, name: str, look: Look) -> Json | None:
        if name not in QUEUE_TITLES:
            return None
        waiting = [one for one in look.waiting if one.queue == name]
        members = [one for one in look.statuses if name in one.queues and one.is_signed_on]
        since = min((one.queued_at for one in waiting if one.queued_at), default=None)
        return {
            "name": name,
            "title": QUEUE_TITLES[name],
            "waiting": len(waiting),
            "longest_since": iso(since),
            "ready": sum(one.state is AgentState.READY for one in members),
            "talking": sum(one.state in (AgentState.TALKING, AgentState.HOLDING) for one in members),
            "signed_on": len(members),
            "today": board_payloads.queue_today(self._services.metrics.queues_today().get(name)),
        }

    def _board_agent(self, status: AgentStatus | None) -> Json | None:
        if status is None or status.extension is None:
            return None
        try:
            record = self._services.calls.record(status.call_id) if status.call_id else None
        except NotFound:
            record = None
        with self._lock:
            listener_ids = sorted(self._listeners.get(int(status.agent_id), ()))
        listeners = [self._background.titles().agent(one) for one in listener_ids]
        today = self._services.metrics.agent_today(status.agent_id)
        return board_payloads.board_agent(status, record, today, listeners)

    def _waiting(self, call_id: str, look: Look) -> Json | None:
        record = next((one for one in look.waiting if one.id == call_id), None)
        return board_payloads.waiting(record, self._patient_card(record)) if record else None

    def _campaign(self, campaign_id: str) -> Json | None:
        try:
            return board_payloads.campaign(self._services.campaigns.progress(int(campaign_id)))
        except NotFound:
            return None

    def _patient_card(self, record: CallRecord) -> PatientCard | None:
        if record.patient_id is None:
            return None
        try:
            return self._services.patients.card(record.patient_id)
        except NotFound:
            return None
