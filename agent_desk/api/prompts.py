"""Prompts: what each says, where its sound comes from; upload, synthesise, listen, publish, go back (C6)."""

from __future__ import annotations

from typing import BinaryIO, Literal, cast

from flask import Response, request
from pydantic import BaseModel, Field

from agent_desk import menu_payloads as payloads
from agent_desk.byte_ranges import open_part
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.errors import InvalidInput, WrongState
from crm_core.menus.editing import MenuEditing
from crm_core.menus.prompt_records import TEXT_MAX

UPLOAD_BYTES = 21 * 1024 * 1024
UPLOAD_LIMIT = "60/minute"


class NewPromptBody(BaseModel):
    key: str = Field(min_length=1, max_length=40)
    text_zh: str = Field(min_length=1, max_length=TEXT_MAX)
    text_en: str = Field(default="", max_length=TEXT_MAX)


class SpeakBody(BaseModel):
    text: str = Field(min_length=1, max_length=TEXT_MAX)


class ListQuery(BaseModel):
    language: Literal["zh", "en"] = "zh"


class SoundQuery(BaseModel):
    sound: int | None = Field(default=None, ge=1)


def routes(desk: Desk) -> list[Route]:
    editing = desk.services.menus
    if editing is None:
        return []
    api = PromptApi(desk, editing)
    view, edit = Permission.MENU_VIEW, Permission.MENU_EDIT
    base = "/api/v1/prompts"
    one, sound = f"{base}/<language>/<key>", f"{base}/sounds/<int:sound_id>"
    return [
        Route("GET", base, view, api.list, "All prompts of one language", query=ListQuery),
        Route("POST", base, edit, api.add, "A prompt of one's own", body=NewPromptBody, status=201),
        Route("DELETE", f"{base}/own/<key>", edit, api.remove, "Remove a prompt of one's own"),
        Route("GET", one, view, api.show, "One prompt with its sounds"),
        Route("GET", f"{one}/audio", view, api.audio, "The sound, with Range", query=SoundQuery, limit="1200/minute"),
        Route(
            "POST", f"{one}/recordings", edit, api.upload, "Upload a recording", status=201, limit=UPLOAD_LIMIT,
            body_bytes=UPLOAD_BYTES,
        ),
        Route(
            "POST", f"{one}/synthesis", edit, api.synthesise, "Ask for a synthesised sound", body=SpeakBody, status=202,
            limit=UPLOAD_LIMIT,
        ),
        Route("POST", f"{one}/restore", edit, api.restore, "Back to what came with the house"),
        Route("POST", f"{sound}/publish", edit, api.publish, "Callers hear this sound from now on"),
        Route("DELETE", sound, edit, api.discard, "Throw a sound away"),
    ]  # fmt: skip


class PromptApi:
    def __init__(self, desk: Desk, editing: MenuEditing) -> None:
        self._desk = desk
        self._studio = editing.studio
        self._menus = editing.menus

    def list(self, _caller: Caller, query: ListQuery) -> Json:
        return {
            "items": [
                payloads.prompt(one, self._name_of) for one in self._studio.prompts() if one.language == query.language
            ],
            "can_synthesise": self._studio.can_synthesise(query.language),
        }

    def show(self, _caller: Caller, language: str, key: str) -> Json:
        return payloads.prompt(self._studio.prompt(key, language), self._name_of)

    def add(self, caller: Caller, body: NewPromptBody) -> Json:
        self._studio.add(body.key, payloads.editor(caller), text_zh=body.text_zh, text_en=body.text_en)
        return payloads.prompt(self._studio.prompt(body.key, "zh"), self._name_of)

    def remove(self, caller: Caller, key: str) -> Json:
        if self._studio.prompt(key, "zh").is_own:
            self._refuse_in_use(key)
        self._studio.remove(key, payloads.editor(caller))
        return {}

    def _refuse_in_use(self, key: str) -> None:
        """A caller of the published menu must not meet silence."""
        published = self._menus.published_id()
        if published is not None and any(key in node.prompts for node in self._menus.version(published).tree.nodes):
            raise WrongState("the published menu plays this prompt", code="prompt_in_use")

    def audio(self, _caller: Caller, language: str, key: str, query: SoundQuery) -> Response:
        part = open_part(
            self._studio.sound_file(key, language, query.sound),
            mime_type="audio/wav",
            range_header=request.headers.get("Range", ""),
            if_range=request.headers.get("If-Range", ""),
            is_head=request.method == "HEAD",
        )
        headers = part.headers | {"Cache-Control": "private, no-store"}
        return Response(part.chunks, status=part.status, headers=headers, direct_passthrough=True)

    def upload(self, caller: Caller, language: str, key: str) -> Json:
        uploaded = request.files.get("file")
        if uploaded is None:
            raise InvalidInput("send the recording in the field `file`")
        made = self._studio.upload(
            key,
            language,
            payloads.editor(caller),
            content=cast(BinaryIO, uploaded.stream),
            name=uploaded.filename or "",
        )
        return payloads.sound(made, self._name_of)

    def synthesise(self, caller: Caller, language: str, key: str, body: SpeakBody) -> Json:
        return payloads.sound(
            self._studio.synthesise(key, language, payloads.editor(caller), text=body.text), self._name_of
        )

    def restore(self, caller: Caller, language: str, key: str) -> Json:
        if self._studio.prompt(key, language).is_own:
            self._refuse_in_use(key)
        self._studio.restore_shipped(key, language, payloads.editor(caller))
        return payloads.prompt(self._studio.prompt(key, language), self._name_of)

    def publish(self, caller: Caller, sound_id: int) -> Json:
        return payloads.sound(self._studio.publish(sound_id, payloads.editor(caller)), self._name_of)

    def discard(self, caller: Caller, sound_id: int) -> Json:
        self._studio.discard(sound_id, payloads.editor(caller))
        return {}

    def _name_of(self, user_id: int | None) -> str:
        return payloads.name_of(self._desk, user_id)
