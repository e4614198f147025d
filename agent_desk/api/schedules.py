"""The clinic's schedule for supervisors: who sits when, 停诊 and the list of everybody it concerns (C105, F40)."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import BaseModel, Field

from agent_desk import booking_payloads as shown
from agent_desk import labels
from agent_desk.desk import Caller, Desk
from agent_desk.offices import BookingDesk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.appointments.cards import AppointmentCard
from crm_core.appointments.kinds import Period
from crm_core.clock import hospital_date
from crm_core.errors import InvalidInput

_CODE = r"^[A-Za-z0-9_.-]{1,32}$"
FAR = timedelta(days=366)


class DayQuery(BaseModel):
    day: date | None = None
    department: str = Field(default="", max_length=32)


class CloseBody(BaseModel):
    """A doctor's day, or half of it."""

    doctor: str = Field(pattern=_CODE)
    day: date
    period: Period | None = None
    reason: str = Field(min_length=2, max_length=200)


def routes(desk: Desk) -> list[Route]:
    office = desk.services.offices.bookings
    if office is None:
        return []
    api = ScheduleApi(desk, office)
    base, may = "/api/v1/schedule", Permission.SCHEDULE_CLOSE
    one = f"{base}/sessions/<int:session_id>"
    return [
        Route("GET", base, may, api.day, "Who sits on a day", query=DayQuery),
        Route("GET", f"{one}/affected", may, api.affected, "Whose appointments a closing ended"),
        Route("POST", f"{base}/close", may, api.close, "停诊", body=CloseBody, is_command=True, limit="30/minute"),
        Route("POST", f"{one}/reopen", may, api.reopen, "The doctor sits after all", is_command=True),
    ]


class ScheduleApi:
    def __init__(self, desk: Desk, office: BookingDesk) -> None:
        self._desk = desk
        self._schedules = office.schedules

    def day(self, _caller: Caller, query: DayQuery) -> Json:
        today = hospital_date(self._desk.services.clock.now())
        wanted = query.day or today
        if abs(wanted - today) > FAR:
            raise InvalidInput("a day within a year, please")
        sessions = self._schedules.sessions(wanted, department_code=query.department or None)
        return {
            "today": today.isoformat(),
            "day": wanted.isoformat(),
            "departments": [{"code": one.code, "name": one.name} for one in self._schedules.departments()],
            "sessions": [shown.session(one) for one in sessions],
        }

    def affected(self, caller: Caller, session_id: int) -> Json:
        found = self._schedules.affected(session_id)
        self._desk.note(caller, "schedule.affected", "session", session_id, detail={"patients": len(found)})
        return {"items": self._patients(found)}

    def close(self, caller: Caller, body: CloseBody) -> Json:
        period = body.period.value if body.period else None
        closed = self._schedules.close(
            reason=body.reason, by=f"desk:{caller.account.login}", doctor_code=body.doctor, day=body.day, period=period
        )
        self._desk.note(
            caller, "schedule.close", "doctor", body.doctor, reason=body.reason,
            detail={"day": body.day.isoformat(), "period": period, "patients": len(closed.appointments)},
        )  # fmt: skip
        self._desk.notifier.all_slots_changed()
        return {"session_ids": list(closed.session_ids), "items": self._patients(closed.appointments)}

    def reopen(self, caller: Caller, session_id: int) -> Json:
        self._schedules.reopen(session_id, by=f"desk:{caller.account.login}")
        self._desk.note(caller, "schedule.reopen", "session", session_id)
        self._desk.notifier.all_slots_changed()
        return {}

    def _patients(self, found: list[AppointmentCard] | tuple[AppointmentCard, ...]) -> list[Json]:
        """Whom to tell: name and number masked, the appointment in full."""
        cards = self._desk.services.patients.cards(one.patient_id for one in found)
        lines = []
        for one in found:
            card = cards.get(one.patient_id)
            lines.append(
                shown.appointment(one)
                | {
                    "patient_name_masked": labels.masked_name(card.name) if card else "",
                    "phone_masked": card.phones[0].masked if card and card.phones else "",
                }
            )
        return lines
