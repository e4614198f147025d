"""Search by characters, pinyin, initials and mixtures: the best match first, never more than asked, quick on an index."""

import pytest
from sqlalchemy import text

from crm_core.patients.cards import NewPatient
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground
from tests.support.patient_world import whole_of

NAMES = ("王小明", "王晓敏", "王芳", "单雄信", "欧阳修", "尉迟恭", "万俟卨", "解珍", "仇英", "曾国藩", "区大伦", "查良镛",
         "盖叫天", "任正非", "华罗庚", "吕布", "买买提·艾力", "John Smith", "王")  # fmt: skip


@pytest.fixture
def whole(ground: Ground) -> PatientServices:
    made = whole_of(ground)
    with ground.database.write() as session:
        made.patients.add_many(session, [NewPatient(name=name) for name in NAMES])
    return made


@pytest.mark.capability("C32")
@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("王小明", "王小明"), ("wangxiaoming", "王小明"), ("wangxm", "王小明"), ("王xm", "王小明"), ("w小明", "王小明"),
        ("WANG xiao ming", "王小明"), ("wxming", "王小明"), ("shanxiongxin", "单雄信"), ("sxx", "单雄信"),
        ("danxx", "单雄信"), ("dxx", "单雄信"), ("ouyangx", "欧阳修"), ("oyx", "欧阳修"), ("yuchigong", "尉迟恭"),
        ("weichigong", "尉迟恭"), ("moqi", "万俟卨"), ("xiezhen", "解珍"), ("qiuying", "仇英"), ("zeng", "曾国藩"),
        ("oudl", "区大伦"), ("zhaly", "查良镛"), ("gejt", "盖叫天"), ("renzf", "任正非"), ("hualg", "华罗庚"),
        ("lvbu", "吕布"), ("mmtal", "买买提·艾力"), ("买买提艾力", "买买提·艾力"), ("johnsmith", "John Smith"),
        ("john s", "John Smith"), ("js", "John Smith"), ("王", "王"),
    ],
)  # fmt: skip
def test_given_any_way_to_type_a_name_when_searched_then_he_comes_first(
    whole: PatientServices, typed: str, first: str
) -> None:
    assert [card.name for card in whole.patients.search(typed)][:1] == [first]


def test_given_several_matches_when_searched_then_exact_before_beginning_and_no_more_than_the_limit(
    whole: PatientServices,
) -> None:
    exact, *others = [card.name for card in whole.patients.search("王")]
    assert (exact, set(others)) == ("王", {"王小明", "王晓敏", "王芳"})
    assert {card.name for card in whole.patients.search("wxm")} == {"王小明", "王晓敏"}
    assert len(whole.patients.search("wang", limit=2)) == 2
    assert whole.patients.search("wangxmm") == []


@pytest.mark.parametrize("typed", ["zzz", "王%", "w_m", "x" * 200, "'or 1=1--", "１２３", "🙂"])
def test_given_what_nobody_is_called_when_searched_then_nobody(whole: PatientServices, typed: str) -> None:
    assert whole.patients.search(typed) == []


def test_given_the_steps_of_a_search_when_planned_then_none_reads_the_whole_table(
    whole: PatientServices, ground: Ground
) -> None:
    plan = "EXPLAIN QUERY PLAN " if ground.database.is_sqlite else "EXPLAIN "
    queries = list(whole.patients._search._steps("wangxm")) + list(whole.patients._search._steps("王"))
    with ground.database.read() as session:
        if not ground.database.is_sqlite:
            session.execute(text("SET enable_seqscan = off"))
        for query in queries:
            compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            steps = [str(row) for row in session.execute(text(plan + str(compiled).replace(":", "\\:")))]
            assert not any("SCAN patients" in one or "Seq Scan" in one for one in steps), steps
