"""Lays the weekly templates out into dated sessions with slots and seats; a second time changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm_core.appointments.models import ClinicSession, Doctor, ScheduleTemplate, Seat, Slot
from crm_core.clock import HOSPITAL_ZONE
from crm_core.opening_hours import OpeningHours


def is_clinic_day(hours: OpeningHours, day: date) -> bool:
    """The hospital's own table first. Else weekdays that are no holiday; and Saturdays and Sundays, for doctors who have
    a template there, unless they are a legal holiday."""
    told = hours.stored.is_workday(day) if hours.stored else None
    if day in hours.overrides or told is not None or day.weekday() < 5:
        return hours.is_workday(day)
    return hours.is_workday(day) or not _is_legal_holiday(day)


def lay_out_day(session: Session, day: date) -> int:
    """The sessions of one date that are not there yet; returns how many were made."""
    made = set(session.execute(select(ClinicSession.doctor_id, ClinicSession.period).where(ClinicSession.day == day)))
    templates = [
        (template, department_id)
        for template, department_id in session.execute(_templates_of(day))
        if (template.doctor_id, template.period) not in made
    ]
    unique = {(template.doctor_id, template.period): (template, department_id) for template, department_id in templates}
    chosen = [template for template, _ in unique.values()]
    if not chosen:
        return 0
    session_ids = _add(
        session, ClinicSession, [_session_row(one, department_id, day) for one, department_id in unique.values()]
    )
    slots = [row for one, number in zip(chosen, session_ids, strict=True) for row in _slot_rows(one, number, day)]
    slot_ids = _add(session, Slot, slots)
    session.execute(insert(Seat), list(_seat_rows(slots, slot_ids)))
    return len(session_ids)


def starts_of(template: ScheduleTemplate, day: date) -> Iterator[datetime]:
    """When its patients come; a slot that would end after the session is none."""
    step = timedelta(minutes=template.slot_minutes)
    moment = datetime.combine(day, template.starts, HOSPITAL_ZONE)
    end = datetime.combine(day, template.ends, HOSPITAL_ZONE)
    while moment + step <= end:
        yield moment.astimezone(UTC)
        moment += step


def _templates_of(day: date) -> Any:
    """The one that began last wins when two are valid."""
    return (
        select(ScheduleTemplate, Doctor.department_id)
        .join(Doctor, Doctor.id == ScheduleTemplate.doctor_id)
        .where(
            ScheduleTemplate.weekday == day.weekday(),
            ScheduleTemplate.valid_from <= day,
            ScheduleTemplate.valid_until.is_(None) | (ScheduleTemplate.valid_until >= day),
        )
        .order_by(ScheduleTemplate.valid_from, ScheduleTemplate.id)
    )


def _add(session: Session, table: type[ClinicSession] | type[Slot], rows: Sequence[dict[str, Any]]) -> list[int]:
    """The new ids, in the order of ``rows``."""
    if not rows:
        return []
    return list(session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), rows))


def _session_row(template: ScheduleTemplate, department_id: int, day: date) -> dict[str, Any]:
    return {
        "doctor_id": template.doctor_id,
        "department_id": department_id,
        "template_id": template.id,
        "day": day,
        "period": template.period,
        "starts_at": datetime.combine(day, template.starts, HOSPITAL_ZONE),
        "ends_at": datetime.combine(day, template.ends, HOSPITAL_ZONE),
        "place": template.place,
        "fee_fen": template.fee_fen,
        "phone_quota": template.phone_quota,
    }


def _slot_rows(template: ScheduleTemplate, session_id: int, day: date) -> Iterator[dict[str, Any]]:
    for starts_at in starts_of(template, day):
        yield {"session_id": session_id, "starts_at": starts_at, "capacity": template.capacity}


def _seat_rows(slots: Sequence[dict[str, Any]], slot_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Numbered through the whole session: 就诊序号."""
    last: dict[int, int] = {}
    for slot, slot_id in zip(slots, slot_ids, strict=True):
        for _ in range(slot["capacity"]):
            number = last[slot["session_id"]] = last.get(slot["session_id"], 0) + 1
            yield {"slot_id": slot_id, "number": number}


def _is_legal_holiday(day: date) -> bool:
    """Named in the published calendar (春节, 国庆节...); False for plain weekends and years it does not know yet."""
    import chinese_calendar

    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return bool(is_off and name)
