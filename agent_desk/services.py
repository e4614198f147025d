"""Everything the desk asks of the rest of the house, as one frozen bundle made by the wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent_desk.dial_policy import DialPolicy
from agent_desk.offices import Offices
from crm_core.agents.accounts import Account, Accounts
from crm_core.agents.kinds import AgentState
from crm_core.agents.second_factor import SecondFactors
from crm_core.agents.service import Agents
from crm_core.appointments.service import Appointments
from crm_core.audit.service import Audit
from crm_core.bus import Bus
from crm_core.calls.recordings import RecordingRecords
from crm_core.calls.service import CallRecords
from crm_core.campaigns.service import Campaigns
from crm_core.clock import Clock
from crm_core.errors import NotFound
from crm_core.ids import AgentId
from crm_core.menus.editing import MenuEditing
from crm_core.patients.registration import Registration
from crm_core.patients.service import Patients
from crm_core.ports import HealthProbe, RecordingLibrary, Telephony
from crm_core.reports.metrics import Metrics


@dataclass(frozen=True)
class PhoneAccess:
    """What a browser telephone needs to register. ``kind``: ``webrtc`` (this browser is the phone) or ``sip``."""

    ws_url: str
    sip_uri: str
    authorization_user: str
    password: str
    display_name: str
    extension: str
    kind: str = "webrtc"


@dataclass(frozen=True)
class DemoPatientNumber:
    number: str
    label: str


@dataclass(frozen=True)
class DemoPhone:
    """The browser telephone of the simulated public network."""

    ws_url: str
    sip_uri: str
    authorization_user: str
    password: str
    service_number: str
    patients: Sequence[DemoPatientNumber]


class Phones(Protocol):
    """Who registers where, with which password."""

    def softphone(self, extension: str, display_name: str) -> PhoneAccess:
        """Raises NotFound for an extension without telephone."""

    def demo_phone(self) -> DemoPhone | None:
        """None when there is no demo."""


@dataclass(frozen=True)
class DeskServices:
    """All of them are thread-safe."""

    clock: Clock
    bus: Bus
    accounts: Accounts
    agents: Agents
    calls: CallRecords
    recordings: RecordingRecords
    library: RecordingLibrary
    patients: Patients
    appointments: Appointments
    campaigns: Campaigns
    metrics: Metrics
    audit: Audit
    telephony: Telephony
    phones: Phones
    dial_policy: DialPolicy
    second_factors: SecondFactors | None = None
    """None: nobody has or needs one."""
    registration: Registration | None = None
    """None: this desk registers nobody."""
    menus: MenuEditing | None = None
    """None: no pages of menus, hours and prompts."""
    offices: Offices = field(default_factory=Offices)
    probes: Sequence[HealthProbe] = ()
    figures: Mapping[str, Callable[[], float]] | None = None
    """Further gauges for the metrics page: name -> reading."""

    def must_enrol(self, account: Account) -> bool:
        """True while a required second factor is missing."""
        return self.second_factors is not None and self.second_factors.state(account).must_enrol

    def is_on_duty(self, user_id: int) -> bool:
        """Ready, or busy with a call or its wrap-up."""
        try:
            state = self.agents.status(AgentId(user_id)).state
        except NotFound:
            return False
        return state not in (AgentState.OFFLINE, AgentState.PAUSED)
