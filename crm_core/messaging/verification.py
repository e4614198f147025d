"""防诈骗核验: codes announced by SMS, and the answer to "was that call yours?" (C93)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput
from crm_core.messaging.cards import MessageCard
from crm_core.messaging.log import card_of
from crm_core.messaging.models import Message, VerificationCode, VerificationTry
from crm_core.messaging.moments import moment_text
from crm_core.messaging.outbox import Outbox
from crm_core.phone_number import clean_text

CODE_DIGITS = range(4, 7)
_DRAWS_MAX = 50


class Verdict(StrEnum):
    WAS_OURS = "was_ours"
    EXPIRED = "expired"
    """Ours, but of an announcement that is over: a new call with it is not ours."""
    NOT_OURS = "not_ours"
    THROTTLED = "throttled"
    """Too many wrong codes: to a person."""


@dataclass(frozen=True)
class Checked:
    """``purpose`` and ``announced_at`` are told only with WAS_OURS and EXPIRED."""

    verdict: Verdict
    purpose: str = ""
    reference: str = ""
    announced_at: datetime | None = None


@dataclass(frozen=True)
class IssuedCode:
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class VerificationRules:
    digits: int = 6
    valid_s: float = 24 * 3600.0
    known_s: float = 30 * 86_400.0
    """So long after its end a code is still told as expired instead of unknown."""
    window_s: float = 900.0
    wrong_per_number: int = 5
    """Wrong codes from one number within the window."""
    wrong_of_all: int = 200
    """Wrong codes from everybody within the window: somebody is trying numbers."""

    def __post_init__(self) -> None:
        if self.digits not in CODE_DIGITS:
            raise ValueError("a code has 4 to 6 digits")


class Verification:
    """Thread-safe. Codes are kept as keyed hashes; the digits exist only in the message."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cipher: FieldCipher,
        *,
        rules: VerificationRules | None = None,
        draw: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._db = database
        self._clock = clock
        self._cipher = cipher
        self._rules = rules or VerificationRules()
        self._draw = draw

    def issue(self, number: str, purpose: str, reference: str, *, patient_id: int | None = None) -> IssuedCode:
        """A code for this number that no other of its known ones equals. Raises InvalidInput (no number)."""
        with self._db.write() as session:
            return self.add(session, number, purpose, reference, patient_id=patient_id)

    def announce(
        self,
        outbox: Outbox,
        number: str,
        purpose: str,
        reference: str,
        *,
        patient_id: int | None = None,
        language: str = "zh",
    ) -> MessageCard:
        """Code and SMS in one transaction; the same ``reference`` (call, attempt) is announced once."""
        key = f"verification:{reference}"
        with self._db.write() as session:
            announced = session.scalar(select(Message).where(Message.dedupe_key == key))
            if announced is not None:
                return card_of(announced)
            issued = self.add(session, number, purpose, reference, patient_id=patient_id)
            return outbox.add(
                session,
                "call_verification",
                number,
                {"code": issued.code, "until": moment_text(issued.expires_at, language)},
                dedupe_key=key,
                language=language,
                patient_id=patient_id,
                not_after=issued.expires_at,
            )

    def add(
        self, session: Session, number: str, purpose: str, reference: str, *, patient_id: int | None = None
    ) -> IssuedCode:
        """As ``issue``, within a writing transaction of the caller."""
        normal = phone_number.normalise(number)
        if normal is None:
            raise InvalidInput("this is not a telephone number")
        now = self._clock.now()
        code = self._fresh_code(session, normal)
        expires_at = now + timedelta(seconds=self._rules.valid_s)
        session.add(
            VerificationCode(
                number_hash=self._cipher.hash_of(normal),
                code_hash=self._hash(normal, code),
                purpose=clean_text(purpose, limit=32),
                reference=clean_text(reference, limit=120),
                patient_id=patient_id,
                issued_at=now,
                expires_at=expires_at,
            )
        )
        session.flush()
        return IssuedCode(code, expires_at)

    def check(self, code: str, number: str) -> Checked:
        """Was a call to this number announced with this code? Anything but its digits counts as a wrong try."""
        normal = phone_number.normalise(number)
        keyed = code.removesuffix("#")
        is_code = keyed.isascii() and keyed.isdigit() and len(keyed) in CODE_DIGITS
        with self._db.write() as session:
            number_hash = self._cipher.hash_of(normal or clean_text(number))
            if self._is_throttled(session, number_hash):
                return Checked(Verdict.THROTTLED)
            row = self._find(session, normal, keyed) if normal is not None and is_code else None
            if row is None:
                session.add(VerificationTry(at=self._clock.now(), number_hash=number_hash))
                return Checked(Verdict.NOT_OURS)
            row.checked_at = self._clock.now()
            verdict = Verdict.WAS_OURS if row.expires_at > self._clock.now() else Verdict.EXPIRED
            return Checked(verdict, row.purpose, row.reference, row.issued_at)

    def purge(self) -> int:
        """Forget codes and tries that matter no more; returns the number of codes. For the hourly tasks."""
        now = self._clock.now()
        with self._db.write() as session:
            known_since = now - timedelta(seconds=self._rules.known_s)
            gone = session.scalars(
                delete(VerificationCode).where(VerificationCode.expires_at < known_since).returning(VerificationCode.id)
            ).all()
            session.execute(delete(VerificationTry).where(VerificationTry.at < self._window_start()))
        return len(gone)

    def _find(self, session: Session, number: str, code: str) -> VerificationCode | None:
        return session.scalars(
            select(VerificationCode)
            .where(
                VerificationCode.number_hash == self._cipher.hash_of(number),
                VerificationCode.code_hash == self._hash(number, code),
            )
            .order_by(VerificationCode.expires_at.desc())
            .limit(1)
        ).first()

    def _fresh_code(self, session: Session, number: str) -> str:
        digits = self._rules.digits
        for _ in range(_DRAWS_MAX):
            code = f"{self._draw(10**digits):0{digits}d}"
            if self._find(session, number, code) is None:
                return code
        raise InvalidInput("too many codes for this number", code="too_many_codes")

    def _is_throttled(self, session: Session, number_hash: str) -> bool:
        recent = VerificationTry.at >= self._window_start()
        own = session.scalar(select(func.count()).where(recent, VerificationTry.number_hash == number_hash)) or 0
        if own >= self._rules.wrong_per_number:
            return True
        return (session.scalar(select(func.count()).where(recent)) or 0) >= self._rules.wrong_of_all

    def _window_start(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._rules.window_s)

    def _hash(self, number: str, code: str) -> str:
        return self._cipher.hash_of(f"verification {number} {code}")
