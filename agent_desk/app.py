"""Puts the desk server together: the Flask application, its sockets, and the parts that run beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, request
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from agent_desk import pages, security
from agent_desk.api import all_routes
from agent_desk.desk import Desk
from agent_desk.entities import Entities
from agent_desk.errors import ERROR_TABLE, describe, describe_status
from agent_desk.metrics import DeskMetrics
from agent_desk.notifier import Notifier
from agent_desk.routes import Router
from agent_desk.services import DeskServices
from agent_desk.settings import DeskSettings
from agent_desk.socket_events import SocketApi
from agent_desk.socket_gate import SocketGate
from agent_desk.sockets import Sockets
from crm_core.errors import HotlineError

log = structlog.get_logger(__name__)

PING_INTERVAL_S, PING_TIMEOUT_S = 10, 15
"""A dead desk is seen in less than half a minute."""
SOCKET_MESSAGE_BYTES = 16 * 1024
"""Browsers only say ``subscribe`` and the like (F71)."""


@dataclass(frozen=True)
class DeskServer:
    """What the roof starts and stops. ``app`` is the WSGI application, sockets included."""

    app: APIFlask
    socketio: SocketIO
    desk: Desk

    def start(self) -> None:
        """Threads beside the web server's: boards and ended sessions. To be called in the serving process."""
        self.desk.notifier.start()
        self.desk.sockets.start()

    def close_sockets(self) -> None:
        """Cut every socket without ending a session: the browsers come back when the server does."""
        self.desk.sockets.cut_all()

    def stop(self) -> None:
        self.desk.sockets.stop()
        self.desk.notifier.stop()


def create_server(services: DeskServices, settings: DeskSettings) -> DeskServer:
    """Subscribes to the bus (the services that write the records must have subscribed before); starts no thread.

    Raises RuntimeError when a route or socket event has no declared permission, ValueError when the table of notices
    could show something to the wrong people.
    """
    app = APIFlask(
        "agent_desk",
        title="Hotline",
        version="1",
        docs_path=None,
        spec_path=None,
        static_folder=None,  # type: ignore[arg-type]  # Flask takes None: no route of its own
    )
    security.configure(app, settings)
    _describe_errors(app)
    desk = Desk(services, settings)
    desk.gate.install(app)
    login_manager = LoginManager(app)
    login_manager.session_protection = None
    login_manager.request_loader(desk.load_caller)
    socketio = _make_sockets(app, settings)
    _wire(desk, socketio)
    _count_requests(app, desk.metrics)
    limiter = Limiter(key_func=desk.limit_key, app=app, storage_uri="memory://", headers_enabled=False)
    router = Router(app, limiter, desk)
    router.add(all_routes(desk))
    router.add(pages.routes(desk))
    router.check()
    socket_api = SocketApi(desk, socketio)
    socket_api.check(socketio)
    app.wsgi_app = SocketGate(  # type: ignore[method-assign]
        app, app.wsgi_app, desk=desk, count_open=lambda: len(socketio.server.eio.sockets)
    )
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops, x_host=settings.proxy_hops
        )
    app.extensions["hotline_permissions"] = router.permissions
    app.extensions["hotline_socket_permissions"] = socket_api.permissions
    return DeskServer(app, socketio, desk)


def create_app(services: DeskServices, settings: DeskSettings) -> tuple[APIFlask, SocketIO]:
    """The two halves alone, for callers that start nothing."""
    server = create_server(services, settings)
    return server.app, server.socketio


def _make_sockets(app: APIFlask, settings: DeskSettings) -> SocketIO:
    return SocketIO(
        app,
        async_mode="threading",
        transports=["websocket"],
        allow_upgrades=False,
        cors_allowed_origins=[settings.public_url.rstrip("/")] if settings.public_url else None,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        max_http_buffer_size=SOCKET_MESSAGE_BYTES,
        manage_session=False,
        always_connect=False,
        logger=False,
        engineio_logger=False,
    )


def _wire(desk: Desk, socketio: SocketIO) -> None:
    desk.metrics = DeskMetrics(desk.services.clock)
    desk.sockets = Sockets(
        socketio.server,
        desk.sessions,
        per_user=desk.settings.sockets_per_user,
        check_interval_s=desk.settings.session_check_s,
    )
    desk.entities = Entities(desk.services)

    def emit(name: str, payload: dict[str, Any], room: str) -> None:
        socketio.server.emit(name, payload, to=room)

    desk.notifier = Notifier(
        desk.entities,
        emit,
        revoke=desk.sockets.close_user,
        on_pop=desk.metrics.on_pop,
        board_interval_s=desk.settings.board_interval_s,
        # Versions go on growing over a restart, so that no browser takes a new truth for an old one.
        first_version=int(desk.services.clock.now().timestamp() * 1000),
    )
    desk.notifier.subscribe(desk.services.bus)
    desk.metrics.watch(desk)


def _describe_errors(app: APIFlask) -> None:
    def of_house(error: HotlineError) -> Any:
        status, body = describe(error)
        log.info("request_refused", code=error.code, status=status, endpoint=request.endpoint)
        return body, status

    def of_http(error: HTTPError) -> Any:
        body = describe_status(error.status_code, error.message or "")
        if error.status_code == 422 and isinstance(error.detail, dict):
            body["error"]["fields"] = {
                name: messages for place in error.detail.values() for name, messages in dict(place).items()
            }
        headers = {k: v for k, v in dict(error.headers or {}).items() if k.lower() in ("allow", "retry-after")}
        return body, error.status_code, headers

    def of_time(_error: TimeoutError) -> Any:
        log.warning("request_too_slow", endpoint=request.endpoint)
        return describe_status(503, "the database is busy") | _error_body("busy"), 503

    def of_depth(_error: RecursionError) -> Any:
        return describe_status(400, "the JSON is nested too deeply"), 400

    def of_size(_error: OverflowError) -> Any:
        return describe_status(422, "a number or date is out of range"), 422

    def of_anything(_error: Exception) -> Any:
        log.exception("request_failed", endpoint=request.endpoint)
        return describe_status(500, "internal error"), 500

    app.error_processor(of_http)
    app.register_error_handler(HotlineError, of_house)
    app.register_error_handler(TimeoutError, of_time)
    app.register_error_handler(RecursionError, of_depth)
    app.register_error_handler(OverflowError, of_size)
    app.register_error_handler(Exception, of_anything)


def _error_body(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": code, "message_zh": ERROR_TABLE[code][1]}}


def _count_requests(app: APIFlask, metrics: DeskMetrics) -> None:
    def count(response: Response) -> Response:
        metrics.requests.labels(request.method, str(response.status_code)).inc()
        return response

    app.after_request(count)
