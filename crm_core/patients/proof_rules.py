"""When what a caller says proves who he is, and which PIN is too easy; pure rules."""

from __future__ import annotations

import hmac
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from crm_core.patients.kinds import Fact

FACTS_NEEDED = 2
PIN_LENGTH = 6
_CARD_DIGITS_MIN = 6
"""A card number is keyed without its letters when at least so many digits are left."""


def facts_hold(said: Mapping[Fact, str], right: Mapping[Fact, str], *, is_pin_right: bool, is_own_number: bool) -> bool:
    """``right``: what the hospital knows, "" where it knows nothing. All that was said is compared, in the same time."""
    answers = {fact: _equal(fact, said[fact], right.get(fact, "")) for fact in sorted(said) if fact is not Fact.PIN}
    is_all_right = all(list(answers.values()))
    if Fact.PIN in said:
        return is_pin_right and is_own_number and is_all_right
    return is_all_right and len(answers) >= FACTS_NEEDED


def is_usable_pin(pin: str, known: Iterable[str]) -> bool:
    """``known``: numbers and dates of the patient that the PIN may not be part of."""
    if not re.fullmatch(rf"[0-9]{{{PIN_LENGTH}}}", pin):
        return False
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(pin)}
    if len(set(pin)) < 3 or steps in ({1}, {9}):
        return False
    numbers = [re.sub(r"\D", "", text) for text in known]
    return not any(pin in number or pin in number[2:] for number in numbers)


def _equal(fact: Fact, said: str, right: str) -> bool:
    """Constant in time for a given length; nothing known is never right."""
    forms = _FORMS[fact](right) if right else [""]
    heard = _heard(said)
    same = [hmac.compare_digest(heard.encode(), form.encode()) for form in forms]
    return bool(right) and bool(heard) and any(same)


def _heard(said: str) -> str:
    """As it is compared: full-width digits, case, spaces and the star for X do not matter."""
    plain = unicodedata.normalize("NFKC", said).upper().replace("*", "X")
    return re.sub(r"[\s·.\-/]", "", plain)


def _card_forms(right: str) -> list[str]:
    digits = re.sub(r"\D", "", right)
    return [_heard(right), *([digits] if len(digits) >= _CARD_DIGITS_MIN else [])]


_FORMS: dict[Fact, Callable[[str], list[str]]] = {
    Fact.ID_TAIL: lambda right: [right[-4:].upper()],
    Fact.BIRTH_DATE: lambda right: [right.replace("-", "")],
    Fact.CARD_NUMBER: _card_forms,
    Fact.NAME: lambda right: [_heard(right)],
}
