"""Menus as they are kept: every version, the calendars with their exceptions, the sounds made for prompts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.database import Base, UtcDateTime


class MenuVersion(Base):
    """One version of the whole menu. A draft changes, with ``lock_version`` growing; the others never do."""

    __tablename__ = "menu_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None] = mapped_column(unique=True)
    """v1, v2 … given when it is published; None for the draft."""
    state: Mapped[str] = mapped_column(String(12), index=True)
    tree: Mapped[dict[str, Any]] = mapped_column(JSON)
    lock_version: Mapped[int] = mapped_column(default=1)
    based_on: Mapped[int | None]
    """The number of the version that the draft began with, or that was rolled back to."""
    note: Mapped[str] = mapped_column(Text, default="")
    changed_by: Mapped[int | None]
    """None: the house itself (the shipped menu)."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None]
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_menu_versions_one_draft", "state", unique=True,
            sqlite_where=text("state = 'draft'"), postgresql_where=text("state = 'draft'"),
        ),
        Index(
            "uq_menu_versions_one_published", "state", unique=True,
            sqlite_where=text("state = 'published'"), postgresql_where=text("state = 'published'"),
        ),
    )  # fmt: skip


class OfficeCalendar(Base):
    """The weekly hours of one named calendar. Spans like ``08:00-17:30``."""

    __tablename__ = "office_calendars"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_zh: Mapped[str] = mapped_column(String(64))
    title_en: Mapped[str] = mapped_column(String(64), default="")
    weekly: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    """"1" Monday to "7" Sunday, "holiday" for 法定节假日, "makeup" for a 调休 working day."""
    lock_version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OfficeException(Base):
    """One day that is different: own table, wins over weekly hours and the legal calendar."""

    __tablename__ = "office_exceptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(String(40))
    """"*" means every calendar."""
    day: Mapped[date] = mapped_column(Date)
    spans: Mapped[list[str]] = mapped_column(JSON)
    """Empty means closed."""
    reason: Mapped[str] = mapped_column(String(128))
    changed_by: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("calendar", "day", name="uq_office_exceptions_calendar_day"),)


class OwnPrompt(Base):
    """A prompt that was added in the browser, beside those that come with the house."""

    __tablename__ = "own_prompts"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text, default="")
    changed_by: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PromptSound(Base):
    """One sound made for a prompt: uploaded or synthesised, first a draft, then what callers hear."""

    __tablename__ = "prompt_sounds"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    source: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), index=True)
    text: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(String(200), default="")
    file_name: Mapped[str] = mapped_column(String(80), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    length_s: Mapped[float] = mapped_column(default=0.0)
    level_dbfs: Mapped[float] = mapped_column(default=0.0)
    changed_by: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_prompt_sounds_key_language", "key", "language"),)
