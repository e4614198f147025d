"""Everything that happened to a patient as lines of one list: visits, medicine, reports, bookings, calls, messages, tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time

from agent_desk import labels
from agent_desk.booking_payloads import appointment
from agent_desk.payloads import Json, Titles, iso, recent_call
from crm_core.appointments.cards import AppointmentCard
from crm_core.calls.records import CallRecord
from crm_core.clock import HOSPITAL_ZONE
from crm_core.enquiries.cards import EnquiryCard
from crm_core.messaging.cards import MessageCard
from crm_core.messaging.kinds import CHANNEL_TITLES, STATE_TITLES
from crm_core.tickets.cards import TicketCard
from crm_core.visits.cards import FeeLine, FeeSummary, ReportCard, StayBalance, VisitCard
from crm_core.visits.kinds import REPORT_TITLES, VISIT_TITLES, ReportKind, VisitKind


def line(kind: str, key: str | int, at: datetime, title: str, *texts: str, is_bad: bool = False) -> Json:
    return {
        "id": f"{kind}-{key}", "kind": kind, "at": iso(at), "title": title,
        "text": " · ".join(one for one in texts if one), "is_bad": is_bad,
    }  # fmt: skip


def of_visits(visits: Iterable[VisitCard]) -> Iterator[Json]:
    for one in visits:
        title = VISIT_TITLES[VisitKind(one.kind)]
        yield line("visit", one.id, one.started_at, title, one.department_name, one.doctor_name, one.diagnosis)
        for number, medicine in enumerate(one.medications):
            begins = datetime.combine(medicine.started_on, time(), HOSPITAL_ZONE)
            text = f"{medicine.days_supplied} 天，至 {medicine.runs_out_on.isoformat()}"
            yield line(
                "medication", f"{one.id}-{number}", max(begins, one.started_at), medicine.name, medicine.specification,
                medicine.usage, text,
            )  # fmt: skip
        for report in one.reports:
            if report.reported_at is not None:
                yield line(
                    "report", report.id, report.reported_at, report.title, "异常" if report.is_abnormal else "",
                    is_bad=report.is_abnormal,
                )  # fmt: skip


def of_appointments(cards: Iterable[AppointmentCard]) -> Iterator[Json]:
    for one in cards:
        state = appointment(one)["state_title"]
        yield line(
            "appointment", one.id, one.starts_at, state,
            one.department_name, one.doctor_name, one.place, is_bad=one.state == "missed",
        )  # fmt: skip


def of_calls(records: Iterable[CallRecord], titles: Titles) -> Iterator[Json]:
    for one in records:
        shown = recent_call(one, titles)
        title = "外呼" if shown["direction"] == "outbound" else "来电"
        yield line(
            "call", one.id, one.arrived_at, title, shown["outcome_title"], shown["agent_name"],
            shown["disposition_title"],
        )  # fmt: skip


def of_messages(cards: Iterable[MessageCard]) -> Iterator[Json]:
    for one in cards:
        yield line("message", one.id, one.created_at, CHANNEL_TITLES[one.channel], one.title, STATE_TITLES[one.state])


def of_tickets(cards: Iterable[TicketCard]) -> Iterator[Json]:
    for one in cards:
        title = labels.TICKET_TITLES[one.kind]
        yield line("ticket", one.id, one.opened_at, title, one.number, labels.TICKET_STATE_TITLES[one.state])


def of_enquiries(cards: Iterable[EnquiryCard]) -> Iterator[Json]:
    for one in cards:
        solved = {True: "已解决", False: "未解决", None: ""}[one.was_solved]
        yield line("enquiry", one.id, one.at, "咨询", one.kind_title, one.answer[:80], solved)


def visit(card: VisitCard) -> Json:
    return {
        "id": card.id,
        "kind": card.kind,
        "kind_title": VISIT_TITLES[VisitKind(card.kind)],
        "department_name": card.department_name,
        "doctor_name": card.doctor_name,
        "started_at": iso(card.started_at),
        "ended_at": iso(card.ended_at),
        "ward": card.ward,
        "bed": card.bed,
        "condition": card.condition,
        "diagnosis": card.diagnosis,
        "treatment": card.treatment,
        "cautions": card.cautions,
        "recovered_on": card.recovered_on.isoformat() if card.recovered_on else None,
        "medications": [
            {
                "name": one.name, "specification": one.specification, "usage": one.usage,
                "days_supplied": one.days_supplied, "runs_out_on": one.runs_out_on.isoformat(),
            }
            for one in card.medications
        ],
        "reports": [report(one) for one in card.reports],
    }  # fmt: skip


def report(card: ReportCard) -> Json:
    return {
        "id": card.id, "title": card.title, "kind_title": REPORT_TITLES[ReportKind(card.kind)],
        "reported_at": iso(card.reported_at), "is_abnormal": card.is_abnormal, "finding": card.finding,
    }  # fmt: skip


def fees(summary: FeeSummary, lines: Iterable[FeeLine], balance: StayBalance | None) -> Json:
    return {
        "amount_fen": summary.amount_fen,
        "insurance_fen": summary.insurance_fen,
        "self_fen": summary.self_fen,
        "unpaid_fen": summary.unpaid_fen,
        "by_kind": [
            {"title": one.title, "amount_fen": one.amount_fen, "insurance_fen": one.insurance_fen,
             "self_fen": one.self_fen}
            for one in summary.by_kind
        ],
        "lines": [
            {"id": one.id, "at": iso(one.charged_at), "kind_title": one.kind_title, "title": one.title,
             "amount_fen": one.amount_fen, "insurance_fen": one.insurance_fen, "is_paid": one.is_paid}
            for one in lines
        ],
        "balance": None
        if balance is None
        else {"deposit_fen": balance.deposit_fen, "charged_fen": balance.charged_fen,
              "balance_fen": balance.balance_fen, "as_of": iso(balance.as_of)},
    }  # fmt: skip
