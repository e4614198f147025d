"""One call, its channels and legs as the tracker remembers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crm_core.calls.kinds import CallState, Direction, HungUpBy, LegKind
from crm_core.ids import AgentId, CallId, LegId
from cti.call_states import CallInput, next_state


class ChannelRole(StrEnum):
    TRUNK = "trunk"
    PHONE = "phone"
    LOCAL = "local"
    MONITOR = "monitor"
    OTHER = "other"


@dataclass(slots=True)
class Channel:
    """One channel of Asterisk. ``call_id`` is None while it belongs to no patient's call."""

    unique_id: str
    name: str
    role: ChannelRole
    seen_at_s: float
    agent_id: AgentId | None = None
    call_id: CallId | None = None
    bridge_id: str = ""
    bridged_at_s: float = 0.0
    is_up: bool = False
    hangup_cause: int = 0
    local_peer: str = ""


@dataclass(slots=True)
class Leg:
    """One party beside the patient. ``agent_id`` is None for departments and outside numbers.

    ``leg_id`` stays for good; ``channel_id`` is the channel that carries the leg now.
    """

    leg_id: LegId
    kind: LegKind
    agent_id: AgentId | None
    offered_at_s: float
    channel_id: str
    queue: str | None = None
    picked_up: bool = False
    picked_up_at_s: float = 0.0
    answered_at_s: float | None = None
    is_over: bool = False
    was_transferred: bool = False
    telephone_is_gone: bool = False
    """While it rang the telephone lost its registration: nobody hears it."""

    @property
    def is_talking(self) -> bool:
        return self.answered_at_s is not None and not self.is_over

    @property
    def is_offered(self) -> bool:
        return self.answered_at_s is None and not self.is_over


@dataclass(slots=True)
class Consult:
    """An attended transfer that is not decided yet."""

    initiator: Leg
    target: str
    channel_ids: set[str]
    leg: Leg | None = None
    is_answered: bool = False
    has_left_patient: bool = False


@dataclass(slots=True)
class TrackedCall:
    """One patient's call. ``patient_id`` is the unique id of the patient's channel, "" before it exists."""

    call_id: CallId
    direction: Direction
    began_at_s: float
    state: CallState
    patient_id: str = ""
    number: str = ""
    name: str = ""
    dialled_number: str = ""
    has_arrived: bool = False
    patient_answered: bool = False
    was_served: bool = False
    queue: str | None = None
    queue_joined_at_s: float = 0.0
    queue_joined_at: datetime | None = None
    abandoned_after_s: float | None = None
    abandoned_while_ringing: bool = False
    was_ringing_at_hangup: bool = False
    nobody_there: bool = False
    queue_priority: int = 0
    """QUEUE_PRIO as the dialplan told it before Queue(); AMI's own ``Priority`` is the dialplan's line number."""
    department: str = ""
    held_by: Leg | None = None
    consult: Consult | None = None
    hung_up_by: HungUpBy | None = None
    is_recorded: bool = False
    notice_played: bool = False
    legs: dict[str, Leg] = field(default_factory=dict)
    spies: dict[str, tuple[AgentId, AgentId]] = field(default_factory=dict)

    def step(self, trigger: CallInput) -> None:
        self.state = next_state(self.state, trigger)

    def talking_agents(self) -> list[Leg]:
        return [leg for leg in self.legs.values() if leg.is_talking and leg.agent_id is not None]

    def offers(self) -> list[Leg]:
        return [leg for leg in self.legs.values() if leg.is_offered and leg.agent_id is not None]


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """What we asked Asterisk to dial, noted before it was asked."""

    number: str
