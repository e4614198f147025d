"""Pure rules about patients: tiers are monotonic, the latest consent wins, facts prove, values are typed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from crm_core.patients import values
from crm_core.patients.kinds import Channel, Fact, FieldKind, Purpose, Tier
from crm_core.patients.models_trust import Consent
from crm_core.patients.proof_rules import facts_hold, is_usable_pin
from crm_core.patients.rows import consent_line
from crm_core.patients.rules import WITHOUT_ANSWER, age_on, is_allowed, latest_answer, vip_level_on
from crm_core.patients.static_fields import STATIC_FIELDS, Mask, mask_name, masked
from crm_core.patients.tier_rules import SHIPPED_RULES, CareFigures, TierRule, tier_of, year_before
from crm_core.phone_number import _parsed, normalise

START = datetime(2026, 1, 1, tzinfo=UTC)
COUNTS = st.integers(0, 12)
FEN = st.integers(0, 10_000_000)
RULES = st.lists(
    st.builds(TierRule, st.sampled_from(list(Tier)), COUNTS, FEN, st.integers(0, 3), st.none() | st.integers(0, 5)),
    max_size=8,
) | st.just(list(SHIPPED_RULES))
ORDER = list(Tier)


@pytest.mark.capability("C117")
@settings(deadline=None)
@given(RULES, st.builds(CareFigures, COUNTS, FEN, COUNTS), st.integers(0, 3), COUNTS, FEN, COUNTS)
def test_given_any_rules_when_a_patient_does_more_then_his_tier_never_falls(
    rules: list[TierRule], less: CareFigures, level: int, visits: int, fen: int, no_shows: int
) -> None:
    more = CareFigures(less.visits + visits, less.spending_fen + fen, max(0, less.no_shows - no_shows))
    worse, _ = tier_of(less, level, rules)
    better, why = tier_of(more, level + visits, rules)
    assert ORDER.index(better) <= ORDER.index(worse)
    assert why.endswith({"platinum": "白金", "gold": "黄金", "iron": "铁质", "lead": "铅质"}[better.value])


@pytest.mark.parametrize(
    ("day", "first"),
    [("2026-11-23", "2025-11-24"), ("2024-02-29", "2023-03-01"), ("2025-02-28", "2024-02-29"), ("2026-12-31", "2026-01-01")],
)  # fmt: skip
def test_given_a_day_when_the_year_before_is_asked_then_twelve_months_that_end_with_it(day: str, first: str) -> None:
    assert year_before(date.fromisoformat(day)) == date.fromisoformat(first)


LINES = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(list(Purpose)[:3]), st.sampled_from(list(Channel)), st.booleans()),
    max_size=12,
)


def ledger(lines: list[tuple[int, Purpose, Channel, bool]]) -> list[Consent]:
    made = []
    for place, (minute, purpose, channel, is_granted) in enumerate(lines):
        given_at = START + timedelta(minutes=minute)
        line = consent_line(1, purpose.value, channel.value, is_granted, now=START, given_at=given_at)
        line.id = place
        made.append(line)
    return made


@pytest.mark.capability("C121")
@settings(deadline=None)
@given(LINES, st.sampled_from(list(Purpose)[:3]), st.sampled_from(list(Channel)[:4]), st.randoms())
def test_given_any_ledger_in_any_order_when_asked_then_the_latest_line_about_it_decides(
    lines: list[tuple[int, Purpose, Channel, bool]], purpose: Purpose, channel: Channel, chance: object
) -> None:
    kept = ledger(lines)
    expected = None
    for minute in range(6):
        for at, about, over, is_granted in lines:
            if at == minute and about is purpose and over in (channel, Channel.ANY):
                expected = is_granted
    chance.shuffle(kept)  # type: ignore[attr-defined]
    assert latest_answer(kept, purpose.value, channel.value) is expected
    assert is_allowed(kept, purpose, channel) is (WITHOUT_ANSWER[purpose] if expected is None else expected)


def test_given_nothing_was_said_when_asked_then_only_what_the_patient_began_himself_is_allowed() -> None:
    allowed = {purpose for purpose in Purpose if is_allowed([], purpose, Channel.CALL)}
    assert allowed == {Purpose.RECORDING, Purpose.APPOINTMENT}


@pytest.mark.parametrize(("offset", "level"), [(-1, 0), (0, 2), (10, 2), (11, 0)])
def test_given_a_vip_card_when_its_days_are_over_then_it_is_worth_nothing(offset: int, level: int) -> None:
    first = date(2026, 11, 20)
    day, last = first + timedelta(days=offset), first + timedelta(days=10)
    assert vip_level_on(day, 2, valid_from=first, valid_until=last) == level
    assert vip_level_on(day, 2, valid_from=None, valid_until=None) == 2


@pytest.mark.capability("C15")
@pytest.mark.parametrize(("day", "age"), [("2026-06-14", 64), ("2026-06-15", 65), ("2027-06-14", 65)])
def test_given_a_birthday_when_it_comes_then_one_year_older_on_the_day(day: str, age: int) -> None:
    assert age_on(date.fromisoformat(day), date(1961, 6, 15)) == age


RIGHT = {
    Fact.ID_TAIL: "11010119880615002X",
    Fact.BIRTH_DATE: "1988-06-15",
    Fact.CARD_NUMBER: "C0000001",
    Fact.NAME: "阿莎",
}
SAID = {Fact.ID_TAIL: "002*", Fact.BIRTH_DATE: "19880615", Fact.CARD_NUMBER: "C0000001", Fact.NAME: "阿莎"}


@pytest.mark.requirement("R46")
@settings(deadline=None)
@given(
    st.sets(st.sampled_from(list(RIGHT))), st.sets(st.sampled_from(list(RIGHT))), st.sets(st.sampled_from(list(RIGHT)))
)
def test_given_any_facts_when_compared_then_two_are_needed_and_one_wrong_or_unknown_fails(
    said: set[Fact], wrong: set[Fact], unknown: set[Fact]
) -> None:
    told = {fact: "0000" if fact in wrong else SAID[fact] for fact in said}
    known = {fact: "" if fact in unknown else RIGHT[fact] for fact in RIGHT}
    holds = facts_hold(told, known, is_pin_right=False, is_own_number=True)
    assert holds is (len(said) >= 2 and not said & (wrong | unknown))


@pytest.mark.parametrize(
    ("is_pin_right", "is_own_number", "more", "holds"),
    [(True, True, {}, True), (True, False, {}, False), (False, True, {}, False), (True, True, {Fact.NAME: "别人"}, False)],
)  # fmt: skip
def test_given_a_pin_when_it_comes_from_another_number_or_with_a_wrong_fact_then_nothing_is_proven(
    is_pin_right: bool, is_own_number: bool, more: dict[Fact, str], holds: bool
) -> None:
    said = {Fact.PIN: "274913"} | more
    assert facts_hold(said, RIGHT, is_pin_right=is_pin_right, is_own_number=is_own_number) is holds


@pytest.mark.parametrize(
    ("pin", "is_usable"), [("274913", True), ("900123", True), ("890123", False), ("112211", False)]
)
def test_given_a_pin_when_it_is_a_row_or_two_digits_only_then_it_is_too_easy(pin: str, is_usable: bool) -> None:
    assert is_usable_pin(pin, []) is is_usable


@settings(deadline=None)
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_given_any_number_when_made_canonical_then_the_same_value_in_one_form(number: Decimal) -> None:
    text = values.canonical(FieldKind.NUMBER, str(number))
    assert Decimal(text) == number
    assert values.canonical(FieldKind.NUMBER, text) == text


@settings(deadline=None)
@given(
    st.dates(date(1870, 1, 1), date(2026, 1, 1)), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y年%m月%d日"])
)
def test_given_any_day_in_any_form_when_made_canonical_then_iso(day: date, form: str) -> None:
    assert values.canonical(FieldKind.DATE, day.strftime(form)) == day.isoformat()


@settings(deadline=None)
@given(st.sampled_from([kind for kind in FieldKind if kind is not FieldKind.TEXT]), st.text(max_size=40))
def test_given_any_text_when_typed_into_a_typed_field_then_canonical_or_refused(kind: FieldKind, typed: str) -> None:
    try:
        text = values.canonical(kind, typed, choices=("A", "B"))
    except InvalidInput:
        return
    assert values.canonical(kind, text, choices=("A", "B")) == text


@pytest.mark.requirement("R17")
def test_given_the_table_of_fields_when_read_then_secret_columns_have_masks_and_masks_hide() -> None:
    assert {one.key for one in STATIC_FIELDS if one.is_secret} == {
        one.key for one in STATIC_FIELDS if one.mask is not Mask.SHOWN
    }
    assert masked("11010119880615002X", Mask.ID_NUMBER) == "110101********002X"
    assert masked("123", Mask.ID_NUMBER) == masked("x", Mask.WHOLE) == "****"
    assert masked("常州", Mask.ADDRESS) == "常****"
    assert [masked(text, Mask.YES_NO) for text in ("", "无", "None", "血友病")] == ["", "无", "无", "有"]
    assert [mask_name(name) for name in ("", "王", "王小明")] == ["", "王*", "王**"]


@pytest.mark.fault("F60")
@settings(deadline=None)
@given(st.integers(13_000_000_000, 19_999_999_999))
def test_given_any_mobile_when_read_the_quick_way_then_as_the_whole_numbering_plan_says(value: int) -> None:
    assert normalise(str(value)) == _parsed(str(value))
