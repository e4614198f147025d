"""A desk with all its offices over one small clinic: bookings, visits, answers, messages, lost callers, tickets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from datetime import time as day_time
from typing import Any

from argon2 import PasswordHasher

from agent_desk.offices import AnswerDesk, BookingDesk, LostCallers, MessageDesk, Offices, TicketDesk
from agent_desk.services import DeskServices
from crm_core.appointments.booking import Booking
from crm_core.appointments.cards import SlotCard
from crm_core.appointments.kinds import Period
from crm_core.appointments.no_shows import NoShows
from crm_core.appointments.schedules import Schedules
from crm_core.appointments.setup import AppointmentSetup, NewTemplate
from crm_core.appointments.waiting import WaitingList
from crm_core.appointments.work import BookingWork
from crm_core.enquiries.cards import NewItem, NewKnowledge
from crm_core.enquiries.library import EnquiryLibrary
from crm_core.enquiries.log import EnquiryLog
from crm_core.enquiries.service import Enquiries
from crm_core.messaging.confirmations import Confirmations
from crm_core.messaging.deliveries import Deliveries
from crm_core.messaging.log import MessageLog
from crm_core.messaging.outbox import House, Outbox
from crm_core.messaging.template_store import Templates
from crm_core.opening_hours import OpeningHours, Span
from crm_core.patients.tier_rules import CareFigures
from crm_core.patients.trail import MACHINE
from crm_core.patients.whole import patient_services
from crm_core.tickets.service import Tickets
from crm_core.visits.cards import NewDeposit, NewFee, NewMedication, NewReport, NewVisit
from crm_core.visits.records import VisitRecords
from crm_core.visits.service import Visits
from crm_core.waiting.call_backs import CallBacks
from crm_core.waiting.missed import MissedCallers
from crm_core.waiting.nuisance import NuisanceList
from tests.support.desk_world import DeskWorld

TUESDAY = date(2026, 11, 24)
"""The day after the tests' clock."""
HOURS = OpeningHours(workday=(Span.parse("08:00-17:30"),))


class WholeDesk(DeskWorld):
    """The cast's desk; doctor ``lin`` of ``eyes`` sits tomorrow from 08:00 with two times of one seat each."""

    def _make_services(self) -> DeskServices:
        services = super()._make_services()
        db, bus, clock, cipher, audit = self.database, self.bus, self.clock, self.cipher, services.audit
        self.work = BookingWork(db, bus, clock)
        self.booking = Booking(self.work)
        self.schedules = Schedules(self.work, HOURS)
        self.waiting = WaitingList(self.work, self.booking)
        outbox = Outbox(db, clock, cipher, templates=Templates(db, clock, audit), house=House("仁爱医院", "95169"))
        self.message_log = MessageLog(db, clock, cipher)
        self.people = patient_services(
            db, cipher, clock, audit=audit, figures_of=lambda ids, _since, _until: {one: CareFigures() for one in ids},
            hasher=PasswordHasher(1, 64, 1),
        )  # fmt: skip
        self.library_of_answers = EnquiryLibrary(db, clock, audit)
        self.enquiry_log = EnquiryLog(db, clock)
        self.missed = MissedCallers(db, bus, clock=clock, cipher=cipher)
        self.missed.subscribe(bus)
        self.call_backs = CallBacks(db, bus, clock=clock, cipher=cipher, hours=HOURS)
        self.tickets = Tickets(db, bus, clock=clock, cipher=cipher, hours=HOURS)
        offices = Offices(
            people=self.people,
            visits=Visits(db, cipher, clock),
            bookings=BookingDesk(
                self.booking, self.schedules, self.waiting, NoShows(self.work), Confirmations(outbox)
            ),
            answers=AnswerDesk(Enquiries(db, clock), self.enquiry_log, outbox),
            messages=MessageDesk(self.message_log, Deliveries(db, clock, cipher, audit=audit), True),
            lost=LostCallers(self.missed, self.call_backs, NuisanceList(db, bus, clock=clock, cipher=cipher, audit=audit)),
            tickets=TicketDesk(self.tickets, self.library),
        )  # fmt: skip
        return replace(services, offices=offices)

    def clinic(self, *, capacity: int = 1, hours: int = 1) -> list[SlotCard]:
        """Tomorrow's slots of doctor ``lin``."""
        setup = AppointmentSetup(self.database)
        setup.add_department("eyes", "眼科", place="门诊楼2层")
        setup.add_doctor("lin", "林静", title="主任医师", department_code="eyes")
        setup.add_templates(
            NewTemplate(
                "lin", weekday, Period.MORNING, day_time(8), day_time(8 + hours), 30, capacity, date(2026, 1, 1),
                fee_fen=2500, place="门诊楼2层B区",
            )
            for weekday in range(5)
        )  # fmt: skip
        self.schedules.lay_out(TUESDAY, TUESDAY + timedelta(days=2))
        (session,) = self.schedules.sessions(TUESDAY, department_code="eyes")
        return self.schedules.slots_of(session.id)

    def real_name(self, *patient_ids: int) -> None:
        """Give them identity numbers, so that they may book."""
        numbers = iter(("11010519491231002X", "440524188001010014", "110101199003072113"))
        for patient_id in patient_ids:
            self.people.changes.change(patient_id, {"id_number": next(numbers)}, actor=MACHINE)

    def visit(self, **changes: Any) -> int:
        """Asha lies in cardiology; her deposit is 5000 yuan."""
        values: dict[str, Any] = {
            "patient_id": int(self.asha), "kind": "inpatient", "department_code": "cardiology",
            "department_name": "心内科", "doctor_name": "王建国", "started_at": self.clock.now() - timedelta(days=2),
            "diagnosis": "高血压3级", "medications": (NewMedication("氨氯地平片", 14, "5mg×7片", "每日一次"),),
            "reports": (NewReport("lab", "肝功能", self.clock.now() - timedelta(hours=3), True, finding="ALT 89"),),
            "fees": (NewFee("drug", 123_45, 100_00),), "deposits": (NewDeposit(5_000_00),),
        }  # fmt: skip
        return VisitRecords(self.database, self.cipher).record(NewVisit(**(values | changes)))

    def answers(self) -> None:
        today = self.clock.now().date()
        self.library_of_answers.put_item(
            NewItem(
                "AMXL", "drug", "阿莫西林胶囊", 18_60, "药剂科", today + timedelta(days=90), specification="0.5g×24粒",
                unit="盒", usage="一次1粒，一日三次", origin="华北制药", reimbursement_permille=(("employee", 800),),
            ),
            None,
        )  # fmt: skip
        self.library_of_answers.put_knowledge(
            NewKnowledge("route", "directions", "来院路线", "地铁2号线A口", "门诊办", today - timedelta(days=1)), None
        )
