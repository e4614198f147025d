"""Enquiries: found by every spelling, never told when expired, changed by one at a time (A6, C41)."""

from datetime import date, timedelta

import pytest

from crm_core.clock import hospital_date
from crm_core.enquiries.cards import CatalogueCard, KnowledgeCard, NewItem, NewKnowledge
from crm_core.enquiries.library import EnquiryLibrary
from crm_core.enquiries.service import Enquiries
from crm_core.enquiries.wording import text_to_send
from crm_core.errors import Conflict, InvalidInput, NotFound, WrongState
from crm_core.visits.money import FEN_MAX
from tests.support.ground import Ground

NEXT_YEAR = date(2027, 12, 31)
AMOXICILLIN = NewItem(
    code="YP00017", kind="drug", name="阿莫西林胶囊", name_en="Amoxicillin capsules", specification="0.25g×24粒", unit="盒",
    price_fen=1250, usage="口服，每次两粒，每日三次", origin="石家庄", owner="药剂科", valid_until=NEXT_YEAR,
    reimbursement_permille=(("employee", 900), ("resident", 725)),
)  # fmt: skip
ROUTE = NewKnowledge(
    code="directions-metro", kind="directions", title="地铁来院路线", text="2号线仁爱医院站A口出，步行三分钟。", owner="信息服务室",
    valid_until=NEXT_YEAR, title_en="Metro", text_en="Line 2, exit A.", keywords=("地铁", "公交"),
)  # fmt: skip


@pytest.fixture
def library(ground: Ground) -> EnquiryLibrary:
    return EnquiryLibrary(ground.database, ground.clock, ground.audit)


@pytest.fixture
def enquiries(ground: Ground, library: EnquiryLibrary) -> Enquiries:
    library.put_item(AMOXICILLIN, None)
    library.put_item(NewItem("YP00018", "drug", "阿莫西林克拉维酸钾片", 4500, "药剂科", NEXT_YEAR), None)
    library.put_item(NewItem("JC0001", "examination", "CT平扫", 28_000, "放射科", NEXT_YEAR), None)
    library.put_knowledge(ROUTE, None)
    return Enquiries(ground.database, ground.clock)


@pytest.mark.capability("C41")
@pytest.mark.capability("C109")
@pytest.mark.parametrize(
    "needle",
    [
        "阿莫西林胶囊",
        "阿莫西林",
        "莫西林胶",
        "amxljn",
        "AMXL",
        "amoxilinjiao",
        "YP00017",
        "yp00017",
        "Ａｍｏｘｉ",
        " 阿莫 西林 ",
    ],
)
def test_given_an_item_when_searched_by_any_spelling_then_found_first(enquiries: Enquiries, needle: str) -> None:
    found = enquiries.search(needle)
    assert isinstance(found[0], CatalogueCard)
    assert found[0].code == "YP00017"


@pytest.mark.capability("A6.3")
@pytest.mark.capability("A6.4")
@pytest.mark.parametrize("keys", ["269556", "269556#", "9700017"])
def test_given_a_caller_when_he_types_letters_or_code_then_the_whole_item_answers(
    enquiries: Enquiries, keys: str
) -> None:
    found = enquiries.by_keys(keys)
    assert len(found) == 1
    item = found[0]
    assert isinstance(item, CatalogueCard)
    assert (item.name, item.specification, item.unit, item.price_fen) == ("阿莫西林胶囊", "0.25g×24粒", "盒", 1250)
    assert (item.usage, item.origin, item.owner) == ("口服，每次两粒，每日三次", "石家庄", "药剂科")
    assert [(one.title, one.percent_text) for one in item.reimbursements] == [
        ("职工医保", "90%"),
        ("居民医保", "72.5%"),
    ]


def test_given_a_short_beginning_when_typed_then_all_that_fit_are_offered_the_shortest_first(
    enquiries: Enquiries,
) -> None:
    assert [one.code for one in enquiries.by_keys("2695")] == ["YP00017", "YP00018"]
    assert [one.code for one in enquiries.by_keys("2695", kinds=("examination",))] == []
    assert len(enquiries.by_keys("2695", limit=1)) == 1


@pytest.mark.fault("F29")
@pytest.mark.parametrize(
    "keys", ["", "#", "2", "*", "2*9", "2695##", "9" * 200, "٢٦٩٥", "２６９５", "%%", "26_5", "abcd", "-1", "2695\n"]
)
def test_given_garbage_keys_when_typed_then_nothing_is_found(enquiries: Enquiries, keys: str) -> None:
    assert enquiries.by_keys(keys) == []


@pytest.mark.parametrize(
    "needle", ["", "%", "_", "\\", "'; DROP TABLE catalogue_items;--", "\x00", "{{7*7}}", "<script>", "‮"]
)
def test_given_hostile_text_when_searched_then_nothing_is_found_and_nothing_breaks(
    enquiries: Enquiries, needle: str
) -> None:
    assert enquiries.search(needle) == []
    assert enquiries.answer("YP00017").owner == "药剂科"


