"""The IVR menu: versions, the draft under an optimistic lock, validation, rehearsal, and where callers leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from agent_desk import menu_payloads as payloads
from agent_desk.desk import Caller, Desk
from agent_desk.labels import node_title
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.calls.queues import QUEUES
from crm_core.errors import NotFound
from crm_core.menus.cards import StoredMenu
from crm_core.menus.editing import MenuEditing
from crm_core.menus.ports import TestCaller
from crm_core.menus.tree import from_json

TREE_BYTES = 512 * 1024
NOTE_MAX = 300


class DraftBody(BaseModel):
    """``version_id``: the version to begin with; without it the published one."""

    version_id: int | None = Field(default=None, ge=1)


class SaveBody(BaseModel):
    tree: dict[str, Any]
    lock_version: int = Field(ge=1)


class LockBody(BaseModel):
    lock_version: int = Field(ge=1)


class PublishBody(LockBody):
    note: str = Field(min_length=1, max_length=NOTE_MAX)


class RollBackBody(BaseModel):
    note: str = Field(min_length=1, max_length=NOTE_MAX)


class CheckBody(BaseModel):
    tree: dict[str, Any]


class RehearsalBody(BaseModel):
    tree: dict[str, Any]
    keys: list[str] = Field(default_factory=list, max_length=60)
    at: AwareDatetime
    caller: TestCaller = TestCaller.UNKNOWN


class TimeQuery(BaseModel):
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


def routes(desk: Desk) -> list[Route]:
    editing = desk.services.menus
    if editing is None:
        return []
    api = MenuApi(desk, editing)
    view, edit = Permission.MENU_VIEW, Permission.MENU_EDIT
    base = "/api/v1/menus"
    return [
        Route("GET", base, view, api.overview, "Versions, the draft, what is published"),
        Route("GET", f"{base}/kinds", view, api.kinds, "Kinds of nodes and everything a node may name"),
        Route("GET", f"{base}/versions/<int:version_id>", view, api.show, "One version with its tree"),
        Route("POST", f"{base}/draft", edit, api.begin, "Begin a draft", body=DraftBody, status=201),
        Route("PUT", f"{base}/draft", edit, api.save, "Save the draft", body=SaveBody, body_bytes=TREE_BYTES),
        Route("POST", f"{base}/draft/discard", edit, api.discard, "Throw the draft away", body=LockBody),
        Route(
            "POST", f"{base}/draft/publish", edit, api.publish, "Publish the draft", body=PublishBody, is_command=True
        ),
        Route(
            "POST", f"{base}/versions/<int:version_id>/roll_back", edit, api.roll_back, "Publish an old version again",
            body=RollBackBody, is_command=True,
        ),
        Route("POST", f"{base}/check", view, api.check, "What is wrong with a tree", body=CheckBody, body_bytes=TREE_BYTES),
        Route(
            "POST", f"{base}/rehearsal", view, api.rehearse, "Play a tree without a telephone", body=RehearsalBody,
            body_bytes=TREE_BYTES,
        ),
        Route("GET", f"{base}/departures", view, api.departures, "Where callers leave", query=TimeQuery),
    ]  # fmt: skip


class MenuApi:
    def __init__(self, desk: Desk, editing: MenuEditing) -> None:
        self._desk = desk
        self._editing = editing
        self._menus = editing.menus

    def overview(self, _caller: Caller) -> Json:
        draft = self._menus.draft()
        return {
            "versions": [payloads.version(one, self._name_of) for one in self._menus.versions()],
            "published_id": self._menus.published_id(),
            "draft": self._shown(draft) if draft else None,
        }

    def kinds(self, _caller: Caller) -> Json:
        by_key: dict[str, Json] = {}
        for card in self._editing.studio.prompts():
            shown = by_key.setdefault(card.key, {"key": card.key, "group": card.group, "text": {}, "source": {}})
            shown["text"][card.language] = card.text
            shown["source"][card.language] = card.source or "missing"
        return payloads.kinds() | {
            "queues": [{"value": queue.name, "title_zh": queue.title, "title_en": queue.name} for queue in QUEUES],
            "departments": [
                {"value": one.code, "title_zh": one.name, "title_en": one.name_en or one.name}
                for one in self._editing.departments()
            ],
            "flows": [
                {"value": one.name, "title_zh": one.title_zh, "title_en": one.title_en}
                for one in self._editing.rehearsal.flows()
            ],
            "calendars": [
                {"value": one.key, "title_zh": one.title_zh, "title_en": one.title_en or one.title_zh}
                for one in self._editing.calendars.calendars()
            ],
            "prompts": list(by_key.values()),
        }

    def show(self, _caller: Caller, version_id: int) -> Json:
        return self._shown(self._menus.version(version_id))

    def begin(self, caller: Caller, body: DraftBody) -> Json:
        return self._shown(self._menus.begin_draft(payloads.editor(caller), version_id=body.version_id))

    def save(self, caller: Caller, body: SaveBody) -> Json:
        tree = from_json(body.tree)
        return self._shown(self._menus.save_draft(tree, payloads.editor(caller), lock_version=body.lock_version))

    def discard(self, caller: Caller, body: LockBody) -> Json:
        self._menus.discard_draft(payloads.editor(caller), lock_version=body.lock_version)
        return {}

    def publish(self, caller: Caller, body: PublishBody) -> Json:
        done = self._menus.publish(payloads.editor(caller), lock_version=body.lock_version, note=body.note)
        return payloads.version(done, self._name_of)

    def roll_back(self, caller: Caller, version_id: int, body: RollBackBody) -> Json:
        done = self._menus.roll_back(version_id, payloads.editor(caller), note=body.note)
        return payloads.version(done, self._name_of)

    def check(self, _caller: Caller, body: CheckBody) -> Json:
        return {"findings": [payloads.finding(one) for one in self._menus.check(from_json(body.tree))]}

    def rehearse(self, _caller: Caller, body: RehearsalBody) -> Json:
        played = self._editing.rehearsal.play(from_json(body.tree), keys=body.keys, at=body.at, caller=body.caller)
        return payloads.rehearsal(played)

    def departures(self, _caller: Caller, query: TimeQuery) -> Json:
        until = query.until or self._desk.services.clock.now()
        since = query.since or until - timedelta(days=7)
        titles = self._titles()
        found = self._editing.departures.between(since, until)
        return {
            "since": iso(since),
            "until": iso(until),
            "items": [payloads.figures(one, titles.get(one.node) or node_title(one.node)) for one in found],
        }

    def _titles(self) -> dict[str, str]:
        published = self._menus.published_id()
        if published is None:
            return {}
        try:
            return self._menus.version(published).tree.titles()
        except NotFound:
            return {}

    def _shown(self, stored: StoredMenu) -> Json:
        return payloads.menu(stored, self._name_of, self._menus.check(stored.tree))

    def _name_of(self, user_id: int | None) -> str:
        return payloads.name_of(self._desk, user_id)
