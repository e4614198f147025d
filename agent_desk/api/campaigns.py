"""Campaigns: make, fill from a CSV, start, pause, stop, watch."""

from __future__ import annotations

from dataclasses import asdict
from datetime import time
from typing import BinaryIO, Literal, cast

from flask import request
from pydantic import BaseModel, Field

from agent_desk import board_payloads
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.campaigns.cards import NewCampaign, Window
from crm_core.campaigns.kinds import CampaignKind, CampaignState, ContactState
from crm_core.errors import InvalidInput


class WindowBody(BaseModel):
    """Hospital time; ``weekdays`` 1 Monday to 7 Sunday."""

    spans: list[tuple[time, time]] = Field(min_length=1, max_length=6)
    weekdays: list[int] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1, max_length=7)
    dials_on_holidays: bool = False


class CampaignBody(BaseModel):
    title: str = Field(min_length=1, max_length=80)
    kind: CampaignKind = CampaignKind.SURVEY
    concurrency: int = Field(default=2, ge=1, le=200)
    max_attempts: int = Field(default=3, ge=1, le=10)
    caller_id: str = Field(default="", max_length=32, pattern=r"^[0-9+]*$")
    window: WindowBody | None = None
    wants_comment: bool = True


class ImportQuery(BaseModel):
    dry_run: bool = True


class ContactQuery(BaseModel):
    state: ContactState | None = None
    cursor: int = Field(default=0, ge=0)
    limit: int = Field(default=100, ge=1, le=500)


def routes(desk: Desk) -> list[Route]:
    api = CampaignApi(desk)
    manage = Permission.CAMPAIGN_MANAGE
    base = "/api/v1/campaigns"
    one = f"{base}/<int:campaign_id>"
    actions = [
        Route(
            "POST", f"{one}/{action}", manage, getattr(api, action), f"{action.title()} the campaign",
            status=202, is_command=True,
        )
        for action in ("start", "pause", "stop")
    ]  # fmt: skip
    return [
        Route("GET", base, manage, api.list, "All campaigns with progress"),
        Route("POST", base, manage, api.create, "A draft", body=CampaignBody, status=201, is_command=True),
        Route("GET", one, manage, api.show, "One campaign with progress"),
        Route(
            "POST", f"{one}/contacts", manage, api.import_contacts, "Contacts from a CSV file (field `file`)",
            query=ImportQuery, body_bytes=desk.settings.upload_bytes, limit="30/minute",
        ),
        Route("GET", f"{one}/contacts", manage, api.contacts, "Contacts, numbers masked", query=ContactQuery),
        Route("GET", f"{one}/results", manage, api.results, "Answers of every question"),
        *actions,
    ]  # fmt: skip


class CampaignApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._campaigns = desk.services.campaigns

    def list(self, _caller: Caller) -> Json:
        return {"items": [board_payloads.campaign(one) for one in self._campaigns.all_progress()]}

    def create(self, caller: Caller, body: CampaignBody) -> Json:
        window = body.window
        campaign_id = self._campaigns.create(
            NewCampaign(
                title=body.title,
                created_by=int(caller.id),
                kind=body.kind,
                concurrency=body.concurrency,
                max_attempts=body.max_attempts,
                caller_id=body.caller_id,
                window=Window(
                    [(f"{start:%H:%M}", f"{end:%H:%M}") for start, end in window.spans],
                    window.weekdays,
                    window.dials_on_holidays,
                )
                if window
                else None,
                wants_comment=body.wants_comment,
            )
        )
        self._desk.note(caller, "campaign.create", "campaign", campaign_id)
        return board_payloads.campaign(self._campaigns.progress(campaign_id))

    def show(self, _caller: Caller, campaign_id: int) -> Json:
        progress = self._campaigns.progress(campaign_id)
        window = progress.campaign.window
        return board_payloads.campaign(progress) | {"window": asdict(window) if window else None}

    def import_contacts(self, caller: Caller, campaign_id: int, query: ImportQuery) -> Json:
        self._campaigns.progress(campaign_id)
        upload = request.files.get("file")
        if upload is None:
            raise InvalidInput("send the CSV file in the field `file`")
        report = self._campaigns.import_contacts(campaign_id, cast(BinaryIO, upload.stream), is_dry_run=query.dry_run)
        if not query.dry_run:
            self._desk.note(
                caller, "campaign.import", "campaign", campaign_id,
                detail={"accepted": report.accepted, "refused": report.refused},
            )  # fmt: skip
        return asdict(report)

    def contacts(self, _caller: Caller, campaign_id: int, query: ContactQuery) -> Json:
        self._campaigns.progress(campaign_id)
        found = self._campaigns.contacts(campaign_id, state=query.state, after_id=query.cursor, limit=query.limit)
        return {
            "items": [asdict(one) | {"due_at": iso(one.due_at)} for one in found],
            "next_cursor": str(found[-1].id) if len(found) == query.limit else None,
        }

    def results(self, _caller: Caller, campaign_id: int) -> Json:
        self._campaigns.progress(campaign_id)
        return {
            "questions": [
                {
                    "key": one.question.key,
                    "title": one.question.title,
                    "min": one.question.min,
                    "max": one.question.max,
                    "answers": one.answers,
                    "mean_score": one.mean_score,
                    "counts": {str(score): number for score, number in sorted(one.counts.items())},
                }
                for one in self._campaigns.results(campaign_id)
            ]
        }

    def start(self, caller: Caller, campaign_id: int) -> Json:
        return self._acted(caller, campaign_id, "start", self._campaigns.start(campaign_id))

    def pause(self, caller: Caller, campaign_id: int) -> Json:
        return self._acted(caller, campaign_id, "pause", self._campaigns.pause(campaign_id))

    def stop(self, caller: Caller, campaign_id: int) -> Json:
        return self._acted(caller, campaign_id, "stop", self._campaigns.stop(campaign_id))

    def _acted(
        self, caller: Caller, campaign_id: int, action: Literal["start", "pause", "stop"], state: CampaignState
    ) -> Json:
        self._desk.note(caller, f"campaign.{action}", "campaign", campaign_id)
        return {"state": state.value}
