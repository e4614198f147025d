"""How long an answer may take, which step may follow which, and how a ticket is called. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

from crm_core.clock import HOSPITAL_ZONE, at_hospital
from crm_core.opening_hours import OpeningHours
from crm_core.tickets.kinds import TicketKind, TicketState

WORKING_DAYS: Mapping[TicketKind, int] = MappingProxyType(
    {TicketKind.COMPLAINT: 5, TicketKind.SUGGESTION: 10, TicketKind.PRAISE: 15, TicketKind.MESSAGE: 1}
)
"""Until the patient has an answer. Complaints: 医疗机构投诉管理办法 (2019) §27, five working days when the matter is clear."""

_END_OF_DAY = time(17, 30)
_LOOK_AHEAD_DAYS = 90

_S = TicketState
STEPS: Mapping[TicketState, frozenset[TicketState]] = MappingProxyType(
    {
        _S.OPEN: frozenset({_S.ACCEPTED, _S.FORWARDED, _S.ANSWERED, _S.CLOSED}),
        _S.ACCEPTED: frozenset({_S.FORWARDED, _S.ANSWERED, _S.CLOSED}),
        _S.FORWARDED: frozenset({_S.FORWARDED, _S.ACCEPTED, _S.ANSWERED}),
        _S.ANSWERED: frozenset({_S.FORWARDED, _S.CLOSED}),
        _S.CLOSED: frozenset(),
    }
)
"""state -> states a person may move it to. From department to department it is forwarded again."""


def due_at(hours: OpeningHours, opened_at: datetime, working_days: int) -> datetime:
    """The closing time of the ``working_days``-th working day after the day it was opened on (aware UTC)."""
    end = max((span.end for span in hours.workday), default=_END_OF_DAY)
    day = at_hospital(opened_at).date()
    left = working_days
    for _ in range(_LOOK_AHEAD_DAYS):
        day += timedelta(days=1)
        left -= hours.is_workday(day)
        if left <= 0:
            break
    return datetime.combine(day, min(end, time(23, 59)), HOSPITAL_ZONE).astimezone(UTC)


def number_of(ticket_id: int, opened_at: datetime) -> str:
    """Ten digits that are easy to say: day and running number, ``2611230042``. Unique up to 10,000 tickets a day."""
    return f"{at_hospital(opened_at):%y%m%d}{ticket_id % 10_000:04d}"
