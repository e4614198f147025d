"""Who was lost and who waits for a call-back: seen by all agents, called back by one click; and who is refused (C22-C25)."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime, BaseModel, Field

from agent_desk import labels
from agent_desk.desk import Caller, Desk
from agent_desk.offices import LostCallers
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.topics import LOST
from crm_core.errors import WrongState
from crm_core.waiting.cards import CallBackCard, MissedCallerCard, NuisanceCard
from crm_core.waiting.kinds import CallBackState, MissedState

LISTED_MAX = 200


class MissedQuery(BaseModel):
    state: MissedState | None = MissedState.OPEN
    cursor: int | None = Field(default=None, ge=1)


class NuisanceBody(BaseModel):
    number: str = Field(min_length=3, max_length=40)
    reason: str = Field(min_length=2, max_length=200)
    expires_at: AwareDatetime


def routes(desk: Desk) -> list[Route]:
    office = desk.services.offices.lost
    if office is None:
        return []
    api = LostApi(desk, office)
    view, nuisance = Permission.LOST_VIEW, Permission.NUISANCE_EDIT
    return [
        Route("GET", "/api/v1/missed", view, api.missed, "Missed callers", query=MissedQuery),
        Route(
            "POST", "/api/v1/missed/<int:item_id>/number", view, api.number, "Whom to dial; noted", limit="60/minute"
        ),
        Route("POST", "/api/v1/missed/<int:item_id>/close", view, api.close, "Settled by hand", limit="60/minute"),
        Route("GET", "/api/v1/call_backs", view, api.call_backs, "Who is to be called back"),
        Route(
            "POST", "/api/v1/call_backs/<int:request_id>/cancel", view, api.cancel, "No call-back", limit="60/minute"
        ),
        Route("GET", "/api/v1/nuisance", nuisance, api.nuisance, "Who is refused"),
        Route("POST", "/api/v1/nuisance", nuisance, api.add, "Refuse a number", body=NuisanceBody, status=201),
        Route("POST", "/api/v1/nuisance/<int:entry_id>/remove", nuisance, api.remove, "Put through again"),
    ]


class LostApi:
    def __init__(self, desk: Desk, office: LostCallers) -> None:
        self._desk = desk
        self._missed = office.missed
        self._call_backs = office.call_backs
        self._nuisance = office.nuisance

    def missed(self, _caller: Caller, query: MissedQuery) -> Json:
        found = self._missed.listed(state=query.state, limit=50, before_id=query.cursor)
        names = self._names([one.patient_id for one in found])
        return {
            "items": [_missed(one, names) for one in found],
            "open_count": self._missed.open_count(),
            "next_cursor": str(found[-1].id) if len(found) == 50 else None,
        }

    def number(self, caller: Caller, item_id: int) -> Json:
        """The agent's next step is to dial it; asking is noted, dialling has its own policy."""
        card = self._missed.get(item_id)
        if card.state is not MissedState.OPEN:
            raise WrongState("this item is closed already", code="missed_closed")
        value = self._missed.number_of(item_id)
        if not value:
            raise WrongState("the number was withheld", code="no_number")
        self._desk.note(caller, "missed.number", "missed", item_id, detail={"number": card.number_masked})
        return {"value": value}

    def close(self, caller: Caller, item_id: int) -> Json:
        self._missed.close_by_hand(item_id, caller.id)
        self._desk.note(caller, "missed.close", "missed", item_id)
        return {}

    def call_backs(self, _caller: Caller) -> Json:
        found = self._call_backs.listed(tuple(CallBackState), limit=LISTED_MAX)
        names = self._names([one.patient_id for one in found])
        return {"items": [_call_back(one, names) for one in found]}

    def cancel(self, caller: Caller, request_id: int) -> Json:
        self._call_backs.cancel(request_id)
        self._desk.note(caller, "call_back.cancel", "call_back", request_id)
        return {}

    def nuisance(self, _caller: Caller) -> Json:
        titles = self._desk.entities.titles()
        return {"items": [_nuisance(one, titles.agent(one.added_by)) for one in self._nuisance.listed()]}

    def add(self, caller: Caller, body: NuisanceBody) -> Json:
        made = self._nuisance.add(
            body.number, reason=body.reason, expires_at=body.expires_at, by=caller.id, ip=caller.address
        )
        self._desk.notifier.topic_changed(LOST)
        return _nuisance(made, caller.account.name)

    def remove(self, caller: Caller, entry_id: int) -> Json:
        self._nuisance.remove(entry_id, by=caller.id, ip=caller.address)
        self._desk.notifier.topic_changed(LOST)
        return {}

    def _names(self, patient_ids: Sequence[int | None]) -> dict[int, str]:
        """Masked: a list is read by everybody (R17)."""
        wanted = [int(one) for one in patient_ids if one is not None]
        return {key: labels.masked_name(card.name) for key, card in self._desk.services.patients.cards(wanted).items()}


def _missed(card: MissedCallerCard, names: dict[int, str]) -> Json:
    return {
        "id": card.id,
        "number_masked": card.number_masked,
        "patient_name_masked": names.get(int(card.patient_id or 0)),
        "queue_title": labels.queue_title(card.queue),
        "reason": card.reason.value,
        "reason_title": labels.LOSS_TITLES[card.reason],
        "first_at": iso(card.first_at),
        "last_at": iso(card.last_at),
        "calls_count": card.calls_count,
        "is_repeated": card.is_repeated,
        "state": card.state.value,
        "closed_at": iso(card.closed_at),
        "closed_how_title": labels.CLOSED_HOW_TITLES[card.closed_how] if card.closed_how else "",
    }


def _call_back(card: CallBackCard, names: dict[int, str]) -> Json:
    return {
        "id": card.id,
        "number_masked": card.number_masked,
        "patient_name_masked": names.get(int(card.patient_id or 0)),
        "queue_title": labels.queue_title(card.queue),
        "priority": card.priority,
        "entered_at": iso(card.entered_at),
        "requested_at": iso(card.requested_at),
        "due_at": iso(card.due_at),
        "state": card.state.value,
        "state_title": labels.CALL_BACK_TITLES[card.state],
        "attempts_count": card.attempts_count,
        "may_cancel": card.state is CallBackState.WAITING,
    }


def _nuisance(card: NuisanceCard, by: str) -> Json:
    return {
        "id": card.id, "number_masked": card.number_masked, "reason": card.reason, "added_by": by,
        "added_at": iso(card.added_at), "expires_at": iso(card.expires_at),
    }  # fmt: skip
