"""What is typed on a telephone finds what it means (A6.3)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.enquiries.spelling import keypad_of, plain, spelling_of


@pytest.mark.capability("A6.3")
@pytest.mark.parametrize(
    ("word", "initials", "keypad"),
    [
        ("阿莫西林", "amxl", "2695"),
        ("维生素B12注射液", "wssb12zsy", "977212979"),
        ("单硝酸异山梨酯片", "dxsyslzp", "39797597"),
        ("CT 平扫", "ctps", "2877"),
        ("ＣＴ", "ct", "28"),
        ("女贞子", "nzz", "699"),
        ("绿豆", "ld", "53"),
        ("Aspirin-100", "aspirin100", "2774746100"),
        ("٢٣", "23", "23"),
    ],
)
def test_given_a_word_when_spelled_then_initials_and_keys_are_those_of_a_telephone(
    word: str, initials: str, keypad: str
) -> None:
    spelling = spelling_of(word)
    assert (spelling.initials, spelling.keypad) == (initials, keypad)


def test_given_the_alphabet_when_typed_then_it_is_the_telephone_of_e161() -> None:
    assert keypad_of("abcdefghijklmnopqrstuvwxyz") == "22233344455566677778889999"


@given(st.text(max_size=300))
def test_given_any_text_when_spelled_then_the_keys_are_digits_and_everything_fits_its_column(text: str) -> None:
    spelling = spelling_of(text)
    assert set(spelling.keypad) <= set("0123456789")
    assert len(spelling.keypad) == len(spelling.initials)
    assert (len(spelling.term) <= 128, len(spelling.pinyin) <= 256, len(spelling.initials) <= 64) == (True,) * 3


@given(st.text(max_size=200))
def test_given_any_text_when_made_plain_then_nothing_invisible_is_left(text: str) -> None:
    assert all(unicodedata.category(c)[0] not in "CZ" for c in plain(text))
