"""The closed sets of words about patients, with their Chinese labels."""

from __future__ import annotations

from enum import StrEnum


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """客户价值: 白金, 黄金, 铁质, 铅质 (A4.3)."""

    PLATINUM = "platinum"
    GOLD = "gold"
    IRON = "iron"
    LEAD = "lead"


class Relation(StrEnum):
    """Whose number it is, seen from the patient."""

    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


TIER_TITLES = {Tier.PLATINUM: "白金", Tier.GOLD: "黄金", Tier.IRON: "铁质", Tier.LEAD: "铅质"}
RELATION_TITLES = {
    Relation.SELF: "本人",
    Relation.SPOUSE: "配偶",
    Relation.CHILD: "子女",
    Relation.PARENT: "父母",
    Relation.OTHER: "其他",
}
CONSENT_PURPOSES = ("recording", "outbound", "sms")
