"""Numbers: one spelling inside, nothing harmful from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.phone_number import clean_caller, mask, national, normalise, place

HOSTILE = [
    "", "anonymous", "+86", "1" * 500, "😀😀", "‮13800000001", "138\x000001", "'\"", "';--", "$(id)", "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0", "../../etc/passwd", "a\r\nAction: Originate", "%s%s%n", "{{7*7}}", "\ufeff", "\u200b", "13800000001;x",
    "sip:evil@example.invalid", "1&PJSIP/trunk/00", "`id`", "|cat", "\\", "%00", "NULL", "None", "-1", "1e309",
    "０", "\ud800", "a" * 65,
    "张三", "\t\n", "*72", "#31#", "+", "++", "()", "1 or 1=1",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13912345678", "+8613912345678"), ("+86 139-1234-5678", "+8613912345678"), ("01066778899", "+861066778899"),
        ("95169", "95169"), ("12320", "12320"), ("120", "120"), ("0016502530000", "+16502530000"), ("abc", None), ("12", None),
    ],
)  # fmt: skip
def test_given_a_spelling_when_normalised_then_one_form(text: str, expected: str | None) -> None:
    assert normalise(text) == expected


@given(st.text(max_size=200))
def test_given_any_text_when_normalised_then_none_or_a_fixed_point(text: str) -> None:
    number = normalise(text)
    assert number is None or normalise(number) == number


@given(st.integers(13000000000, 19999999999))
def test_given_any_mobile_when_dialled_and_read_again_then_the_same_number(value: int) -> None:
    number = normalise(str(value))
    assert number is None or normalise(national(number)) == number


@pytest.mark.fault("F32")
@pytest.mark.parametrize("text", HOSTILE)
def test_given_hostile_caller_ids_when_cleaned_then_short_and_printable(text: str) -> None:
    cleaned = clean_caller(text)
    assert len(cleaned) <= 64
    assert not any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF or c in "\u202e\u200b\ufeff\x7f" for c in cleaned)
    assert normalise(text) is None or normalise(text).lstrip("+").isdigit()  # type: ignore[union-attr]
    assert mask(text) is not None


@pytest.mark.requirement("R17")
def test_given_numbers_when_masked_then_the_middle_is_gone() -> None:
    assert mask("13800138000") == "138****8000"
    assert mask("01066778899") == "010******99"
    assert mask("95169") == "95169"


def test_given_a_number_when_placed_then_the_city_in_chinese() -> None:
    assert place("13912345678") == "江苏省常州市"
