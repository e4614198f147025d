"""An answer as one text to be sent to a patient (短信发给患者): plain, short, with owner and valid-until."""

from __future__ import annotations

from datetime import date

from crm_core.enquiries.cards import Answer, CatalogueCard, KnowledgeCard
from crm_core.errors import WrongState
from crm_core.visits.money import yuan

TEXT_MAX = 300


def text_to_send(answer: Answer, language: str = "zh") -> str:
    """At most ``TEXT_MAX`` characters, the owner and the date always whole. Raises WrongState for an expired answer."""
    if answer.is_expired:
        raise WrongState("this answer is out of date and must not be told", code="expired")
    body = _item(answer, language) if isinstance(answer, CatalogueCard) else _knowledge(answer, language)
    tail = _tail(answer, language)
    room = TEXT_MAX - len(tail)
    return (body if len(body) <= room else f"{body[: room - 1]}…") + tail


def _knowledge(card: KnowledgeCard, language: str) -> str:
    if language == "en" and card.text_en:
        return f"{card.title_en or card.title}: {card.text_en}"
    return f"{card.title}：{card.text}"


def _item(card: CatalogueCard, language: str) -> str:
    if language == "en":
        parts = [
            " ".join(filter(None, (card.name_en or card.name, card.specification))),
            f"CNY {yuan(card.price_fen)}{f' per {card.unit}' if card.unit else ''}",
            f"use: {card.usage}" if card.usage else "",
            f"made in: {card.origin}" if card.origin else "",
        ]
        return "; ".join(filter(None, parts)) + "."
    ratios = "、".join(f"{one.title}{one.percent_text}" for one in card.reimbursements)
    parts = [
        " ".join(filter(None, (card.name, card.specification))),
        f"每{card.unit}{yuan(card.price_fen)}元" if card.unit else f"{yuan(card.price_fen)}元",
        f"用法：{card.usage}" if card.usage else "",
        f"产地：{card.origin}" if card.origin else "",
        f"医保报销：{ratios}" if ratios else "",
    ]
    return "，".join(filter(None, parts)) + "。"


def _tail(answer: Answer, language: str) -> str:
    return (
        _en_tail(answer.owner, answer.valid_until) if language == "en" else _zh_tail(answer.owner, answer.valid_until)
    )


def _zh_tail(owner: str, day: date) -> str:
    return f"（{owner}，{day.year}年{day.month}月{day.day}日前有效）"


def _en_tail(owner: str, day: date) -> str:
    return f" ({owner}, valid until {day.isoformat()})"
