"""What follows from a patient's data on a given day: age, what the VIP card is worth, what he has consented to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from crm_core.patients.kinds import CARD_CONSENTS, Channel, Purpose
from crm_core.patients.models_trust import Consent

WITHOUT_ANSWER: dict[Purpose, bool] = dict.fromkeys(Purpose, False) | {
    Purpose.RECORDING: True,  # the notice before every call tells; who goes on has agreed (R36)
    Purpose.APPOINTMENT: True,  # he asked for it himself when he booked
}
"""What may be done before the patient has said anything."""


def age_on(day: date, birth_date: date | None) -> int | None:
    """Whole years; None when the birthday is not known."""
    if birth_date is None:
        return None
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def vip_level_on(day: date, level: int, *, valid_from: date | None, valid_until: date | None) -> int:
    """0 before the first and after the last valid day; None is no limit."""
    if valid_from is not None and day < valid_from:
        return 0
    if valid_until is not None and day > valid_until:
        return 0
    return level


def latest_answer(lines: Iterable[Consent], purpose: str, channel: str) -> bool | None:
    """What the patient said last about this purpose on this channel, or on every channel. None: never asked."""
    about = [one for one in lines if one.purpose == purpose and one.channel in (channel, Channel.ANY.value)]
    return max(about, key=lambda one: (one.given_at, one.id)).is_granted if about else None


def is_allowed(lines: Iterable[Consent], purpose: Purpose, channel: Channel) -> bool:
    answer = latest_answer(lines, purpose.value, channel.value)
    return WITHOUT_ANSWER[purpose] if answer is None else answer


def card_consents(lines: Iterable[Consent]) -> dict[str, bool]:
    """The card's three words; a word is true when nothing it stands for was refused, missing when never asked."""
    kept = list(lines)
    found = {
        word: [latest_answer(kept, purpose.value, channel.value) for purpose, channel in pairs]
        for word, pairs in CARD_CONSENTS.items()
    }
    return {word: all(a for a in answers if a is not None) for word, answers in found.items() if set(answers) != {None}}
