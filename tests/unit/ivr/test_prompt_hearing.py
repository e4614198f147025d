"""How far what was heard is from what should have been said, and on which part the errors fall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompt_hearing import error_rate, errors_per_unit, plain, same_sound


@pytest.mark.parametrize(
    ("wanted", "heard", "errors"),
    [
        ("三月五号", "三月五号", [0, 0, 0, 0]),
        ("三月五号", "三月号", [0, 0, 1, 0]),
        ("三月五号", "三月捂号", [0, 0, 1, 0]),
        ("三月五号", "三月五捂号", [0, 0, 1, 0]),
        ("三月", "", [1, 1]),
        ("", "三月", []),
    ],
)
def test_given_a_heard_sentence_when_aligned_then_each_error_falls_on_its_character(
    wanted: str, heard: str, errors: list[int]
) -> None:
    assert errors_per_unit(wanted, heard) == errors


TEXTS = st.text(alphabet="一二三四五月日号", max_size=12)


@given(TEXTS, TEXTS)
def test_given_any_two_texts_when_aligned_then_the_errors_are_at_most_all_characters_and_none_when_equal(
    wanted: str, heard: str
) -> None:
    total = sum(errors_per_unit(wanted, heard))
    assert (total == 0) == (wanted == heard or not wanted)
    assert total <= max(len(wanted), len(heard))
    assert total >= abs(len(wanted) - len(heard)) or not wanted


@pytest.mark.parametrize(
    ("wanted", "heard", "alike"),
    [
        ("敏", "抿", True),
        ("敏", "明", False),
        ("李", "力", False),
        ("曾", "增", True),
        ("一", "腰", True),
        ("a", "b", False),
    ],
)
def test_given_two_characters_when_read_alike_then_no_ear_can_tell_them_apart(
    wanted: str, heard: str, alike: bool
) -> None:
    assert same_sound(wanted, heard) is alike


def test_given_keys_and_digits_when_compared_then_as_they_are_spoken() -> None:
    assert plain("请按1，或*键") == list("请按一或星号键")
    assert error_rate("请按一", "请按1") == 0.0
    assert error_rate("twenty one", "twenty-one", language="en") == 0.0
