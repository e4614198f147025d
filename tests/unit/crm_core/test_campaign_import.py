"""Contact lists of every encoding and every kind of damage (F85 in small, F60)."""

from __future__ import annotations

import codecs
import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.campaigns.cards import ContactLine, ImportReport, LineError, NewCampaign
from crm_core.campaigns.csv_import import ContactFile, Limits, UnusableFile
from crm_core.campaigns.kinds import CampaignState
from crm_core.errors import Conflict, WrongState
from tests.support.campaign_house import CIPHER, House, mobile, sqlite_at

GOOD = "姓名,手机\n欧阳娜娜,13800000001\n张三,010-62345678\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(sqlite_at(tmp_path))
    yield house
    house.database.close()


def draft(house: House) -> int:
    return house.campaigns.create(NewCampaign(title="满意度", created_by=1))


def take(house: House, campaign_id: int, data: bytes, *, is_dry_run: bool = False) -> ImportReport:
    return house.campaigns.import_contacts(campaign_id, io.BytesIO(data), is_dry_run=is_dry_run)


def codes(report: ImportReport) -> list[tuple[int, str]]:
    return [(error.line, error.code) for error in report.errors]


@pytest.mark.fault("F85")
@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        codecs.BOM_UTF8 + GOOD.encode(),
        GOOD.encode("gb18030"),
        codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"),
        ("name,phone\n" + GOOD.split("\n", 1)[1]).encode("utf-16-le"),
        GOOD.replace(",", "\t").encode("utf-16"),
        GOOD.replace(",", ";").replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("手机", " 联系 电话 ").encode(),
        '"姓名","手机"\n"欧阳娜娜","=""13800000001"""\n"张三","\'010-62345678"\n'.encode(),
        "手机,姓名\n１３８００００００１１,x\n".replace("１１", "０１").encode() + "010 6234 5678,张三\n".encode(),
    ],
    ids=["utf8", "bom", "gbk", "utf16le", "utf16be", "utf16-no-bom", "tabs", "crlf", "cr", "title", "quoted", "wide"],
)
def test_given_a_usual_encoding_when_imported_then_every_line_is_taken(house: House, data: bytes) -> None:
    campaign_id = draft(house)
    report = take(house, campaign_id, data)
    assert (report.accepted, report.refused) == (2, 0), report.errors
    contacts = house.campaigns.contacts(campaign_id)
    assert contacts[0].number_masked == "138****0001"


@pytest.mark.capability("C138")
def test_given_gbk_names_when_imported_then_they_are_whole(house: House) -> None:
    campaign_id = draft(house)
    take(house, campaign_id, GOOD.encode("gb18030"))
    assert [contact.name for contact in house.campaigns.contacts(campaign_id)] == ["欧阳娜娜", "张三"]


@pytest.mark.fault("F60")
def test_given_one_number_in_many_spellings_when_imported_then_it_is_one_contact(house: House) -> None:
    spellings = ["13800000001", "+86 138 0000 0001", "008613800000001", "013800000001", "138-0000-0001"]
    data = "手机\n" + "\n".join(spellings) + "\n"
    campaign_id = draft(house)
    report = take(house, campaign_id, data.encode())
    assert report.accepted == 1
    assert codes(report) == [(line, "duplicate") for line in (3, 4, 5, 6)]


@pytest.mark.fault("F85")
def test_given_bad_lines_when_dry_run_then_each_is_named_and_nothing_is_kept(house: House) -> None:
    lines = [
        "姓名,手机",
        "一,13800000001",
        "二,",
        "三,1.38E+10",
        "四,hello",
        "五,13800000002,多一列",
        "六",
        "七\0,13800000003",
        "八,+14155552671",
        "",
        "九,13800000001",
        "十,13800000004,,",
    ]
    campaign_id = draft(house)
    report = take(house, campaign_id, "\n".join(lines).encode(), is_dry_run=True)
    assert codes(report) == [
        (3, "no_number"),
        (4, "scientific"),
        (5, "bad_number"),
        (6, "ragged"),
        (7, "ragged"),
        (8, "control_character"),
        (9, "foreign_number"),
        (11, "duplicate"),
    ]
    assert (report.accepted, report.refused) == (2, 8)
    assert [line.number_masked for line in report.preview] == ["138****0001", "138****0004"]
    assert all(any(char >= "\u4e00" for char in error.message_zh) for error in report.errors)
    assert house.campaigns.contacts(campaign_id) == []


