"""Event class -> whose screens change: the one table, and the rule that keeps personal data in the right rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent_desk.entities import EntityKind
from agent_desk.topics import ALL_SLOTS, LOST, TICKETS
from crm_core.agents import events as agent
from crm_core.appointments import events as booking
from crm_core.calls import events as call
from crm_core.campaigns import events as campaign
from crm_core.events import CallEvent, Event, ToAgent, ToDesks, ToSupervisors
from crm_core.tickets import events as ticket
from crm_core.waiting import events as waiting


class Audience(StrEnum):
    """Who receives an entity. PARTIES and AGENT are rooms of one user each; only they get personal data."""

    PARTIES = "parties"
    """Every agent with a part in the call, each with his own view of it."""
    AGENT = "agent"
    SUPERVISORS = "supervisors"
    DESKS = "desks"


class Which(StrEnum):
    """Which entities of the kind change, told by the event."""

    CALL = "call_id"
    AGENT = "agent_id"
    QUEUE = "queue"
    CAMPAIGN = "campaign_id"
    QUEUES_OF_AGENT = "queues of agent_id"
    QUEUE_OF_CALL = "queue of call_id"
    ALL_QUEUES = "all queues"
    PARTIES_OF_CALL = "agents of call_id"
    SHOWN_TO_AGENT = "calls on the screen of agent_id"
    AMI = "ami"
    SLOTS_OF_APPOINTMENT = "slots of appointment_id"
    ALL_SLOTS = ALL_SLOTS
    LOST = LOST
    TICKETS = TICKETS


@dataclass(frozen=True)
class Notice:
    """One kind of entity that changes with an event, and who receives it."""

    kind: EntityKind
    audience: Audience
    which: Which


_K, _A = EntityKind, Audience
_CALL = Notice(_K.CALL, _A.PARTIES, Which.CALL)
_CALLS_OF_AGENT = Notice(_K.CALL, _A.AGENT, Which.SHOWN_TO_AGENT)
_WAITING = Notice(_K.WAITING, _A.SUPERVISORS, Which.CALL)
_ME = Notice(_K.ME, _A.AGENT, Which.AGENT)
_AGENT = Notice(_K.AGENT, _A.SUPERVISORS, Which.AGENT)
_ME_OF_PARTIES = Notice(_K.ME, _A.PARTIES, Which.PARTIES_OF_CALL)
_AGENT_OF_PARTIES = Notice(_K.AGENT, _A.SUPERVISORS, Which.PARTIES_OF_CALL)
_QUEUE = Notice(_K.QUEUE, _A.DESKS, Which.QUEUE)
_ALL_QUEUES = Notice(_K.QUEUE, _A.DESKS, Which.ALL_QUEUES)
_QUEUE_OF_CALL = Notice(_K.QUEUE, _A.DESKS, Which.QUEUE_OF_CALL)
_QUEUES_OF_AGENT = Notice(_K.QUEUE, _A.DESKS, Which.QUEUES_OF_AGENT)
_LINK = Notice(_K.LINK, _A.DESKS, Which.AMI)
_CAMPAIGN = Notice(_K.CAMPAIGN, _A.SUPERVISORS, Which.CAMPAIGN)
_SLOTS = Notice(_K.TOPIC, _A.DESKS, Which.SLOTS_OF_APPOINTMENT)
_ALL_SLOTS = Notice(_K.TOPIC, _A.DESKS, Which.ALL_SLOTS)
_LOST = Notice(_K.TOPIC, _A.DESKS, Which.LOST)
_TICKETS = Notice(_K.TOPIC, _A.DESKS, Which.TICKETS)

NOTICES: Mapping[type[Event], tuple[Notice, ...]] = {
    call.CallArrived: (_CALL,),
    call.PatientLegAnswered: (_CALL,),
    call.NoticePlayed: (),
    call.CallerIdentified: (_CALL, _WAITING),
    call.IvrStepTaken: (_CALL,),
    call.CallQueued: (_CALL, _WAITING, _ALL_QUEUES),
    call.CallLeftQueue: (_CALL, _WAITING, _QUEUE),
    call.CallOffered: (_CALL, _AGENT),
    call.OfferWithdrawn: (_CALL, _ME, _AGENT),
    call.CallAnswered: (_CALL, _ME, _AGENT, _WAITING, _QUEUE_OF_CALL),
    call.CallHeld: (_CALL, _AGENT),
    call.CallRetrieved: (_CALL, _AGENT),
    call.ConsultStarted: (_CALL,),
    call.ConsultAnswered: (_CALL,),
    call.ConsultEnded: (_CALL,),
    call.ConferenceStarted: (_CALL,),
    call.CallTransferred: (_CALL, _ME_OF_PARTIES, _AGENT_OF_PARTIES),
    call.DepartmentDialled: (_CALL,),
    call.DepartmentAnswered: (_CALL,),
    call.DepartmentNoAnswer: (_CALL, _WAITING),
    call.AgentLegEnded: (_CALL, _ME, _AGENT),
    call.CallEnded: (_CALL, _WAITING, _QUEUE_OF_CALL),
    call.MonitoringStarted: (_AGENT,),
    call.MonitoringEnded: (_AGENT,),
    call.RecordingStarted: (_CALL,),
    call.RecordingReady: (_CALL,),
    call.RecordingMissing: (_CALL,),
    call.QueueChanged: (_QUEUE,),
    call.TelephonyLinkChanged: (_LINK,),
    call.PhoneRegistrationChanged: (_ME, _AGENT),
    agent.AgentStateChanged: (_CALLS_OF_AGENT, _ME, _AGENT, _QUEUES_OF_AGENT),
    agent.AgentSignedOn: (_ME, _AGENT, _QUEUES_OF_AGENT),
    agent.AgentSignedOff: (_ME, _AGENT, _QUEUES_OF_AGENT),
    campaign.CampaignChanged: (_CAMPAIGN,),
    booking.AppointmentBooked: (_SLOTS,),
    booking.AppointmentCancelled: (_SLOTS,),
    booking.AppointmentMoved: (_SLOTS,),
    booking.AppointmentClosed: (_SLOTS,),
    booking.ClinicClosed: (_ALL_SLOTS,),
    booking.WaitingOfferMade: (_ALL_SLOTS,),
    booking.WaitingOfferExpired: (_ALL_SLOTS,),
    waiting.CallBackRequested: (_LOST,),
    waiting.CallBackChanged: (_LOST,),
    waiting.MissedCallerOpened: (_LOST,),
    waiting.MissedCallerClosed: (_LOST,),
    ticket.TicketOpened: (_TICKETS,),
    ticket.TicketMoved: (_TICKETS,),
}
"""Everything a screen shows follows from this table. An event that is not here changes no screen.

