"""The built desk: one page for every address of the browser's router, hashed assets, and a clear word when it is not built."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, render_template, send_from_directory

from agent_desk.desk import Caller, Desk
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from agent_desk.security import ensure_csrf_token
from crm_core.errors import NotFound

PAGES = (
    "/", "/login", "/desk", "/board", "/recordings", "/campaigns", "/menus", "/hours", "/prompts", "/messages", "/lost",
    "/tickets", "/schedule", "/phone",
)  # fmt: skip
_ROOT_FILE = re.compile(r"[a-z0-9_-]{1,40}\.(?:svg|ico|png|txt|webmanifest)")
_YEAR_S = 31_536_000


def routes(desk: Desk) -> list[Route]:
    pages = Pages(desk)
    anybody = Permission.ANYBODY
    limit = "6000/minute"
    return [
        *(Route("GET", path, anybody, pages.index, "The desk", limit=limit) for path in PAGES),
        Route("GET", "/campaigns/<int:_id>", anybody, pages.index, "The desk", limit=limit),
        Route("GET", "/assets/<path:name>", anybody, pages.asset, "Hashed asset", limit=limit),
        Route("GET", "/<name>", anybody, pages.root_file, "Icon and the like", limit=limit),
    ]


class Pages:
    def __init__(self, desk: Desk) -> None:
        self._folder = desk.settings.static_folder

    def index(self, _caller: Caller | None, _id: int | None = None) -> Any:
        if not (self._folder / "index.html").is_file():
            page = render_template(
                "message.html", title="坐席界面尚未构建", text="服务已经启动，但网页还没有构建。请在本机执行：",
                command="./hotline up",
            )  # fmt: skip
            return Response(page, status=503, content_type="text/html; charset=utf-8")
        ensure_csrf_token()
        return self._send("index.html", "no-cache")

    def asset(self, _caller: Caller | None, name: str) -> Response:
        return self._send(name, f"public, max-age={_YEAR_S}, immutable", folder="assets")

    def root_file(self, _caller: Caller | None, name: str) -> Response:
        if not _ROOT_FILE.fullmatch(name):
            raise NotFound("no such page")
        return self._send(name, "no-cache")

    def _send(self, name: str, cache_control: str, *, folder: str = "") -> Response:
        response = send_from_directory(self._folder / folder, name)
        response.headers["Cache-Control"] = cache_control
        return response