@pytest.mark.fault("F85")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"PK\x03\x04" + b"x" * 100, "spreadsheet"),
        ("姓名,地址\n张三,北京\n".encode(), "no_number_column"),
        (b"13800000001\n13800000002\n", "no_number_column"),
        (b"\xff\xff\xff\x80\x80name,phone\n", "unknown_encoding"),
        (GOOD.encode() + b"x" * 2000, "too_large"),
    ],
)
def test_given_an_unusable_file_when_imported_then_a_clear_refusal_and_nothing_lost(
    house: House, data: bytes, code: str
) -> None:
    house.campaigns = type(house.campaigns)(
        house.database, house.bus, clock=house.clock, cipher=CIPHER, limits=Limits(size_bytes=1500)
    )
    campaign_id = draft(house)
    house.load(campaign_id, [mobile(9)])
    with pytest.raises(UnusableFile) as caught:
        take(house, campaign_id, data)
    assert caught.value.code == code
    assert caught.value.message_zh
    assert len(house.campaigns.contacts(campaign_id)) == 1


@pytest.mark.fault("F85")
def test_given_too_many_rows_when_imported_then_all_or_nothing(house: House) -> None:
    house.campaigns = type(house.campaigns)(
        house.database, house.bus, clock=house.clock, cipher=CIPHER, limits=Limits(rows=1200)
    )
    campaign_id = draft(house)
    data = "手机\n" + "\n".join(mobile(i) for i in range(1201))
    with pytest.raises(UnusableFile, match="1200"):
        take(house, campaign_id, data.encode())
    assert house.campaigns.progress(campaign_id).total == 0
    assert house.campaigns.purge_staged() == 0
    assert take(house, campaign_id, data[: data.rindex("\n")].encode()).accepted == 1200


def test_given_an_import_that_died_half_way_when_the_next_comes_then_nothing_of_the_first_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = draft(house)
    importer = house.campaigns._import
    monkeypatch.setattr(importer, "_publish_staged", lambda campaign_id: (_ for _ in ()).throw(SystemExit))
    monkeypatch.setattr(importer, "_staging", _no_cleanup)
    with pytest.raises(SystemExit):
        take(house, campaign_id, GOOD.encode())
    assert house.campaigns.progress(campaign_id).total == 0
    monkeypatch.undo()
    assert take(house, campaign_id, GOOD.encode()).accepted == 2


def test_given_numbers_already_there_or_forbidden_when_imported_again_then_refused_line_by_line(house: House) -> None:
    campaign_id = house.running_campaign([mobile(1), mobile(2)])
    house.dialer.tick()
    attempt_id = next(attempt for attempt, number in house.telephony.invites if number == mobile(2))
    house.pick_up(attempt_id)
    house.surveys.refuse(attempt_id, for_ever=True)
    other = draft(house)
    data = f"手机\n{mobile(1)}\n{mobile(2)}\n{mobile(3)}\n".encode()
    assert codes(take(house, other, data)) == [(3, "do_not_call")]
    assert codes(take(house, campaign_id, data)) == [(2, "already_there"), (3, "do_not_call")]


def test_given_a_stopped_campaign_or_a_running_import_when_imported_then_refused(house: House) -> None:
    campaign_id = draft(house)
    with house.campaigns._import._one_at_a_time, pytest.raises(Conflict):
        take(house, campaign_id, GOOD.encode())
    house.campaigns.stop(campaign_id)
    assert house.campaigns.card(campaign_id).state == CampaignState.STOPPED
    with pytest.raises(WrongState):
        take(house, campaign_id, GOOD.encode())


@pytest.mark.requirement("R19")
def test_given_an_import_when_the_database_file_is_read_then_no_number_is_in_it(house: House, tmp_path: Path) -> None:
    take(house, draft(house), GOOD.encode())
    house.database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"13800000001" not in stored
    assert b"1380000" not in stored


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_given_any_bytes_when_read_then_lines_errors_or_a_clear_refusal(data: bytes) -> None:
    try:
        results = list(ContactFile(io.BytesIO("手机,姓名\n".encode() + data), Limits()).lines())
    except UnusableFile as refusal:
        results, code = [], refusal.code
    else:
        code = "unknown_encoding"
    assert code in {"unknown_encoding", "no_number_column"}  # the second: the header itself became unreadable
    assert all(isinstance(result, ContactLine | LineError) for result in results)


@given(st.lists(st.text(max_size=30), max_size=10))
@settings(max_examples=200, deadline=None)
def test_given_any_text_cells_when_read_then_names_are_harmless(cells: list[str]) -> None:
    rows = "".join(f'13800000001,"{cell.replace(chr(34), chr(34) * 2)}"\n' for cell in cells)
    data = ("手机,姓名\n" + rows).encode("utf-8", "surrogatepass").decode("utf-8", "ignore").encode()
    for result in ContactFile(io.BytesIO(data), Limits()).lines():
        if isinstance(result, ContactLine):
            assert len(result.name) <= 64
            assert not {unicodedata.category(char) for char in result.name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


class _no_cleanup:
    """Stands in for a process that was killed: nobody tidies up."""

    def __init__(self, is_dry_run: bool) -> None:
        pass

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None