A call that enters a queue may have left another one, so all queues are shown again. An agent's state changes by an
AgentStateChanged of its own, so ``me`` is listed only where the figures of the day change."""

AT_ONCE = frozenset({EntityKind.CALL, EntityKind.ME, EntityKind.LINK})
"""These are sent before the bus goes on; the others are gathered, so that boards never stand before a pop."""

PERSONAL = frozenset({EntityKind.CALL, EntityKind.ME})
SUPERVISORS_ONLY = frozenset({EntityKind.AGENT, EntityKind.WAITING, EntityKind.CAMPAIGN})


def check_table(notices: Mapping[type[Event], tuple[Notice, ...]]) -> None:
    """Refuse a table that could show a person what the event's class does not allow. Raises ValueError."""
    for event_class, changes in notices.items():
        for notice in changes:
            if not _is_allowed(event_class, notice):
                raise ValueError(f"{event_class.__name__} must not send {notice.kind.value} to {notice.audience.value}")


def _is_allowed(event_class: type[Event], notice: Notice) -> bool:
    if notice.kind is EntityKind.TOPIC:
        return notice.audience is Audience.DESKS  # a stamp says nothing about anybody
    if notice.kind in PERSONAL:
        if notice.audience is Audience.AGENT:
            return issubclass(event_class, ToAgent)
        return notice.audience is Audience.PARTIES and issubclass(event_class, CallEvent)
    if notice.kind in SUPERVISORS_ONLY:
        return notice.audience is Audience.SUPERVISORS and issubclass(event_class, ToSupervisors)
    is_counted = issubclass(event_class, ToDesks | ToSupervisors)  # queue figures hold no personal data
    return notice.audience is Audience.DESKS and is_counted
