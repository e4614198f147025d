"""The closed sets of words about messages, with their Chinese labels."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    WECHAT = "wechat"
    APP = "app"
    FAX = "fax"
    LETTER = "letter"


PUSH_CHANNELS = frozenset({Channel.APP, Channel.WECHAT})
"""Their text is shown on a locked screen: nothing about health, not even a department (R18)."""


class MessageState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """Claimed by a sender; it may have left already."""
    SENT = "sent"
    FAILED = "failed"
    """The last try failed and nothing left; it is tried again at ``next_at``."""
    DEAD = "dead"
    """Given up: refused for good, too late, or all tries used. A person sees it and may try again."""
    UNKNOWN = "unknown"
    """It may have left: no machine sends it again, a person decides (like I4 for calls)."""
    REFUSED = "refused"
    """The patient does not want it; nothing was tried."""


LISTED_AS_PROBLEM = (MessageState.FAILED, MessageState.DEAD, MessageState.UNKNOWN)
MAY_BE_CLAIMED = (MessageState.QUEUED, MessageState.FAILED)
MAY_BE_RETRIED = (MessageState.DEAD, MessageState.UNKNOWN, MessageState.FAILED)

CHANNEL_TITLES = {
    Channel.SMS: "短信",
    Channel.EMAIL: "邮件",
    Channel.WECHAT: "微信",
    Channel.APP: "APP推送",
    Channel.FAX: "传真",
    Channel.LETTER: "信函",
}
STATE_TITLES = {
    MessageState.QUEUED: "待发送",
    MessageState.SENDING: "发送中",
    MessageState.SENT: "已发送",
    MessageState.FAILED: "等待重试",
    MessageState.DEAD: "发送失败",
    MessageState.UNKNOWN: "待核实",
    MessageState.REFUSED: "患者拒收",
}


class Purpose(StrEnum):
    """Why a message is sent: the word that consents are asked with."""

    APPOINTMENT = "appointment"
    REMINDER = "reminder"
    ENQUIRY = "enquiry"
    """The patient asked for it in this call."""
    TICKET = "ticket"
    VERIFICATION = "verification"
    FOLLOW_UP = "follow_up"
    NOTICE = "notice"
