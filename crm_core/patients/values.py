"""Typed values of fields: what a person typed becomes one canonical text, or is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from crm_core.errors import InvalidInput
from crm_core.patients.kinds import FieldKind

_ID_NUMBER = re.compile(r"\d{17}[\dX]", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_CARD_NUMBER = re.compile(r"[A-Za-z0-9-]{1,32}")
_DATE = re.compile(
    r"(\d{4})(\d{2})(\d{2})|(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII
)
_FLAGS = {
    "1": "1",
    "true": "1",
    "yes": "1",
    "是": "1",
    "有": "1",
    "0": "0",
    "false": "0",
    "no": "0",
    "否": "0",
    "无": "0",
}
_CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
OLDEST_BIRTH = date(1870, 1, 1)


def canonical(kind: FieldKind, text: str, *, choices: Sequence[str] = (), length_max: int = 500) -> str:
    """ "" when there is nothing. Raises InvalidInput."""
    plain = clean(text)
    if len(plain) > length_max:
        raise InvalidInput(f"the value is longer than {length_max} characters")
    if not plain:
        return ""
    if kind is FieldKind.CHOICE:
        if plain not in choices:
            raise InvalidInput("the value is none of the choices")
        return plain
    return _CANONICAL[kind](plain)


def clean(text: str) -> str:
    """Without control, direction and unassigned characters; line ends become spaces."""
    spaced = re.sub(r"[\r\n\t]+", " ", text)
    return "".join(c for c in spaced if unicodedata.category(c) not in _CONTROL).strip()


def date_of(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def id_number(text: str) -> str:
    """Upper case; 17 digits and a digit or X. Raises InvalidInput."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if plain and not _ID_NUMBER.fullmatch(plain):
        raise InvalidInput("an identity number has 17 digits and a digit or X")
    return plain


def email(text: str) -> str:
    plain = clean(text)
    if plain and not _EMAIL.fullmatch(plain):
        raise InvalidInput("this is not an e-mail address")
    return plain


def card_number(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain and not _CARD_NUMBER.fullmatch(plain):
        raise InvalidInput("a card number has letters, digits and dashes only")
    return plain


def birth_date(text: str, today: date) -> str:
    day = date_of(_date(clean(text))) if clean(text) else None
    if day is not None and not OLDEST_BIRTH <= day <= today:
        raise InvalidInput("nobody is born on such a day")
    return day.isoformat() if day else ""


def _date(text: str) -> str:
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    if found is None:
        raise InvalidInput("this is not a date")
    year, month, day = (part for part in found.groups() if part)
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        raise InvalidInput("this is not a date") from error


def _number(text: str) -> str:
    try:
        number = Decimal(unicodedata.normalize("NFKC", text).replace(",", ""))
    except InvalidOperation as error:
        raise InvalidInput("this is not a number") from error
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise InvalidInput("this number is not usable")
    plain = format(number if number else Decimal(0), "f")
    return plain.rstrip("0").rstrip(".") or "0" if "." in plain else plain


def _flag(text: str) -> str:
    found = _FLAGS.get(text.lower())
    if found is None:
        raise InvalidInput("say yes or no")
    return found


_CANONICAL: dict[FieldKind, Callable[[str], str]] = {
    FieldKind.TEXT: lambda text: text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.FLAG: _flag,
}
