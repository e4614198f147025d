"""Somebody unknown calls: his card is made during the call, or he is found to be known already (C33)."""

from __future__ import annotations

from agent_desk import payloads
from agent_desk.api.call_bodies import NewPatientBody
from agent_desk.desk import Caller, Desk
from agent_desk.errors import DeskError
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.scope import OutOfScope
from crm_core import phone_number
from crm_core.calls.records import CallRecord
from crm_core.errors import NotFound, WrongState
from crm_core.ids import CallId, PatientId
from crm_core.patients.cards import NewPatient
from crm_core.patients.registration import DuplicateCandidate, DuplicatesFound, Registration
from crm_core.patients.trail import Actor


def routes(desk: Desk) -> list[Route]:
    api = NewPatientApi(desk)
    return [
        Route(
            "POST", "/api/v1/calls/<call_id>/patient/new", Permission.CALL_CONTROL, api.create,
            "Register the caller, or say which of the people found he is",
            body=NewPatientBody, status=201, is_command=True, limit="30/minute",
        ),
    ]  # fmt: skip


class NewPatientApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def create(self, caller: Caller, call_id: str, body: NewPatientBody) -> Json:
        """409 ``duplicate_patient`` with ``candidates`` when somebody may be the same person; nothing is kept then."""
        record = self._desk.scope.own_call(caller, call_id)
        if all(one.id != record.id for one in self._desk.services.calls.open_calls_of(caller.id)):
            raise WrongState("this call is over", code="call_over")
        new = _new_patient(record, body)
        if body.same_as is not None:
            patient_id = self._known(caller, new, body.same_as)
        else:
            patient_id = self._register(caller, new, body.despite)
        self._desk.services.calls.bind_patient(call_id, caller.id, patient_id)
        self._desk.note(caller, "call.patient_chosen", "call", call_id, detail={"patient_id": int(patient_id)})
        self._desk.notifier.call_changed(CallId(call_id))
        self._desk.notifier.waiting_changed(CallId(call_id))
        return {"patient_id": int(patient_id)}

    def _register(self, caller: Caller, new: NewPatient, despite: list[int]) -> PatientId:
        actor = Actor(int(caller.id), ip=caller.address)
        try:
            return self._registration.register(new, actor=actor, despite=despite, is_complete=False)
        except DuplicatesFound as error:
            for one in error.candidates:
                self._desk.note(caller, "patient.view", "patient", int(one.card.id), reason="possible duplicate")
            raise DeskError(
                "duplicate_patient", str(error), candidates=[_candidate(one) for one in error.candidates]
            ) from error

    def _known(self, caller: Caller, new: NewPatient, patient_id: int) -> PatientId:
        """Only somebody whom this form finds: the form is no way to open any patient (R15)."""
        if not any(int(one.card.id) == patient_id for one in self._registration.duplicates(new)):
            self._desk.note_refusal(caller, f"patient {patient_id}", "not found by the form")
            raise OutOfScope("no such patient")
        return PatientId(patient_id)

    @property
    def _registration(self) -> Registration:
        found = self._desk.services.registration
        if found is None:
            raise NotFound("patients cannot be registered here")
        return found


def _new_patient(record: CallRecord, body: NewPatientBody) -> NewPatient:
    """A withheld number leaves the patient without one."""
    number = phone_number.normalise(record.number)
    return NewPatient(
        body.name,
        body.gender.value,
        body.birth_date,
        id_number=body.id_number,
        phones=((number, body.relation.value),) if number else (),
    )


def _candidate(one: DuplicateCandidate) -> Json:
    return payloads.candidate(one.card) | {
        "birth_date": one.card.birth_date.isoformat() if one.card.birth_date else None,
        "id_number_masked": one.card.id_number_masked,
        "phones_masked": [phone.masked for phone in one.card.phones],
        "reasons": list(one.reasons),
        "is_certain": one.is_certain,
    }
