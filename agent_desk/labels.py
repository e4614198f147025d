"""Chinese words for the closed sets that screens show."""

from __future__ import annotations

from crm_core.agents.kinds import PAUSE_REASONS
from crm_core.calls.kinds import CallOutcome, HungUpBy, LossReason
from crm_core.calls.queues import QUEUE_TITLES
from crm_core.patients.kinds import RELATION_TITLES, TIER_TITLES, Relation, Tier
from crm_core.tickets.kinds import TicketKind, TicketState
from crm_core.waiting.kinds import CallBackState, ClosedHow

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

TICKET_TITLES = {
    TicketKind.COMPLAINT: "投诉",
    TicketKind.SUGGESTION: "建议",
    TicketKind.PRAISE: "表扬",
    TicketKind.MESSAGE: "录音留言",
}
TICKET_STATE_TITLES = {
    TicketState.OPEN: "待受理",
    TicketState.ACCEPTED: "已受理",
    TicketState.FORWARDED: "已转办",
    TicketState.ANSWERED: "已答复",
    TicketState.CLOSED: "已办结",
}
LOSS_TITLES = {
    LossReason.IVR: "语音中放弃",
    LossReason.QUICK: "速挂",
    LossReason.QUEUE: "排队放弃",
    LossReason.RINGING: "振铃放弃",
    LossReason.QUEUE_FULL: "队列满",
    LossReason.TIMEOUT: "排队超时",
    LossReason.NO_AGENT: "无坐席",
}
CLOSED_HOW_TITLES = {
    ClosedHow.CALLED_AGAIN: "患者再次来电",
    ClosedHow.CALLED_BACK: "已回拨",
    ClosedHow.BY_HAND: "人工关闭",
}
CALL_BACK_TITLES = {
    CallBackState.WAITING: "待回拨",
    CallBackState.CALLING: "回拨中",
    CallBackState.DONE: "已接通",
    CallBackState.UNREACHED: "未接通",
    CallBackState.CANCELLED: "已取消",
    CallBackState.TO_REVIEW: "待核查",
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
    "elderly": "长者直通",
    "filler": "稍候提示",
    "booking": "预约挂号",
    "booking_for_whom": "预约：为谁",
    "booking_last_doctor": "预约：上次的医生",
    "booking_department": "预约：科室",
    "booking_letters": "预约：拼音首字母",
    "booking_doctor": "预约：医生",
    "booking_day": "预约：日期",
    "booking_slot": "预约：时间",
    "booking_confirm": "预约：确认",
    "booking_full": "预约：已满",
    "booked": "已预约",
    "cancel": "取消预约",
    "move": "改约",
    "moved": "已改约",
    "waiting_list": "候补登记",
    "waiting_place": "候补次序",
    "doctor_hours": "坐诊时间",
    "fees": "费用与余额",
    "enquiries": "医院咨询",
    "enquiry_introductions": "咨询：介绍",
    "enquiry_item": "咨询：价格",
    "enquiry_item_choice": "咨询：选择项目",
    "enquiry_answer": "咨询：回答",
    "verification": "防诈骗核验",
    "complaint": "投诉与建议留言",
    "complaint_kind": "留言：种类",
    "complaint_confirm": "留言：确认",
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
