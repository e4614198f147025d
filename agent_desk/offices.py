"""The larger offices of the ground as the desk uses them: bookings, answers, messages, lost callers, tickets."""

from __future__ import annotations

from dataclasses import dataclass

from agent_desk.permissions import Permission
from crm_core.appointments.booking import Booking
from crm_core.appointments.no_shows import NoShows
from crm_core.appointments.schedules import Schedules
from crm_core.appointments.waiting import WaitingList
from crm_core.enquiries.log import EnquiryLog
from crm_core.enquiries.service import Enquiries
from crm_core.messaging.confirmations import Confirmations
from crm_core.messaging.deliveries import Deliveries
from crm_core.messaging.log import MessageLog
from crm_core.messaging.outbox import Outbox
from crm_core.patients.whole import PatientServices
from crm_core.ports import RecordingLibrary
from crm_core.tickets.service import Tickets
from crm_core.visits.service import Visits
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.missed import MissedCallers
from crm_core.waiting.nuisance import NuisanceList


@dataclass(frozen=True)
class BookingDesk:
    booking: Booking
    schedules: Schedules
    waiting_list: WaitingList
    no_shows: NoShows
    confirmations: Confirmations | None = None
    """None: nobody is told by message."""


@dataclass(frozen=True)
class AnswerDesk:
    enquiries: Enquiries
    log: EnquiryLog
    outbox: Outbox


@dataclass(frozen=True)
class MessageDesk:
    """``stores_only``: nothing really leaves, so lists may show the texts."""

    log: MessageLog
    deliveries: Deliveries
    stores_only: bool


@dataclass(frozen=True)
class LostCallers:
    missed: MissedCallers
    call_backs: CallBacks
    nuisance: NuisanceList


@dataclass(frozen=True)
class TicketDesk:
    tickets: Tickets
    sounds: RecordingLibrary | None = None
    """Plays recorded messages by their id; None: they cannot be heard here."""


@dataclass(frozen=True)
class Offices:
    """None: this desk has no such page, tab or route."""

    people: PatientServices | None = None
    visits: Visits | None = None
    bookings: BookingDesk | None = None
    answers: AnswerDesk | None = None
    messages: MessageDesk | None = None
    lost: LostCallers | None = None
    tickets: TicketDesk | None = None

    def unused(self) -> frozenset[Permission]:
        """Rights that open nothing here, so that no browser shows a page for them."""
        return frozenset(
            permission
            for office, permissions in (
                (self.people, (Permission.PATIENT_EDIT, Permission.PATIENT_MERGE)),
                (self.bookings, (Permission.BOOKING_EDIT, Permission.SCHEDULE_CLOSE)),
                (self.lost, (Permission.LOST_VIEW, Permission.NUISANCE_EDIT)),
                (self.tickets, (Permission.TICKET_VIEW, Permission.TICKET_EDIT)),
            )
            if office is None
            for permission in permissions
        )
