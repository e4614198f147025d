"""What happened to a patient: one time line, visits, and money once he has proven who he is (C34, C110)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import BaseModel, Field, model_validator

from agent_desk import history_payloads as shown
from agent_desk.desk import Caller, Desk
from agent_desk.errors import DeskError
from agent_desk.offices import Offices
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.errors import NotFound
from crm_core.patients.kinds import Fact
from crm_core.patients.proofs import Caller as Telephone
from crm_core.patients.trail import Actor
from crm_core.tickets.kinds import TicketState

EACH_MAX = 50
LINES_MAX = 300
PROVEN_FOR = timedelta(hours=12)


class CallQuery(BaseModel):
    call_id: str = Field(min_length=1, max_length=120)


class FactsBody(BaseModel):
    """What the caller says; at least two of the four."""

    call_id: str = Field(min_length=1, max_length=120)
    id_tail: str = Field(default="", max_length=4)
    birth_date: str = Field(default="", max_length=10)
    card_number: str = Field(default="", max_length=32)
    name: str = Field(default="", max_length=64)

    @model_validator(mode="after")
    def _two(self) -> FactsBody:
        if len(self.facts()) < 2:
            raise ValueError("two facts are needed")
        return self

    def facts(self) -> dict[Fact, str]:
        said = {
            Fact.ID_TAIL: self.id_tail, Fact.BIRTH_DATE: self.birth_date.replace("-", ""),
            Fact.CARD_NUMBER: self.card_number, Fact.NAME: self.name,
        }  # fmt: skip
        return {fact: text.strip() for fact, text in said.items() if text.strip()}


def routes(desk: Desk) -> list[Route]:
    offices = desk.services.offices
    if offices.visits is None or offices.people is None:
        return []
    api = HistoryApi(desk, offices)
    one, view = "/api/v1/patients/<int:patient_id>", Permission.PATIENT_VIEW
    return [
        Route("GET", f"{one}/timeline", view, api.timeline, "Everything, newest first", limit="120/minute"),
        Route("GET", f"{one}/visits", view, api.visits, "Visits, medicine, reports", limit="120/minute"),
        Route("GET", f"{one}/fees", view, api.fees, "Money, after the identity", query=CallQuery, limit="60/minute"),
        Route("POST", f"{one}/identity", view, api.prove, "Two of four facts", body=FactsBody, limit="20/minute"),
    ]


class HistoryApi:
    def __init__(self, desk: Desk, offices: Offices) -> None:
        assert offices.visits is not None
        assert offices.people is not None
        self._desk = desk
        self._offices = offices
        self._visits = offices.visits
        self._proofs = offices.people.proofs

    def timeline(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        self._desk.note(caller, "patient.view", "patient", patient_id, detail={"what": "timeline"})
        lines = sorted(self._lines(patient_id), key=lambda one: str(one["at"]), reverse=True)
        return {"items": lines[:LINES_MAX]}

    def _lines(self, patient_id: int) -> Iterator[Json]:
        services, offices = self._desk.services, self._offices
        yield from shown.of_visits(self._visits.of_patient(patient_id, EACH_MAX))
        if offices.bookings is not None:
            yield from shown.of_appointments(offices.bookings.booking.of_patient(patient_id, limit=EACH_MAX))
        records = services.calls.recent_calls(patient_id=patient_id, number="", limit=EACH_MAX)
        yield from shown.of_calls(records, self._desk.entities.titles())
        if offices.messages is not None:
            yield from shown.of_messages(offices.messages.log.of_patient(patient_id, EACH_MAX))
        if offices.tickets is not None:
            found = offices.tickets.tickets.listed(states=tuple(TicketState), limit=EACH_MAX, patient_id=patient_id)
            yield from shown.of_tickets(found)
        if offices.answers is not None:
            yield from shown.of_enquiries(offices.answers.log.of_patient(patient_id, EACH_MAX))

    def visits(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        self._desk.note(caller, "patient.view", "patient", patient_id, detail={"what": "visits"})
        waiting = [one for one in self._visits.reports(patient_id) if one.reported_at is None]
        return {
            "items": [shown.visit(one) for one in self._visits.of_patient(patient_id)],
            "reports_waiting": [shown.report(one) for one in waiting],
        }

    def prove(self, caller: Caller, patient_id: int, body: FactsBody) -> Json:
        """``proven``, ``not_proven`` or ``locked``, and never which fact was wrong (R46)."""
        record = self._desk.scope.own_call(caller, body.call_id)
        self._desk.scope.patient(caller, patient_id)
        result = self._proofs.prove(
            patient_id, body.facts(), caller=Telephone(record.number, record.id),
            actor=Actor(int(caller.id), ip=caller.address),
        )  # fmt: skip
        return {"result": result.value}

    def fees(self, caller: Caller, patient_id: int, query: CallQuery) -> Json:
        """403 ``not_proven_yet`` until this patient was proven in this call, by the IVR or by the agent."""
        record = self._desk.scope.own_call(caller, query.call_id)
        self._desk.scope.patient(caller, patient_id)
        if not self._is_proven(patient_id, record.id):
            raise DeskError("not_proven_yet", "the caller has not proven who he is")
        self._desk.note(caller, "patient.fees", "patient", patient_id, detail={"call": record.id})
        try:
            balance = self._visits.balance(patient_id)
        except NotFound:
            balance = None
        return shown.fees(self._visits.fees(patient_id), self._visits.fee_lines(patient_id), balance)

    def _is_proven(self, patient_id: int, call_id: str) -> bool:
        """The audit is the ledger of proofs: it outlives restarts and knows those of the IVR."""
        since = self._desk.services.clock.now() - PROVEN_FOR
        proofs = self._desk.services.audit.entries(
            object_kind="patient", object_id=str(patient_id), action="identity.proven"
        )
        return any(one.at >= since and one.detail.get("call") == call_id for one in proofs)
