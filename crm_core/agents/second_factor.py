"""The second factor of those who see much: a code of thirty seconds from a telephone's app (RFC 6238), each used once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pyotp
from sqlalchemy import update

from crm_core.agents.accounts import Account
from crm_core.agents.kinds import Role
from crm_core.agents.models import SecondFactorRow
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotAllowed, NotFound, WrongState

STEP_S = 30
ROLES = frozenset({Role.SUPERVISOR, Role.ADMIN})
"""Who may have one (R7)."""
_STEPS_AROUND = (0, -1, 1)
"""A telephone's clock may be one step off."""


class SecondFactorPolicy(StrEnum):
    OFF = "off"
    """Never asked for, also of those who have one."""
    OPTIONAL = "optional"
    """Asked of those who have one."""
    REQUIRED = "required"
    """Who has none can do nothing but get one."""


@dataclass(frozen=True)
class SecondFactorState:
    may_have: bool
    is_enrolled: bool
    is_required: bool

    @property
    def must_enrol(self) -> bool:
        return self.is_required and not self.is_enrolled


@dataclass(frozen=True)
class Enrolment:
    """Shown once, to its owner only. ``uri`` is what the app reads from the picture."""

    secret: str
    uri: str


class SecondFactors:
    """Seeds are kept encrypted. Thread-safe; a code is used once over all processes, because the database says so."""

    def __init__(
        self, database: Database, cipher: FieldCipher, clock: Clock, *, policy: SecondFactorPolicy, issuer: str
    ) -> None:
        """``clock``: the true time, also where the house's own is moved for a demo.

        ``issuer``: the name under which the app shows the code.
        """
        self._db = database
        self._cipher = cipher
        self._clock = clock
        self._policy = policy
        self._issuer = issuer

    def state(self, account: Account) -> SecondFactorState:
        may_have = account.role in ROLES and self._policy is not SecondFactorPolicy.OFF
        if not may_have:
            return SecondFactorState(may_have=False, is_enrolled=False, is_required=False)
        with self._db.read() as session:
            row = session.get(SecondFactorRow, account.id)
            is_enrolled = row is not None and row.confirmed_at is not None
        return SecondFactorState(
            may_have=True, is_enrolled=is_enrolled, is_required=self._policy is SecondFactorPolicy.REQUIRED
        )

    def begin(self, account: Account) -> Enrolment:
        """A new seed, not in force before its first code is confirmed; begun again it replaces an unconfirmed one.

        Raises NotAllowed for accounts that have none, WrongState when one is in force.
        """
        state = self.state(account)
        if not state.may_have:
            raise NotAllowed("this account needs no second factor")
        if state.is_enrolled:
            raise WrongState("there is a second factor already; remove it first", code="second_factor_there")
        secret = pyotp.random_base32()
        with self._db.write() as session:
            session.merge(
                SecondFactorRow(
                    user_id=account.id, seed_encrypted=self._cipher.encrypt(secret), last_step=0, confirmed_at=None,
                    created_at=self._clock.now(),
                )
            )  # fmt: skip
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=self._issuer))

    def confirm(self, account: Account, code: str) -> None:
        """From now on it is asked for. Raises NotFound when nothing was begun, InvalidInput for a wrong code."""
        with self._db.read() as session:
            row = session.get(SecondFactorRow, account.id)
            if row is None or row.confirmed_at is not None:
                raise NotFound("no second factor was begun")
        if not self._use(account, code, confirmed_at=self._clock.now()):
            raise InvalidInput("this is not the code of now", code="second_factor_code")

    def verify(self, account: Account, code: str) -> bool:
        """True once for each right code; True for everybody of whom none is asked."""
        return not self.state(account).is_enrolled or self._use(account, code)

    def remove(self, user_id: int) -> bool:
        """His own wish, or an admin's help for a lost telephone; the caller has checked the right. False: there was none."""
        with self._db.write() as session:
            row = session.get(SecondFactorRow, user_id)
            if row is not None:
                session.delete(row)
            return row is not None

    def _use(self, account: Account, code: str, *, confirmed_at: datetime | None = None) -> bool:
        """Marks the step of the code as used; of two who come with the same code one fails."""
        with self._db.read() as session:
            row = session.get(SecondFactorRow, account.id)
            if row is None:
                return False
            seed, last_step = self._cipher.decrypt(row.seed_encrypted), row.last_step
        step = _step_of(seed, code, now_s=self._clock.now().astimezone(UTC).timestamp())
        if step is None or step <= last_step:
            return False
        changes = {"last_step": step} | ({"confirmed_at": confirmed_at} if confirmed_at else {})
        with self._db.write() as session:
            used = session.execute(
                update(SecondFactorRow)
                .where(SecondFactorRow.user_id == account.id, SecondFactorRow.last_step < step)
                .values(changes)
            )
            return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def _step_of(seed: str, code: str, *, now_s: float) -> int | None:
    """The step whose code this is; None for a wrong one. Every comparison takes the same time."""
    totp, now_step = pyotp.TOTP(seed, interval=STEP_S), int(now_s) // STEP_S
    digits = code.strip().replace(" ", "")
    found = [
        now_step + around
        for around in _STEPS_AROUND
        if totp.verify(digits, for_time=datetime.fromtimestamp((now_step + around) * STEP_S, UTC))
    ]
    return found[0] if found and digits.isascii() and len(digits) == 6 else None
