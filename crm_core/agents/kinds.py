"""The closed sets of words about the people who log in."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class AgentState(StrEnum):
    """What an agent is doing; the labels at the desk are 离线 空闲 示忙 小休 振铃 通话 保持 话后整理."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"
    RINGING = "ringing"
    TALKING = "talking"
    HOLDING = "holding"
    WRAP_UP = "wrap_up"


class StateBy(StrEnum):
    """Who made a state change (C28): 自己, 班长, 系统."""

    SELF = "self"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"


PAUSE_REASONS: dict[str, str] = {
    "busy": "示忙",
    "meal": "用餐",
    "training": "培训",
    "restroom": "洗手间",
    "meeting": "会议",
    "no_answer": "振铃未接",
    "phone_lost": "话机离线",
}
"""Codes an agent may choose (and the last two, which only the system sets) with their labels."""

SYSTEM_PAUSE_REASONS = frozenset({"no_answer", "phone_lost"})
