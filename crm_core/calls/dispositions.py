"""服务小结: the two-level list an agent chooses from, and the code the clock sets."""

from __future__ import annotations

from dataclasses import dataclass

UNFINISHED = "unfinished"
"""Set when wrap-up time ran out; listed for completion (C39)."""


@dataclass(frozen=True)
class Disposition:
    code: str
    title: str
    children: tuple[tuple[str, str], ...] = ()


DISPOSITIONS: tuple[Disposition, ...] = (
    Disposition("booking", "预约挂号", (("booked", "预约成功"), ("changed", "改约"), ("cancelled", "退号"), ("full", "号满"))),
    Disposition("enquiry", "业务咨询",
                (("department", "科室专家"), ("price", "价格医保"), ("process", "就诊流程"), ("report", "报告查询"))),
    Disposition("complaint", "投诉建议",
                (("attitude", "服务态度"), ("quality", "医疗质量"), ("suggestion", "建议"), ("praise", "表扬"))),
    Disposition("transfer", "转接科室", (("connected", "已接通"), ("no_answer", "科室未接"))),
    Disposition("emergency", "急症", (("ambulance", "转120"), ("er", "转急诊"))),
    Disposition("other", "其他", (("wrong_number", "打错"), ("silent", "无声"), ("nuisance", "骚扰"))),
)  # fmt: skip


def is_known(code: str, sub_code: str | None) -> bool:
    """A sub code must belong to its code; None is allowed."""
    for disposition in DISPOSITIONS:
        if disposition.code == code:
            return sub_code is None or any(sub_code == child for child, _ in disposition.children)
    return False


def title_of(code: str | None, sub_code: str | None = None) -> str:
    """``预约挂号 / 改约``; "" when there is none yet."""
    if code is None:
        return ""
    if code == UNFINISHED:
        return "待补小结"
    for disposition in DISPOSITIONS:
        if disposition.code == code:
            child = next((title for child, title in disposition.children if child == sub_code), None)
            return f"{disposition.title} / {child}" if child else disposition.title
    return code
