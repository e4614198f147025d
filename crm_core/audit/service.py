"""Who saw, changed, heard, exported what: a chain of lines that shows any later change (R26, R27, I7)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.phone_number import clean_text

_GENESIS = "0" * 64
_CHAIN_LOCK = 0x484C_4155  # PostgreSQL advisory lock: one writer appends at a time


@dataclass(frozen=True)
class AuditEntry:
    """One line as readers see it."""

    id: int
    at: datetime
    actor_id: int | None
    action: str
    object_kind: str
    object_id: str
    ip: str
    reason: str
    result: str
    detail: dict[str, Any]


class Audit:
    """Append and verify. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def write(
        self,
        actor_id: int | None,
        action: str,
        object_kind: str,
        object_id: str | int,
        *,
        ip: str = "",
        reason: str = "",
        result: str = "ok",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Append one line; durable when it returns. ``detail`` must hold no secrets and no full numbers (R29)."""
        with self._db.write() as session:
            self.append(
                session,
                AuditLine(
                    actor_id=actor_id,
                    action=action,
                    object_kind=object_kind,
                    object_id=clean_text(str(object_id), limit=128),
                    ip=clean_text(ip, limit=45),
                    reason=clean_text(reason, limit=500),
                    result=result,
                    detail=detail or {},
                ),
            )

    def append(self, session: Session, line: AuditLine) -> None:
        """Append within a transaction of the caller."""
        if not self._db.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
        last = session.scalar(select(AuditLine.hash).order_by(AuditLine.id.desc()).limit(1))
        line.at = self._clock.now()
        line.previous_hash = last or _GENESIS
        line.hash = _hash(line)
        session.add(line)
        session.flush()

    def verify(self) -> list[str]:
        """Walk the whole chain; one sentence for each line that was edited, removed or moved. Empty means whole."""
        problems: list[str] = []
        expected = _GENESIS
        with self._db.read() as session:
            for line in session.scalars(select(AuditLine).order_by(AuditLine.id).execution_options(yield_per=1000)):
                if line.previous_hash != expected:
                    problems.append(f"line {line.id}: a line before it is missing or was moved")
                if line.hash != _hash(line):
                    problems.append(f"line {line.id}: it was changed after it was written")
                expected = line.hash
        return problems

    def entries(
        self,
        *,
        object_kind: str | None = None,
        object_id: str | None = None,
        action: str | None = None,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """The newest lines first."""
        query = select(AuditLine).order_by(AuditLine.id.desc()).limit(min(limit, 1000))
        for column, wanted in (
            (AuditLine.object_kind, object_kind),
            (AuditLine.object_id, object_id),
            (AuditLine.action, action),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._db.read() as session:
            return [
                AuditEntry(
                    r.id, r.at, r.actor_id, r.action, r.object_kind, r.object_id, r.ip, r.reason, r.result, r.detail
                )
                for r in session.scalars(query)
            ]


def _hash(line: AuditLine) -> str:
    content = [
        line.previous_hash,
        line.at.isoformat(),
        line.actor_id,
        line.action,
        line.object_kind,
        line.object_id,
        line.ip,
        line.reason,
        line.result,
        line.detail,
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
