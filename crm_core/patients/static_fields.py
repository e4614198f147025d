"""The built-in fields of a patient as one table: label, kind, data level, mask, and the column that keeps each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from crm_core.patients.kinds import FieldKind


class Mask(StrEnum):
    """How a value is shown to somebody who has not asked for it with a reason (R17)."""

    SHOWN = "shown"
    WHOLE = "whole"
    """Nothing but the fact that there is a value."""
    ID_NUMBER = "id_number"
    EMAIL = "email"
    ADDRESS = "address"
    YES_NO = "yes_no"
    """有 or 无 (A2.3: 有无遗传病); what it is stays hidden."""


@dataclass(frozen=True)
class StaticField:
    """``level``: data level 1-5 (R16). A column named ``…_encrypted`` is secret: its values are in no history."""

    key: str
    label_zh: str
    label_en: str
    level: int
    kind: FieldKind = FieldKind.TEXT
    mask: Mask = Mask.SHOWN
    choices: tuple[str, ...] = ()
    column: str = ""
    is_required: bool = False
    length_max: int = 64

    @property
    def column_name(self) -> str:
        return self.column or self.key

    @property
    def is_secret(self) -> bool:
        return self.column_name.endswith("_encrypted")


_CHOICE, _DATE = FieldKind.CHOICE, FieldKind.DATE

STATIC_FIELDS: tuple[StaticField, ...] = (
    StaticField("name", "姓名", "Name", 3, is_required=True),
    StaticField("gender", "性别", "Sex", 2, _CHOICE, choices=("male", "female", "unknown")),
    StaticField("birth_date", "出生日期", "Birth date", 3, _DATE),
    StaticField("id_number", "身份证号", "Identity number", 4, mask=Mask.ID_NUMBER, column="id_number_encrypted"),
    StaticField("card_number", "就诊卡号", "Card number", 3, length_max=32),
    StaticField("insurance", "医保类型", "Insurance", 2, length_max=32),
    StaticField("customer_kind", "客户类别", "Kind of customer", 2, _CHOICE,
                choices=("patient", "relative", "companion", "check_up", "group")),
    StaticField("education", "学历", "Education", 3, _CHOICE,
                choices=("", "none", "primary", "middle", "high", "vocational", "college", "bachelor", "postgraduate")),
    StaticField("occupation", "职业", "Occupation", 3),
    StaticField("income_band", "收入", "Income band", 4, _CHOICE, Mask.WHOLE,
                ("", "below_3k", "3k_8k", "8k_15k", "15k_30k", "above_30k"), "income_band_encrypted"),
    StaticField("marital_status", "婚姻情况", "Marital status", 3, _CHOICE,
                choices=("", "single", "married", "divorced", "widowed")),
    StaticField("family_situation", "家庭情况", "Family situation", 4, mask=Mask.WHOLE,
                column="family_situation_encrypted", length_max=500),
    StaticField("address", "家庭住址", "Home address", 4, mask=Mask.ADDRESS, column="address_encrypted", length_max=200),
    StaticField("email", "电子邮箱", "E-mail", 4, mask=Mask.EMAIL, column="email_encrypted", length_max=120),
    StaticField("hereditary_disease", "遗传病", "Hereditary disease", 5, mask=Mask.YES_NO,
                column="hereditary_disease_encrypted", length_max=500),
    StaticField("allergies", "过敏史", "Allergies", 4, length_max=500),
    StaticField("cautions", "注意事项", "Cautions", 4, length_max=500),
    StaticField("preferred_language", "沟通语言", "Language", 1, _CHOICE, choices=("zh", "en")),
    StaticField("preferred_time", "方便时间", "Convenient time", 2),
    StaticField("preferred_channel", "沟通渠道", "Channel", 2, _CHOICE, choices=("call", "sms", "wechat", "email")),
    StaticField("died_on", "去世日期", "Died on", 4, _DATE),
)  # fmt: skip
"""Allergies and cautions are level 4 and still shown: a nurse who does not see them at the first word does harm (A2.3)."""

BY_KEY = {one.key: one for one in STATIC_FIELDS}
_NOTHING = re.compile(r"无|没有|未发现|none|no", re.IGNORECASE)


def masked(value: str, mask: Mask) -> str:
    """What is shown of ``value``; "" stays "" so that one sees what was never asked."""
    return _MASKS[mask](value) if value else ""


def mask_id_number(text: str) -> str:
    """``110101********1234``."""
    return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}" if len(text) >= 15 else ""


def mask_name(name: str) -> str:
    """``张*``, for lists and messages that others may see."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def _mask_email(text: str) -> str:
    local, at, domain = text.partition("@")
    return f"{local[:1]}***{at}{domain}"


def _mask_address(text: str) -> str:
    return text[: min(6, len(text) // 2)] + "****"


_MASKS: dict[Mask, Callable[[str], str]] = {
    Mask.SHOWN: lambda value: value,
    Mask.WHOLE: lambda _: "****",
    Mask.ID_NUMBER: lambda value: mask_id_number(value) or "****",
    Mask.EMAIL: _mask_email,
    Mask.ADDRESS: _mask_address,
    Mask.YES_NO: lambda value: "无" if _NOTHING.fullmatch(value.strip()) else "有",
}
