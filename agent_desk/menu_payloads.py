"""Menus, calendars and prompts as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json, iso
from crm_core.menus.cards import CalendarCard, DayHours, Editor, ExceptionCard, SoundCard, StoredMenu, VersionCard
from crm_core.menus.departures import NodeFigures
from crm_core.menus.kinds import KINDS, LEVELS_MAX, MENU_KEYS
from crm_core.menus.ports import PromptCard, Rehearsal
from crm_core.menus.tree import to_json
from crm_core.menus.validation import Finding

NameOf = Callable[[int | None], str]
HOUSE_NAME = "系统"
"""Who changed what nobody changed."""


def editor(caller: Caller) -> Editor:
    return Editor(int(caller.id), caller.address)


def name_of(desk: Desk, user_id: int | None) -> str:
    """Who it was; the house itself when nobody."""
    return desk.entities.titles().agent(user_id) if user_id is not None else HOUSE_NAME


def version(card: VersionCard, name_of: NameOf) -> Json:
    return {
        "id": card.id,
        "number": card.number,
        "state": card.state.value,
        "lock_version": card.lock_version,
        "based_on": card.based_on,
        "note": card.note,
        "changed_by": name_of(card.changed_by),
        "changed_at": iso(card.changed_at),
        "published_by": name_of(card.published_by) if card.published_at else None,
        "published_at": iso(card.published_at),
    }


def menu(stored: StoredMenu, name_of: NameOf, findings: list[Finding]) -> Json:
    return version(stored.card, name_of) | {
        "tree": to_json(stored.tree),
        "findings": [finding(one) for one in findings],
    }


def finding(one: Finding) -> Json:
    return asdict(one)


def kinds() -> Json:
    """The table of kinds: the editor's form is drawn from it."""
    return {
        "menu_keys": list(MENU_KEYS[:-1]),
        "levels_max": LEVELS_MAX,
        "kinds": [
            {
                "kind": card.kind.value,
                "title_zh": card.title_zh,
                "title_en": card.title_en,
                "needs_prompt": card.needs_prompt,
                "takes_prompt": card.takes_prompt,
                "is_end": card.is_end,
                "has_keys": card.has_keys,
                "ways": [asdict(way) for way in card.ways],
                "parameters": [asdict(one) | {"kind": one.kind.value} for one in card.parameters],
            }
            for card in KINDS.values()
        ],
    }


def rehearsal(played: Rehearsal) -> Json:
    return {
        "lines": [asdict(line) for line in played.lines],
        "nodes": list(played.nodes),
        "end": played.end,
        "target": played.target,
        "priority": played.priority,
        "digits_wanted": played.digits_wanted,
    }


def figures(one: NodeFigures, title: str) -> Json:
    return {
        "node": one.node,
        "title": title,
        "arrivals": one.arrivals,
        "left": one.left,
        "left_ratio": round(one.left_ratio, 4),
        "keys": [{"key": key, "count": count} for key, count in one.keys.items()],
    }


def calendar(card: CalendarCard, name_of: NameOf) -> Json:
    return {
        "key": card.key,
        "title_zh": card.title_zh,
        "title_en": card.title_en,
        "weekly": {name: list(spans) for name, spans in card.weekly.items()},
        "lock_version": card.lock_version,
        "changed_by": name_of(card.changed_by),
        "changed_at": iso(card.changed_at),
    }


def exception(card: ExceptionCard, name_of: NameOf) -> Json:
    return {
        "id": card.id,
        "calendar": card.calendar,
        "day": card.day.isoformat(),
        "spans": list(card.spans),
        "reason": card.reason,
        "changed_by": name_of(card.changed_by),
        "changed_at": iso(card.changed_at),
    }


def day(one: DayHours) -> Json:
    return {"day": one.day.isoformat(), "kind": one.kind.value, "spans": list(one.spans), "reason": one.reason}


def prompt(card: PromptCard, name_of: NameOf) -> Json:
    return {
        "key": card.key,
        "language": card.language,
        "text": card.text,
        "group": card.group,
        "source": card.source or "missing",
        "is_own": card.is_own,
        "length_s": card.length_s,
        "sounds": [sound(one, name_of) for one in card.sounds],
    }


def sound(card: SoundCard, name_of: NameOf) -> Json:
    return {
        "id": card.id,
        "key": card.key,
        "language": card.language,
        "source": card.source.value,
        "state": card.state.value,
        "text": card.text,
        "problem": card.problem,
        "length_s": card.length_s,
        "level_dbfs": card.level_dbfs,
        "changed_by": name_of(card.changed_by),
        "changed_at": iso(card.changed_at),
        "published_at": iso(card.published_at),
    }
