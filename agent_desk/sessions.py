"""Login sessions: what the cookie holds, when it ends, and who is behind a request or socket."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm_core.agents.accounts import Account, Accounts
from crm_core.clock import Clock
from crm_core.errors import NotFound

SEEN_STEP_S = 30.0
"""The cookie is written again at most this often to note that the person is still there."""


@dataclass(frozen=True)
class LoginSession:
    """One login. ``session_id`` is made new at every login (F82)."""

    session_id: str
    user_id: int
    epoch: int
    began_at: datetime
    seen_at: datetime


class Sessions:
    """Reads and judges sessions. A session lives in the signed cookie, so a restart logs nobody out (F72); it ends by
    ``session_epoch`` (log-out, password, role, disable), by idleness or age. A live call is never cut by the last
    two (R8), and an agent on duty (ready or busy) counts as present: an unanswered call pauses him, then he is idle."""

    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        *,
        idle_s: float,
        session_s: float,
        is_on_duty: Callable[[int], bool],
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._idle_s = idle_s
        self._session_s = session_s
        self._is_on_duty = is_on_duty
        self._seen: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def begin(self, cookie: MutableMapping[str, Any], account: Account) -> LoginSession:
        """A fresh session; whatever the cookie held before is gone."""
        now = self._clock.now()
        begun = LoginSession(secrets.token_urlsafe(18), int(account.id), account.session_epoch, now, now)
        cookie.clear()
        cookie["csrf"] = secrets.token_urlsafe(24)
        self._write(cookie, begun)
        return begun

    def read(self, cookie: Mapping[str, Any]) -> LoginSession | None:
        """What the cookie says; it may have ended."""
        try:
            session_id, user_id, epoch, began_s, seen_s = cookie["login"]
            return LoginSession(
                str(session_id),
                int(user_id),
                int(epoch),
                datetime.fromtimestamp(float(began_s), UTC),
                datetime.fromtimestamp(float(seen_s), UTC),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def account_of(self, session: LoginSession) -> Account | None:
        """The account behind a session that is still good, else None."""
        try:
            account = self._accounts.account(session.user_id)
        except NotFound:
            return None
        if account.is_disabled or account.session_epoch != session.epoch or self._is_over(session):
            return None
        return account

    def touch(self, session: LoginSession, cookie: MutableMapping[str, Any] | None = None) -> None:
        """The person did something."""
        now = self._clock.now()
        with self._lock:
            if len(self._seen) > 20_000:
                self._seen.clear()
            self._seen[session.session_id] = now
        if cookie is not None and (now - session.seen_at).total_seconds() >= SEEN_STEP_S:
            self._write(cookie, LoginSession(session.session_id, session.user_id, session.epoch, session.began_at, now))

    def _is_over(self, session: LoginSession) -> bool:
        now = self._clock.now()
        with self._lock:
            seen_at = max(session.seen_at, self._seen.get(session.session_id, session.seen_at))
        is_idle = (now - seen_at).total_seconds() > self._idle_s
        is_old = (now - session.began_at).total_seconds() > self._session_s
        return (is_idle or is_old) and not self._is_on_duty(session.user_id)

    @staticmethod
    def _write(cookie: MutableMapping[str, Any], session: LoginSession) -> None:
        cookie["login"] = [
            session.session_id,
            session.user_id,
            session.epoch,
            session.began_at.timestamp(),
            session.seen_at.timestamp(),
        ]
