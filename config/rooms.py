"""Makes the rooms that need many settings: cti, ivr, recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.ground import Ground
from config.waiting_parts import WaitingParts, waiting_services
from crm_core.agents.service import Agents
from crm_core.campaigns.surveys import Surveys
from crm_core.ids import AgentId, CallId
from cti.ami_settings import AmiLogin, AmiSettings
from cti.link import Cti
from cti.queue_members import Membership
from cti.telephony import FeatureCodes
from ivr.agi_server import AgiServerSettings
from ivr.flows.self_service import SelfServicePorts
from ivr.menus import MenusPort
from ivr.prompt_catalogue import LANGUAGES, load_catalogue
from ivr.routes import IvrServer, IvrServices, IvrSettings
from ivr.speech import SpeechCache, SpeechService
from ivr.speech_engines import engines_of
from ivr.speech_live import LiveCatalogue
from recordings.room import RecordingRoom, RecordingSettings

if TYPE_CHECKING:
    from config.settings import Settings

SPEECH_WAITING_MAX = 100


class AgentDirectory:
    """What cti asks about agents. The agents need telephony first, so they are handed in after cti is made."""

    def __init__(self) -> None:
        self.agents: Agents | None = None

    def agent_of_extension(self, extension: str) -> AgentId | None:
        return self.agents.agent_of_extension(extension) if self.agents else None

    def extension_of(self, agent_id: AgentId) -> str | None:
        return self.agents.extension_of(agent_id) if self.agents else None

    def memberships(self) -> list[Membership]:
        return list(self.agents.memberships()) if self.agents else []


def build_cti(settings: Settings, ground: Ground, directory: AgentDirectory) -> Cti:
    ami, telephony = settings.ami, settings.telephony

    def open_calls() -> list[CallId]:
        return [call.id for call in ground.calls.open_calls()]

    def department_number(code: str) -> str | None:
        numbers = {one.code: one.phone_number for one in ground.appointments.departments()}
        return numbers.get(code) or None

    return Cti(
        AmiSettings(
            host=ami.host,
            port=ami.port,
            events=AmiLogin(ami.events_user, ami.events_secret.get_secret_value()),
            actions=AmiLogin(ami.actions_user, ami.actions_secret.get_secret_value()),
            connect_timeout_s=ami.connect_timeout_s,
            action_deadline_s=ami.action_timeout_s,
            ping_interval_s=ami.ping_interval_s,
            silence_limit_s=max(1.7, 2.4 * ami.ping_interval_s),
            backoff_min_s=ami.reconnect_min_s,
            backoff_max_s=ami.reconnect_max_s,
        ),
        bus=ground.bus,
        clock=ground.clock,
        agent_of_extension=directory.agent_of_extension,
        extension_of=directory.extension_of,
        memberships=directory.memberships,
        open_calls=open_calls,
        department_number=department_number,
        codes=FeatureCodes(complete=telephony.code_complete, three_way=telephony.code_three_way),
    )


def build_recordings(settings: Settings, ground: Ground) -> RecordingRoom:
    """Subscribes to the bus: call it after the records have subscribed."""
    return RecordingRoom(
        RecordingSettings(
            incoming=settings.layout.recordings_incoming,
            store=settings.layout.recordings_store,
            copy_format=settings.recordings.copy_format.value,
            copy_kbit_s=settings.recordings.copy_kbit_s,
            keep_days=settings.recordings.retention_days,
            disk_alarm_ratio=settings.limits.disk_alarm_ratio,
        ),
        ground.recordings,
        ground.bus,
        ground.clock,
    )


def build_speech(settings: Settings) -> SpeechService:
    """The voice in the background; starts no thread and loads nothing before `start` and the first request."""
    layout = settings.layout
    return SpeechService(engines_of(layout.root), SpeechCache(layout.sounds), waiting_limit=SPEECH_WAITING_MAX)


def build_ivr(
    settings: Settings,
    ground: Ground,
    speech: SpeechService | None = None,
    *,
    menus: MenusPort | None = None,
    waiting: WaitingParts | None = None,
) -> IvrServer:
    """With `speech` the catalogues learn names and sentences that have no sound."""
    catalogues = {language: load_catalogue(language) for language in LANGUAGES}
    if speech is not None:
        catalogues = {language: LiveCatalogue(shipped, speech) for language, shipped in catalogues.items()}
    comments = settings.layout.recordings_incoming
    comments.mkdir(parents=True, exist_ok=True)
    return IvrServer(
        IvrSettings(
            server=AgiServerSettings(
                host=settings.agi.host,
                port=settings.agi.port,
                callers_max=settings.agi.callers_max,
                backlog=settings.agi.backlog,
                drain_s=settings.limits.stop_timeout_s,
            )
        ),
        IvrServices(
            patients=ground.patients,
            appointments=ground.appointments,
            hours=ground.calendars,
            surveys=Surveys(ground.database, ground.bus, ground.clock),
            bus=ground.bus,
            clock=ground.clock,
            catalogues=catalogues,
            comments_folder=comments,
            menus=menus,
            waiting=waiting_services(settings, ground, waiting, catalogues) if waiting else None,
            self_service=SelfServicePorts(
                schedules=ground.bookings.schedules,
                booking=ground.bookings.booking,
                waiting_list=ground.bookings.waiting_list,
                confirmations=ground.messages.confirmations,
                outbox=ground.messages.outbox,
                proofs=ground.people.proofs,
                visits=ground.visits,
                enquiries=ground.answers.enquiries,
                enquiry_log=ground.answers.log,
                verification=ground.messages.verification,
            ),
        ),
    )
