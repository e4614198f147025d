"""Dates and times as a message writes them, in hospital time."""

from __future__ import annotations

from datetime import datetime

from crm_core.clock import at_hospital

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PARTS_ZH = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))


def moment_text(moment: datetime, language: str = "zh") -> str:
    """``11月24日(周二)下午2:30`` or ``Tue 24 Nov 14:30``: no machine locale, no year (nothing is that far away)."""
    local = at_hospital(moment)
    if language == "en":
        return f"{_WEEKDAYS_EN[local.weekday()]} {local.day} {_MONTHS_EN[local.month - 1]} {local:%H:%M}"
    part = next(name for end, name in _PARTS_ZH if local.hour < end)
    hour = local.hour - 12 if local.hour > 12 else local.hour
    return f"{local.month}月{local.day}日(周{_WEEKDAYS_ZH[local.weekday()]}){part}{hour}:{local.minute:02d}"
