"""The right-hand column: find an answer, tell it, send it, note whether it solved the matter (C41, C108, C109)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agent_desk import enquiry_payloads as shown
from agent_desk.desk import Caller, Desk
from agent_desk.offices import AnswerDesk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.scope import OutOfScope
from crm_core.enquiries.kinds import ENQUIRY_TITLES, ITEM_TITLES, KNOWLEDGE_TITLES, EnquiryKind
from crm_core.messaging.recipients import mobile

_CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$"


class SearchQuery(BaseModel):
    q: str = Field(min_length=1, max_length=64)
    kind: str = Field(default="", max_length=24)
    limit: int = Field(default=20, ge=1, le=50)


class EnquiryBody(BaseModel):
    kind: EnquiryKind
    item: str = Field(default="", max_length=48)
    answer: str = Field(default="", max_length=1000)
    was_solved: bool | None = None


class SettleBody(BaseModel):
    was_solved: bool


class SendBody(BaseModel):
    code: str = Field(pattern=_CODE)


def routes(desk: Desk) -> list[Route]:
    office = desk.services.offices.answers
    if office is None:
        return []
    api = EnquiryApi(desk, office)
    use, call = Permission.DESK_USE, "/api/v1/calls/<call_id>"
    return [
        Route("GET", "/api/v1/answers", use, api.search, "Find answers", query=SearchQuery, limit="300/minute"),
        Route("GET", "/api/v1/answer_kinds", use, api.kinds, "What can be filtered and asked"),
        Route("GET", f"{call}/enquiries", use, api.of_call, "What was asked in the call"),
        Route(
            "POST", f"{call}/enquiries", use, api.record, "Note an enquiry", body=EnquiryBody, status=201,
            is_command=True,
        ),
        Route("POST", f"{call}/enquiries/<int:enquiry_id>/settle", use, api.settle, "Solved or not", body=SettleBody),
        Route("POST", f"{call}/answers/send", use, api.send, "Send an answer by SMS", body=SendBody, limit="30/minute"),
    ]  # fmt: skip


class EnquiryApi:
    def __init__(self, desk: Desk, office: AnswerDesk) -> None:
        self._desk = desk
        self._enquiries = office.enquiries
        self._log = office.log
        self._outbox = office.outbox

    def kinds(self, _caller: Caller) -> Json:
        answers = [*KNOWLEDGE_TITLES.items(), *ITEM_TITLES.items()]
        return {
            "answers": [{"kind": str(kind), "title": title} for kind, title in answers],
            "enquiries": [{"kind": kind.value, "title": title} for kind, title in ENQUIRY_TITLES.items()],
        }

    def search(self, _caller: Caller, query: SearchQuery) -> Json:
        kinds = [query.kind] if query.kind else []
        return {"items": [shown.answer(one) for one in self._enquiries.search(query.q, kinds=kinds, limit=query.limit)]}

    def of_call(self, caller: Caller, call_id: str) -> Json:
        record = self._desk.scope.call(caller, call_id)
        return {"items": [shown.enquiry(one) for one in self._log.of_call(record.id)]}

    def record(self, caller: Caller, call_id: str, body: EnquiryBody) -> Json:
        record = self._desk.scope.own_call(caller, call_id)
        patient_id = int(record.patient_id) if record.patient_id is not None else None
        made = self._log.record(
            record.id, body.kind.value, item=body.item, was_solved=body.was_solved, answer=body.answer,
            patient_id=patient_id, agent_id=int(caller.id),
        )  # fmt: skip
        self._desk.note(caller, "enquiry.record", "call", call_id, detail={"enquiry": made, "kind": body.kind.value})
        return {"id": made}

    def settle(self, caller: Caller, call_id: str, enquiry_id: int, body: SettleBody) -> Json:
        record = self._desk.scope.own_call(caller, call_id)
        if enquiry_id not in {one.id for one in self._log.of_call(record.id)}:
            raise OutOfScope("no such enquiry")
        self._log.settle(enquiry_id, body.was_solved)
        return {}

    def send(self, caller: Caller, call_id: str, body: SendBody) -> Json:
        """To the number of the call only; once for a call and answer. Raises what is expired, or no mobile."""
        record = self._desk.scope.own_call(caller, call_id)
        card = self._enquiries.to_tell(body.code)
        made = self._outbox.queue(
            "enquiry_answer", mobile(record.number).address, {"answer": shown.message_text(card)},
            dedupe_key=f"enquiry_answer:{record.id}:{card.code}:{card.version}", call_id=record.id, by=int(caller.id),
            patient_id=int(record.patient_id) if record.patient_id is not None else None,
        )  # fmt: skip
        self._desk.note(caller, "enquiry.send", "call", call_id, detail={"code": card.code, "message": made.id})
        return {"id": made.id, "state": made.state.value, "recipient_masked": made.recipient_masked}
