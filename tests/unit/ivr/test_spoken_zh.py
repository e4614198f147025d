"""Numbers, dates, keys and letters as a Mandarin speaker says them (TRAPS section 8: this is where wrong dates come from)."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import spoken_zh

UNITS = {"十": 10, "百": 100, "千": 1_000}
DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}


def heard_number(words: str) -> int:
    """An independent reader of Chinese numerals: what a listener understands."""
    for unit, size in (("万亿", 10**12), ("亿", 10**8), ("万", 10**4)):
        head, found, tail = words.partition(unit)
        if found:
            return heard_number(head) * size + (heard_number(tail) if tail else 0)
    total, digit = 0, 0
    for char in words:
        if char in UNITS:
            total += (digit or 1) * UNITS[char]
            digit = 0
        else:
            digit = DIGITS[char]
    return total + digit


@given(st.integers(0, 10**16 - 1))
def test_given_any_number_when_spoken_then_a_listener_understands_the_same_number(value: int) -> None:
    assert heard_number(spoken_zh.number(value)) == value


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (0, "零"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (101, "一百零一"), (110, "一百一十"),
        (200, "二百"), (1_005, "一千零五"), (2_000, "两千"), (2_222, "两千二百二十二"), (10_010, "一万零一十"),
        (20_000, "两万"), (100_000, "十万"), (100_001, "十万零一"), (120_000_000, "一亿两千万"), (-3, "负三"),
    ],
)  # fmt: skip
def test_given_a_number_when_spoken_then_it_is_said_as_people_say_it(value: int, spoken: str) -> None:
    assert spoken_zh.number(value) == spoken


def test_given_a_number_of_17_digits_when_spoken_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="16 digits"):
        spoken_zh.number(10**16)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("2026-11-23", "二零二六年十一月二十三日"),
        ("2026-11-23 09:30", "二零二六年十一月二十三日上午九点半"),
        ("2026年11月23日", "二零二六年十一月二十三日"),
        ("2021/1/1", "二零二一年一月一日"),
        ("10月1日", "十月一日"),
        ("09:30", "上午九点半"),
        ("14:00到16:45", "下午两点到下午四点三刻"),
        ("上午9:05", "上午九点零五分"),
        ("00:00", "凌晨零点"),
        ("9点30分", "九点三十分"),
    ],
)
def test_given_dates_and_times_when_spoken_then_they_are_right(written: str, spoken: str) -> None:
    assert spoken_zh.speakable(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("13800138000", "幺三八，零零幺三，八零零零"),
        ("+86 138 0013 8000", "幺三八，零零幺三，八零零零"),
        ("010-62345678", "零幺零，六二三四，五六七八"),
        ("工号1032", "工号幺零三二"),
        ("工号是1032", "工号是幺零三二"),
        ("请拨打120", "请拨打幺二零"),
        ("95169", "九五幺六九"),
        ("302室", "三零二室"),
        ("11010119880615002X", "幺幺零幺，零幺幺九，八八零六，幺五零零，二艾克斯"),
        ("请输入0615", "请输入零六幺五"),
    ],
)
def test_given_digit_strings_when_spoken_then_digit_by_digit_with_yao(written: str, spoken: str) -> None:
    assert spoken_zh.speakable(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("请按1", "请按一"),
        ("请按*键", "请按星号键"),
        ("请按＃号键", "请按井号键"),
        ("CT检查", "西提检查"),
        ("B超", "必超"),
        ("A区2号诊室", "诶区二号诊室"),
        ("¥12.50", "十二元五角"),
        ("¥1,200", "一千二百元"),
        ("3.05元", "三元零五分"),
        ("37.5℃", "三十七点五摄氏度"),
        ("每次2.5mg，每天2次，第2次", "每次二点五毫克，每天两次，第二次"),
        ("2位", "两位"),
        ("12位", "十二位"),
        ("后4位", "后四位"),
        ("37.5%", "百分之三十七点五"),
        ("2000元", "两千元"),
    ],
)
def test_given_keys_letters_money_and_units_when_spoken_then_only_words_are_left(written: str, spoken: str) -> None:
    assert spoken_zh.speakable(written) == spoken


@given(st.text(alphabet="0123456789*#.:-/年月日元号室工号CTx，。 请按上午¥%０Ａ", max_size=40))
def test_given_any_text_when_made_speakable_then_no_digit_letter_or_key_is_left(text: str) -> None:
    assert not re.search(r"[0-9A-Za-z*#０-９Ａ-Ｚ]", spoken_zh.speakable(text))


@given(st.times())
def test_given_any_time_when_spoken_then_the_hour_and_minute_can_be_heard(value: dt.time) -> None:
    spoken = spoken_zh.time_words(value)
    match = re.fullmatch(r"(凌晨|上午|中午|下午|晚上)(.+)点(半|一刻|三刻|零?(.+)分)?", spoken)
    assert match is not None
    hour = heard_number(match[2]) + (12 if match[1] in {"下午", "晚上"} else 0)
    minute = {None: 0, "半": 30, "一刻": 15, "三刻": 45}.get(match[3]) if not match[4] else heard_number(match[4])
    assert (hour, minute) == (value.hour, value.minute)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_given_an_iso_date_when_spoken_then_it_equals_the_date_said_from_the_calendar(value: dt.date) -> None:
    assert spoken_zh.speakable(value.isoformat()) == spoken_zh.date_words(value, with_year=True)


@given(st.integers(0, 10**8))
def test_given_an_amount_in_fen_when_spoken_then_it_adds_up(fen: int) -> None:
    spoken = spoken_zh.money_words(f"{fen // 100}.{fen % 100:02d}")
    parts = {
        unit: heard_number(words)
        for words, unit in re.findall(r"([零一二两三四五六七八九十百千万亿]+)([元角分])", spoken)
    }
    assert parts.get("元", 0) * 100 + parts.get("角", 0) * 10 + parts.get("分", 0) == fen


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(0, "零秒"), (120, "两分钟"), (7_384, "两小时三分钟四秒"), (720, "十二分钟")]
)
def test_given_a_duration_when_spoken_then_counts_use_liang(seconds: int, spoken: str) -> None:
    assert spoken_zh.duration_words(seconds) == spoken


@pytest.mark.parametrize(("key", "spoken"), [("1", "一"), ("0", "零"), ("*", "星号键"), ("#", "井号键")])
def test_given_a_telephone_key_when_named_then_it_is_no_digit_string(key: str, spoken: str) -> None:
    assert spoken_zh.key_name(key) == spoken
