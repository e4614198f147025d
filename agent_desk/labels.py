"""Chinese words for the closed sets that screens show."""

from __future__ import annotations

from crm_core.agents.kinds import PAUSE_REASONS
from crm_core.calls.kinds import CallOutcome, HungUpBy
from crm_core.calls.queues import QUEUE_TITLES
from crm_core.patients.kinds import RELATION_TITLES, TIER_TITLES, Relation, Tier

OUTCOME_TITLES = {
    CallOutcome.ANSWERED: "已接通",
    CallOutcome.IVR_ENDED: "自助完成",
    CallOutcome.IVR_ABANDONED: "语音中放弃",
    CallOutcome.QUICK_ABANDONED: "速挂",
    CallOutcome.QUEUE_ABANDONED: "排队放弃",
    CallOutcome.RING_ABANDONED: "振铃放弃",
    CallOutcome.QUEUE_TIMEOUT: "排队超时",
    CallOutcome.NO_AGENT: "无坐席",
    CallOutcome.BUSY: "占线",
    CallOutcome.NO_ANSWER: "无人接听",
    CallOutcome.UNOBTAINABLE: "无法接通",
    CallOutcome.REJECTED: "拒接",
    CallOutcome.FAILED: "失败",
    CallOutcome.LOST_EVENT: "状态丢失",
    CallOutcome.PBX_CRASH: "系统中断",
}

HUNG_UP_BY_TITLES = {
    HungUpBy.PATIENT: "患者",
    HungUpBy.AGENT: "坐席",
    HungUpBy.SYSTEM: "系统",
    HungUpBy.UNKNOWN: "未知",
}

NODE_TITLES = {
    "notice": "录音告知",
    "main": "主菜单",
    "closed": "非工作时间",
    "which_patient": "选择就诊人",
    "which-patient": "选择就诊人",
    "my-appointments": "我的预约",
    "closed-appointments": "我的预约",
    "person": "人工服务",
    "my_appointments": "我的预约",
    "identity_proof": "身份核验",
    "departments": "科室菜单",
    "to_person": "转人工",
    "emergency": "急诊",
    "survey_consent": "问卷：是否参加",
    "survey_comment": "问卷：留言",
    "survey_end": "问卷：结束",
}
"""A node that is not here is shown by its own name."""

SYSTEM_REASON_TITLES = {"wrap_up": "话后整理", "call": "通话中"}


def queue_title(name: str | None) -> str:
    return QUEUE_TITLES.get(name or "", name or "")


def reason_title(code: str) -> str:
    return PAUSE_REASONS.get(code) or SYSTEM_REASON_TITLES.get(code, code)


def tier_title(code: str) -> str:
    return TIER_TITLES[Tier(code)] if code in set(Tier) else code


def relation_title(code: str) -> str:
    return RELATION_TITLES[Relation(code)] if code in set(Relation) else code


def node_title(node: str) -> str:
    return NODE_TITLES.get(node) or ("问卷" if node.startswith("survey_") else node)


def masked_name(name: str) -> str:
    """``张*``: the first character only (R17)."""
    return f"{name[0]}{'*' * (len(name) - 1)}" if len(name) > 1 else name
