"""The REST API, one module per noun; ``all_routes`` is the whole of it."""

from __future__ import annotations

from agent_desk.api import (
    agents,
    bookings,
    calls,
    campaigns,
    enquiries,
    history,
    hours,
    lost,
    menus,
    messages,
    new_patients,
    patients,
    prompts,
    recordings,
    schedules,
    second_factor,
    service,
    sessions,
    sheets,
    supervision,
    tickets,
    wrap_ups,
)
from agent_desk.desk import Desk
from agent_desk.routes import Route

_MODULES = (
    sessions,
    second_factor,
    agents,
    calls,
    wrap_ups,
    patients,
    new_patients,
    sheets,
    history,
    bookings,
    enquiries,
    lost,
    tickets,
    schedules,
    messages,
    supervision,
    recordings,
    campaigns,
    menus,
    hours,
    prompts,
    service,
)


def all_routes(desk: Desk) -> list[Route]:
    return [route for module in _MODULES for route in module.routes(desk)]
