"""Who did what to a patient: the audit line and the history row, inside the transaction of the use case itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.clock import Clock
from crm_core.errors import InvalidInput
from crm_core.patients.models_fields import PatientChange
from crm_core.phone_number import clean_text

_REASON_MIN = 2


@dataclass(frozen=True)
class Actor:
    """Who acts. ``id`` is the account; None is a machine, or the patient himself by telephone."""

    id: int | None
    source: str = "desk"
    """The department or channel: desk, ivr, import, registration desk, his…"""
    ip: str = ""


MACHINE = Actor(None, source="rule")


class Trail:
    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock

    def note(
        self,
        session: Session,
        actor: Actor,
        action: str,
        object_id: int | str,
        *,
        object_kind: str = "patient",
        reason: str = "",
        result: str = "ok",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """One line of the chain; ``detail`` holds keys and masked values only (R29). Call it last: the chain is one."""
        self._audit.append(
            session,
            AuditLine(
                actor_id=actor.id,
                action=action,
                object_kind=object_kind,
                object_id=clean_text(str(object_id), limit=128),
                ip=clean_text(actor.ip, limit=45),
                reason=clean_text(reason, limit=500),
                result=result,
                detail={"source": actor.source, **(detail or {})},
            ),
        )

    def changed(
        self, session: Session, actor: Actor, patient_id: int, *, field: str, old: str, new: str,
        is_secret: bool = False, reason: str = "",
    ) -> None:  # fmt: skip
        """One row of the patient's history; of a secret field only that it was changed."""
        session.add(
            PatientChange(
                patient_id=patient_id,
                at=self._clock.now(),
                actor_id=actor.id,
                field=field,
                old="" if is_secret else old,
                new="" if is_secret else new,
                is_secret=is_secret,
                source=clean_text(actor.source, limit=32),
                reason=clean_text(reason, limit=500),
            )
        )


def need_reason(reason: str) -> str:
    """Raises InvalidInput when nothing was said."""
    plain = clean_text(reason, limit=500)
    if len(plain) < _REASON_MIN:
        raise InvalidInput("say why")
    return plain
