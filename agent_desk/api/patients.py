"""Patients as an agent may see them: the card of a current call, and one field in full with a reason."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agent_desk import payloads
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.patients.trail import Actor

RECENT_CALLS_MAX = 20


class UnmaskBody(BaseModel):
    field: str = Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")
    """"phone" with ``phone_id``, or the key of a field."""
    phone_id: int | None = Field(default=None, ge=1)
    reason: str = Field(min_length=2, max_length=200)


def routes(desk: Desk) -> list[Route]:
    api = PatientApi(desk)
    one = "/api/v1/patients/<int:patient_id>"
    return [
        Route("GET", one, Permission.PATIENT_VIEW, api.show, "Card and earlier calls", limit="120/minute"),
        Route(
            "POST", f"{one}/unmask", Permission.PATIENT_UNMASK, api.unmask, "One field in full; noted",
            body=UnmaskBody, limit="60/minute",
        ),
    ]  # fmt: skip


class PatientApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._patients = desk.services.patients

    def show(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        card = self._patients.card(patient_id)
        self._desk.note(caller, "patient.view", "patient", patient_id)
        titles = self._desk.entities.titles()
        recent = self._desk.services.calls.recent_calls(patient_id=patient_id, number="", limit=RECENT_CALLS_MAX)
        booked = self._desk.services.appointments.upcoming(patient_id, 10)
        return payloads.patient(card, booked) | {
            "recent_calls": [payloads.recent_call(one, titles) for one in recent],
        }

    def unmask(self, caller: Caller, patient_id: int, body: UnmaskBody) -> Json:
        """The line in the audit is durable before the value leaves."""
        self._desk.scope.patient(caller, patient_id)
        people = self._desk.services.offices.people
        if people is not None:
            actor = Actor(int(caller.id), ip=caller.address)
            key, reason = body.field, body.reason
            return {"value": people.sheets.reveal(patient_id, key, actor=actor, reason=reason, phone_id=body.phone_id)}
        value = self._patients.unmask(patient_id, body.field, body.phone_id)
        self._desk.note(
            caller, "patient.unmask", "patient", patient_id, reason=body.reason, detail={"field": body.field}
        )
        return {"value": value}
