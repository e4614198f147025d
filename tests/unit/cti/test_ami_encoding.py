"""Encoding of actions and framing of the stream, as pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from cti.ami_encoding import encode_action
from cti.ami_framing import AmiFramer, FramingError, Headers, event_name, headers_of, is_wanted


def test_given_plain_headers_when_encoded_then_each_is_one_line_and_a_blank_line_ends_it() -> None:
    assert encode_action({"Action": "Originate", "Variable": ["A=1", "B=张"]}) == (
        "Action: Originate\r\nVariable: A=1\r\nVariable: B=张\r\n\r\n".encode())


@pytest.mark.fault("F12")
@given(st.text(max_size=60))
def test_given_any_text_when_encoded_then_it_is_refused_or_stays_one_line(value: str) -> None:
    try:
        raw = encode_action({"Action": "X", "Reason": value})
    except InvalidInput:
        return
    assert raw.count(b"\r\n") == 3
    assert raw.count(b"\n") == 3
    assert headers_of(raw)["Reason"] == value


@pytest.mark.fault("F12")
@pytest.mark.parametrize("name", ["A: b\r\nAction", "", "a b", "é", "A:"])
def test_given_an_unsafe_header_name_when_encoded_then_it_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        encode_action({"Action": "X", name: "y"})


@pytest.mark.fault("F11")
def test_given_a_line_at_the_limit_when_encoded_then_it_passes_and_one_byte_more_is_refused() -> None:
    room = 1024 - len("Reason: \r\n")
    encode_action({"Reason": "x" * room})
    with pytest.raises(InvalidInput) as refusal:
        encode_action({"Reason": "x" * (room + 1)})
    assert refusal.value.code == "ami_line_too_long"
    with pytest.raises(InvalidInput):
        encode_action({"Reason": "张" * 340})


@pytest.mark.fault("F11")
def test_given_too_many_headers_when_encoded_then_it_is_refused() -> None:
    encode_action({"Variable": ["a=1"] * 128})
    with pytest.raises(InvalidInput) as refusal:
        encode_action({"Variable": ["a=1"] * 129})
    assert refusal.value.code == "ami_too_many_headers"


STREAM = ("Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n"
          "Event: Newchannel\r\nCallerIDName: 欧阳娜娜测试\r\nAccountCode: \r\n\r\n\r\n"
          "Event: Hangup\r\nCause: 16\r\n\r\n").encode()


@pytest.mark.fault("F06")
@given(st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=200))
def test_given_any_slicing_when_framed_then_the_messages_are_the_same(steps: list[int]) -> None:
    framer, messages, at = AmiFramer(), [], 0
    while at < len(STREAM):
        step = steps[at % len(steps)]
        messages += framer.feed(STREAM[at:at + step])
        at += step
    assert [event_name(message) for message in messages] == [b"", b"Newchannel", b"Hangup"]
    assert headers_of(messages[0])["ActionID"] == "1"
    assert headers_of(messages[1]) == {"Event": "Newchannel", "CallerIDName": "欧阳娜娜测试", "AccountCode": ""}


@pytest.mark.fault("F33")
def test_given_gbk_bytes_when_read_then_they_are_replaced_and_the_rest_is_kept() -> None:
    headers = headers_of(b"Event: Newchannel\r\nCallerIDName: " + "张三".encode("gbk") + b"\r\nUniqueid: 1.1")
    assert "\ufffd" in headers["CallerIDName"]
    assert headers["Uniqueid"] == "1.1"


def test_given_garbage_without_end_when_framed_then_it_stops_at_the_bound() -> None:
    framer = AmiFramer()
    for _ in range(10):
        framer.feed(b"y" * 100_000)
    with pytest.raises(FramingError):
        framer.feed(b"y" * 100_000)


def test_given_a_filter_when_asked_then_name_and_needle_both_count() -> None:
    wanted = {b"UserEvent": b"UserEvent: Hotline\r\n", b"Hangup": b""}
    ours = b"Event: UserEvent\r\nUserEvent: Hotline\r\nHlEvent: X"
    assert is_wanted(ours, event_name(ours), wanted)
    assert not is_wanted(ours.replace(b"Hotline", b"Other"), b"UserEvent", wanted)
    assert is_wanted(b"Event: Hangup", event_name(b"Event: Hangup"), wanted)
    assert not is_wanted(b"Event: VarSet\r\nx: y", b"VarSet", wanted)


@given(st.dictionaries(st.sampled_from(["Uniqueid", "DestUniqueid", "Queue", "CallerIDName"]), st.text(max_size=20)))
def test_given_any_headers_when_searched_or_parsed_then_both_say_the_same(headers: dict[str, str]) -> None:
    clean = {name: value.replace("\r", "").replace("\n", "").replace("\ud800", "") for name, value in headers.items()}
    raw = "\r\n".join(["Event: X", *(f"{name}: {value}" for name, value in clean.items())]).encode("utf-8", "replace")
    searched, parsed = Headers(raw), headers_of(raw)
    assert {name: searched.get(name) for name in parsed} == parsed
    assert searched.get("Nowhere", "-") == "-"
