"""Telephone numbers: one spelling inside, safe text from outside, and how a number is shown and dialled."""

from __future__ import annotations

import functools
import re
import unicodedata

import phonenumbers

_REGION = "CN"
_SHORT_CODE = re.compile(r"1(?:10|19|20|22|2320|2345)|95\d{3,4}|96\d{3,4}|1\d{4}")
"""Numbers that are dialled as they are; phonenumbers calls them invalid."""

_MAX_DIGITS = 15  # ITU-T E.164
_NOT_PRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_text(text: str, *, limit: int = 64) -> str:
    """Text from outside without control, direction and unassigned characters, at most ``limit`` characters long."""
    kept = (c for c in text if unicodedata.category(c) not in _NOT_PRINTABLE)
    return "".join(kept).strip()[:limit]


def clean_caller(text: str) -> str:
    """A caller number or name as the network gave it, harmless to keep and to show (F32)."""
    return clean_text(text, limit=64)


_MOBILE = re.compile(r"(?:\+86|0086|86|0)?(1[3-9]\d{9})", re.ASCII)
_STORED_MOBILE = re.compile(r"\+86(1[3-9]\d{9})", re.ASCII)
_SIGNS = str.maketrans("", "", " -")
_MOBILE_TEXT_MAX = 20
_MOBILE_PREFIX = 7
"""The numbering plan decides about a mobile number by its first digits; the last four are free."""


@functools.lru_cache(maxsize=65536)
def normalise(text: str) -> str | None:
    """One spelling for every way a number is written: ``+8613800000001``; a short code stays as it is.

    Knows +86, 0086, a leading 0 before mobiles, spaces, dashes, brackets and full-width digits. None when ``text``
    cannot be a telephone number (withheld, letters, too short, too long).
    """
    if len(text) <= _MOBILE_TEXT_MAX and (mobile := _MOBILE.fullmatch(text.translate(_SIGNS))):
        number = mobile.group(1)
        if _is_mobile_prefix(number[:_MOBILE_PREFIX]):
            return f"+86{number}"
    return _parsed(text)


@functools.lru_cache(maxsize=65536)
def _is_mobile_prefix(prefix: str) -> bool:
    """True when every number of the country that begins so is a usable mobile number."""
    return _parsed(f"{prefix}0000") == f"+86{prefix}0000"


def _parsed(text: str) -> str | None:
    raw = unicodedata.normalize("NFKC", text).strip()
    if not raw or not re.fullmatch(r"\+?[\d\s().\-/]{3,40}", raw):
        return None
    digits = re.sub(r"\D", "", raw)
    if not 3 <= len(digits) <= _MAX_DIGITS + 4:
        return None
    if _SHORT_CODE.fullmatch(digits):
        return digits
    if re.fullmatch(r"0+1[3-9]\d{9}", digits) and not digits.startswith("00"):
        digits = digits.lstrip("0")
    candidates = [digits]
    if raw.startswith("+"):
        candidates = ["+" + digits]
    elif digits.startswith("00"):
        candidates = ["+" + digits[2:]]
    elif digits.startswith("86") and len(digits) in (12, 13):
        candidates = ["+" + digits, digits]
    for candidate in candidates:
        try:
            parsed = phonenumbers.parse(candidate, _REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed) and phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


def national(number: str) -> str:
    """How a normalised number is dialled inside the country: mobiles with 11 digits, fixed lines with their 0."""
    if not number.startswith("+"):
        return number
    if mobile := _STORED_MOBILE.fullmatch(number):
        return mobile.group(1)
    parsed = phonenumbers.parse(number, None)
    if parsed.country_code != 86:
        return "00" + number[1:]
    return re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def is_domestic(number: str) -> bool:
    """True for normalised numbers inside the country, short codes included."""
    return not number.startswith("+") or number.startswith("+86")


def mask(text: str) -> str:
    """``138****0001``; fixed lines and others keep the last two digits; "" stays "" (R17)."""
    number = normalise(text)
    shown = national(number) if number else clean_caller(text)
    if not shown:
        return ""
    if re.fullmatch(r"1[3-9]\d{9}", shown):
        return f"{shown[:3]}****{shown[-4:]}"
    if number and not number.startswith("+"):
        return shown
    return f"{shown[:3]}{'*' * max(2, len(shown) - 5)}{shown[-2:]}" if len(shown) > 5 else "*" * len(shown)


def load_places() -> None:
    """Read the tables of places (100 MB, half a second) before the first caller waits for them."""
    place("+8613800000000")


@functools.lru_cache(maxsize=4096)
def place(text: str) -> str:
    """归属地: province and city of a number in Chinese, "" when unknown."""
    number = normalise(text)
    if number is None or not number.startswith("+"):
        return ""
    from phonenumbers import geocoder  # large tables: loaded at the first question only

    return str(geocoder.description_for_number(phonenumbers.parse(number, None), "zh"))
