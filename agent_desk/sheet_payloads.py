"""The whole sheet of a patient, his consents, merges and history -> JSON; values come masked already."""

from __future__ import annotations

from dataclasses import asdict

from agent_desk import labels
from agent_desk.payloads import Json, Titles, iso
from crm_core.patients.consents import ConsentEntry, ConsentState
from crm_core.patients.kinds import CHANNEL_TITLES, PURPOSE_TITLES, Channel, Purpose
from crm_core.patients.merging import MergeCard, MergePreview, Undone
from crm_core.patients.sheets import ChangeCard, Sheet, ShownField


def sheet(found: Sheet) -> Json:
    card = found.card
    return {
        "id": int(card.id),
        "name": card.name,
        "fields": [field(one) for one in found.fields],
        "tier": card.tier,
        "tier_title": labels.tier_title(card.tier),
        "tier_why": card.tier_why,
        "tier_is_by_hand": card.tier_is_by_hand,
        "vip_card": card.vip_card,
        "vip_level": card.vip_level,
        "tags": list(card.tags),
    }


def field(one: ShownField) -> Json:
    return {
        "key": one.key, "label_zh": one.label_zh, "label_en": one.label_en, "kind": one.kind, "level": one.level,
        "shown": one.shown, "is_masked": one.is_masked, "is_required": one.is_required, "choices": list(one.choices),
    }  # fmt: skip


def consent(one: ConsentState) -> Json:
    return {
        "purpose": one.purpose,
        "purpose_title": PURPOSE_TITLES[Purpose(one.purpose)],
        "channel": one.channel,
        "channel_title": CHANNEL_TITLES[Channel(one.channel)],
        "answer": one.answer,
        "may": one.may,
    }


def ledger_line(one: ConsentEntry, titles: Titles) -> Json:
    return {
        "purpose_title": PURPOSE_TITLES[Purpose(one.purpose)] if one.purpose in set(Purpose) else one.purpose,
        "channel_title": CHANNEL_TITLES[Channel(one.channel)] if one.channel in set(Channel) else one.channel,
        "is_granted": one.is_granted,
        "at": iso(one.given_at),
        "source": one.source,
        "by": titles.agent(one.actor_id),
    }


def change(one: ChangeCard, titles: Titles) -> Json:
    return {
        "at": iso(one.at), "by": titles.agent(one.actor_id), "field": one.field, "old": one.old, "new": one.new,
        "is_secret": one.is_secret, "source": one.source, "reason": one.reason,
    }  # fmt: skip


def preview(found: MergePreview) -> Json:
    fields = [asdict(one) | {"is_contradiction": one.is_contradiction} for one in found.fields]
    return {
        "survivor_id": found.survivor_id, "duplicate_id": found.duplicate_id, "fields": fields,
        "moved": found.moved, "kept": found.kept, "warnings": list(found.warnings),
    }  # fmt: skip


def merge(one: MergeCard, titles: Titles) -> Json:
    return {
        "id": one.id, "survivor_id": one.survivor_id, "merged_id": one.merged_id, "at": iso(one.merged_at),
        "by": titles.agent(one.merged_by), "reason": one.reason, "is_undone": one.is_undone,
    }  # fmt: skip


def undone(one: Undone) -> Json:
    return {"moved_back": one.moved_back, "lost": one.lost, "fields_kept": list(one.fields_kept)}
