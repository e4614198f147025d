"""Builds the larger offices of the ground: bookings, messages, answers, and the figures the tiers are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from crm_core.appointments.booking import Booking
from crm_core.appointments.no_shows import NoShows
from crm_core.appointments.schedules import Schedules
from crm_core.appointments.waiting import WaitingList
from crm_core.appointments.work import BookingWork
from crm_core.audit.service import Audit
from crm_core.bus import InProcessBus
from crm_core.clock import HOSPITAL_ZONE, Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.enquiries.library import EnquiryLibrary
from crm_core.enquiries.log import EnquiryLog
from crm_core.enquiries.service import Enquiries
from crm_core.messaging.appointment_notices import AppointmentNotices
from crm_core.messaging.cards import Sender
from crm_core.messaging.confirmations import Confirmations
from crm_core.messaging.deliveries import Deliveries
from crm_core.messaging.development_sender import DevelopmentSender
from crm_core.messaging.kinds import Channel, Purpose
from crm_core.messaging.log import MessageLog
from crm_core.messaging.mail_sender import MailSecurity, MailSender, MailSettings
from crm_core.messaging.outbox import House, Outbox
from crm_core.messaging.outgoing import OutgoingGuard
from crm_core.messaging.sms_gateway import GatewaySettings, SmsGateway
from crm_core.messaging.template_store import Templates
from crm_core.messaging.verification import Verification
from crm_core.opening_hours import OpeningHours
from crm_core.patients import kinds as consent
from crm_core.patients.consents import Consents
from crm_core.patients.service import Patients
from crm_core.patients.tier_rules import CareFigures
from crm_core.visits.service import Visits

if TYPE_CHECKING:
    from config.settings import Settings


@dataclass(frozen=True)
class BookingOffice:
    work: BookingWork
    booking: Booking
    schedules: Schedules
    waiting_list: WaitingList
    no_shows: NoShows


@dataclass(frozen=True)
class MessageOffice:
    """``stores_only``: nothing leaves the house, the page is the telephone of the development."""

    templates: Templates
    outbox: Outbox
    confirmations: Confirmations
    deliveries: Deliveries
    log: MessageLog
    verification: Verification
    senders: Sequence[Sender]
    stores_only: bool


@dataclass(frozen=True)
class AnswerOffice:
    enquiries: Enquiries
    library: EnquiryLibrary
    log: EnquiryLog


def build_bookings(database: Database, bus: InProcessBus, clock: Clock, *, hours: OpeningHours) -> BookingOffice:
    work = BookingWork(database, bus, clock)
    booking = Booking(work)
    return BookingOffice(work, booking, Schedules(work, hours), WaitingList(work, booking), NoShows(work))


def build_answers(database: Database, clock: Clock, *, audit: Audit) -> AnswerOffice:
    return AnswerOffice(Enquiries(database, clock), EnquiryLibrary(database, clock, audit), EnquiryLog(database, clock))


def build_messages(
    settings: Settings, database: Database, clock: Clock, *, cipher: FieldCipher, audit: Audit, consents: Consents
) -> MessageOffice:
    templates = Templates(database, clock, audit)
    house = House(settings.hospital.name, settings.hospital.service_number)
    may_send = _ConsentAsked(consents)
    outbox = Outbox(database, clock, cipher, templates=templates, house=house, may_send=may_send)
    price_fen = {Channel.SMS: settings.sms.price_fen}
    senders, stores_only = _senders(settings, clock)
    return MessageOffice(
        templates=templates,
        outbox=outbox,
        confirmations=Confirmations(outbox),
        deliveries=Deliveries(database, clock, cipher, audit=audit, may_send=may_send, price_fen=price_fen),
        log=MessageLog(database, clock, cipher),
        verification=Verification(database, clock, cipher),
        senders=senders,
        stores_only=stores_only,
    )


def _senders(settings: Settings, clock: Clock) -> tuple[list[Sender], bool]:
    """Without a gateway a demo keeps its messages where the page shows them; a real trunk never pretends to send."""
    guard = OutgoingGuard(
        hosts=tuple(settings.outgoing.hosts), private_networks=tuple(settings.outgoing.private_networks)
    )
    senders: list[Sender] = []
    if settings.sms.url:
        senders.append(SmsGateway(_gateway(settings), guard))
    if settings.mail.host:
        senders.append(MailSender(_mail(settings), guard, clock))
    stores_only = settings.demo.enabled and settings.carrier.enabled and not senders
    if stores_only:
        senders = [DevelopmentSender(Channel.SMS), DevelopmentSender(Channel.EMAIL)]
    return senders, stores_only


def _gateway(settings: Settings) -> GatewaySettings:
    sms = settings.sms
    return GatewaySettings(
        url=sms.url,
        body=json.loads(sms.body),
        headers=json.loads(sms.headers.get_secret_value() or "{}"),
        is_form=sms.is_form,
        success_path=sms.success_path,
        success_values=tuple(sms.success_values),
        id_path=sms.id_path,
        final_values=tuple(sms.final_values),
        timeout_s=sms.timeout_s,
        sends_once=sms.sends_once,
    )


def _mail(settings: Settings) -> MailSettings:
    mail = settings.mail
    return MailSettings(
        host=mail.host, port=mail.port, sender=mail.sender, sender_name=settings.hospital.name,
        username=mail.username, password=mail.password.get_secret_value(), security=MailSecurity(mail.security),
    )  # fmt: skip


_CONSENT_FOR: Mapping[Purpose, consent.Purpose | None] = {
    Purpose.APPOINTMENT: consent.Purpose.APPOINTMENT,
    Purpose.NOTICE: consent.Purpose.APPOINTMENT,
    Purpose.REMINDER: consent.Purpose.REMINDER,
    Purpose.FOLLOW_UP: consent.Purpose.FOLLOW_UP,
    Purpose.VERIFICATION: consent.Purpose.FOLLOW_UP,
    Purpose.ENQUIRY: None,
    Purpose.TICKET: None,
}
"""None: the patient has asked for exactly this message in this call."""
_CONSENT_CHANNELS = {channel.value: channel for channel in consent.Channel}


@dataclass(frozen=True)
class _ConsentAsked:
    """Why and where a message goes -> the patient's last word about it."""

    consents: Consents

    def __call__(self, patient_id: int | None, purpose: Purpose, channel: Channel) -> bool:
        wanted = _CONSENT_FOR[purpose]
        if patient_id is None or wanted is None:
            return True
        return self.consents.may(patient_id, wanted, _CONSENT_CHANNELS.get(channel.value, consent.Channel.SMS))


def appointment_notices(
    database: Database, clock: Clock, *, bookings: BookingOffice, messages: MessageOffice, patients: Patients
) -> AppointmentNotices:
    return AppointmentNotices(
        database, clock, booking=bookings.booking, schedules=bookings.schedules, patients=patients,
        confirmations=messages.confirmations, outbox=messages.outbox,
    )  # fmt: skip


@dataclass(frozen=True)
class TierFigures:
    """Visits, spending and no-shows of many patients, for the nightly tiers."""

    visits: Visits
    no_shows: NoShows

    def __call__(self, patient_ids: Sequence[int], since: date, until: date) -> Mapping[int, CareFigures]:
        begins, ends = _midnight(since), _midnight(until + timedelta(days=1))
        care = self.visits.figures_between(patient_ids, begins, ends)
        missed = self.no_shows.counts(patient_ids, begins, ends)
        nobody = (0, 0)
        return {one: CareFigures(*care.get(one, nobody), missed.get(one, 0)) for one in {*care.keys(), *missed.keys()}}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HOSPITAL_ZONE)
