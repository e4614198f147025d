"""Surnames and hospital words get their own reading, the same characters elsewhere do not."""

import pytest

from ivr import spoken_names


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("曾女士您好", "曾{zeng1}女士您好"),
        ("您好，仇先生", "您好，仇{qiu2}先生"),
        ("解晓东医生", "解{xie4}晓东医生"),
        ("请找单大夫", "请找单{shan4}大夫"),
        ("了解先生的情况", "了解先生的情况"),
        ("心内科在三楼", "心{xin1}内{nei4}科{ke1}在三楼"),
        ("口服头孢", "口服头{tou2}孢{bao1}"),
        ("单据在这里", "单据在这里"),
    ],
)
def test_given_running_text_when_annotated_then_only_names_and_words_of_the_table_are_marked(
    text: str, marked: str
) -> None:
    assert spoken_names.annotate(text) == marked


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("单雄", "单{shan4}雄"),
        ("区志明", "区{ou1}志明"),
        ("王芳", "王芳"),
        ("尉迟恭", "尉{yu4}迟{chi2}恭"),
        ("单", "单"),
    ],
)
def test_given_a_full_name_when_marked_then_the_surname_has_its_reading(name: str, marked: str) -> None:
    assert spoken_names.marked_name(name) == marked


@pytest.mark.parametrize(("name", "surname"), [("欧阳娜娜", "欧阳"), ("王芳", "王"), ("欧阳", "欧"), ("", "")])
def test_given_a_name_when_asked_for_its_surname_then_compound_surnames_stay_whole(name: str, surname: str) -> None:
    assert spoken_names.surname_of(name) == surname


def test_given_the_tables_when_read_then_every_reading_has_one_syllable_a_character() -> None:
    for word, reading in (spoken_names.SURNAMES | spoken_names.PHRASES).items():
        assert len(word) == len(reading.split()), word
        assert all(syllable[-1] in "12345" and syllable[:-1].isalpha() for syllable in reading.split()), word


def test_given_marked_text_when_unmarked_then_the_text_is_back() -> None:
    assert spoken_names.unmarked(spoken_names.annotate("曾女士，请到心内科")) == "曾女士，请到心内科"
