"""The closed sets of words about sessions, bookings and waiting, with their Chinese labels."""

from __future__ import annotations

from enum import StrEnum


class AppointmentState(StrEnum):
    """What became of an appointment. Only the first three keep their seat and count for the rules."""

    BOOKED = "booked"
    VISITED = "visited"
    MISSED = "missed"
    CANCELLED = "cancelled"
    MOVED = "moved"
    CLOSED_BY_HOSPITAL = "closed_by_hospital"


SEATED_STATES = (AppointmentState.BOOKED, AppointmentState.VISITED, AppointmentState.MISSED)


class Channel(StrEnum):
    """The way a booking came in; only PHONE (caller or agent on the telephone) uses the phone quota."""

    PHONE = "phone"
    DESK = "desk"
    WEB = "web"
    HIS = "his"


class Period(StrEnum):
    """Half days as hospitals cut them."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class SessionState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class SlotState(StrEnum):
    """What a caller may expect of a slot, a session or a day."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"
    PAST = "past"


class HoldState(StrEnum):
    ACTIVE = "active"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


class WaitingState(StrEnum):
    """候补: one active entry (WAITING or OFFERED) per patient, department and day."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    DECLINED = "declined"
    EXPIRED = "expired"
    LEFT = "left"


class AppealState(StrEnum):
    """爽约申诉."""

    NONE = "none"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


APPOINTMENT_TITLES = {
    AppointmentState.BOOKED: "已预约",
    AppointmentState.VISITED: "已就诊",
    AppointmentState.MISSED: "爽约",
    AppointmentState.CANCELLED: "已取消",
    AppointmentState.MOVED: "已改期",
    AppointmentState.CLOSED_BY_HOSPITAL: "停诊",
}
PERIOD_TITLES = {Period.MORNING: "上午", Period.AFTERNOON: "下午", Period.EVENING: "晚上"}
WAITING_TITLES = {
    WaitingState.WAITING: "候补中",
    WaitingState.OFFERED: "待确认",
    WaitingState.BOOKED: "已预约",
    WaitingState.DECLINED: "已放弃",
    WaitingState.EXPIRED: "超时未应答",
    WaitingState.LEFT: "已退出",
}
