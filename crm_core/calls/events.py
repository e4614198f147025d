"""What happens to a call, from arrival to its end. Published by cti (network truth) and ivr (what the caller did)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.calls.kinds import (
    CallMark,
    CallOutcome,
    Direction,
    HungUpBy,
    LegKind,
    LegOutcome,
    Overflow,
    TransferKind,
)
from crm_core.events import CallEvent, Event, ToAgent, ToDesks, ToSupervisors
from crm_core.ids import LegId, PatientId


@dataclass(frozen=True, kw_only=True)
class CallArrived(CallEvent, ToSupervisors):
    """A patient's call exists (inbound: the trunk's INVITE; outbound: the patient's leg was created)."""

    direction: Direction
    number: str
    """The patient's number as the network gave it, cleaned (<= 64 printable characters); "" when withheld."""
    name: str = ""
    dialled_number: str = ""


@dataclass(frozen=True, kw_only=True)
class PatientLegAnswered(CallEvent):
    """The patient's leg is up: inbound when we answered, outbound when the patient picked up."""


@dataclass(frozen=True, kw_only=True)
class NoticePlayed(CallEvent):
    """The recording notice has been played to its end to the caller (C1)."""


@dataclass(frozen=True, kw_only=True)
class CallerIdentified(CallEvent, ToSupervisors):
    """The IVR looked the number up. ``patient_id`` is None while it is unknown or one of several candidates."""

    patient_id: PatientId | None
    candidate_ids: tuple[PatientId, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IvrStepTaken(CallEvent):
    """One step of the caller in the IVR. ``key`` is what was pressed ("" = nothing), cleaned to 0-9*#A-D."""

    node: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class CallQueued(CallEvent, ToSupervisors):
    """The caller entered a queue. ``priority`` higher is served first."""

    queue: str
    priority: int = 0
    position: int = 1
    entered_at: datetime | None = None
    """When he first stood in line, when that is known to be earlier."""


@dataclass(frozen=True, kw_only=True)
class PriorityDecided(CallEvent):
    """Where the caller will stand in line and why: the order is proved by these steps (C18, C23)."""

    queue: str
    priority: int
    rules: tuple[str, ...] = ()
    """All rules that apply, the deciding one first (crm_core/waiting/rules.py)."""
    why: tuple[str, ...] = ()
    marks: tuple[CallMark, ...] = ()
    language: str = "zh"
    last_agent_id: int | None = None
    """He is offered to this agent first (C22)."""


@dataclass(frozen=True, kw_only=True)
class OverflowMet(CallEvent):
    """The caller was told that nobody can take him now, and what he can do instead (C21)."""

    queue: str
    reason: Overflow


@dataclass(frozen=True, kw_only=True)
class CallBackConnected(CallEvent):
    """The patient has answered our call-back and goes to his old place (C20)."""

    request_id: int
    queue: str
    priority: int
    entered_at: datetime
    patient_id: PatientId | None = None


@dataclass(frozen=True, kw_only=True)
class CallLeftQueue(CallEvent, ToSupervisors):
    """The caller is no longer in the queue: ``answered`` by an agent, or he left (abandon, timeout, moved)."""

    queue: str
    answered: bool
    waited_s: float


@dataclass(frozen=True, kw_only=True)
class CallOffered(CallEvent, ToAgent, ToSupervisors):
    """An agent's phone rings for this call: the screen pops for this agent only (C29, C30)."""

    leg_id: LegId
    queue: str | None
    """None when offered by a transfer or a consultation."""
    kind: LegKind = LegKind.AGENT
    channel_name: str = ""


@dataclass(frozen=True, kw_only=True)
class OfferWithdrawn(CallEvent, ToAgent, ToSupervisors):
    """The agent's phone stopped ringing without an answer."""

    leg_id: LegId
    outcome: LegOutcome
    rang_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CallAnswered(CallEvent, ToAgent, ToSupervisors):
    """The agent talks with the patient (or, for a consult leg, with the initiator)."""

    leg_id: LegId
    kind: LegKind = LegKind.AGENT


@dataclass(frozen=True, kw_only=True)
class CallHeld(CallEvent, ToAgent, ToSupervisors):
    pass


@dataclass(frozen=True, kw_only=True)
class CallRetrieved(CallEvent, ToAgent, ToSupervisors):
    pass


@dataclass(frozen=True, kw_only=True)
class ConsultStarted(CallEvent, ToAgent, ToSupervisors):
    """The agent (initiator) put the patient on hold and calls a third party. ``target`` as dialled (masked by the reader)."""

    target: str


@dataclass(frozen=True, kw_only=True)
class ConsultAnswered(CallEvent, ToAgent, ToSupervisors):
    """The consulted party talks with the initiator."""

    target: str


@dataclass(frozen=True, kw_only=True)
class ConsultEnded(CallEvent, ToAgent, ToSupervisors):
    """The consultation is over without transfer; the initiator is back with the patient."""


@dataclass(frozen=True, kw_only=True)
class ConferenceStarted(CallEvent, ToAgent, ToSupervisors):
    """Patient, initiator and consulted party talk together."""


@dataclass(frozen=True, kw_only=True)
class CallTransferred(CallEvent, ToAgent, ToSupervisors):
    """The initiator (``agent_id``) has left the call to the recipient."""

    kind: TransferKind
    target: str


@dataclass(frozen=True, kw_only=True)
class DepartmentDialled(CallEvent):
    department: str
    """The department's code."""


@dataclass(frozen=True, kw_only=True)
class DepartmentAnswered(CallEvent):
    department: str


@dataclass(frozen=True, kw_only=True)
class DepartmentNoAnswer(CallEvent, ToSupervisors):
    """科室未接: the caller comes back to the queue (C8)."""

    department: str


@dataclass(frozen=True, kw_only=True)
class AgentLegEnded(CallEvent, ToAgent, ToSupervisors):
    """An agent's answered leg is over (hang-up, transfer or the patient left); wrap-up begins for this agent."""

    leg_id: LegId
    talked_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CallEnded(CallEvent, ToSupervisors):
    """The patient's leg is gone. Published exactly once for each CallArrived (I1)."""

    outcome: CallOutcome
    hung_up_by: HungUpBy
    cause: int = 0
    """Q.850 cause of the patient's leg; 0 unknown."""


@dataclass(frozen=True, kw_only=True)
class MonitoringStarted(CallEvent, ToSupervisors):
    """A supervisor listens, whispers or barges in. ``agent_id`` is the agent who is listened to."""

    agent_id: int
    supervisor_id: int
    mode: str


@dataclass(frozen=True, kw_only=True)
class MonitoringEnded(CallEvent, ToSupervisors):
    agent_id: int
    supervisor_id: int


@dataclass(frozen=True, kw_only=True)
class RecordingStarted(CallEvent):
    """Asterisk has begun to write the files of this call."""


@dataclass(frozen=True, kw_only=True)
class RecordingReady(CallEvent, ToSupervisors):
    """The finished files are checked, measured, stored and linked."""

    recording_id: int


@dataclass(frozen=True, kw_only=True)
class RecordingMissing(CallEvent, ToSupervisors):
    """An answered call has no usable file (C47)."""

    recording_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class QueueChanged(Event, ToDesks):
    """Who waits in a queue now. ``longest_since`` is the entry time of the oldest caller, None when empty."""

    queue: str
    waiting: int
    longest_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class TelephonyLinkChanged(Event, ToDesks):
    """The link to Asterisk went down or is up again and resynchronised; ``since`` is the moment it changed."""

    is_up: bool
    since: datetime


@dataclass(frozen=True, kw_only=True)
class PhoneRegistrationChanged(Event, ToAgent, ToSupervisors):
    """The agent's telephone can (not) be reached."""

    is_registered: bool
