"""Rewrites written English into words for the English voice: telephone keys, digit strings, times and dates."""

from __future__ import annotations

import datetime as dt
import re

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_KEYS = {"*": "star", "#": "hash"}
_IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_LONGEST_NUMBER_DIGITS = 4


def number(value: int) -> str:
    """0 to 999999, without 'and'."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")
    size, unit = (1_000, "thousand") if value >= 1_000 else (100, "hundred")
    return f"{number(value // size)} {unit}" + (f" {number(value % size)}" if value % size else "")


def ordinal(value: int) -> str:
    """1 -> first, 23 -> twenty-third."""
    words = number(value)
    head, dash, last = words.rpartition("-")
    irregular = _IRREGULAR_ORDINALS.get(last)
    return head + dash + (irregular or (last[:-1] + "ieth" if last.endswith("y") else last + "th"))


def digits(written: str) -> str:
    return " ".join(_ONES[int(char)] for char in written if char.isdecimal())


def time_words(value: dt.time) -> str:
    """9:30 -> nine thirty a.m.; 9:05 -> nine oh five a.m."""
    hour = value.hour % 12 or 12
    minute = (
        "" if value.minute == 0 else f" oh {number(value.minute)}" if value.minute < 10 else f" {number(value.minute)}"
    )
    return f"{number(hour)}{minute} {'a.m.' if value.hour < 12 else 'p.m.'}"


def date_words(value: dt.date) -> str:
    return f"{value:%B} the {ordinal(value.day)}"


def _date_match(match: re.Match[str]) -> str:
    try:
        return date_words(dt.date(int(match[1]), int(match[2]), int(match[3])))
    except ValueError:
        return digits(match[0])


def _plain_number(match: re.Match[str]) -> str:
    written = match[0]
    as_digits = len(written) > _LONGEST_NUMBER_DIGITS or (len(written) > 1 and written.startswith("0"))
    return digits(written) if as_digits else number(int(written))


def speakable(text: str) -> str:
    """No digits and no telephone-key signs are left."""
    spoken = re.sub(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", _date_match, text)
    spoken = re.sub(
        r"(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)", lambda m: time_words(dt.time(int(m[1]), int(m[2]))), spoken
    )
    spoken = re.sub(r"[*#]", lambda m: f" {_KEYS[m[0]]} ", spoken)
    return re.sub(r"  +", " ", re.sub(r"[0-9]+", _plain_number, spoken)).strip()
