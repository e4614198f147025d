"""Builds the ground from the settings: database, keys and every service of crm_core."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from config.ground_offices import (
    AnswerOffice,
    BookingOffice,
    MessageOffice,
    TierFigures,
    build_answers,
    build_bookings,
    build_messages,
)
from crm_core.agents.accounts import Accounts
from crm_core.appointments.service import Appointments
from crm_core.appointments.setup import AppointmentSetup
from crm_core.audit.service import Audit
from crm_core.bus import InProcessBus
from crm_core.calls.record_memory import RecordMemory
from crm_core.calls.recordings import RecordingRecords
from crm_core.calls.service import CallRecords
from crm_core.campaigns.service import Campaigns
from crm_core.clock import Clock, SystemClock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.menus.calendars import Calendars
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.service import Patients
from crm_core.patients.whole import PatientServices, patient_services
from crm_core.reports.metrics import Metrics
from crm_core.visits.service import Visits

if TYPE_CHECKING:
    from config.settings import Settings


@dataclass(frozen=True)
class Ground:
    """Everything that needs no telephone and no browser."""

    clock: Clock
    bus: InProcessBus
    database: Database
    cipher: FieldCipher
    hours: OpeningHours
    calendars: Calendars
    patients: Patients
    people: PatientServices
    visits: Visits
    appointments: Appointments
    bookings: BookingOffice
    messages: MessageOffice
    answers: AnswerOffice
    appointment_setup: AppointmentSetup
    calls: CallRecords
    recordings: RecordingRecords
    campaigns: Campaigns
    accounts: Accounts
    audit: Audit
    metrics: Metrics

    def close(self) -> None:
        self.database.close()


def build_ground(settings: Settings, *, is_the_program: bool = False) -> Ground:
    """Nothing is started and nothing is written; the database may not exist yet.

    ``is_the_program``: only this process writes calls, so their records may be remembered.
    """
    clock = SystemClock(timedelta(seconds=settings.demo.clock_offset_s))
    bus = InProcessBus(capacity=settings.limits.bus_events_max)
    database = Database(settings.database_url, pool_size=settings.database.pool_size)
    cipher = build_cipher(settings)
    audit = Audit(database, clock)
    calendars = Calendars(database, clock, audit=audit)
    hours = OpeningHours(
        workday=tuple(map(Span.parse, settings.hospital.workday_hours)),
        restday=tuple(map(Span.parse, settings.hospital.restday_hours)),
        stored=calendars,
    )
    visits = Visits(database, cipher, clock)
    bookings = build_bookings(database, bus, clock, hours=hours)
    figures = TierFigures(visits, bookings.no_shows)
    people = patient_services(database, cipher, clock, audit=audit, figures_of=figures)
    calls = CallRecords(database, cipher, clock, memory=RecordMemory() if is_the_program else None)
    return Ground(
        clock=clock,
        bus=bus,
        database=database,
        cipher=cipher,
        hours=hours,
        calendars=calendars,
        patients=people.patients,
        people=people,
        visits=visits,
        appointments=Appointments(database, clock, hours),
        bookings=bookings,
        messages=build_messages(settings, database, clock, cipher=cipher, audit=audit, consents=people.consents),
        answers=build_answers(database, clock, audit=audit),
        appointment_setup=AppointmentSetup(database),
        calls=calls,
        recordings=RecordingRecords(database, cipher, clock),
        campaigns=Campaigns(database, bus, clock=clock, cipher=cipher),
        accounts=Accounts(
            database,
            bus,
            clock,
            context_words=(settings.hospital.name, "hotline"),
            failures_max=settings.security.login_failures_max,
            failure_window_s=settings.security.login_window_minutes * 60,
            throttle_s=settings.security.login_throttle_minutes * 60,
        ),
        audit=audit,
        metrics=Metrics(
            database,
            clock,
            stamp=(lambda: calls.change_count) if is_the_program else None,
            leg_stamp=calls.leg_change_count if is_the_program else None,
        ),
    )


def build_cipher(settings: Settings) -> FieldCipher:
    key = base64.b64decode(settings.security.encryption_key.get_secret_value())
    lookup = base64.b64decode(settings.security.lookup_key.get_secret_value())
    return FieldCipher({"k1": key}, "k1", lookup)


def phone_secret(settings: Settings, extension: str) -> str:
    """The SIP password of one of our own telephones: derived, so that it is stored in Asterisk's file only."""
    key = base64.b64decode(settings.security.encryption_key.get_secret_value())
    return hmac.new(key, b"sip telephone " + extension.encode(), hashlib.sha256).hexdigest()[:32]
