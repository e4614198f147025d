"""Tickets, every hop of them, and the recorded messages they began with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(16), unique=True)
    """Spoken to the caller; made from the id in the same transaction."""
    origin: Mapped[str] = mapped_column(String(200), unique=True)
    """Call and file that it came from: told twice, it is opened once."""
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    call_id: Mapped[str | None] = mapped_column(String(120), index=True)
    patient_id: Mapped[int | None] = mapped_column(index=True)
    number_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_hash: Mapped[str | None] = mapped_column(String(32), index=True)
    department: Mapped[str | None] = mapped_column(String(32))
    """Code of the department that has it."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    hops: Mapped[list[TicketHop]] = relationship(order_by="TicketHop.id", lazy="raise")
    sounds: Mapped[list[VoiceMessage]] = relationship(order_by="VoiceMessage.id", lazy="raise")

    __table_args__ = (Index("ix_tickets_list", "state", "due_at"),)


class TicketHop(Base):
    """One step of a ticket; ``by`` None: the telephone."""

    __tablename__ = "ticket_hops"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12))
    department: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text, default="")


class VoiceMessage(Base):
    """What a caller said after the tone, as its own recording."""

    __tablename__ = "voice_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    call_id: Mapped[str] = mapped_column(String(120))
    incoming_name: Mapped[str] = mapped_column(String(160), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    length_s: Mapped[float]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    store_name: Mapped[str | None] = mapped_column(String(160))

    __table_args__ = (Index("ix_voice_messages_state", "state"),)
