"""The REST API, one module per noun; ``all_routes`` is the whole of it."""

from __future__ import annotations

from agent_desk.api import agents, calls, campaigns, patients, recordings, service, sessions, supervision, wrap_ups
from agent_desk.desk import Desk
from agent_desk.routes import Route

_MODULES = (sessions, agents, calls, wrap_ups, patients, supervision, recordings, campaigns, service)


def all_routes(desk: Desk) -> list[Route]:
    return [route for module in _MODULES for route in module.routes(desk)]
