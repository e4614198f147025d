"""Makes what belongs to waiting: lines, call-backs, missed callers, nuisance list, tickets, and the tick that dials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.ground import Ground
from crm_core.agents.statuses import AgentStatuses
from crm_core.calls.queues import EMERGENCY_QUEUE, QUEUES
from crm_core.campaigns.leadership import Leaderships
from crm_core.ports import Telephony
from crm_core.tickets.service import Tickets
from crm_core.tickets.voice_messages import VoiceMessages
from crm_core.waiting.call_back_attempts import CallBackAttempts
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.callers import CallerRules, Callers
from crm_core.waiting.lines import Lines
from crm_core.waiting.missed import MissedCallers
from crm_core.waiting.nuisance import NuisanceList
from crm_core.waiting.rules import QueueLimits
from ivr.flows.waiting_announcer import Announcer
from ivr.flows.waiting_ports import WaitingServices
from ivr.prompt_catalogue import LANGUAGES, PromptCatalogue, load_catalogue
from recordings.library import Library
from scheduler.call_backs import CallBackDialer, CallBackLimits
from scheduler.calling_windows import CallingWindows
from scheduler.failpoints import Failpoints
from scheduler.jobs import Job

if TYPE_CHECKING:
    from config.settings import Settings


ANNOUNCEMENT_TICK_S = 5.0
MESSAGE_TICK_S = 3.0


@dataclass(frozen=True)
class WaitingParts:
    missed: MissedCallers
    call_backs: CallBacks
    attempts: CallBackAttempts
    nuisance: NuisanceList
    callers: Callers
    lines: Lines
    tickets: Tickets
    messages: VoiceMessages
    message_library: Library
    """Plays voice messages: ``playable(SoundCard.id)``."""

    def subscribe(self, ground: Ground) -> None:
        """After the call records and the agents."""
        for part in (self.missed, self.call_backs, self.attempts, self.tickets):
            part.subscribe(ground.bus)


def build_waiting(settings: Settings, ground: Ground, *, failpoint: Failpoints) -> WaitingParts:
    database, bus, clock, cipher = ground.database, ground.bus, ground.clock, ground.cipher
    call_backs = CallBacks(
        database, bus, clock=clock, cipher=cipher, hours=ground.hours, may_dial=_dial_policy(settings)
    )
    messages = VoiceMessages(database, clock, incoming=settings.layout.recordings_incoming)
    library = Library(settings.layout.recordings_store, messages)
    messages.use(library)
    return WaitingParts(
        missed=MissedCallers(database, bus, clock=clock, cipher=cipher),
        call_backs=call_backs,
        attempts=CallBackAttempts(database, bus, clock=clock, cipher=cipher, failpoint=failpoint),
        nuisance=NuisanceList(database, bus, clock=clock, cipher=cipher, audit=ground.audit),
        callers=Callers(
            database, clock=clock, cipher=cipher, rules=CallerRules(last_agent_days=settings.waiting.last_agent_days)
        ),
        lines=Lines(
            database,
            clock=clock,
            calls=ground.calls,
            agents=AgentStatuses(database),
            call_backs=call_backs,
            hours=ground.hours,
        ),
        tickets=Tickets(database, bus, clock=clock, cipher=cipher, hours=ground.hours),
        messages=messages,
        message_library=library,
    )


def _dial_policy(settings: Settings) -> Callable[[str], bool]:
    """Nobody can make us ring a costly number, or ourselves, by pressing 1."""
    allowed, refused = tuple(settings.dial_policy.allowed_prefixes), tuple(settings.dial_policy.refused_prefixes)
    own = settings.hospital.service_number
    return lambda national: national != own and national.startswith(allowed) and not national.startswith(refused)


def waiting_services(
    settings: Settings, ground: Ground, parts: WaitingParts, catalogues: Mapping[str, PromptCatalogue]
) -> WaitingServices:
    """What the IVR needs of it."""
    return WaitingServices(
        callers=parts.callers,
        lines=parts.lines,
        call_backs=parts.call_backs,
        tickets=parts.tickets,
        bus=ground.bus,
        clock=ground.clock,
        catalogues=catalogues,
        folder=settings.layout.recordings_incoming,
        limits={
            queue: QueueLimits(one.length_max, one.calls_per_agent_max)
            for queue, one in settings.waiting.limits.items()
        },
    )


def waiting_jobs(
    settings: Settings, parts: WaitingParts, call_backs: CallBackDialer, telephony: Telephony
) -> list[Job]:
    """What runs by the clock."""
    return [
        Job("call_backs", settings.waiting.call_back_tick_s, call_backs.tick),
        Job("announcements", ANNOUNCEMENT_TICK_S, _announcer(settings, parts, telephony).tick),
        Job("voice_messages", MESSAGE_TICK_S, parts.messages.keep_incoming),
    ]


def _announcer(settings: Settings, parts: WaitingParts, telephony: Telephony) -> Announcer:
    """Tells everybody who waits his place."""
    catalogues = {language: load_catalogue(language) for language in LANGUAGES}
    queues = [queue.name for queue in QUEUES if queue.name != EMERGENCY_QUEUE]
    return Announcer(parts.lines, telephony, catalogues=catalogues, folder=settings.layout.sounds, queues=queues)


def call_back_dialer(
    settings: Settings,
    ground: Ground,
    parts: WaitingParts,
    *,
    telephony: Telephony,
    windows: CallingWindows,
    owner: str,
    failpoint: Failpoints,
) -> CallBackDialer:
    return CallBackDialer(
        parts.call_backs,
        parts.attempts,
        parts.lines,
        Leaderships(ground.database, ground.clock),
        telephony,
        windows=windows,
        clock=ground.clock,
        owner=owner,
        limits=CallBackLimits(ring_timeout_s=settings.waiting.call_back_ring_s),
        failpoint=failpoint,
    )