def test_given_knowledge_when_searched_by_keyword_or_kind_then_found_in_both_languages(enquiries: Enquiries) -> None:
    for needle in ("地铁", "公交", "dt", "metro", "directions-metro"):
        found = enquiries.search(needle)
        assert isinstance(found[0], KnowledgeCard), needle
        assert (found[0].code, found[0].text_en) == ("directions-metro", "Line 2, exit A.")
    assert [one.code for one in enquiries.current("directions")] == ["directions-metro"]
    assert enquiries.current("hospital") == []


@pytest.mark.capability("C41")
def test_given_an_expired_answer_when_asked_then_the_desk_sees_a_mark_and_no_caller_is_told(
    ground: Ground, enquiries: Enquiries, library: EnquiryLibrary
) -> None:
    today = hospital_date(ground.clock.now())
    library.put_item(NewItem("YP00099", "drug", "阿莫西林颗粒", 800, "药剂科", today), None)
    assert "YP00099" in [one.code for one in enquiries.by_keys("2695")], "still valid on its last day"
    ground.clock.advance(86_400)
    assert "YP00099" not in [one.code for one in enquiries.by_keys("2695")]
    shown = enquiries.search("阿莫西林")
    assert [(one.code, one.is_expired) for one in shown][-1] == ("YP00099", True), "marked and last"
    with pytest.raises(WrongState) as refused:
        enquiries.to_tell("YP00099")
    assert refused.value.code == "expired"
    with pytest.raises(WrongState):
        text_to_send(shown[-1])
    assert [one.code for one in enquiries.expiring(today)] == ["YP00099"]
    library.prolong("YP00099", today + timedelta(days=30), by=ground.agent())
    assert enquiries.to_tell("YP00099").owner == "药剂科"


def test_given_a_known_code_when_put_again_then_changed_with_its_words_and_audited(
    ground: Ground, enquiries: Enquiries, library: EnquiryLibrary
) -> None:
    chen = ground.agent()
    changed = NewItem(
        "YP00017", "drug", "羟氨苄青霉素胶囊", 990, "药剂科", NEXT_YEAR, reimbursement_permille=(("resident", 800),)
    )
    library.put_item(changed, chen, version=1)
    assert "YP00017" not in [one.code for one in enquiries.search("阿莫西林")]
    found = enquiries.search("qabqms")[0]
    assert isinstance(found, CatalogueCard)
    assert (found.price_fen, found.version) == (990, 2)
    assert [one.insurance for one in found.reimbursements] == ["resident"]
    with pytest.raises(Conflict):
        library.put_item(changed, chen, version=1)
    line = ground.audit.entries(object_kind="catalogue", object_id="YP00017")[0]
    assert (line.actor_id, line.detail) == (chen, {"old_fen": 1250, "fen": 990})
    assert ground.audit.verify() == []


@pytest.mark.parametrize(
    "broken",
    [
        {"code": ""}, {"code": "a b"}, {"code": "../x"}, {"code": "x" * 49}, {"kind": "spell"}, {"name": " "}, {"name": "\x00"},
        {"owner": ""}, {"price_fen": -1}, {"price_fen": FEN_MAX + 1}, {"price_fen": 2**70}, {"price_fen": 1.5}, {"price_fen": True},
        {"reimbursement_permille": (("employee", 1001),)}, {"reimbursement_permille": (("pirate", 1),)},
        {"keywords": ("x",) * 21},
    ],
)  # fmt: skip
def test_given_an_unusable_item_when_put_then_refused_and_nothing_kept(
    enquiries: Enquiries, library: EnquiryLibrary, broken: dict[str, object]
) -> None:
    given = {
        "code": "NEW1",
        "kind": "drug",
        "name": "新药",
        "price_fen": 1,
        "owner": "药剂科",
        "valid_until": NEXT_YEAR,
    }
    with pytest.raises(InvalidInput):
        library.put_item(NewItem(**(given | broken)), None)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        enquiries.answer("NEW1")


def test_given_an_answer_when_put_into_words_then_short_with_price_owner_and_date(enquiries: Enquiries) -> None:
    assert text_to_send(enquiries.to_tell("YP00017")) == (
        "阿莫西林胶囊 0.25g×24粒，每盒12.50元，用法：口服，每次两粒，每日三次，产地：石家庄，"
        "医保报销：职工医保90%、居民医保72.5%。（药剂科，2027年12月31日前有效）"
    )
    assert text_to_send(enquiries.to_tell("directions-metro"), "en") == (
        "Metro: Line 2, exit A. (信息服务室, valid until 2027-12-31)"
    )


def test_given_a_very_long_answer_when_put_into_words_then_cut_but_its_date_is_whole(
    enquiries: Enquiries, library: EnquiryLibrary
) -> None:
    library.put_knowledge(NewKnowledge("long", "hospital", "医院简介", "好" * 3000, "院办", NEXT_YEAR), None)
    text = text_to_send(enquiries.to_tell("long"))
    assert len(text) == 300
    assert text.endswith("…（院办，2027年12月31日前有效）")
