"""Accounts: who may log in, with what password, and what happens to those who guess."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.agents.events import SessionsRevoked
from crm_core.agents.kinds import Role
from crm_core.agents.models import AgentStatusRow, User
from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import Conflict, HotlineError, InvalidInput, NotAllowed, NotFound
from crm_core.ids import AgentId

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_COMMON = frozenset({"password", "12345678", "123456789", "1234567890", "qwertyuiop", "hotline123", "admin12345"})


_PLACES_MAX = 50_000


class Throttled(HotlineError):
    """Too many failures from this place for this account (R5)."""

    code = "throttled"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("too many failed logins")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Account:
    """A user as others may know him."""

    id: AgentId
    login: str
    name: str
    role: Role
    extension: str | None
    queues: tuple[str, ...]
    is_disabled: bool
    must_change_password: bool
    session_epoch: int


class Accounts:
    """Log-in, passwords, creation and disabling. Thread-safe."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        *,
        context_words: tuple[str, ...] = (),
        failures_max: int = 5,
        failure_window_s: float = 900.0,
        throttle_s: float = 900.0,
        hasher: PasswordHasher | None = None,
    ) -> None:
        """``failures_max`` within ``failure_window_s`` throttle account and place for ``throttle_s``.
        ``hasher``: Argon2id with the library's costs unless another one is given (tests)."""
        self._db = database
        self._bus = bus
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._nobody_hash = self._hasher.hash("nobody has this password")
        self._context_words = tuple(word.lower() for word in context_words if len(word) >= 3)
        self._failures_max = failures_max
        self._failure_window_s = failure_window_s
        self._throttle_s = throttle_s
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._throttled_until_s: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def authenticate(
        self, login: str, password: str, ip: str, *, check: Callable[[Account], bool] = lambda _: True
    ) -> Account:
        """Same answer and time for unknown users (R6). Raises NotAllowed, or Throttled for this account and place:
        somebody who guesses from elsewhere cannot lock out an agent on duty (R5).

        ``check``: the second factor, asked after the right password; False counts as a failure (NotAllowed
        ``totp_wrong``), what it raises counts as none."""
        login = login.strip().lower()
        self._check_throttle(login, ip)
        with self._db.read() as session:
            user = session.scalar(select(User).where(User.login == login))
        known_hash = user.password_hash if user and not user.is_disabled else self._nobody_hash
        if not self._is_right(known_hash, password) or user is None or user.is_disabled:
            self._note_failure(login, ip)
            raise NotAllowed("login or password is wrong", code="login_refused")
        account = _account(user)
        if not check(account):
            self._note_failure(login, ip)
            raise NotAllowed("the one-time code is wrong or was used before", code="totp_wrong")
        with self._lock:
            self._failures.pop((login, ip), None)
        return account

    def is_password_of(self, user_id: int, password: str) -> bool:
        """Asked again before something that must not be done by whoever finds an open screen."""
        with self._db.read() as session:
            stored = _get(session, user_id).password_hash
        return self._is_right(stored, password)

    def end_sessions(self, user_id: int, reason: str) -> None:
        """Log-out: every cookie of this account is dead, also after a restart (R9, F82)."""
        with self._db.write() as session:
            _get(session, user_id).session_epoch += 1
        self._revoke(user_id, reason)

    def account(self, user_id: int) -> Account:
        with self._db.read() as session:
            return _account(_get(session, user_id))

    def accounts(self) -> list[Account]:
        with self._db.read() as session:
            return [_account(user) for user in session.scalars(select(User).order_by(User.id))]

    def create(
        self,
        login: str,
        password: str,
        *,
        name: str,
        role: Role,
        extension: str | None = None,
        queues: tuple[str, ...] = (),
        must_change_password: bool = True,
    ) -> Account:
        login = login.strip().lower()
        if not _LOGIN.fullmatch(login):
            raise InvalidInput("a login has 2 to 32 characters a-z, 0-9, dot, dash, underscore")
        self.check_password(password, login)
        with self._db.write() as session:
            if session.scalar(select(User.id).where(User.login == login)):
                raise Conflict("this login exists already")
            user = User(
                login=login,
                name=name,
                role=role.value,
                extension=extension,
                queues=list(queues),
                password_hash=self._hasher.hash(password),
                must_change_password=must_change_password,
                created_at=self._clock.now(),
            )
            session.add(user)
            session.flush()
            session.add(AgentStatusRow(agent_id=user.id, since=self._clock.now()))
            return _account(user)

    def change_password(self, user_id: int, old: str, new: str) -> None:
        with self._db.read() as session:
            user = _get(session, user_id)
        if not self._is_right(user.password_hash, old):
            raise NotAllowed("the old password is wrong")
        self.set_password(user_id, new, must_change=False)

    def set_password(self, user_id: int, new: str, *, must_change: bool = True) -> None:
        """Every session of this user ends (R9)."""
        with self._db.read() as session:
            login = _get(session, user_id).login
        self.check_password(new, login)
        hashed = self._hasher.hash(new)
        with self._db.write() as session:
            user = _get(session, user_id)
            user.password_hash = hashed
            user.must_change_password = must_change
            user.session_epoch += 1
        self._revoke(user_id, "password changed")

    def set_disabled(self, user_id: int, is_disabled: bool) -> None:
        with self._db.write() as session:
            user = _get(session, user_id)
            user.is_disabled = is_disabled
            user.session_epoch += 1
        self._revoke(user_id, "account disabled" if is_disabled else "account enabled")

    def set_role(self, user_id: int, role: Role) -> None:
        with self._db.write() as session:
            user = _get(session, user_id)
            user.role = role.value
            user.session_epoch += 1
        self._revoke(user_id, "role changed")

    def check_password(self, password: str, login: str) -> None:
        """Length 10 to 256, not common, without login and hospital words (R2 profile asvs, R3)."""
        lowered = password.lower()
        if not 10 <= len(password) <= 256:
            raise InvalidInput("a password has 10 to 256 characters", code="password_length")
        if lowered in _COMMON or len(set(lowered)) < 5 or login in lowered:
            raise InvalidInput("this password is too easy to guess", code="password_weak")
        if any(word in lowered for word in self._context_words):
            raise InvalidInput("a password must not contain the hospital's name", code="password_weak")

    def _is_right(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password[:256])
        except (VerificationError, InvalidHashError):
            return False

    def _revoke(self, user_id: int, reason: str) -> None:
        self._bus.publish(SessionsRevoked(at=self._clock.now(), user_id=user_id, reason=reason))

    def _check_throttle(self, login: str, ip: str) -> None:
        with self._lock:
            left_s = self._throttled_until_s.get((login, ip), 0.0) - self._clock.monotonic_s()
            if left_s > 0:
                raise Throttled(left_s)
            self._throttled_until_s.pop((login, ip), None)

    def _note_failure(self, login: str, ip: str) -> None:
        now_s, place = self._clock.monotonic_s(), (login, ip)
        with self._lock:
            for memory in (self._failures, self._throttled_until_s):
                if len(memory) > _PLACES_MAX:
                    memory.clear()
            times = self._failures.setdefault(place, deque(maxlen=self._failures_max))
            times.append(now_s)
            if len(times) == self._failures_max and now_s - times[0] <= self._failure_window_s:
                self._throttled_until_s[place] = now_s + self._throttle_s
                del self._failures[place]


def _get(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("no such user")
    return user


def _account(user: User) -> Account:
    return Account(
        id=AgentId(user.id),
        login=user.login,
        name=user.name,
        role=Role(user.role),
        extension=user.extension,
        queues=tuple(user.queues),
        is_disabled=user.is_disabled,
        must_change_password=user.must_change_password,
        session_epoch=user.session_epoch,
    )
