"""Answers of the knowledge base and the price list -> JSON, and as the text of a message."""

from __future__ import annotations

from agent_desk.payloads import Json, iso
from crm_core.enquiries.cards import Answer, CatalogueCard, EnquiryCard, KnowledgeCard
from crm_core.enquiries.kinds import KNOWLEDGE_TITLES, KnowledgeKind

SMS_TEXT_MAX = 280


def answer(card: Answer) -> Json:
    common = {
        "code": card.code,
        "kind": card.kind,
        "owner": card.owner,
        "valid_until": card.valid_until.isoformat(),
        "is_expired": card.is_expired,
    }
    return common | (_knowledge(card) if isinstance(card, KnowledgeCard) else _item(card))


def _knowledge(card: KnowledgeCard) -> Json:
    title = KNOWLEDGE_TITLES[KnowledgeKind(card.kind)]
    return {"kind_title": title, "title": card.title, "text": card.text, "rows": [], "price_fen": None}


def _item(card: CatalogueCard) -> Json:
    rows = [
        ("specification", card.specification),
        ("unit", card.unit),
        ("usage", card.usage),
        ("origin", card.origin),
        ("reimbursement", "，".join(f"{one.title} {one.percent_text}" for one in card.reimbursements)),
    ]
    return {
        "kind_title": card.kind_title,
        "title": card.name,
        "text": "",
        "rows": [{"key": key, "value": value} for key, value in rows if value],
        "price_fen": card.price_fen,
    }


def message_text(card: Answer) -> str:
    """What the patient reads, cut to a few parts of an SMS."""
    if isinstance(card, KnowledgeCard):
        return f"{card.title}：{card.text}"[:SMS_TEXT_MAX]
    price = f"{card.price_fen / 100:.2f}元" + (f"/{card.unit}" if card.unit else "")
    parts = [card.name, card.specification, price, card.usage]
    shares = "，".join(f"{one.title}报销{one.percent_text}" for one in card.reimbursements)
    return "，".join(part for part in (*parts, shares) if part)[:SMS_TEXT_MAX]


def enquiry(card: EnquiryCard) -> Json:
    return {
        "id": card.id,
        "at": iso(card.at),
        "kind": card.kind,
        "kind_title": card.kind_title,
        "item_code": card.item_code,
        "answer": card.answer,
        "was_solved": card.was_solved,
    }
