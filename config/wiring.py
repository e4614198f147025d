"""The composition root: makes every room, subscribes them in the right order, starts and stops them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from agent_desk.app import DeskServer, create_server
from agent_desk.dial_policy import DialPolicy
from agent_desk.offices import AnswerDesk, BookingDesk, LostCallers, MessageDesk, Offices, TicketDesk
from agent_desk.services import DeskServices
from agent_desk.settings import DeskSettings
from config.call_traces import CallTraces
from config.ground import Ground, build_ground
from config.ground_offices import appointment_notices
from config.menus import build_menus
from config.office_jobs import office_jobs
from config.phones import HomePhones
from config.rooms import AgentDirectory, build_cti, build_ivr, build_recordings, build_speech
from config.waiting_parts import WaitingParts, build_waiting, call_back_dialer, waiting_jobs
from crm_core import phone_number
from crm_core.agents.second_factor import SecondFactorPolicy, SecondFactors
from crm_core.agents.service import Agents
from crm_core.campaigns.attempts import Attempts
from crm_core.campaigns.leadership import Leaderships
from crm_core.campaigns.reconciliation import Reconciliation
from crm_core.clock import SystemClock
from crm_core.ports import Telephony
from scheduler.calling_windows import CallingWindows, HouseWindow
from scheduler.dialer import Dialer, DialerLimits
from scheduler.failpoints import Failpoints
from scheduler.housekeeping import Housekeeping
from scheduler.jobs import Job, standard_jobs
from scheduler.outbox_tick import OutboxTick
from scheduler.reconciler import Reconciler
from scheduler.runner import SchedulerRunner

if TYPE_CHECKING:
    from config.settings import Settings

log = structlog.get_logger(__name__)

WRAP_UP_TICK_S = 1.0


@dataclass(frozen=True)
class Part:
    """Something with threads: started in order, stopped in the opposite order."""

    name: str
    start: Callable[[], object]
    stop: Callable[[], object]


class House:
    """The whole program of one home."""

    def __init__(self, ground: Ground, desk: DeskServer, parts: list[Part]) -> None:
        self.ground = ground
        self.desk = desk
        self._parts = parts
        self._started: list[Part] = []

    def start(self) -> None:
        """All parts, in order; when one fails those before it are stopped and the error goes on."""
        try:
            for part in self._parts:
                part.start()
                self._started.append(part)
                log.info("part_started", part=part.name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Every started part; one that fails does not keep the others from stopping."""
        while self._started:
            part = self._started.pop()
            try:
                part.stop()
            except Exception:
                log.exception("part_did_not_stop", part=part.name)
        self.ground.close()


def build_house(settings: Settings) -> House:
    """Make and connect everything; nothing runs yet.

    Order of subscription is order of delivery: first the records are written, then agents change state, then campaigns
    close attempts, then recordings look for files, last the desks are told what they can now read.
    """
    ground = build_ground(settings, is_the_program=True)
    failpoints = Failpoints()
    directory = AgentDirectory()
    cti = build_cti(settings, ground, directory)
    agents = Agents(ground.database, ground.bus, ground.clock, cti.telephony, wrap_up_s=settings.telephony.wrap_up_s)
    directory.agents = agents
    attempts = Attempts(ground.database, ground.bus, clock=ground.clock, cipher=ground.cipher, failpoint=failpoints)
    speech = build_speech(settings)
    menus = build_menus(settings, ground, speech, flow_names=lambda: ivr.flow_names)
    waiting = build_waiting(settings, ground, failpoint=failpoints)
    ivr = build_ivr(settings, ground, speech, menus=menus.editing.menus, waiting=waiting)
    ground.calls.subscribe(ground.bus)
    ground.recordings.subscribe(ground.bus)
    agents.subscribe(ground.bus)
    attempts.subscribe(ground.bus)
    waiting.subscribe(ground)
    recordings = build_recordings(settings, ground)
    owner = _owner()
    windows = _windows(settings, ground)
    dialer = _dialer(settings, ground, attempts, cti.telephony, failpoints, windows=windows, owner=owner)
    call_backs = call_back_dialer(
        settings, ground, waiting, telephony=cti.telephony, windows=windows, owner=owner, failpoint=failpoints
    )
    housekeeping = Housekeeping(ground.campaigns, {"retention": recordings.retention.run})
    outbox = _outbox_tick(ground)
    notices = appointment_notices(
        ground.database, ground.clock, bookings=ground.bookings, messages=ground.messages, patients=ground.patients
    )
    notices.subscribe(ground.bus)
    jobs = [
        *_jobs(settings, ground, agents, dialer, housekeeping, cti.telephony),
        *office_jobs(ground, outbox, notices),
        *waiting_jobs(settings, waiting, call_backs, cti.telephony),
    ]
    scheduler = SchedulerRunner(jobs, ground.clock)
    phones = HomePhones(settings, ground.accounts)
    desk = create_server(
        DeskServices(
            clock=ground.clock,
            bus=ground.bus,
            accounts=ground.accounts,
            agents=agents,
            calls=ground.calls,
            recordings=ground.recordings,
            library=recordings.library,
            patients=ground.patients,
            appointments=ground.appointments,
            campaigns=ground.campaigns,
            metrics=ground.metrics,
            audit=ground.audit,
            telephony=cti.telephony,
            phones=phones,
            dial_policy=_dial_policy(settings, ground),
            menus=menus.editing,
            second_factors=_second_factors(settings, ground),
            registration=ground.people.registration,
            offices=_offices(ground, waiting),
            probes=(cti, ivr, recordings, scheduler, outbox),
            figures={"bus_backlog": lambda: float(ground.bus.backlog)},
        ),
        _desk_settings(settings, phones),
    )
    parts = [
        Part("places of numbers", phone_number.load_places, lambda: None),
        Part("staged imports", ground.campaigns.purge_staged, lambda: None),
        Part("bus", ground.bus.start, ground.bus.stop),
        Part("agent phones", agents.phones.start, agents.phones.stop),
        Part("recordings", recordings.start, recordings.stop),
        Part("speech", speech.start, speech.stop),
        Part("prompt studio", menus.studio.start, menus.studio.stop),
        Part("ivr", ivr.start, ivr.stop),
        Part("cti", cti.start, cti.stop),
        Part("scheduler", scheduler.start, scheduler.stop),
        Part("call-backs", lambda: None, call_backs.stop),
        Part("dialler", lambda: None, dialer.stop),
        Part("outbox", lambda: None, outbox.stop),
    ]
    return House(ground, desk, parts)


