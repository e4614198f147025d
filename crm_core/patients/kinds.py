"""The closed sets of words about patients, with their Chinese labels."""

from __future__ import annotations

from enum import StrEnum


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """客户价值: 白金, 黄金, 铁质, 铅质 (A4.3); the best first."""

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


class Kin(StrEnum):
    """What a linked person is to the patient."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    GUARDIAN = "guardian"
    WARD = "ward"
    COMPANION = "companion"
    OTHER = "other"


class Purpose(StrEnum):
    """What the patient's data or number may be used for (R23)."""

    RECORDING = "recording"
    APPOINTMENT = "appointment"
    """Messages about a booking that the patient himself has made."""
    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"
    SURVEY = "survey"
    EDUCATION = "education"
    MARKETING = "marketing"
    SENSITIVE_DATA = "sensitive_data"
    """Separate consent for sensitive personal data (PIPL 29)."""


class Channel(StrEnum):
    CALL = "call"
    SMS = "sms"
    WECHAT = "wechat"
    EMAIL = "email"
    ANY = "any"
    """A statement about every channel at once."""


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    FLAG = "flag"


class Fact(StrEnum):
    """What a patient can say to prove who he is (R46)."""

    PIN = "pin"
    ID_TAIL = "id_tail"
    """The last four of the identity number; the X may be keyed as ``*``."""
    BIRTH_DATE = "birth_date"
    """Eight digits, ``19880615``."""
    CARD_NUMBER = "card_number"
    NAME = "name"


TIER_TITLES = {Tier.PLATINUM: "白金", Tier.GOLD: "黄金", Tier.IRON: "铁质", Tier.LEAD: "铅质"}
RELATION_TITLES = {
    Relation.SELF: "本人",
    Relation.SPOUSE: "配偶",
    Relation.CHILD: "子女",
    Relation.PARENT: "父母",
    Relation.OTHER: "其他",
}
KIN_TITLES = {
    Kin.SPOUSE: "配偶",
    Kin.PARENT: "父母",
    Kin.CHILD: "子女",
    Kin.SIBLING: "兄弟姐妹",
    Kin.GRANDPARENT: "祖父母",
    Kin.GRANDCHILD: "孙子女",
    Kin.GUARDIAN: "监护人",
    Kin.WARD: "被监护人",
    Kin.COMPANION: "陪同者",
    Kin.OTHER: "其他",
}
PURPOSE_TITLES = {
    Purpose.RECORDING: "通话录音",
    Purpose.APPOINTMENT: "预约通知",
    Purpose.REMINDER: "提醒",
    Purpose.FOLLOW_UP: "随访",
    Purpose.SURVEY: "满意度调查",
    Purpose.EDUCATION: "健康宣教",
    Purpose.MARKETING: "活动推广",
    Purpose.SENSITIVE_DATA: "敏感个人信息",
}
CHANNEL_TITLES = {
    Channel.CALL: "电话",
    Channel.SMS: "短信",
    Channel.WECHAT: "微信",
    Channel.EMAIL: "邮件",
    Channel.ANY: "所有渠道",
}
CARD_CONSENTS: dict[str, tuple[tuple[Purpose, Channel], ...]] = {
    "recording": ((Purpose.RECORDING, Channel.CALL),),
    "outbound": ((Purpose.FOLLOW_UP, Channel.CALL), (Purpose.SURVEY, Channel.CALL), (Purpose.REMINDER, Channel.CALL)),
    "sms": ((Purpose.REMINDER, Channel.SMS),),
}
"""The three answers on the desk's card, and the lines of the ledger that each of them stands for."""
CONSENT_PURPOSES = tuple(CARD_CONSENTS)
