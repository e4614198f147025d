"""The REST API, one module per noun; ``all_routes`` is the whole of it."""

from __future__ import annotations

from agent_desk.api import (
    agents,
    calls,
    campaigns,
    hours,
    menus,
    new_patients,
    patients,
    prompts,
    recordings,
    second_factor,
    service,
    sessions,
    supervision,
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