def _offices(ground: Ground, waiting: WaitingParts) -> Offices:
    bookings, answers, messages = ground.bookings, ground.answers, ground.messages
    return Offices(
        people=ground.people,
        visits=ground.visits,
        bookings=BookingDesk(
            bookings.booking, bookings.schedules, bookings.waiting_list, bookings.no_shows, messages.confirmations
        ),
        answers=AnswerDesk(answers.enquiries, answers.log, messages.outbox),
        messages=MessageDesk(messages.log, messages.deliveries, messages.stores_only),
        lost=LostCallers(waiting.missed, waiting.call_backs, waiting.nuisance),
        tickets=TicketDesk(waiting.tickets, waiting.message_library),
    )


def _second_factors(settings: Settings, ground: Ground) -> SecondFactors:
    """Their codes follow the true time, not that of a demo."""
    policy = SecondFactorPolicy(settings.web.second_factor)
    return SecondFactors(ground.database, ground.cipher, SystemClock(), policy=policy, issuer=settings.hospital.name)


def _dialer(
    settings: Settings,
    ground: Ground,
    attempts: Attempts,
    telephony: Telephony,
    failpoints: Failpoints,
    *,
    windows: CallingWindows,
    owner: str,
) -> Dialer:
    dialler = settings.dialler
    return Dialer(
        attempts,
        Leaderships(ground.database, ground.clock),
        telephony,
        windows=windows,
        clock=ground.clock,
        owner=owner,
        limits=DialerLimits(
            concurrent_calls_max=dialler.concurrent_calls_max,
            calls_per_number_and_day=dialler.calls_per_number_and_day,
            ring_timeout_s=dialler.ring_timeout_s,
            lease_s=dialler.lease_s,
        ),
        failpoint=failpoints,
    )


def _windows(settings: Settings, ground: Ground) -> CallingWindows:
    dialler = settings.dialler
    house = HouseWindow(
        dialler.window_start, dialler.window_end, dialler.pause_start, dialler.pause_end, dialler.dials_on_holidays
    )
    return CallingWindows(house, ground.hours.is_workday)


def _jobs(
    settings: Settings, ground: Ground, agents: Agents, dialer: Dialer, housekeeping: Housekeeping, telephony: Telephony
) -> list[Job]:
    cdr_file = settings.layout.asterisk / "log" / "cdr-csv" / "Master.csv" if settings.asterisk.managed else None
    reconciler = Reconciler(
        Reconciliation(ground.database, ground.bus, ground.clock), telephony, CallTraces(ground.calls, cdr_file).find
    )

    def close_wrap_ups() -> None:
        for agent_id, _call_id in agents.expired_wrap_ups():
            agents.finish_wrap_up(agent_id)

    wanted = standard_jobs(dialer, reconciler, housekeeping, dial_every_s=settings.dialler.tick_s)
    return [
        *(job for job in wanted if settings.dialler.enabled or job.name != "dial"),
        Job("wrap_ups", WRAP_UP_TICK_S, close_wrap_ups),
    ]


def _outbox_tick(ground: Ground) -> OutboxTick:
    office = ground.messages
    return OutboxTick(office.deliveries, office.senders, clock=ground.clock, owner=_owner(), figures=office.log.figures)


def _owner() -> str:
    """Who claims work: this process, never another one with the same number later."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def _dial_policy(settings: Settings, ground: Ground) -> DialPolicy:
    return DialPolicy(
        ground.clock,
        allowed_prefixes=settings.dial_policy.allowed_prefixes,
        refused_prefixes=settings.dial_policy.refused_prefixes,
        calls_per_user_and_day=settings.dial_policy.calls_per_user_and_day,
    )


def _desk_settings(settings: Settings, phones: HomePhones) -> DeskSettings:
    security = settings.security
    return DeskSettings(
        secret_key=security.session_secret.get_secret_value(),
        hospital_name=settings.hospital.name,
        service_number=settings.hospital.service_number,
        ws_urls=phones.ws_urls(),
        public_url=settings.web.public_url,
        trusted_hosts=("127.0.0.1", "localhost", settings.web.host),
        proxy_hops=1 if settings.web.public_url else 0,
        has_secure_cookies=settings.web.secure_cookies,
        idle_s=security.idle_minutes * 60,
        session_s=security.session_hours * 3600,
        upload_bytes=settings.limits.upload_mb * 1024 * 1024,
        is_demo=settings.demo.enabled,
    )
