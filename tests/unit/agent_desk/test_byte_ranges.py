"""Range headers: exact bytes, exact answers, flat memory (F77)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_desk.byte_ranges import RANGES_MAX, ByteRange, RangeNotSatisfiable, open_part, parse_ranges
from crm_core.errors import NotFound

CONTENT = bytes(range(256)) * 8


def sent(path: Path, header: str, **options: object) -> tuple[int, dict[str, str], bytes]:
    part = open_part(path, mime_type="audio/ogg", range_header=header, **options)  # type: ignore[arg-type]
    return part.status, part.headers, b"".join(part.chunks)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.ogg"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.fault("F77")
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", [(0, 0)]),
        ("bytes=0-99", [(0, 99)]),
        ("bytes=100-", [(100, 2047)]),
        ("bytes=-1", [(2047, 2047)]),
        ("bytes=-99999", [(0, 2047)]),
        ("bytes=2000-99999", [(2000, 2047)]),
        ("BYTES = 0-1", [(0, 1)]),
        ("bytes=0-1, 4-5", [(0, 1), (4, 5)]),
        ("bytes=4-5,0-1", [(4, 5), (0, 1)]),
        ("bytes=0-10,5-20", [(0, 20)]),
        ("bytes=0-10,11-20", [(0, 20)]),
        ("bytes=0-1,99999-", [(0, 1)]),
    ],
)
def test_given_a_range_header_when_parsed_then_exactly_those_bytes(
    header: str, expected: list[tuple[int, int]]
) -> None:
    assert parse_ranges(header, len(CONTENT)) == [ByteRange(*pair) for pair in expected]


@pytest.mark.fault("F77")
@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=", "items=0-1", "bytes=a-b", "bytes=-", "bytes=5-2", "bytes=--5"]
)
def test_given_no_or_broken_header_when_parsed_then_the_whole_file(header: str) -> None:
    assert parse_ranges(header, len(CONTENT)) is None


@pytest.mark.fault("F77")
@pytest.mark.parametrize(
    "header",
    [
        "bytes=2048-",
        "bytes=99999-100000",
        "bytes=-0",
        "bytes=" + ",".join(f"{i * 2}-{i * 2}" for i in range(RANGES_MAX + 1)),
        "bytes=" + ",".join("0-1" for _ in range(1000)),
        "bytes=0-1" + " " * 2000,
    ],
)
def test_given_ranges_outside_or_a_thousand_of_them_when_parsed_then_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_ranges(header, len(CONTENT))


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=1, max_size=8))
def test_given_any_ranges_when_parsed_then_they_stay_inside_and_cover_what_was_asked(
    pairs: list[tuple[int, int]],
) -> None:
    header = "bytes=" + ",".join(f"{min(pair)}-{max(pair)}" for pair in pairs)
    wanted = {i for pair in pairs for i in range(min(pair), max(pair) + 1) if i < len(CONTENT)}
    try:
        found = parse_ranges(header, len(CONTENT))
    except RangeNotSatisfiable:
        assert not wanted
        return
    assert found is not None
    assert {i for span in found for i in range(span.first, span.last + 1)} == wanted


@given(st.text(max_size=60))
def test_given_any_text_as_header_when_parsed_then_no_crash(text: str) -> None:
    try:
        found = parse_ranges(f"bytes={text}", 100)
    except RangeNotSatisfiable:
        return
    assert found is None or all(0 <= span.first <= span.last < 100 for span in found)


def test_given_one_range_when_sent_then_206_with_exact_headers(sound: Path) -> None:
    status, headers, body = sent(sound, "bytes=10-19")
    assert (status, body) == (206, CONTENT[10:20])
    assert headers["Content-Range"] == "bytes 10-19/2048"
    assert headers["Content-Length"] == "10"


def test_given_several_ranges_when_sent_then_multipart_whose_length_is_right(sound: Path) -> None:
    status, headers, body = sent(sound, "bytes=0-1,100-199")
    assert status == 206
    assert len(body) == int(headers["Content-Length"])
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", headers["Content-Type"])
    assert boundary
    parts = body.split(f"--{boundary[1]}".encode())
    assert parts[1].endswith(b"\r\n\r\n" + CONTENT[0:2] + b"\r\n")
    assert b"Content-Range: bytes 100-199/2048" in parts[2]
    assert CONTENT[100:200] in parts[2]
    assert parts[3] == b"--\r\n"


def test_given_a_range_past_the_end_when_sent_then_416_with_the_size(sound: Path) -> None:
    status, headers, body = sent(sound, "bytes=5000-")
    assert (status, body) == (416, b"")
    assert headers["Content-Range"] == "bytes */2048"


def test_given_another_version_in_if_range_when_sent_then_the_whole_file(sound: Path) -> None:
    etag = sent(sound, "")[1]["ETag"]
    assert sent(sound, "bytes=0-1", if_range=etag)[0] == 206
    assert sent(sound, "bytes=0-1", if_range='"other"')[0] == 200


def test_given_head_when_sent_then_headers_only(sound: Path) -> None:
    status, headers, body = sent(sound, "bytes=0-9", is_head=True)
    assert (status, headers["Content-Length"], body) == (206, "10", b"")


@pytest.mark.fault("F77")
def test_given_a_growing_file_when_sent_then_it_is_cut_where_it_ended_at_opening(sound: Path) -> None:
    part = open_part(sound, mime_type="audio/ogg", range_header="")
    with sound.open("ab") as file:
        file.write(b"later")
    assert b"".join(part.chunks) == CONTENT


@pytest.mark.fault("F76")
def test_given_a_symlink_when_opened_then_not_found(sound: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ogg"
    link.symlink_to(sound)
    with pytest.raises(NotFound):
        open_part(link, mime_type="audio/ogg", range_header="")


def test_given_a_browser_that_goes_away_when_closed_then_no_file_stays_open(sound: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    part = open_part(sound, mime_type="audio/ogg", range_header="")
    next(part.chunks)
    part.chunks.close()  # type: ignore[attr-defined]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_given_an_empty_file_when_sent_then_200_without_body_and_416_for_a_range(tmp_path: Path) -> None:
    empty = tmp_path / "empty.ogg"
    empty.touch()
    assert sent(empty, "")[0] == 200
    assert sent(empty, "bytes=0-")[0] == 416
