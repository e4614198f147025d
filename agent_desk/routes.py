"""One row per route: path, permission, limits, handler; and the one way a row becomes a Flask view."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask
from flask import Response, g, request
from flask_limiter import Limiter
from pydantic import BaseModel

from agent_desk.desk import Caller, Desk
from agent_desk.permissions import Permission
from agent_desk.settings import SMALL_BODY_BYTES

IDEMPOTENCY_HEADER = "Idempotency-Key"
OWN_ENDPOINTS: Mapping[str, Permission] = {}


@dataclass(frozen=True)
class Route:
    """``handler(caller, **path parts, body=, query=)`` returns what Flask can answer. ``limit``: calls a user (or an
    address, before the login) may make; ``counts_failures_only`` leaves good answers out of the count."""

    method: str
    path: str
    permission: Permission
    handler: Callable[..., Any]
    summary: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    is_command: bool = False
    limit: str = "600/minute"
    counts_failures_only: bool = False
    body_bytes: int = SMALL_BODY_BYTES
    tag: str = ""

    @property
    def endpoint(self) -> str:
        return f"{self.method.lower()}:{self.path}"


class Router:
    """Registers routes; remembers the permission of each."""

    def __init__(self, app: APIFlask, limiter: Limiter, desk: Desk) -> None:
        self._app = app
        self._limiter = limiter
        self._desk = desk
        self.permissions: dict[str, Permission] = dict(OWN_ENDPOINTS)

    def add(self, routes: Iterable[Route]) -> None:
        for route in routes:
            view = self._view(route)
            self.permissions[route.endpoint] = route.permission
            methods = [route.method]
            self._app.add_url_rule(route.path, route.endpoint, view, methods=methods)

    def check(self) -> None:
        """Default deny: a rule that did not come through ``add`` has no permission and stops the start (R14)."""
        undeclared = sorted(
            rule.rule for rule in self._app.url_map.iter_rules() if rule.endpoint not in self.permissions
        )
        if undeclared:
            raise RuntimeError(f"routes without a declared permission: {', '.join(undeclared)}")

    def _view(self, route: Route) -> Callable[..., Any]:
        handler = self._with_input(route)
        is_api = route.path.startswith("/api/")

        @functools.wraps(handler)
        def view(**parts: Any) -> Any:
            request.max_content_length = route.body_bytes
            if is_api:
                self._desk.gate.check(request)
            g.caller = self._desk.caller_for(route.permission)
            if not route.is_command:
                return _answer(handler(**parts), route.status)
            return self._desk.run_command(g.caller, route.endpoint, lambda: handler(**parts), status=route.status)

        view.__name__ = view.__qualname__ = route.endpoint
        limited = self._limiter.limit(route.limit, key_func=self._desk.limit_key, deduct_when=_deduct_when(route))(view)
        tag = route.tag or route.path.split("/")[3] if is_api else "pages"
        self._app.doc(summary=route.summary, tags=[tag], hide=not is_api)(limited)
        return limited

    def _with_input(self, route: Route) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            return route.handler(g.caller, **arguments)

        handler: Callable[..., Any] = call
        if route.body is not None:
            handler = self._app.input(route.body, location="json", arg_name="body")(handler)
        if route.query is not None:
            handler = self._app.input(route.query, location="query", arg_name="query")(handler)
        return handler


def _deduct_when(route: Route) -> Callable[[Response], bool] | None:
    return _has_failed if route.counts_failures_only else None


def _has_failed(response: Response) -> bool:
    return response.status_code >= 400


def _answer(value: Any, status: int) -> Any:
    if isinstance(value, Response | tuple):
        return value
    return value, status


__all__ = ["Caller", "Route", "Router"]
