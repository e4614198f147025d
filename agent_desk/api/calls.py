"""Calls as an agent handles them: dial, hang up, transfer, consult, conference, digits; and reading a call."""

from __future__ import annotations

from collections.abc import Callable

from agent_desk import board_payloads, payloads
from agent_desk.api.call_bodies import CallListQuery, DialBody, DigitsBody, ReasonBody, TargetBody, TransferBody
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.recording_payloads import step
from agent_desk.routes import Route
from crm_core import phone_number
from crm_core.agents.kinds import AgentState
from crm_core.calls.dispositions import title_of
from crm_core.calls.kinds import TransferTargetKind
from crm_core.calls.queues import QUEUE_TITLES
from crm_core.calls.records import CallRecord
from crm_core.errors import HotlineError, InvalidInput, NotAllowed, OutcomeUnknown, WrongState
from crm_core.ids import CallId, new_call_id
from crm_core.ports import TransferTarget

_CAN_DIAL = frozenset({AgentState.READY, AgentState.PAUSED, AgentState.WRAP_UP})


def routes(desk: Desk) -> list[Route]:
    api = CallApi(desk)
    control = Permission.CALL_CONTROL
    one = "/api/v1/calls/<call_id>"

    def command(path: str, handler: Callable[..., object], summary: str, body: type | None = None) -> Route:
        return Route(
            "POST", path, control, handler, summary, body=body, status=202, is_command=True, limit="240/minute"
        )

    return [
        command("/api/v1/calls", api.dial, "Click-to-dial", DialBody),
        command(f"{one}/hang_up", api.hang_up, "End the agent's part of the call"),
        command(f"{one}/transfer", api.transfer, "Blind transfer, or begin a consultation", TransferBody),
        command(f"{one}/consult/complete", api.complete_consult, "Hand the call to the consulted party"),
        command(f"{one}/consult/cancel", api.cancel_consult, "Back to the patient"),
        command(f"{one}/conference", api.start_conference, "Patient, agent and consulted party together"),
        command(f"{one}/digits", api.send_digits, "Play keys to the far side", DigitsBody),
        Route("GET", "/api/v1/calls", Permission.DESK_USE, api.list, "Own calls, or all open ones", query=CallListQuery),
        Route("GET", one, Permission.DESK_USE, api.show, "One call with everything that happened"),
        Route(
            "POST", f"{one}/unmask", Permission.PATIENT_UNMASK, api.unmask, "The caller's full number; noted",
            body=ReasonBody, limit="60/minute",
        ),
    ]  # fmt: skip


class CallApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._telephony = desk.services.telephony

    def dial(self, caller: Caller, body: DialBody) -> Json:
        status = self._desk.services.agents.status(caller.id)
        if status.extension is None or not status.is_signed_on:
            raise WrongState("sign on first", code="not_signed_on")
        if status.state not in _CAN_DIAL:
            raise WrongState("end the call first", code="in_call")
        number = self._desk.services.dial_policy.dialable(self._number(caller, body))
        self._desk.services.dial_policy.count(caller.id)
        call_id = new_call_id()
        self._desk.note(caller, "call.dialled", "call", call_id, detail={"number": phone_number.mask(number)})
        self._telephony.dial(call_id, status.extension, number)
        return {"call_id": call_id}

    def _number(self, caller: Caller, body: DialBody) -> str:
        if body.patient_phone_id is not None:
            patient_id, number = self._desk.services.patients.number_of_phone(body.patient_phone_id)
            self._desk.scope.patient(caller, patient_id)
            return number
        if body.call_id is not None:
            return self._desk.scope.call(caller, body.call_id).number
        return body.number or ""

    def hang_up(self, caller: Caller, call_id: str) -> Json:
        return self._command(caller, call_id, "hang_up", self._telephony.hang_up_agent, is_ringing_enough=True)

    def transfer(self, caller: Caller, call_id: str, body: TransferBody) -> Json:
        self._desk.scope.live_leg(caller, call_id)
        target = self._target(caller, body.target)
        send = self._telephony.blind_transfer if body.kind == "blind" else self._telephony.start_consult
        self._desk.note(
            caller, "call.transfer", "call", call_id, detail={"kind": body.kind, "to": body.target.kind.value}
        )
        return self._command(
            caller, call_id, f"transfer_{body.kind}", lambda one, agent_id: send(one, agent_id, target)
        )

    def _target(self, caller: Caller, wanted: TargetBody) -> TransferTarget:
        """Only what the hospital knows, or a number that the dial policy allows (F95, F96)."""
        value = wanted.value
        if wanted.kind is TransferTargetKind.AGENT:
            known = {one.extension for one in self._desk.services.agents.all_statuses() if one.agent_id != caller.id}
        elif wanted.kind is TransferTargetKind.QUEUE:
            known = set(QUEUE_TITLES)
        elif wanted.kind is TransferTargetKind.DEPARTMENT:
            known = {one.code for one in self._desk.services.appointments.departments() if one.phone_number}
        else:
            value = self._desk.services.dial_policy.dialable(value)
            self._desk.services.dial_policy.count(caller.id)
            known = {value}
        if value not in known:
            raise InvalidInput("there is no such transfer target")
        return TransferTarget(wanted.kind, value)

    def complete_consult(self, caller: Caller, call_id: str) -> Json:
        return self._command(caller, call_id, "consult_complete", self._telephony.complete_consult)

    def cancel_consult(self, caller: Caller, call_id: str) -> Json:
        return self._command(caller, call_id, "consult_cancel", self._telephony.cancel_consult)

    def start_conference(self, caller: Caller, call_id: str) -> Json:
        return self._command(caller, call_id, "conference", self._telephony.start_conference)

    def send_digits(self, caller: Caller, call_id: str, body: DigitsBody) -> Json:
        self._desk.scope.live_leg(caller, call_id)
        self._telephony.send_digits(CallId(call_id), caller.id, body.digits)
        return {}

    def _command(
        self,
        caller: Caller,
        call_id: str,
        name: str,
        send: Callable[..., None],
        *,
        is_ringing_enough: bool = False,
    ) -> Json:
        """Mark the call as *requested* on the agent's screen, then send; the network's event takes the mark away."""
        self._desk.scope.live_leg(caller, call_id, must_be_answered=not is_ringing_enough)
        known_id = CallId(call_id)
        self._desk.entities.note_requested(known_id, caller.id, name)
        try:
            send(known_id, caller.id)
        except OutcomeUnknown:
            raise
        except HotlineError:
            self._desk.entities.forget_requested(known_id)
            raise
        finally:
            self._desk.notifier.call_changed(known_id)
        return {}

    def list(self, caller: Caller, query: CallListQuery) -> Json:
        if query.scope == "mine":
            records = self._desk.services.calls.open_calls_of(caller.id)
            overdue = self._desk.services.calls.overdue_wrap_ups(caller.id)
            return {"items": [self._summary(one) for one in records], "overdue_call_ids": list(overdue)}
        if not caller.may(Permission.CALL_VIEW_ALL):
            self._desk.note_refusal(caller, "calls", "needs call.view_all")
            raise NotAllowed("this needs the permission call.view_all")
        return {"items": [self._summary(one) for one in self._desk.services.calls.open_calls()], "overdue_call_ids": []}

    def show(self, caller: Caller, call_id: str) -> Json:
        record = self._desk.scope.call(caller, call_id)
        titles = self._desk.entities.titles()
        recording = self._desk.services.recordings.of_call(record.id)
        may_listen = caller.may(Permission.RECORDING_LIST)
        return self._summary(record) | {
            "ivr_path": payloads.ivr_path(record),
            "legs": [
                {
                    "id": leg.id,
                    "agent_name": titles.agent(leg.agent_id),
                    "kind": leg.kind.value,
                    "queue": leg.queue,
                    "offered_at": iso(leg.offered_at),
                    "answered_at": iso(leg.answered_at),
                    "ended_at": iso(leg.ended_at),
                    "outcome": leg.outcome.value if leg.outcome else None,
                    "talked_s": leg.talked_s,
                }
                for leg in record.legs
            ],
            "steps": [step(one, titles) for one in record.steps],
            "wrap_ups": [
                {
                    "agent_name": titles.agent(one.agent_id),
                    "notes": one.notes,
                    "disposition": one.disposition,
                    "sub_disposition": one.sub_disposition,
                    "disposition_title": title_of(one.disposition, one.sub_disposition),
                    "is_resolved": one.is_resolved,
                    "is_overdue": one.is_overdue,
                    "finished_at": iso(one.finished_at),
                }
                for one in record.wrap_ups
            ],
            "recordings": [{"id": recording.id, "state": recording.state.value, "length_s": recording.length_s}]
            if recording and may_listen
            else [],
        }

    def unmask(self, caller: Caller, call_id: str, body: ReasonBody) -> Json:
        record = self._desk.scope.call(caller, call_id)
        self._desk.note(caller, "call.unmask", "call", call_id, reason=body.reason)
        return {"value": phone_number.national(record.number)}

    def _summary(self, record: CallRecord) -> Json:
        return board_payloads.call_summary(record, self._desk.entities.titles())
