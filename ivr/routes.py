"""Which FastAGI path runs which flow (one table), and the server that the wiring starts and stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from crm_core.bus import Bus
from crm_core.calls.events import IvrStepTaken
from crm_core.clock import Clock
from crm_core.ids import CallId, is_safe_id
from crm_core.phone_number import clean_caller
from crm_core.ports import HealthFinding
from ivr.agi_server import AgiServer, AgiServerSettings
from ivr.agi_session import AgiSession
from ivr.conversation import Caller, CallerGone, Conversation, Patience
from ivr.dialplan_variables import TO_HANGUP, TO_PERSON, Route
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.complaint import ComplaintFlow
from ivr.flows.departments import Departments
from ivr.flows.ground import AppointmentsPort, GroundCalls, HoursPort, PatientsPort, SurveysPort
from ivr.flows.identification import Identification
from ivr.flows.inbound import InboundFlow
from ivr.flows.self_service import SelfServicePorts, self_service_flows
from ivr.flows.survey import SurveyFlow
from ivr.flows.voice_message import VoiceMessages
from ivr.flows.waiting import waiting_flows
from ivr.flows.waiting_ports import KeepPlace, WaitingServices
from ivr.flows.waiting_reception import Reception
from ivr.menu_flows import FLOW_NAMES, standard_flows
from ivr.menu_runner import MenuRunner
from ivr.menus import MenusPort, PublishedMenu
from ivr.prompt_catalogue import PromptCatalogue

log = structlog.get_logger(__name__)


class Flow(Protocol):
    def run(self, talk: Conversation) -> None:
        """One conversation. May raise CallerGone at any moment."""


@dataclass(frozen=True)
class FlowRoute:
    """A flow, and where its caller goes when the flow breaks."""

    flow: Flow
    when_broken: Route


@dataclass(frozen=True)
class IvrServices:
    """What the flows need of the ground."""

    patients: PatientsPort
    appointments: AppointmentsPort
    hours: HoursPort
    surveys: SurveysPort
    bus: Bus
    clock: Clock
    catalogues: Mapping[str, PromptCatalogue]
    """By language: zh and en."""
    comments_folder: Path
    """Where Asterisk writes spoken comments and voice messages; it must exist."""
    menus: MenusPort | None = None
    """The stored menus; None: every call hears the shipped one."""
    waiting: WaitingServices | None = None
    """The line, call-backs and messages; None: callers simply wait."""
    self_service: SelfServicePorts | None = None
    """None: whoever wants to do something alone is connected to a person."""


@dataclass(frozen=True)
class IvrSettings:
    """``ground_timeout_s``: how long a caller waits for the database before a person takes over."""

    server: AgiServerSettings = field(default_factory=AgiServerSettings)
    patience: Patience = field(default_factory=Patience)
    ground_timeout_s: float = 2.0


def flow_routes(services: IvrServices, ground: GroundCalls) -> dict[str, FlowRoute]:
    """The table of paths."""
    bus, clock = services.bus, services.clock
    phrases = BookingPhrases(services.catalogues, clock)
    identification = Identification(phrases, bus=bus, clock=clock)
    departments = Departments(services.appointments, ground=ground, phrases=phrases)
    flows = standard_flows(departments)
    if services.self_service is not None:
        flows |= self_service_flows(
            services.self_service, services.appointments, identification=identification, ground=ground,
            phrases=phrases, clock=clock,
        )  # fmt: skip
    if services.waiting is not None:
        flows["complaint"] = ComplaintFlow(VoiceMessages(services.waiting, ground=ground))
    runner = MenuRunner(
        flows,
        identification=identification,
        departments=departments,
        hours=services.hours,
        ground=ground,
        bus=bus,
        clock=clock,
        folder=services.comments_folder,
    )
    inbound = InboundFlow(
        PublishedMenu(services.menus),
        runner,
        patients=services.patients,
        identification=identification,
        ground=ground,
        bus=bus,
        clock=clock,
    )
    survey = SurveyFlow(services.surveys, ground=ground, comments_folder=services.comments_folder)
    rows = {
        "/inbound": FlowRoute(inbound, when_broken=TO_PERSON),
        "/survey": FlowRoute(survey, when_broken=TO_HANGUP),
    }
    if services.waiting is not None:
        waiting = waiting_flows(services.waiting, ground=ground)
        rows["/inbound"] = FlowRoute(Reception(inbound, services.waiting, ground=ground), when_broken=TO_PERSON)
        rows |= {path: FlowRoute(flow, when_broken=KeepPlace()) for path, flow in waiting.items()}
    return rows


class Switchboard:
    """Takes one AGI session through its flow; a broken flow never leaves the caller alone (I8, C140)."""

    def __init__(self, routes: Mapping[str, FlowRoute], *, bus: Bus, clock: Clock, patience: Patience) -> None:
        self._routes = routes
        self._bus = bus
        self._clock = clock
        self._patience = patience
        self.broken_count = 0
        self.gone_count = 0

    def serve(self, session: AgiSession) -> None:
        """Never raises. An unknown path is left to the dialplan: HL_NEXT stays empty."""
        talk = self._conversation(session)
        route = self._routes.get(session.request.path)
        if talk is None or route is None:
            log.error("agi_request_unknown", path=clean_caller(session.request.path))
            return
        try:
            route.flow.run(talk)
            log.info("ivr_left", call_id=talk.call_id, next=talk.route.next if talk.route else "")
        except CallerGone as gone:
            self.gone_count += 1
            log.info("ivr_caller_gone", call_id=talk.call_id, how=type(gone).__name__)
        except Exception:
            self.broken_count += 1
            log.exception("ivr_flow_broken", call_id=talk.call_id, path=session.request.path)
            _rescue(talk, route.when_broken)

    def _conversation(self, session: AgiSession) -> Conversation | None:
        """None when the request names no call: a caller without CallId could not be followed."""
        told = session.request.variables
        call_id = session.request.query.get("call_id") or told.get("agi_uniqueid", "")
        if not is_safe_id(call_id):
            return None
        return Conversation(
            session,
            call_id=CallId(call_id),
            caller=_caller_of(told),
            on_step=lambda node, key: self._step(CallId(call_id), node, key),
            patience=self._patience,
        )

    def _step(self, call_id: CallId, node: str, key: str) -> None:
        self._bus.publish(IvrStepTaken(at=self._clock.now(), call_id=call_id, node=node, key=key))


class IvrServer:
    """The room as the wiring sees it: start, stop, health."""

    def __init__(self, settings: IvrSettings, services: IvrServices) -> None:
        self._ground = GroundCalls(timeout_s=settings.ground_timeout_s)
        self._switchboard = Switchboard(
            flow_routes(services, self._ground), bus=services.bus, clock=services.clock, patience=settings.patience
        )
        self._server = AgiServer(settings.server, self._switchboard.serve, services.clock)

    @property
    def flow_names(self) -> tuple[str, ...]:
        """The named flows that a menu may run here."""
        return FLOW_NAMES

    @property
    def port(self) -> int:
        """The FastAGI port that is really listened on."""
        return self._server.port

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._server.start()

    def stop(self) -> None:
        """Callers in the menu may finish (``drain_s``); who is cut off is taken to the queue by the dialplan."""
        self._server.stop()
        self._ground.stop()

    def health(self) -> Sequence[HealthFinding]:
        counters = self._server.counters
        figures = {
            "callers": float(self._server.callers),
            "served": float(counters.served),
            "refused": float(counters.refused_full + counters.refused_peer),
            "garbage": float(counters.garbage),
            "broken": float(self._switchboard.broken_count),
        }
        is_ok = self._server.is_listening
        return [HealthFinding("ivr", is_ok, "" if is_ok else "the FastAGI server does not listen", figures)]


def _caller_of(told: Mapping[str, str]) -> Caller:
    """Asterisk writes ``unknown`` for what the network did not tell."""
    number, name, dialled = (
        clean_caller(told.get(key, "")) for key in ("agi_callerid", "agi_calleridname", "agi_dnid")
    )
    return Caller(
        number="" if number == "unknown" else number, name="" if name == "unknown" else name, dialled_number=dialled
    )


def _rescue(talk: Conversation, route: Route) -> None:
    try:
        talk.set_route(route)
    except Exception as error:
        log.warning("ivr_rescue_failed", call_id=talk.call_id, error=type(error).__name__)
