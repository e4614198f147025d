"""The bench's own arithmetic and scripts: a wrong yardstick measures nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.ami_framing import AmiFramer, event_name
from tests.bench.ivr_figures import find_limit
from tests.bench.ivr_load import MENU_KEYS
from tests.bench.offers import CallStory
from tests.bench.sipp import CallScript, SippResult, read_figures, scenario
from tests.bench.table import Row, at_least, at_most, markdown, percentile, write_table
from tests.support.ami_replay import messages_of, new_tracker, play, told

HEAD = "TotalCallCreated;SuccessfulCall(C);FailedCall(C);Retransmissions(C);CallRate(P);\n"


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_given_a_hundred_values_when_a_percentile_is_taken_then_it_is_the_value_that_so_many_do_not_exceed(
    share: float, expected: int
) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_given_no_values_when_a_percentile_is_taken_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def borne_up_to(limit: float) -> Callable[[float], bool]:
    return lambda rate: rate <= limit


@pytest.mark.parametrize("limit", [3.0, 10.0, 47.0, 333.0])
def test_given_a_switch_that_bears_a_rate_when_searched_then_the_limit_is_found_from_below(limit: float) -> None:
    found = find_limit(borne_up_to(limit), first=10, refinements=3)
    assert limit / 1.06 <= found <= limit


def test_given_a_switch_that_bears_nothing_when_searched_then_the_search_ends_with_zero() -> None:
    assert find_limit(lambda _rate: False, first=10, refinements=3) == 0


def test_given_the_recorded_call_when_cut_and_told_for_another_agent_then_the_tracker_sees_one_offer_and_its_end() -> None:
    story = CallStory.from_trace()
    parts = [story.of(part, serial=77, extension="1002", number="13800000003")
             for part in (story.arrival, story.offer, story.withdrawal)]  # fmt: skip
    lines = told(play(messages_of(parts), new_tracker()))
    assert "#1 CallOffered agent_id=2 queue=enquiry kind=agent" in lines
    assert "#1 OfferWithdrawn agent_id=2 outcome=caller_gone" in lines
    assert sum("CallArrived" in line and "number=13800000003" in line for line in lines) == 1
    assert lines[-1].startswith("#1 CallEnded")


def test_given_the_parts_of_the_call_when_read_then_the_offer_begins_with_the_queue_and_holds_the_ring() -> None:
    names = [event_name(raw) for raw in AmiFramer().feed(CallStory.from_trace().offer)]
    assert names[0] == b"QueueCallerJoin"
    assert b"DialBegin" in names
    assert b"Hangup" not in names


def test_given_a_script_when_written_then_it_is_xml_with_the_keys_in_order_and_an_end() -> None:
    tree = ElementTree.fromstring(scenario(CallScript("17750000001", keys=MENU_KEYS)))
    sent = [element.text or "" for element in tree.iter("send")]
    assert [text.split("Signal=")[1][0] for text in sent if "Signal=" in text] == [key for _, key in MENU_KEYS]
    assert "CSeq: 6 INFO" in sent[-2]
    assert [element.get("request") for element in tree.iter("recv") if element.get("request")] == ["BYE"]


def test_given_a_caller_who_hangs_up_when_written_then_he_says_bye_himself() -> None:
    tree = ElementTree.fromstring(scenario(CallScript("17750000001", hang_up_after_s=2)))
    assert "BYE sip:" in [element.text or "" for element in tree.iter("send")][-1]


def test_given_statistics_when_read_then_the_last_line_counts_and_one_retransmission_is_not_clean() -> None:
    result = read_figures(HEAD + "5;0;0;0;5.0;\n10;10;0;1;4.0;\n")
    assert result == SippResult(calls=10, good=10, failed=0, retransmissions=1, rate_per_s=5.0)
    assert not result.is_clean
    assert read_figures(HEAD + "10;10;0;0;4.0;\n").is_clean


def test_given_rows_when_written_then_a_missed_target_is_seen_and_every_measurement_is_kept(tmp_path: Path) -> None:
    rows = [at_most("a", 120, 100, unit="ms"), at_least("b", 0.7, 0.65, text="0.70"), Row("c", "5 MB")]
    write_table(tmp_path, rows, {"processor": "two"}, details={"a": [1, 2]})
    table = (tmp_path / "bench.md").read_text(encoding="utf-8")
    assert table == markdown(rows, {"processor": "two"})
    assert "| a | 120.0 ms | <= 100 ms | **missed** |" in table
    assert "| b | 0.70 | >= 0.65 | met |" in table
    assert '"a": [' in (tmp_path / "bench.json").read_text(encoding="utf-8")
