"""What an agent writes about a call: who it was, notes while typing, the disposition at the end."""

from __future__ import annotations

from agent_desk.api.call_bodies import NotesBody, PatientBody, WrapUpBody
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.scope import OutOfScope
from crm_core.errors import WrongState
from crm_core.ids import CallId, PatientId


def routes(desk: Desk) -> list[Route]:
    api = WrapUpApi(desk)
    control = Permission.CALL_CONTROL
    one = "/api/v1/calls/<call_id>"
    return [
        Route(
            "POST", f"{one}/patient", control, api.choose_patient, "Say who is calling",
            body=PatientBody, status=202, is_command=True,
        ),
        Route("PUT", f"{one}/notes", control, api.save_notes, "Autosave of the notes", body=NotesBody),
        Route(
            "POST", f"{one}/wrap_up", control, api.finish, "Save the disposition, then ready or pause",
            body=WrapUpBody, status=202, is_command=True,
        ),
        Route("POST", f"{one}/wrap_up/extend", control, api.extend, "继续整理", status=202, is_command=True),
    ]  # fmt: skip


class WrapUpApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._calls = desk.services.calls
        self._agents = desk.services.agents

    def choose_patient(self, caller: Caller, call_id: str, body: PatientBody) -> Json:
        record = self._desk.scope.own_call(caller, call_id)
        if not self._desk.scope.is_candidate(record, body.patient_id):
            self._desk.note_refusal(caller, f"patient {body.patient_id}", "not a candidate of the call")
            raise OutOfScope("no such patient")
        self._calls.bind_patient(call_id, caller.id, PatientId(body.patient_id))
        self._desk.note(caller, "call.patient_chosen", "call", call_id, detail={"patient_id": body.patient_id})
        self._desk.notifier.call_changed(CallId(call_id))
        self._desk.notifier.waiting_changed(CallId(call_id))
        return {}

    def save_notes(self, caller: Caller, call_id: str, body: NotesBody) -> Json:
        self._desk.scope.own_call(caller, call_id)
        saved_at = self._calls.save_notes(call_id, caller.id, body.text)
        self._desk.notifier.call_changed(CallId(call_id))
        return {"saved_at": iso(saved_at)}

    def finish(self, caller: Caller, call_id: str, body: WrapUpBody) -> Json:
        self._desk.scope.own_call(caller, call_id)
        self._calls.finish_wrap_up(
            call_id,
            caller.id,
            disposition=body.disposition,
            sub_disposition=body.sub_disposition,
            is_resolved=body.is_resolved,
            notes=body.notes,
        )
        if self._agents.status(caller.id).call_id == call_id:
            self._agents.finish_wrap_up(caller.id, pause_reason=body.pause_reason if body.next == "pause" else "")
        self._desk.notifier.call_changed(CallId(call_id))
        self._desk.notifier.agent_changed(caller.id)
        return {}

    def extend(self, caller: Caller, call_id: str) -> Json:
        self._desk.scope.own_call(caller, call_id)
        until = self._agents.extend_wrap_up(caller.id)
        if until is None:
            raise WrongState("there is no wrap-up to extend")
        self._desk.notifier.agent_changed(caller.id)
        return {"wrap_up_until": iso(until)}
