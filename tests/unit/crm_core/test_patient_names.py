"""Names: surnames by their own table, compounds, foreign names; what typed text may mean."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.patients.names import initials_of, means, pinyin_of, possible_initials, readings_of
from crm_core.patients.surnames import COMPOUND, SINGLE

GIVEN = "小明晓敏芳红军建国文静雪梅思远子涵"


@pytest.mark.capability("C32")
@pytest.mark.parametrize(
    ("name", "surname"),
    [
        ("单雄信", "shan"), ("解珍", "xie"), ("仇英", "qiu"), ("曾国藩", "zeng"), ("区大伦", "ou"), ("查良镛", "zha"),
        ("盖叫天", "ge"), ("任正非", "ren"), ("华罗庚", "hua"), ("翟天临", "zhai"), ("缪昌文", "miao"), ("覃辉", "qin"),
        ("朴槿惠", "piao"), ("种师道", "chong"), ("员半千", "yun"), ("乐毅", "yue"), ("宓妃", "mi"), ("召忽", "shao"),
    ],
)  # fmt: skip
def test_given_a_surname_that_dictionaries_read_wrong_when_read_then_as_a_surname(name: str, surname: str) -> None:
    assert pinyin_of(name)[0] == surname


@pytest.mark.parametrize(
    ("name", "syllables"),
    [
        ("欧阳修", "ou yang xiu"), ("司马光", "si ma guang"), ("上官婉儿", "shang guan wan er"), ("诸葛亮", "zhu ge liang"),
        ("夏侯惇", "xia hou dun"), ("尉迟恭", "yu chi gong"), ("万俟卨", "mo qi xie"), ("长孙无忌", "zhang sun wu ji"),
        ("单于丹", "chan yu dan"), ("单于", "shan yu"), ("长大", "zhang da"), ("吕布", "lv bu"), ("王", "wang"), ("", ""),
        ("买买提·艾力", "mai mai ti ai li"), ("John Smith", "john smith"),
    ],
)  # fmt: skip
def test_given_names_when_read_then_these_syllables(name: str, syllables: str) -> None:
    assert pinyin_of(name) == tuple(syllables.split())


def test_given_a_name_with_two_readings_when_kept_then_the_right_one_first() -> None:
    assert [one.pinyin for one in readings_of("单雄信")] == ["shanxiongxin", "danxiongxin"]
    assert [one.initials for one in readings_of("John Smith")] == ["js"]
    assert len(readings_of("王小明")) == 1


@settings(deadline=None)
@given(st.sampled_from([*SINGLE, *COMPOUND]), st.text(GIVEN, min_size=1, max_size=2), st.data())
def test_given_a_name_when_each_part_is_typed_as_character_syllable_or_letter_then_it_is_meant(
    surname: str, given_name: str, data: st.DataObject
) -> None:
    name = surname + given_name
    parts = zip(name, pinyin_of(name), strict=True)
    typed = "".join(data.draw(st.sampled_from((char, whole, whole[0]))) for char, whole in parts)
    assert means(typed, name)
    assert any(initials_of(name).startswith(way) for way in possible_initials(typed))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_given_any_text_when_typed_then_the_ways_are_bounded_and_nothing_breaks(typed: str) -> None:
    ways = possible_initials(typed)
    assert len(ways) <= 32
    assert all(len(way) <= 16 for way in ways)
    means(typed, "王小明")
    means("wxm", typed)


@pytest.mark.parametrize("typed", ["wangd", "xm", "wangxmm", "wang3", "王晓"])
def test_given_other_text_when_typed_then_it_is_not_this_name(typed: str) -> None:
    assert not means(typed, "王小明")
