"""Turns a sentence and its values into prompt keys: one table of slots for every language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol, TypeVar

from ivr import spoken_names


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


class Vocabulary(Protocol):
    """What this module needs of a catalogue."""

    language: str

    def __contains__(self, key: str) -> bool: ...
    def key_for_text(self, text: str) -> str | None: ...
    def sentence(self, kind: SentenceKind) -> tuple[str, ...]: ...


Values = Mapping[str, object]
Value = TypeVar("Value")
_KEY_NAMES = {"*": "star", "#": "hash"}
_WAITS_MIN = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30)
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


def number_keys(vocabulary: Vocabulary, value: int) -> list[str]:
    """0 to 9999; ValueError outside. Chinese: 两千零五, 一百一十五 with its own fragment for 一十五 after a hundred."""
    if not 0 <= value <= 9_999:
        raise ValueError(f"number {value} is not between 0 and 9999")
    if value <= 100:
        return [f"number-{value}"]
    thousands, hundreds, rest = value // 1_000, value // 100 % 10, value % 100
    chinese = vocabulary.language == "zh"
    keys = [f"number-{thousands}000"] if thousands else []
    if hundreds:
        keys.append("number-100" if hundreds == 1 else f"number-{hundreds}00")
    elif chinese and thousands and rest:
        keys.append("number-0")
    if rest and chinese and hundreds and rest < 10:
        keys.append("number-0")
    if rest:
        keys.append(f"number-after-hundred-{rest}" if chinese and 10 <= rest < 20 else f"number-{rest}")
    return keys


def _number(vocabulary: Vocabulary, values: Values) -> list[str]:
    return number_keys(vocabulary, _typed(values, "number", int))


def _digits(vocabulary: Vocabulary, values: Values) -> list[str]:
    """ASCII digits only: what came by telephone is hostile input."""
    written = _typed(values, "digits", str)
    if not (written.isascii() and written.isdigit()):
        raise ValueError("digits must be 0 to 9, at least one")
    return [f"digit-{char}" for char in written]


def _press(vocabulary: Vocabulary, values: Values) -> list[str]:
    key = str(values["press"])
    return [f"press-{_KEY_NAMES.get(key, key)}"]


def _named(slot: str, endings: tuple[str, ...], *, unknown: str) -> Callable[[Vocabulary, Values], list[str]]:
    def keys(vocabulary: Vocabulary, values: Values) -> list[str]:
        name = _typed(values, slot, str).strip()
        found = (vocabulary.key_for_text(name + ending) for ending in endings)
        return [next((key for key in found if key is not None), unknown)]

    return keys


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


def _typed(values: Values, name: str, kind: type[Value]) -> Value:
    value = values[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value


# slot -> keys. Values: date/today datetime.date; time/opens/closes datetime.time; number/position/minutes int;
# department/doctor/patient str; sex "male"|"female"; press "0".."9", "*", "#"; digits str.
SLOTS: dict[str, Callable[[Vocabulary, Values], list[str]]] = {
    "date": _date,
    "time": _time_slot("time"),
    "opens": _time_slot("opens"),
    "closes": _time_slot("closes"),
    "number": _number,
    "digits": _digits,
    "press": _press,
    "department": _named("department", ("",), unknown="dept-unknown"),
    "doctor": _named("doctor", ("医生", ""), unknown="doctor-unknown"),
    "patient": _patient,
    "position": _position,
    "minutes": _minutes,
}
