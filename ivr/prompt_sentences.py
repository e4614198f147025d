"""Turns a sentence and its values into prompt keys: one table of slots for every language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol, TypeVar

from ivr import spoken_names
from ivr.prompt_amounts import amount_keys, number_keys


class SentenceKind(StrEnum):
    """The sentences a flow can say with values; the words are in the [sentences] table of prompts/<language>.toml."""

    APPOINTMENT = "appointment"
    APPOINTMENT_OF = "appointment-of"
    APPOINTMENTS_COUNT = "appointments-count"
    PATIENT_CHOICE = "patient-choice"
    DEPARTMENT_CHOICE = "department-choice"
    CONNECTING_DEPARTMENT = "connecting-department"
    GREETING_KNOWN = "greeting-known"
    AGENT_NUMBER = "agent-number"
    NUMBER = "number-spoken"
    DIGITS = "digits-spoken"
    DATE = "date-spoken"
    TIME = "time-spoken"
    QUEUE_POSITION = "queue-position"
    QUEUE_WAIT = "queue-wait"
    OPENING_HOURS = "opening-hours"
    EARLIEST = "booking-earliest-offer"
    NEXT = "booking-next-offer"
    BOOKING_CONFIRMATION = "booking-confirmation"
    BOOKING_CONFIRMATION_FOR = "booking-confirmation-for"
    BOOKED = "booked-at"
    LAST_DOCTOR = "last-doctor-was"
    DOCTOR_CHOICE = "doctor-choice"
    DOCTOR_TITLE_CHOICE = "doctor-title-choice"
    DATE_CHOICE = "date-choice"
    TIME_CHOICE = "time-choice"
    SLOT_CHOICE = "slot-choice"
    FULL_DAY_CHOICE = "full-day-choice"
    DEPARTMENT = "department-spoken"
    OPTION_CHOICE = "option-choice"
    CANCEL_CONFIRMATION = "cancel-confirmation"
    MOVE_CONFIRMATION = "move-confirmation"
    MOVED = "moved-to"
    DOCTOR_CONSULTS = "doctor-consults"
    SESSION_LINE = "session-line"
    NUMBERED_APPOINTMENT = "numbered-appointment"
    WAITING_LIST_PLACE = "waiting-list-place"
    AMOUNT = "amount-spoken"
    FEE_LINE = "fee-line"
    FEES_SUM = "fees-sum"
    BALANCE = "balance"
    REGISTRATION_FEE = "registration-fee-of"
    PRICE = "price"
    REIMBURSEMENT = "reimbursement"
    TICKET = "ticket"
    REPLY_DUE = "reply-due"
    CALL_BACK_TO = "call-back-to"


class Vocabulary(Protocol):
    """What this module needs of a catalogue."""

    language: str

    def __contains__(self, key: str) -> bool: ...
    def key_for_text(self, text: str) -> str | None: ...
    def key_for_name(self, text: str, *, group: str) -> str | None: ...
    def sentence(self, kind: SentenceKind) -> tuple[str, ...]: ...


Values = Mapping[str, object]
Value = TypeVar("Value")
_KEY_NAMES = {"*": "star", "#": "hash"}
_WAITS_MIN = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30)
_REPLY_DAYS = (1, 2, 3, 5, 7, 10, 15)
_NEAR_DAYS = {0: "today", 1: "tomorrow", 2: "day-after-tomorrow"}
_TITLES = {"male": "mr", "female": "ms"}


def keys_for_sentence(vocabulary: Vocabulary, kind: SentenceKind, values: Values) -> list[str]:
    """KeyError: a value is missing; TypeError/ValueError: a value has the wrong type or range."""
    keys: list[str] = []
    for part in vocabulary.sentence(kind):
        if part.startswith("{"):
            keys.extend(SLOTS[part[1:-1]](vocabulary, values))
        else:
            keys.append(part)
    return keys


def _date(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`date`; with `today` given, today, tomorrow and the day after are said so."""
    value, today = _typed(values, "date", dt.date), values.get("today")
    keys = [f"month-{value.month}", f"day-{value.day}", f"weekday-{value.isoweekday()}"]
    if vocabulary.language == "en":
        keys = [keys[2], keys[0], keys[1]]
    if isinstance(today, dt.date) and (near := _NEAR_DAYS.get((value - today).days)):
        return [near, *keys[:2]] if vocabulary.language == "zh" else [near, *keys]
    return keys


def time_keys(vocabulary: Vocabulary, value: dt.time) -> list[str]:
    """One fragment for a quarter of an hour within the day, else hour and minute; seconds are not said."""
    half, hour = ("am", value.hour) if value.hour < 12 else ("pm", value.hour - 12 if value.hour > 12 else 12)
    whole = f"time-{half}-{hour}-{value.minute:02d}"
    if whole in vocabulary:
        return [whole]
    return [f"hour-{value.hour}"] + ([f"minute-{value.minute}"] if value.minute else [])


