"""Everything a route or socket event needs: who asks, what he may, which services answer, what is noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from flask import request, session
from flask_login import UserMixin, current_user

from agent_desk.errors import DeskError
from agent_desk.idempotency import Idempotency
from agent_desk.permissions import Permission, is_granted
from agent_desk.scope import Scope
from agent_desk.security import Gate, client_address
from agent_desk.services import DeskServices
from agent_desk.sessions import LoginSession, Sessions
from agent_desk.settings import DeskSettings
from crm_core.agents.accounts import Account
from crm_core.errors import NotAllowed
from crm_core.ids import AgentId

if TYPE_CHECKING:
    from agent_desk.entities import Entities
    from agent_desk.metrics import DeskMetrics
    from agent_desk.notifier import Notifier
    from agent_desk.sockets import Sockets

log = structlog.get_logger(__name__)

IDEMPOTENCY_HEADER = "Idempotency-Key"


@dataclass(frozen=True)
class Caller(UserMixin):  # type: ignore[misc]  # flask_login has no types
    """The logged-in person behind a request."""

    account: Account
    session: LoginSession
    address: str
    must_enrol: bool = False
    """A second factor is required and missing."""

    @property
    def id(self) -> AgentId:
        return self.account.id

    def may(self, permission: Permission) -> bool:
        """A one-time password opens nothing but the way to change it (R1), a missing second factor the way to get it (R7)."""
        if (self.account.must_change_password or self.must_enrol) and permission not in (
            Permission.ANYBODY,
            Permission.LOGGED_IN,
        ):
            return False
        return is_granted(self.account.role, permission)


class Desk:
    """The parts of one desk server, put together by ``create_app``."""

    def __init__(self, services: DeskServices, settings: DeskSettings) -> None:
        self.services = services
        self.settings = settings
        self.gate = Gate(settings)
        self.idempotency = Idempotency(services.clock)
        self.sessions = Sessions(
            services.accounts,
            services.clock,
            idle_s=settings.idle_s,
            session_s=settings.session_s,
            is_on_duty=services.is_on_duty,
        )
        self.scope = Scope(self)
        self.metrics: DeskMetrics
        self.entities: Entities
        self.notifier: Notifier
        self.sockets: Sockets
        self.duty_sessions: dict[int, str] = {}
        """Agent -> the login session that signed on (C27)."""
        self.refused_count = 0
        """Refused tries of logged-in people since the start."""

    def caller(self) -> Caller | None:
        """Who sent this request; None when nobody is logged in. Flask-Login asks ``load_caller`` once a request."""
        found = current_user._get_current_object()
        return found if isinstance(found, Caller) else None

    def load_caller(self, _request: object) -> Caller | None:
        login = self.sessions.read(session)
        account = self.sessions.account_of(login) if login else None
        if login is None or account is None:
            return None
        self.sessions.touch(login, session)
        return Caller(account, login, client_address(), must_enrol=self.services.must_enrol(account))

    def caller_for(self, permission: Permission) -> Caller | None:
        """The caller when he may; raises otherwise. None only for Permission.ANYBODY."""
        caller = self.caller()
        if permission is Permission.ANYBODY:
            return caller
        if caller is None:
            raise DeskError("session_ended" if "login" in session else "not_logged_in", "no valid session")
        if caller.account.must_change_password and not caller.may(permission):
            raise NotAllowed("the one-time password must be changed first", code="password_change")
        if caller.must_enrol and not caller.may(permission):
            raise NotAllowed("a second factor is required first", code="second_factor_enrol")
        if not caller.may(permission):
            self.note_refusal(caller, request.path, f"needs {permission.value}")
            raise NotAllowed(f"this needs the permission {permission.value}")
        return caller

    def limit_key(self) -> str:
        caller = self.caller()
        return f"user:{caller.id}" if caller else f"address:{client_address()}"

    def run_command(self, caller: Caller | None, endpoint: str, action: Callable[[], Any], *, status: int) -> Any:
        """Run once for each Idempotency-Key."""

        def reply() -> tuple[dict[str, Any], int]:
            value = action()
            return (value if value is not None else {}), status

        key = request.headers.get(IDEMPOTENCY_HEADER, "")
        if not key:
            return reply()
        scope = f"{caller.id if caller else 0} {endpoint} {request.path}"
        return self.idempotency.run(scope, key, content=request.get_data(), action=reply)

    def note(
        self,
        caller: Caller,
        action: str,
        kind: str,
        object_id: str | int,
        *,
        reason: str = "",
        result: str = "ok",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """One line in the audit (R26)."""
        self.services.audit.write(
            caller.id, action, kind, object_id, ip=caller.address, reason=reason, result=result, detail=detail or {}
        )

    def note_refusal(self, caller: Caller, what: str, reason: str) -> None:
        self.refused_count += 1
        log.warning("access_refused", user_id=int(caller.id), reason=reason)
        self.note(caller, "access.refused", "route", what, reason=reason, result="refused")
