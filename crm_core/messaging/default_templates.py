"""The messages the house can send from its first day, in Chinese and English; a hospital may word them anew."""

from __future__ import annotations

from collections.abc import Iterable

from crm_core.messaging.kinds import Channel, Purpose
from crm_core.messaging.templates import Template, checked

_SIGN_ZH, _SIGN_EN = "【{hospital}】", "[{hospital}] "

_SMS: tuple[tuple[str, str, Purpose, str, str], ...] = (
    (
        "appointment_booked", "预约成功", Purpose.APPOINTMENT,
        "{name}您好，已为您预约{time}，{place}{department}，{doctor}。注意事项：{cautions}。改约或取消请拨{service_number}。",
        "Dear {name}, you are booked for {time}, {department} ({place}), {doctor}. Please note: "
        "{cautions}. To change, call {service_number}.",
    ),
    (
        "appointment_moved", "改约成功", Purpose.APPOINTMENT,
        "{name}您好，您的预约已改为{time}，{place}{department}，{doctor}。注意事项：{cautions}。咨询请拨{service_number}。",
        "Dear {name}, your appointment is now {time}, {department} ({place}), {doctor}. Please note: "
        "{cautions}. Questions: {service_number}.",
    ),
    (
        "appointment_cancelled", "预约已取消", Purpose.APPOINTMENT,
        "{name}您好，您{time}{department}{doctor}的预约已取消。重新预约请拨{service_number}。",
        "Dear {name}, your appointment on {time}, {department}, {doctor} is cancelled. To book again, "
        "call {service_number}.",
    ),
    (
        "appointment_reminder", "就诊提醒", Purpose.REMINDER,
        "{name}您好，您预约了{time}，{place}{department}，{doctor}。注意事项：{cautions}。不能前来请拨{service_number}取消。",
        "Dear {name}, a reminder: {time}, {department} ({place}), {doctor}. Please note: {cautions}. To "
        "cancel, call {service_number}.",
    ),
    (
        "clinic_closed", "停诊通知", Purpose.APPOINTMENT,
        "{name}您好，很抱歉，{time}{department}{doctor}停诊。请拨{service_number}改约或退号。",
        "Dear {name}, we are sorry: {doctor}, {department}, sees no patients on {time}. Please call "
        "{service_number}.",
    ),
    (
        "waiting_offer", "候补有号", Purpose.APPOINTMENT,
        "{name}您好，您候补的{time}{department}{doctor}有号了，为您保留{minutes}分钟，请拨{service_number}确认。",
        "Dear {name}, a place is free: {time}, {department}, {doctor}. We keep it {minutes} minutes: "
        "call {service_number}.",
    ),
    (
        "enquiry_answer", "咨询答复", Purpose.ENQUIRY,
        "您咨询的内容：{answer}",
        "Your enquiry: {answer}",
    ),
    (
        "ticket_received", "投诉建议受理", Purpose.TICKET,
        "您好，您的意见已受理，编号{number}，我们将在{until}前答复您。查询请拨{service_number}。",
        "We have received your message, number {number}, and will answer by {until}. Questions: {service_number}.",
    ),
    (
        "call_back_promised", "回拨登记", Purpose.ENQUIRY,
        "您好，已登记回拨，我们将按您的排队顺序尽快致电您。热线{service_number}。",
        "Your call-back is noted; we call you in your turn. Hotline {service_number}.",
    ),
    (
        "call_verification", "来电核验码", Purpose.VERIFICATION,
        "本院将致电您，核验码{code}，{until}前有效。接到可疑来电请拨{service_number}输入核验码核实，切勿转账。",
        "We are going to call you. Code {code}, valid until {until}. In doubt call {service_number} and "
        "key it in. Never transfer money.",
    ),
)  # fmt: skip

_SUBJECTS: dict[str, tuple[str, str]] = {
    "appointment_booked": ("{hospital}预约确认", "{hospital}: your appointment"),
    "appointment_moved": ("{hospital}改约确认", "{hospital}: your appointment was moved"),
    "appointment_cancelled": ("{hospital}预约取消", "{hospital}: your appointment was cancelled"),
    "enquiry_answer": ("{hospital}咨询答复", "{hospital}: your enquiry"),
    "ticket_received": ("{hospital}意见受理 {number}", "{hospital}: your message {number}"),
}
"""Which of them are mails too."""


def default_templates() -> tuple[Template, ...]:
    return tuple(checked(one) for row in _SMS for one in _of(*row))


def _of(key: str, title: str, purpose: Purpose, zh: str, en: str) -> Iterable[Template]:
    for language, text in (("zh", _SIGN_ZH + zh), ("en", _SIGN_EN + en)):
        yield Template(key, Channel.SMS, language, title, purpose, text)
        if key in _SUBJECTS:
            subject = _SUBJECTS[key][language == "en"]
            yield Template(key, Channel.EMAIL, language, title, purpose, text, subject)
