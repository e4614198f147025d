"""What the menu services hand out: frozen values without a database behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crm_core.menus.kinds import VersionState
from crm_core.menus.tree import MenuTree


@dataclass(frozen=True)
class Editor:
    """Who changes something, for the audit."""

    id: int
    ip: str = ""


@dataclass(frozen=True)
class VersionCard:
    """One version without its tree. ``number`` None is the draft; ``changed_by`` None is the house itself."""

    id: int
    number: int | None
    state: VersionState
    lock_version: int
    based_on: int | None
    note: str
    changed_by: int | None
    changed_at: datetime
    published_by: int | None
    published_at: datetime | None


@dataclass(frozen=True)
class StoredMenu:
    """A version with its tree."""

    card: VersionCard
    tree: MenuTree


class DayKind(StrEnum):
    """Why a day has the hours it has."""

    WEEKLY = "weekly"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"
    EXCEPTION = "exception"


@dataclass(frozen=True)
class DayHours:
    """The hours of one day: spans like ``08:00-17:30``, empty means closed; ``reason`` of an exception or ""."""

    day: date
    kind: DayKind
    spans: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class CalendarCard:
    key: str
    title_zh: str
    title_en: str
    weekly: dict[str, tuple[str, ...]]
    lock_version: int
    changed_by: int | None
    changed_at: datetime


@dataclass(frozen=True)
class ExceptionCard:
    id: int
    calendar: str
    day: date
    spans: tuple[str, ...]
    reason: str
    changed_by: int | None
    changed_at: datetime


class SoundSource(StrEnum):
    RECORDED = "recorded"
    SYNTHESISED = "synthesised"


class SoundState(StrEnum):
    """``waiting`` for the voice, ``failed`` to be made, ``draft`` to be listened to, then what callers hear, then not."""

    WAITING = "waiting"
    FAILED = "failed"
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class SoundCard:
    id: int
    key: str
    language: str
    source: SoundSource
    state: SoundState
    text: str
    problem: str
    file_name: str
    length_s: float
    level_dbfs: float
    changed_by: int | None
    changed_at: datetime
    published_at: datetime | None


@dataclass(frozen=True)
class OwnPromptCard:
    key: str
    text_zh: str
    text_en: str
    changed_by: int | None
    changed_at: datetime
