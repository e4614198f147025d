"""People who log in, what they are doing, and every change of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    extension: Mapped[str | None] = mapped_column(String(16), unique=True)
    queues: Mapped[list[str]] = mapped_column(JSON, default=list)
    password_hash: Mapped[str] = mapped_column(String(256))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_disabled: Mapped[bool] = mapped_column(default=False)
    session_epoch: Mapped[int] = mapped_column(default=1)
    """Grows when every session of this user must end (password, role, disable)."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecondFactorRow(Base):
    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    seed_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The step of thirty seconds whose code was used last: none that is not younger counts again."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AgentStatusRow(Base):
    """What one agent is doing now."""

    __tablename__ = "agent_statuses"

    agent_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="offline")
    reason: Mapped[str] = mapped_column(String(32), default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(16), default="system")
    call_id: Mapped[str | None] = mapped_column(String(120))
    wrap_up_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_after: Mapped[str] = mapped_column(String(32), default="")
    """A pause asked for during a call: it begins when wrap-up ends."""
    signed_on_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_registered: Mapped[bool] = mapped_column(default=False)


class AgentStateChangeRow(Base):
    """The ledger of agent states (C28, C125)."""

    __tablename__ = "agent_state_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    old: Mapped[str] = mapped_column(String(16))
    new: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(32), default="")
    by: Mapped[str] = mapped_column(String(16))
    call_id: Mapped[str | None] = mapped_column(String(120))

    __table_args__ = (Index("ix_agent_state_changes_agent_at", "agent_id", "at"),)
