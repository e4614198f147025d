"""Whether a number is being called back now, for those who dial for other reasons."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute

from crm_core.waiting.models import CallBackAttempt


def is_called_back(number_hash: InstrumentedAttribute[str] | str) -> ColumnElement[bool]:
    """True from the claim to the end of a call-back: two machines never ring one telephone."""
    return exists().where(CallBackAttempt.number_hash == number_hash, CallBackAttempt.ended_at.is_(None))
