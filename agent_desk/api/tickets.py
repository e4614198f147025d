"""Tickets for those who settle them: the list by due date, one with its hops, its recorded message, the next step (C13)."""

from __future__ import annotations

from typing import Literal

from flask import Response, request
from pydantic import BaseModel, Field

from agent_desk import labels
from agent_desk.byte_ranges import open_part
from agent_desk.desk import Caller, Desk
from agent_desk.offices import TicketDesk
from agent_desk.payloads import Json, Titles, iso
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.errors import InvalidInput, NotFound
from crm_core.tickets.cards import TicketCard
from crm_core.tickets.kinds import SoundState, TicketState
from crm_core.tickets.rules import STEPS

_OPEN = (TicketState.OPEN, TicketState.ACCEPTED, TicketState.FORWARDED)
_DONE = (TicketState.ANSWERED, TicketState.CLOSED)


class TicketQuery(BaseModel):
    show: Literal["open", "done"] = "open"


class MoveBody(BaseModel):
    state: TicketState
    department: str | None = Field(default=None, max_length=32)
    note: str = Field(default="", max_length=2000)


def routes(desk: Desk) -> list[Route]:
    office = desk.services.offices.tickets
    if office is None:
        return []
    api = TicketApi(desk, office)
    base = "/api/v1/tickets"
    one, view = f"{base}/<int:ticket_id>", Permission.TICKET_VIEW
    return [
        Route("GET", base, view, api.list, "What is due first, first", query=TicketQuery),
        Route("GET", one, view, api.show, "One ticket; noted"),
        Route("GET", f"{one}/sounds/<int:sound_id>", view, api.sound, "The message; noted", limit="1200/minute"),
        Route(
            "POST", f"{one}/move", Permission.TICKET_EDIT, api.move, "The next step", body=MoveBody, is_command=True
        ),
    ]  # fmt: skip


class TicketApi:
    def __init__(self, desk: Desk, office: TicketDesk) -> None:
        self._desk = desk
        self._tickets = office.tickets
        self._sounds = office.sounds

    def list(self, _caller: Caller, query: TicketQuery) -> Json:
        found = self._tickets.listed(states=_OPEN if query.show == "open" else _DONE, limit=200)
        titles = self._desk.entities.titles()
        return {"items": [self._ticket(one, titles) for one in found]}

    def show(self, caller: Caller, ticket_id: int) -> Json:
        card = self._tickets.get(ticket_id)
        self._desk.note(caller, "ticket.view", "ticket", ticket_id)
        return self._ticket(card, self._desk.entities.titles())

    def move(self, caller: Caller, ticket_id: int, body: MoveBody) -> Json:
        titles = self._desk.entities.titles()
        if body.department is not None and body.department not in titles.departments:
            raise InvalidInput("there is no such department")
        card = self._tickets.move(ticket_id, body.state, by=caller.id, department=body.department, note=body.note)
        self._desk.note(caller, "ticket.move", "ticket", ticket_id, detail={"state": body.state.value})
        return self._ticket(card, titles)

    def sound(self, caller: Caller, ticket_id: int, sound_id: int) -> Response:
        card = self._tickets.get(ticket_id)
        is_its = any(one.id == sound_id and one.state is SoundState.KEPT for one in card.sounds)
        if not is_its or self._sounds is None:
            raise NotFound("no such message")
        copy = self._sounds.playable(sound_id)
        part = open_part(
            copy.path, mime_type=copy.mime_type, range_header=request.headers.get("Range", ""),
            if_range=request.headers.get("If-Range", ""), is_head=request.method == "HEAD",
        )  # fmt: skip
        if part.status != 416:
            self._desk.note(caller, "ticket.listen", "ticket", ticket_id, detail={"sound": sound_id})
        headers = part.headers | {"Cache-Control": "private, no-store"}
        return Response(part.chunks, status=part.status, headers=headers, direct_passthrough=True)

    def _ticket(self, card: TicketCard, titles: Titles) -> Json:
        patient = self._desk.services.patients.cards([card.patient_id]) if card.patient_id is not None else {}
        return {
            "id": card.id,
            "number": card.number,
            "kind": card.kind.value,
            "kind_title": labels.TICKET_TITLES[card.kind],
            "state": card.state.value,
            "state_title": labels.TICKET_STATE_TITLES[card.state],
            "number_masked": card.number_masked,
            "patient_name_masked": next((labels.masked_name(one.name) for one in patient.values()), None),
            "department_title": titles.departments.get(card.department or "", card.department or ""),
            "call_id": card.call_id,
            "opened_at": iso(card.opened_at),
            "due_at": iso(card.due_at),
            "closed_at": iso(card.closed_at),
            "working_days": card.working_days,
            "next_states": [
                {"state": one.value, "title": labels.TICKET_STATE_TITLES[one]} for one in TicketState
                if one in STEPS[card.state]
            ],
            "hops": [
                {
                    "at": iso(hop.at), "by": titles.agent(hop.by), "state_title": labels.TICKET_STATE_TITLES[hop.state],
                    "department_title": titles.departments.get(hop.department or "", ""), "note": hop.note,
                }
                for hop in card.hops
            ],
            "sounds": [
                {"id": one.id, "state": one.state.value, "at": iso(one.recorded_at), "length_s": one.length_s}
                for one in card.sounds
            ],
        }  # fmt: skip
