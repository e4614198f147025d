"""English numbers, dates, times and keys in words."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import spoken_en


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("press 1 or *", "press one or star"),
        ("press #.", "press hash ."),
        ("2026-11-23", "November the twenty-third"),
        ("at 9:05", "at nine oh five a.m."),
        ("at 14:30", "at two thirty p.m."),
        ("95169", "nine five one six nine"),
        ("0615", "zero six one five"),
        ("there are 21 callers", "there are twenty-one callers"),
    ],
)
def test_given_written_english_when_made_speakable_then_it_is_words(written: str, spoken: str) -> None:
    assert spoken_en.speakable(written) == spoken


@pytest.mark.parametrize(
    ("value", "word"), [(1, "first"), (2, "second"), (12, "twelfth"), (20, "twentieth"), (31, "thirty-first")]
)
def test_given_a_day_when_said_then_it_is_an_ordinal(value: int, word: str) -> None:
    assert spoken_en.ordinal(value) == word


@given(st.text(alphabet="0123456789*#:- abc", max_size=30))
def test_given_any_text_when_made_speakable_then_no_digit_or_key_is_left(text: str) -> None:
    assert not re.search(r"[0-9*#]", spoken_en.speakable(text))


@given(st.times())
def test_given_any_time_when_spoken_then_noon_and_midnight_are_twelve(value: dt.time) -> None:
    spoken = spoken_en.time_words(value)
    assert spoken.endswith("a.m.") == (value.hour < 12)
    assert spoken.startswith("twelve") == (value.hour % 12 == 0)
