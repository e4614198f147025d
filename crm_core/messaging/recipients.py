"""Recipients: one spelling per channel, refused when they could be anything else, masked for lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crm_core import phone_number
from crm_core.errors import InvalidInput
from crm_core.messaging.kinds import Channel

_MOBILE = re.compile(r"\+861[3-9]\d{9}", re.ASCII)
_EMAIL = re.compile(
    r"(?=.{6,254}\Z)[A-Za-z0-9](?:[A-Za-z0-9_%+-]|\.(?!\.)){0,63}(?<!\.)@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
"""Narrower than RFC 5321: no quotes, comments, addresses in brackets or anything that a header could be broken with."""


@dataclass(frozen=True)
class Recipient:
    address: str
    masked: str


def mobile(text: str) -> Recipient:
    """Domestic mobiles only: nothing else can receive an SMS from us, and foreign ones cost (R45)."""
    number = phone_number.normalise(text)
    if number is None or not _MOBILE.fullmatch(number):
        raise InvalidInput("this number cannot receive an SMS", code="no_mobile")
    return Recipient(number, phone_number.mask(number))


def mail_address(text: str) -> Recipient:
    if not _EMAIL.fullmatch(text):
        raise InvalidInput("this is not a mail address", code="no_mail_address")
    local, _, domain = text.rpartition("@")
    return Recipient(f"{local}@{domain.lower()}", f"{local[0]}***@{domain.lower()}"[:64])


READERS: Mapping[Channel, Callable[[str], Recipient]] = {Channel.SMS: mobile, Channel.EMAIL: mail_address}


def recipient_of(channel: Channel, text: str) -> Recipient:
    """Raises InvalidInput; code ``no_sender`` for a channel that nothing can be sent on yet."""
    reader = READERS.get(channel)
    if reader is None:
        raise InvalidInput(f"nothing can be sent by {channel} yet", code="no_sender")
    return reader(text)
