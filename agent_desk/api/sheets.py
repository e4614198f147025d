"""The patient's whole sheet at the desk: fields, consents, tier and VIP card with their why, merging (C116, C117, C119, C121)."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from agent_desk import payloads
from agent_desk import sheet_payloads as shown
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.clock import hospital_date
from crm_core.patients.kinds import Channel, Purpose, Tier
from crm_core.patients.trail import Actor
from crm_core.patients.whole import PatientServices


class ChangeBody(BaseModel):
    fields: dict[str, str] = Field(min_length=1, max_length=60)
    reason: str = Field(default="", max_length=200)


class ConsentBody(BaseModel):
    purpose: Purpose
    channel: Channel
    is_granted: bool
    call_id: str = Field(default="", max_length=120)


class TierBody(BaseModel):
    """``tier`` None: back under the rule."""

    tier: Tier | None = None
    reason: str = Field(default="", max_length=200)


class VipBody(BaseModel):
    number: str = Field(default="", max_length=32)
    level: int = Field(default=0, ge=0, le=9)
    valid_until: date | None = None
    reason: str = Field(default="", max_length=200)


class LookQuery(BaseModel):
    q: str = Field(min_length=1, max_length=64)


class PreviewBody(BaseModel):
    duplicate_id: int = Field(ge=1)
    take: list[str] = Field(default_factory=list, max_length=40)


class MergeBody(PreviewBody):
    reason: str = Field(min_length=2, max_length=200)


class UndoBody(BaseModel):
    reason: str = Field(min_length=2, max_length=200)


def routes(desk: Desk) -> list[Route]:
    people = desk.services.offices.people
    if people is None:
        return []
    api = SheetApi(desk, people)
    one, edit, merge = "/api/v1/patients/<int:patient_id>", Permission.PATIENT_EDIT, Permission.PATIENT_MERGE
    return [
        Route("GET", f"{one}/sheet", Permission.PATIENT_VIEW, api.sheet, "Every field, masked", limit="120/minute"),
        Route("PUT", f"{one}/fields", edit, api.change, "Change fields", body=ChangeBody, limit="60/minute"),
        Route("GET", f"{one}/changes", edit, api.changes, "Who changed what"),
        Route("GET", f"{one}/consents", Permission.PATIENT_VIEW, api.consents, "What is allowed, and the ledger"),
        Route("POST", f"{one}/consents", edit, api.consent, "Grant or withdraw", body=ConsentBody, limit="60/minute"),
        Route("POST", f"{one}/tier", merge, api.tier, "Set by hand, or by rule again", body=TierBody),
        Route("POST", f"{one}/vip", merge, api.vip, "Issue or take away the VIP card", body=VipBody),
        Route("GET", "/api/v1/patient_search", merge, api.look, "Find by name", query=LookQuery, limit="60/minute"),
        Route("GET", f"{one}/merges", merge, api.merges, "What was merged into him"),
        Route("POST", f"{one}/merge/preview", merge, api.preview, "What a merge would do", body=PreviewBody),
        Route("POST", f"{one}/merge", merge, api.merge, "Merge", body=MergeBody, limit="20/minute"),
        Route("POST", "/api/v1/merges/<int:merge_id>/undo", merge, api.undo, "Undo", body=UndoBody, limit="20/minute"),
    ]


class SheetApi:
    """The services write the audit lines themselves, in the transaction of the change."""

    def __init__(self, desk: Desk, people: PatientServices) -> None:
        self._desk = desk
        self._people = people

    def sheet(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        return shown.sheet(self._people.sheets.sheet(patient_id, actor=_actor(caller)))

    def change(self, caller: Caller, patient_id: int, body: ChangeBody) -> Json:
        self._desk.scope.patient(caller, patient_id)
        changed = self._people.changes.change(patient_id, body.fields, actor=_actor(caller), reason=body.reason)
        self._show_again(caller)
        return {"changed": list(changed)}

    def changes(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        self._desk.note(caller, "patient.view", "patient", patient_id, detail={"what": "changes"})
        titles = self._desk.entities.titles()
        return {"items": [shown.change(one, titles) for one in self._people.sheets.history(patient_id)]}

    def consents(self, caller: Caller, patient_id: int) -> Json:
        self._desk.scope.patient(caller, patient_id)
        self._desk.note(caller, "patient.view", "patient", patient_id, detail={"what": "consents"})
        titles = self._desk.entities.titles()
        return {
            "items": [shown.consent(one) for one in self._people.consents.state(patient_id)],
            "ledger": [shown.ledger_line(one, titles) for one in self._people.consents.ledger(patient_id)],
        }

    def consent(self, caller: Caller, patient_id: int, body: ConsentBody) -> Json:
        self._desk.scope.patient(caller, patient_id)
        if body.call_id:
            self._desk.scope.own_call(caller, body.call_id)
        say = self._people.consents.grant if body.is_granted else self._people.consents.withdraw
        say(patient_id, body.purpose, body.channel, actor=_actor(caller), evidence=body.call_id)
        self._show_again(caller)
        return self.consents(caller, patient_id)

    def tier(self, caller: Caller, patient_id: int, body: TierBody) -> Json:
        if body.tier is None:
            today = hospital_date(self._desk.services.clock.now())
            self._people.tiers.release(patient_id, actor=_actor(caller), day=today)
        else:
            self._people.tiers.set_by_hand(patient_id, body.tier, actor=_actor(caller), reason=body.reason)
        return self.sheet(caller, patient_id)

    def vip(self, caller: Caller, patient_id: int, body: VipBody) -> Json:
        self._people.changes.set_vip_card(
            patient_id, body.number, level=body.level, actor=_actor(caller), valid_until=body.valid_until,
            reason=body.reason,
        )  # fmt: skip
        return self.sheet(caller, patient_id)

    def look(self, caller: Caller, query: LookQuery) -> Json:
        found = self._people.patients.search(query.q)
        self._desk.note(caller, "patient.search", "patient", "", detail={"found": len(found)})
        return {
            "items": [
                payloads.candidate(one)
                | {
                    "birth_date": one.birth_date.isoformat() if one.birth_date else None,
                    "id_number_masked": one.id_number_masked,
                    "phones_masked": [phone.masked for phone in one.phones],
                }
                for one in found
            ]
        }

    def merges(self, caller: Caller, patient_id: int) -> Json:
        self._desk.note(caller, "patient.view", "patient", patient_id, detail={"what": "merges"})
        titles = self._desk.entities.titles()
        return {"items": [shown.merge(one, titles) for one in self._people.merging.of(patient_id)]}

    def preview(self, caller: Caller, patient_id: int, body: PreviewBody) -> Json:
        found = self._people.merging.preview(patient_id, body.duplicate_id, take=body.take)
        self._desk.note(caller, "patient.merge_preview", "patient", patient_id, detail={"other": body.duplicate_id})
        return shown.preview(found)

    def merge(self, caller: Caller, patient_id: int, body: MergeBody) -> Json:
        made = self._people.merging.merge(
            patient_id, body.duplicate_id, actor=_actor(caller), reason=body.reason, take=body.take
        )
        self._show_again(caller)
        return {"merge_id": made}

    def undo(self, caller: Caller, merge_id: int, body: UndoBody) -> Json:
        found = self._people.merging.undo(merge_id, actor=_actor(caller), reason=body.reason)
        self._show_again(caller)
        return shown.undone(found)

    def _show_again(self, caller: Caller) -> None:
        """The calls on this person's screen show what is true now."""
        for record in self._desk.services.calls.open_calls_of(caller.id):
            self._desk.entities.forget_background(record.id)
            self._desk.notifier.call_changed(record.id)


def _actor(caller: Caller) -> Actor:
    return Actor(int(caller.id), ip=caller.address)
