"""Answers as desks and flows see them: each with its owner and the last day on which it may be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class KnowledgeCard:
    id: int
    code: str
    kind: str
    title: str
    title_en: str
    text: str
    text_en: str
    department_code: str
    doctor_code: str
    owner: str
    valid_until: date
    is_expired: bool
    """Shown with a mark, never read out or sent."""
    version: int
    updated_at: datetime


@dataclass(frozen=True)
class ReimbursementCard:
    insurance: str
    title: str
    ratio_permille: int

    @property
    def percent_text(self) -> str:
        """``72.5%``."""
        whole, rest = divmod(self.ratio_permille, 10)
        return f"{whole}.{rest}%" if rest else f"{whole}%"


@dataclass(frozen=True)
class CatalogueCard:
    id: int
    code: str
    kind: str
    kind_title: str
    name: str
    name_en: str
    specification: str
    unit: str
    price_fen: int
    usage: str
    origin: str
    reimbursements: tuple[ReimbursementCard, ...]
    owner: str
    valid_until: date
    is_expired: bool
    version: int
    updated_at: datetime


Answer = KnowledgeCard | CatalogueCard


@dataclass(frozen=True)
class NewKnowledge:
    """``keywords``: further words; letters or digits typed as they are (a pinyin reading that the dictionary gets wrong)."""

    code: str
    kind: str
    title: str
    text: str
    owner: str
    valid_until: date
    title_en: str = ""
    text_en: str = ""
    department_code: str = ""
    doctor_code: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewItem:
    code: str
    kind: str
    name: str
    price_fen: int
    owner: str
    valid_until: date
    name_en: str = ""
    specification: str = ""
    unit: str = ""
    usage: str = ""
    origin: str = ""
    reimbursement_permille: tuple[tuple[str, int], ...] = ()
    """(kind of insurance, 0..1000) pairs."""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnquiryCard:
    id: int
    at: datetime
    call_id: str
    patient_id: int | None
    agent_id: int | None
    kind: str
    kind_title: str
    item_code: str
    answer: str
    was_solved: bool | None


@dataclass(frozen=True)
class EnquiryFigures:
    """One kind in a span of time. ``solved_ratio`` counts only enquiries whose end is known; None when there are none."""

    kind: str
    kind_title: str
    total: int
    solved: int
    unsolved: int

    @property
    def solved_ratio(self) -> float | None:
        known = self.solved + self.unsolved
        return self.solved / known if known else None
