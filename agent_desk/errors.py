"""Turns every error into one shape: a status, a stable code, a sentence for logs and one for the person at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core import errors

ERROR_TABLE: Mapping[str, tuple[int, str]] = {
    "not_found": (404, "找不到该内容，或您无权查看"),
    "not_allowed": (403, "您没有此项权限"),
    "password_change": (403, "请先修改一次性密码"),
    "wrong_state": (409, "当前状态下不能执行此操作"),
    "invalid_input": (422, "填写的内容有误"),
    "conflict": (409, "已被他人抢先处理，请刷新后重试"),
    "telephony_unavailable": (503, "电话系统暂时不可用，请稍后再试"),
    "telephony_refused": (502, "电话系统拒绝了该操作"),
    "outcome_unknown": (504, "未收到电话系统的回应，请以界面状态为准，勿重复操作"),
    "busy": (503, "系统繁忙，请稍后再试"),
    "login_failed": (401, "工号或密码不正确"),
    "not_logged_in": (401, "请先登录"),
    "session_ended": (401, "登录已失效，请重新登录"),
    "csrf": (403, "页面已过期，请刷新后重试"),
    "origin": (403, "请求来源不被接受"),
    "too_many_requests": (429, "操作过于频繁，请稍后再试"),
    "too_large": (413, "内容过大"),
    "range_not_satisfiable": (416, "请求的区间不存在"),
    "bad_request": (400, "请求无法识别"),
    "method_not_allowed": (405, "不支持该请求方式"),
    "unsupported_media_type": (415, "不支持的内容格式"),
    "phone_unregistered": (409, "话机未注册，不能签入"),
    "no_extension": (422, "该账号没有分机"),
    "in_call": (409, "请先结束当前通话"),
    "not_signed_on": (409, "请先签入"),
    "agent_state": (409, "当前状态下不能执行此操作"),
    "pause_reason": (422, "未知的示忙原因"),
    "notes_length": (422, "备注过长"),
    "wrap_up_finished": (409, "小结已提交"),
    "disposition": (422, "请选择服务小结分类"),
    "number": (422, "电话号码无法识别"),
    "dial_policy": (403, "拨号策略不允许拨打该号码"),
    "dial_cap": (403, "今日外呼次数已达上限"),
    "totp_needed": (401, "请输入动态口令"),
    "totp_wrong": (401, "动态口令不正确或已使用过"),
    "password_wrong": (403, "密码不正确"),
    "second_factor_enrol": (403, "请先绑定动态口令"),
    "second_factor_code": (422, "动态口令不正确或已使用过"),
    "second_factor_there": (409, "已绑定动态口令，请先解除"),
    "duplicate_patient": (409, "该患者可能已有档案，请核对"),
    "slot_taken": (409, "这个号刚被他人约走，请另选"),
    "session_closed": (409, "该时段已停诊"),
    "phone_quota_exhausted": (409, "该时段的电话号源已用完"),
    "one_per_department_per_day": (409, "该患者当天已预约本科室"),
    "not_real_name": (409, "患者没有登记身份证号，不能预约（实名制）"),
    "blocked_for_no_shows": (403, "爽约次数过多，暂停预约"),
    "doctor_not_bookable": (409, "该医生不开放预约"),
    "too_early": (409, "该日期尚未放号"),
    "too_late": (409, "距就诊时间太近，不能再预约、改约或取消"),
    "already_started": (409, "该时段已开始或已过"),
    "not_booked": (409, "该预约已不能更改"),
    "hold_ended": (409, "锁号已失效，请重新选择"),
    "seats_still_free": (409, "还有余号，可直接预约"),
    "already_waiting": (409, "该患者已在候补"),
    "offer_ended": (409, "候补的号已转给下一位"),
    "idempotency_key_reused": (409, "该操作已用于另一位患者的预约"),
    "expired": (409, "该条目已过有效期，不能告知患者"),
    "no_mobile": (422, "该号码不能接收短信"),
    "not_proven_yet": (403, "请先核验患者身份"),
    "fields_missing": (422, "有必填项未填写"),
    "missed_closed": (409, "该漏接已处理"),
    "no_number": (409, "对方未显示号码，不能回拨"),
    "ticket_state": (409, "工单当前状态不能这样流转"),
    "nuisance_number": (422, "电话号码无法识别"),
    "nuisance_protected": (422, "公共服务号码不能列入"),
    "nuisance_reason": (422, "请填写列入原因"),
    "nuisance_expiry": (422, "截止时间须在一年以内"),
    "no_contacts": (409, "没有可拨打的名单，请先导入"),
    "sound_format": (422, "录音无法识别，请上传 WAV 或 MP3 文件"),
    "sound_length": (422, "录音长度须在 0.2 秒至 2 分钟之间"),
    "sound_quiet": (422, "录音声音过小，请重新录制"),
    "sound_overdriven": (422, "录音音量过大、失真，请重新录制"),
    "no_voice": (409, "没有安装该语言的语音合成"),
    "password_length": (422, "密码长度须为 10 至 256 位"),
    "password_weak": (422, "密码过于简单，请更换"),
    "throttled": (429, "尝试次数过多，请稍后再试"),
    "in_progress": (409, "同一操作正在处理中"),
    "signed_on_elsewhere": (409, "该工号已在另一处签入"),
    "internal": (500, "系统内部错误，已记录"),
}
"""code -> (HTTP status, Chinese for the desk). A code that is not here is told by its class."""

_CODE_OF_STATUS = {
    400: "bad_request",
    401: "not_logged_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    422: "invalid_input",
    429: "too_many_requests",
    500: "internal",
}


class DeskError(errors.HotlineError):
    """An error of the desk itself; ``details`` are added to the body (for example ``retry_after_s``)."""

    def __init__(self, code: str, message: str = "", **details: Any) -> None:
        super().__init__(message or code, code=code)
        self.details = details


def describe(error: errors.HotlineError) -> tuple[int, dict[str, Any]]:
    """Status and body of an error of the house."""
    code = error.code if error.code in ERROR_TABLE else _class_code(error)
    status, message_zh = ERROR_TABLE[code]
    body: dict[str, Any] = {"code": error.code, "message": str(error), "message_zh": message_zh}
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        body["retry_after_s"] = int(retry_after_s)
    body |= getattr(error, "details", {})
    return status, {"error": body}


def describe_status(status: int, message: str) -> dict[str, Any]:
    """Body for an error that only has an HTTP status (made by Flask)."""
    code = _CODE_OF_STATUS.get(status, "bad_request" if status < 500 else "internal")
    return {"error": {"code": code, "message": message, "message_zh": ERROR_TABLE[code][1]}}


def _class_code(error: errors.HotlineError) -> str:
    for kind in type(error).__mro__:
        code = vars(kind).get("code")
        if isinstance(code, str) and code in ERROR_TABLE:
            return code
    return "internal"
