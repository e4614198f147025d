"""Recordings for supervisors: search, detail with waveform, playback with Range, 验真, what is missing."""

from __future__ import annotations

import threading
from datetime import timedelta

from flask import Response, request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from agent_desk.byte_ranges import open_part
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.recording_payloads import recording, segments, step
from agent_desk.routes import Route
from crm_core.calls.kinds import Direction, RecordingState
from crm_core.calls.recordings import RecordingFilter
from crm_core.calls.records import CallRecord
from crm_core.errors import NotFound
from crm_core.patients.cards import PatientCard

PLAY_NOTED_FOR_S = 300.0
"""A player asks for many ranges: one listen is noted once in this time."""
MISSING_STATES = (RecordingState.MISSING, RecordingState.EMPTY, RecordingState.DAMAGED)


class RecordingQuery(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    began: AwareDatetime | None = Field(default=None, alias="from")
    ended: AwareDatetime | None = Field(default=None, alias="to")
    number: str | None = Field(default=None, max_length=40)
    agent_id: int | None = Field(default=None, ge=1)
    patient_id: int | None = Field(default=None, ge=1)
    queue: str | None = Field(default=None, max_length=32)
    direction: Direction | None = None
    min_s: float | None = Field(default=None, ge=0, le=86400)
    max_s: float | None = Field(default=None, ge=0, le=86400)
    state: RecordingState | None = None
    cursor: int | None = Field(default=None, ge=1)
    limit: int = Field(default=50, ge=1, le=200)


def routes(desk: Desk) -> list[Route]:
    api = RecordingApi(desk)
    listing, play = Permission.RECORDING_LIST, Permission.RECORDING_PLAY
    one = "/api/v1/recordings/<int:recording_id>"
    return [
        Route("GET", "/api/v1/recordings", listing, api.search, "Search", query=RecordingQuery),
        Route("GET", "/api/v1/recordings/missing", listing, api.missing, "漏录: answered calls without usable file"),
        Route("GET", one, listing, api.show, "Detail, waveform, parts, who listened"),
        Route("GET", f"{one}/audio", play, api.audio, "The sound, with Range", limit="1200/minute"),
        Route("POST", f"{one}/verify", listing, api.verify, "验真", limit="60/minute"),
    ]


class RecordingApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rows = desk.services.recordings
        self._played: dict[tuple[int, int], float] = {}
        self._lock = threading.Lock()

    def search(self, caller: Caller, query: RecordingQuery) -> Json:
        wanted = RecordingFilter(
            started_from=query.began,
            started_to=query.ended,
            number=query.number or None,
            agent_id=query.agent_id,
            patient_id=query.patient_id,
            queue=query.queue or None,
            direction=query.direction.value if query.direction else None,
            min_s=query.min_s,
            max_s=query.max_s,
            state=query.state,
        )
        found, total = self._rows.search(wanted, limit=query.limit, before_id=query.cursor)
        self._desk.note(caller, "recording.search", "recording", "", detail={"found": total})
        titles = self._desk.entities.titles()
        cards = self._cards([record for _, record in found])
        items = [recording(row, record, cards.get(record.patient_id or 0), titles) for row, record in found]
        is_full = len(found) == query.limit
        return {"items": items, "next_cursor": str(found[-1][0].id) if found and is_full else None, "total": total}

    def missing(self, _caller: Caller) -> Json:
        titles = self._desk.entities.titles()
        found = [
            pair for state in MISSING_STATES for pair in self._rows.search(RecordingFilter(state=state), limit=200)[0]
        ]
        cards = self._cards([record for _, record in found])
        items = [recording(row, record, cards.get(record.patient_id or 0), titles) for row, record in found]
        before = self._desk.services.clock.now() - timedelta(seconds=30)
        without_row = self._rows.answered_without_recording(ended_before=before, limit=200)
        return {"items": items, "calls_without_recording": list(without_row)}

    def show(self, _caller: Caller, recording_id: int) -> Json:
        row = self._rows.get(recording_id)
        record = self._desk.services.calls.record(row.call_id)
        titles = self._desk.entities.titles()
        card = self._cards([record]).get(record.patient_id or 0)
        listens = self._desk.services.audit.entries(
            object_kind="recording", object_id=str(recording_id), action="recording.play"
        )
        return recording(row, record, card, titles) | {
            "sha256": row.sha256,
            "peaks": dict(row.peaks) or None,
            "segments": segments(row, record, titles),
            "steps": [step(one, titles) for one in record.steps],
            "listens": [{"at": iso(one.at), "name": titles.agent(one.actor_id), "ip": one.ip} for one in listens],
        }

    def audio(self, caller: Caller, recording_id: int) -> Response:
        row = self._rows.get(recording_id)
        if row.state is not RecordingState.READY:
            raise NotFound("this recording has no sound")
        copy = self._desk.services.library.playable(recording_id)
        part = open_part(
            copy.path,
            mime_type=copy.mime_type,
            range_header=request.headers.get("Range", ""),
            if_range=request.headers.get("If-Range", ""),
            is_head=request.method == "HEAD",
        )
        if part.status != 416:
            self._note_play(caller, recording_id, row.call_id)
        headers = part.headers | {
            "Content-Disposition": f'inline; filename="recording-{recording_id}"',
            "Cache-Control": "private, no-store",
        }
        return Response(part.chunks, status=part.status, headers=headers, direct_passthrough=True)

    def verify(self, caller: Caller, recording_id: int) -> Json:
        self._rows.get(recording_id)
        is_unchanged = self._desk.services.library.verify(recording_id)
        self._desk.note(
            caller, "recording.verify", "recording", recording_id, result="ok" if is_unchanged else "changed"
        )
        return {"is_unchanged": is_unchanged}

    def _note_play(self, caller: Caller, recording_id: int, call_id: str) -> None:
        now_s = self._desk.services.clock.monotonic_s()
        key = (int(caller.id), recording_id)
        with self._lock:
            noted_s = self._played.get(key)
            if noted_s is not None and now_s - noted_s < PLAY_NOTED_FOR_S:
                return
            if len(self._played) > 10_000:
                self._played.clear()
            self._played[key] = now_s
        self._desk.note(caller, "recording.play", "recording", recording_id, detail={"call_id": call_id})

    def _cards(self, records: list[CallRecord]) -> dict[int, PatientCard]:
        ids = {int(one.patient_id) for one in records if one.patient_id is not None}
        return self._desk.services.patients.cards(ids)
