"""Amounts of money: read strictly, written exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from crm_core.visits.money import FEN_MAX, fen_of, yuan


@given(st.integers(min_value=0, max_value=99_999_999_99))
def test_given_any_amount_when_written_and_read_then_the_same(amount_fen: int) -> None:
    assert fen_of(yuan(amount_fen)) == amount_fen


@pytest.mark.parametrize(
    ("text", "amount_fen"),
    [
        ("12.5", 1250),
        ("￥1,200.00", 120_000),
        ("１２．３０元", 1230),
        ("0", 0),
        ("¥0.01", 1),
        ("1,234,567", 123_456_700),
    ],
)
def test_given_an_amount_as_people_write_it_when_read_then_fen(text: str, amount_fen: int) -> None:
    assert fen_of(text) == amount_fen


@pytest.mark.parametrize(
    "text",
    [
        "", "-1", "1.234", "1e9", "abc", "1,23", "٣", "1" * 30, "999999999.99", "NaN", "inf", "0x10", "1 2", "=1+1", "1\n2",
        f"{FEN_MAX // 100 + 1}",
    ],
)  # fmt: skip
def test_given_no_clear_amount_when_read_then_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        fen_of(text)


def test_given_a_debt_when_written_then_with_its_sign() -> None:
    assert yuan(-5) == "-0.05"
