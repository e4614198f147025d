"""Office hours: weekly calendars, days that are different, and a trial of any moment (C5)."""

from __future__ import annotations

import datetime

from pydantic import AwareDatetime, BaseModel, Field

from agent_desk import menu_payloads as payloads
from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.clock import at_hospital, hospital_date
from crm_core.menus.calendars import DAY_NAMES, SPANS_MAX
from crm_core.menus.editing import MenuEditing

DAYS_SHOWN = 42

Spans = list[str]


class CalendarBody(BaseModel):
    """``lock_version`` 0 makes a new calendar."""

    title_zh: str = Field(min_length=1, max_length=64)
    title_en: str = Field(default="", max_length=64)
    weekly: dict[str, Spans] = Field(max_length=len(DAY_NAMES))
    lock_version: int = Field(ge=0)


class ExceptionBody(BaseModel):
    """``calendar`` "*" means all. Empty ``spans``: closed."""

    calendar: str = Field(max_length=40)
    day: datetime.date
    spans: Spans = Field(default_factory=list, max_length=SPANS_MAX)
    reason: str = Field(min_length=1, max_length=128)


class TrialQuery(BaseModel):
    at: AwareDatetime


def routes(desk: Desk) -> list[Route]:
    editing = desk.services.menus
    if editing is None:
        return []
    api = HoursApi(desk, editing)
    view, edit = Permission.MENU_VIEW, Permission.MENU_EDIT
    base = "/api/v1/hours"
    return [
        Route("GET", base, view, api.overview, "Calendars, exceptions, the next six weeks"),
        Route("GET", f"{base}/trial", view, api.trial, "Is it open at this moment", query=TrialQuery),
        Route("PUT", f"{base}/calendars/<key>", edit, api.save, "Save a calendar", body=CalendarBody),
        Route("POST", f"{base}/exceptions", edit, api.add, "A day that is different", body=ExceptionBody),
        Route("DELETE", f"{base}/exceptions/<int:exception_id>", edit, api.remove, "An ordinary day again"),
    ]


class HoursApi:
    def __init__(self, desk: Desk, editing: MenuEditing) -> None:
        self._desk = desk
        self._calendars = editing.calendars

    def overview(self, _caller: Caller) -> Json:
        today = hospital_date(self._desk.services.clock.now())
        return {
            "today": today.isoformat(),
            "calendars": [
                payloads.calendar(one, self._name_of)
                | {
                    "days": [
                        payloads.day(self._calendars.day(today + datetime.timedelta(days=offset), one.key))
                        for offset in range(DAYS_SHOWN)
                    ]
                }
                for one in self._calendars.calendars()
            ],
            "exceptions": [payloads.exception(one, self._name_of) for one in self._calendars.exceptions(today)],
        }

    def trial(self, _caller: Caller, query: TrialQuery) -> Json:
        day = at_hospital(query.at).date()
        return {
            "items": [
                payloads.day(self._calendars.day(day, one.key))
                | {"calendar": one.key, "is_open": self._calendars.is_open(query.at, one.key)}
                for one in self._calendars.calendars()
            ]
        }

    def save(self, caller: Caller, key: str, body: CalendarBody) -> Json:
        saved = self._calendars.save(
            key, body.weekly, payloads.editor(caller), title_zh=body.title_zh, title_en=body.title_en,
            lock_version=body.lock_version,
        )  # fmt: skip
        return payloads.calendar(saved, self._name_of)

    def add(self, caller: Caller, body: ExceptionBody) -> Json:
        made = self._calendars.set_exception(
            body.calendar, body.day, payloads.editor(caller), spans=body.spans, reason=body.reason
        )
        return payloads.exception(made, self._name_of)

    def remove(self, caller: Caller, exception_id: int) -> Json:
        self._calendars.remove_exception(exception_id, payloads.editor(caller))
        return {}

    def _name_of(self, user_id: int | None) -> str:
        return payloads.name_of(self._desk, user_id)