def _time_slot(name: str) -> Callable[[Vocabulary, Values], list[str]]:
    return lambda vocabulary, values: time_keys(vocabulary, _typed(values, name, dt.time))


def _number(vocabulary: Vocabulary, values: Values) -> list[str]:
    return number_keys(vocabulary.language, _typed(values, "number", int))


def _amount(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`amount_fen`: money in fen."""
    return amount_keys(vocabulary.language, _typed(values, "amount_fen", int))


def _ordinal(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`ordinal`: 1 to 9, the first, the second..."""
    return [f"ordinal-{_typed(values, 'ordinal', int)}"]


def _member(slot: str, group: str) -> Callable[[Vocabulary, Values], list[str]]:
    """A value that is the name of a key of a closed group: option "any-doctor" is option-any-doctor."""
    return lambda vocabulary, values: [f"{group}-{_typed(values, slot, str)}"]


def _digits(vocabulary: Vocabulary, values: Values) -> list[str]:
    """ASCII digits only: what came by telephone is hostile input."""
    written = _typed(values, "digits", str)
    if not (written.isascii() and written.isdigit()):
        raise ValueError("digits must be 0 to 9, at least one")
    return [f"digit-{char}" for char in written]


def _press(vocabulary: Vocabulary, values: Values) -> list[str]:
    key = str(values["press"])
    return [f"press-{_KEY_NAMES.get(key, key)}"]


def _department(vocabulary: Vocabulary, values: Values) -> list[str]:
    return [vocabulary.key_for_name(_typed(values, "department", str).strip(), group="departments") or "dept-unknown"]


def _doctor(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`doctor`: the full name, else 王医生 with the surname, else neutral."""
    name = _typed(values, "doctor", str).strip()
    if not name:
        return ["doctor-unknown"]
    known = vocabulary.key_for_text(name) or vocabulary.key_for_name(name + "医生", group="doctors")
    return [known or vocabulary.key_for_text(spoken_names.surname_of(name) + "医生") or "doctor-unknown"]


def _doctor_title(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`doctor_title` as written in the hospital's list; nothing is said for a title without a sound."""
    key = vocabulary.key_for_text(_typed(values, "doctor_title", str).strip())
    return [key] if key is not None else []


def _patient(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`patient` (full name) and optionally `sex` (male/female): full name, else surname with title, else neutral."""
    name = _typed(values, "patient", str).strip()
    title = _TITLES.get(str(values.get("sex", "")))
    candidates = [vocabulary.key_for_text(name)]
    if title:
        spoken_title = {"mr": "先生", "ms": "女士"}[title]
        candidates += [
            vocabulary.key_for_text(spoken_names.surname_of(name) + spoken_title),
            f"patient-unknown-{title}",
        ]
    known = (key for key in candidates if key is not None and key in vocabulary)
    return [next(known, "patient-unknown")]


def _position(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`position`: how many callers are ahead; 0 means next."""
    ahead = _typed(values, "position", int)
    if ahead <= 0:
        return ["queue-next"]
    return [f"queue-position-{ahead}" if ahead <= 10 else "queue-position-many"]


def _minutes(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`minutes` of expected wait, rounded up to a step that has a sound: never promise less than is expected."""
    wait = max(1, _typed(values, "minutes", int))
    step = next((step for step in _WAITS_MIN if wait <= step), None)
    return ["queue-wait-long" if step is None else f"queue-wait-{step}"]


def _reply(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`number` of working days until the answer, rounded up to a step that has a sound: never promise less."""
    days = _typed(values, "number", int)
    return [f"reply-within-{next((step for step in _REPLY_DAYS if days <= step), 'many')}"]


def _count(vocabulary: Vocabulary, values: Values) -> list[str]:
    """`number` of appointments, 1 or more."""
    number = max(1, _typed(values, "number", int))
    return [f"appointments-count-{number if number < 10 else 'many'}"]


def _typed(values: Values, name: str, kind: type[Value]) -> Value:
    value = values[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value


# slot -> keys. Values: date/today datetime.date; time/opens/closes datetime.time; number/position/minutes/amount_fen int;
# ordinal 1 to 9; department/doctor/doctor_title/patient str; sex "male"|"female"; press "0".."9", "*", "#"; digits str;
# option, fee: a key of that group without its prefix; period morning|afternoon|evening; session open|full|away.
SLOTS: dict[str, Callable[[Vocabulary, Values], list[str]]] = {
    "date": _date,
    "time": _time_slot("time"),
    "opens": _time_slot("opens"),
    "closes": _time_slot("closes"),
    "number": _number,
    "digits": _digits,
    "press": _press,
    "amount": _amount,
    "ordinal": _ordinal,
    "option": _member("option", "option"),
    "period": _member("period", "option"),
    "session": _member("session", "session"),
    "fee": _member("fee", "fee"),
    "department": _department,
    "doctor": _doctor,
    "title": _doctor_title,
    "patient": _patient,
    "position": _position,
    "minutes": _minutes,
    "reply": _reply,
    "count": _count,
}
