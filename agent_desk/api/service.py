"""What machines and operators ask: health, metrics, the API's description."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, render_template

from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.security import client_address, is_loopback
from crm_core.errors import NotFound


def routes(desk: Desk) -> list[Route]:
    api = ServiceApi(desk)
    anybody, logged_in = Permission.ANYBODY, Permission.LOGGED_IN
    return [
        Route("GET", "/healthz", anybody, api.health, "How every part is", limit="6000/minute"),
        Route(
            "GET", "/metrics", anybody, api.metrics, "Figures for Prometheus, to this machine only", limit="6000/minute"
        ),
        Route("GET", "/api/openapi.json", logged_in, api.description, "This API, OpenAPI 3.1", tag="service"),
        Route("GET", "/api/docs", logged_in, api.page, "This API as a page", tag="service"),
    ]


class ServiceApi:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def health(self, _caller: Caller | None) -> Any:
        """200 when every part is well, else 503. Details are shown on this machine and to people logged in only."""
        findings = [finding for probe in self._desk.services.probes for finding in probe.health()]
        is_ok = all(one.is_ok for one in findings)
        shows_detail = _caller is not None or is_loopback(client_address())
        parts = [
            {"part": one.part, "is_ok": one.is_ok, "detail": one.detail if shows_detail else ""} for one in findings
        ]
        return {"status": "ok" if is_ok else "degraded", "parts": parts}, 200 if is_ok else 503

    def metrics(self, _caller: Caller | None) -> Response:
        if not is_loopback(client_address()):
            raise NotFound("no such page")
        return Response(self._desk.metrics.text(), content_type=self._desk.metrics.content_type)

    def description(self, _caller: Caller) -> Json:
        return _spec()

    def page(self, _caller: Caller) -> str:
        operations = [
            {"method": method.upper(), "path": path, **operation}
            for path, methods in sorted(_spec()["paths"].items())
            for method, operation in methods.items()
            if isinstance(operation, dict)
        ]
        return render_template("api.html", operations=operations)


def _spec() -> Json:
    spec: Any = current_app.spec  # type: ignore[attr-defined]  # an APIFlask
    return dict(spec)
