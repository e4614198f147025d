"""Knowledge, price list, search terms and the enquiry record as they are kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm_core.database import Base, UtcDateTime


class KnowledgeItem(Base):
    """One answer in words (A6.2, A6.8); somebody owns it, and it ends unless he says it is still true."""

    __tablename__ = "knowledge_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(48), unique=True)
    kind: Mapped[str] = mapped_column(String(12), index=True)
    title: Mapped[str] = mapped_column(String(128))
    title_en: Mapped[str] = mapped_column(String(128), default="")
    text: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text, default="")
    department_code: Mapped[str] = mapped_column(String(32), default="")
    doctor_code: Mapped[str] = mapped_column(String(32), default="")
    owner: Mapped[str] = mapped_column(String(64))
    valid_until: Mapped[date] = mapped_column(index=True)
    """The last day on which it may be told."""
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int | None]

    terms: Mapped[list[EnquiryTerm]] = relationship(cascade="all, delete-orphan", lazy="raise")


class CatalogueItem(Base):
    """One line of the price list: drug or treatment (A6.3)."""

    __tablename__ = "catalogue_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(48), unique=True)
    kind: Mapped[str] = mapped_column(String(12), index=True)
    name: Mapped[str] = mapped_column(String(128))
    name_en: Mapped[str] = mapped_column(String(128), default="")
    specification: Mapped[str] = mapped_column(String(96), default="")
    unit: Mapped[str] = mapped_column(String(16), default="")
    price_fen: Mapped[int] = mapped_column(BigInteger)
    usage: Mapped[str] = mapped_column(String(200), default="")
    origin: Mapped[str] = mapped_column(String(96), default="")
    owner: Mapped[str] = mapped_column(String(64))
    valid_until: Mapped[date] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int | None]

    terms: Mapped[list[EnquiryTerm]] = relationship(cascade="all, delete-orphan", lazy="raise")
    reimbursements: Mapped[list[Reimbursement]] = relationship(
        cascade="all, delete-orphan", order_by="Reimbursement.insurance", lazy="raise"
    )


class Reimbursement(Base):
    """医保报销比例 of one item for one kind of insurance (A6.4)."""

    __tablename__ = "catalogue_reimbursements"

    item_id: Mapped[int] = mapped_column(ForeignKey("catalogue_items.id", ondelete="CASCADE"), primary_key=True)
    insurance: Mapped[str] = mapped_column(String(16), primary_key=True)
    ratio_permille: Mapped[int]
    """0..1000: 725 is 72.5 %."""


class EnquiryTerm(Base):
    """One word by which an item is found, with everything a search compares precomputed."""

    __tablename__ = "enquiry_terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    knowledge_id: Mapped[int | None] = mapped_column(ForeignKey("knowledge_items.id", ondelete="CASCADE"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("catalogue_items.id", ondelete="CASCADE"))
    term: Mapped[str] = mapped_column(String(128))
    pinyin: Mapped[str] = mapped_column(String(256))
    initials: Mapped[str] = mapped_column(String(64))
    keypad: Mapped[str] = mapped_column(String(64), index=True)

    __table_args__ = (
        UniqueConstraint("knowledge_id", "term", name="uq_enquiry_terms_knowledge_term"),
        UniqueConstraint("item_id", "term", name="uq_enquiry_terms_item_term"),
        CheckConstraint("(knowledge_id IS NULL) <> (item_id IS NULL)", name="one_owner"),
    )


class Enquiry(Base):
    """咨询记录: what one caller asked, what he was told, and whether that was enough (C108)."""

    __tablename__ = "enquiries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    call_id: Mapped[str] = mapped_column(String(120), index=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """NULL: the caller served himself in the IVR."""
    kind: Mapped[str] = mapped_column(String(12))
    item_code: Mapped[str] = mapped_column(String(48), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    was_solved: Mapped[bool | None]

    __table_args__ = (Index("ix_enquiries_patient_at", "patient_id", "at"),)
