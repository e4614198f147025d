"""What browsers may say over the socket: one table, each event with its permission; everything else is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from flask import request, session
from flask_socketio import ConnectionRefusedError as SocketRefused
from flask_socketio import SocketIO

from agent_desk.desk import Caller, Desk
from agent_desk.errors import DeskError, describe
from agent_desk.notifier import DESKS_ROOM, SUPERVISORS_ROOM, user_room
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.security import client_address
from agent_desk.sockets import NAMESPACE
from crm_core.errors import HotlineError, InvalidInput, NotAllowed
from crm_core.ids import AgentId, CallId

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SocketEvent:
    """``handler(socket id, caller, payload)`` returns the acknowledgement."""

    name: str
    permission: Permission
    handler: Callable[[str, Caller, Any], Json]


@dataclass(frozen=True)
class View:
    """What ``subscribe`` opens: its permission and room."""

    permission: Permission
    room: str


VIEWS = {
    "desk": View(Permission.DESK_USE, DESKS_ROOM),
    "board": View(Permission.BOARD_VIEW, SUPERVISORS_ROOM),
}


class SocketApi:
    """Connects browsers and answers their events. The right is asked again at every event (TRAPS §1.3)."""

    def __init__(self, desk: Desk, socketio: SocketIO) -> None:
        self._desk = desk
        self._server = socketio.server
        self.events = (
            SocketEvent("subscribe", Permission.LOGGED_IN, self.subscribe),
            SocketEvent("unsubscribe", Permission.LOGGED_IN, self.unsubscribe),
            SocketEvent("active", Permission.LOGGED_IN, self.active),
        )
        """``subscribe`` asks for the permission of the view itself."""
        socketio.on_event("connect", self.connect)
        socketio.on_event("disconnect", self.disconnect)
        for event in self.events:
            socketio.on_event(event.name, self._guarded(event))

    @property
    def permissions(self) -> dict[str, Permission]:
        own = {"connect": Permission.LOGGED_IN, "disconnect": Permission.ANYBODY}
        return own | {event.name: event.permission for event in self.events}

    def check(self, socketio: SocketIO) -> None:
        """Default deny: a handler without row in the table stops the start (R14)."""
        registered = {name for handlers in socketio.server.handlers.values() for name in handlers}
        undeclared = sorted(registered - set(self.permissions))
        if undeclared:
            raise RuntimeError(f"socket events without a declared permission: {', '.join(undeclared)}")

    # -- handlers -------------------------------------------------------------------------------------------------

    def connect(self, _auth: Any = None) -> None:
        """Refused without a good session; joins the room of the user, nothing else."""
        login = self._desk.sessions.read(session)
        account = self._desk.sessions.account_of(login) if login else None
        if login is None or account is None:
            raise SocketRefused("not_logged_in")
        socket_id = _socket_id()
        if not self._desk.sockets.opened(socket_id, login):
            raise SocketRefused("too_many_sockets")
        self._desk.sessions.touch(login)
        self._server.enter_room(socket_id, user_room(account.id), namespace=NAMESPACE)

    def disconnect(self, *_reason: Any) -> None:
        self._desk.sockets.closed(_socket_id())

    def subscribe(self, socket_id: str, caller: Caller, payload: Any) -> Json:
        """Join first, then read the version, then build: what changes meanwhile arrives with a higher version."""
        view = self._view(caller, payload)
        if view is VIEWS["desk"]:
            self._server.enter_room(socket_id, DESKS_ROOM, namespace=NAMESPACE)
            version = self._desk.notifier.version
            entities = list(self._desk.entities.desk(caller.id))
            shown = [CallId(one.id) for one in entities if one.kind.value == "call"]
            self._desk.notifier.note_shown(AgentId(caller.id), shown)
        else:
            for room in (DESKS_ROOM, SUPERVISORS_ROOM):
                self._server.enter_room(socket_id, room, namespace=NAMESPACE)
            version = self._desk.notifier.version
            entities = list(self._desk.entities.board())
        return {
            "version": version,
            "server_time": iso(self._desk.services.clock.now()),
            "entities": [one.as_json() for one in entities],
        }

    def unsubscribe(self, socket_id: str, caller: Caller, payload: Any) -> Json:
        view = self._view(caller, payload)
        if view is VIEWS["board"]:
            self._server.leave_room(socket_id, SUPERVISORS_ROOM, namespace=NAMESPACE)
        return {}

    def active(self, _socket_id: str, caller: Caller, _payload: Any) -> Json:
        """The person uses keyboard or mouse: the session is not idle (R8). Once a minute is enough."""
        self._desk.sessions.touch(caller.session)
        return {}

    def _view(self, caller: Caller, payload: Any) -> View:
        name = payload.get("view") if isinstance(payload, dict) else None
        view = VIEWS.get(name) if isinstance(name, str) else None
        if view is None:
            raise InvalidInput("view is desk or board")
        if not caller.may(view.permission):
            self._desk.note_refusal(caller, f"socket view {name}", f"needs {view.permission.value}")
            raise NotAllowed(f"this needs the permission {view.permission.value}")
        return view

    def _guarded(self, event: SocketEvent) -> Callable[..., Json]:
        def handle(*arguments: Any) -> Json:
            socket_id = _socket_id()
            try:
                caller = self._caller(socket_id)
                if not caller.may(event.permission):
                    self._desk.note_refusal(caller, f"socket {event.name}", f"needs {event.permission.value}")
                    raise NotAllowed(f"this needs the permission {event.permission.value}")
                return event.handler(socket_id, caller, arguments[0] if arguments else None)
            except HotlineError as error:
                return describe(error)[1]
            except Exception:
                log.exception("socket_event_failed", socket_event=event.name)
                return describe(DeskError("internal"))[1]

        return handle

    def _caller(self, socket_id: str) -> Caller:
        login = self._desk.sockets.session_of(socket_id)
        account = self._desk.sessions.account_of(login) if login else None
        if login is None or account is None:
            if login is not None:
                self._desk.sockets.close_session(login.session_id, "session ended")
            raise DeskError("session_ended", "no valid session")
        return Caller(account, login, client_address(), must_enrol=self._desk.services.must_enrol(account))


def _socket_id() -> str:
    return str(getattr(request, "sid", ""))
