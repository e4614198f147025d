"""Reading messages, and what causes mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.calls.kinds import CallOutcome
from cti import ami_messages as m
from cti.ami_readers import EVENT_NAMES, READERS, SHEDDABLE, WANTED, read_message
from cti.hangup_causes import CAUSE_BY_SIP, originate_outcome, unanswered_outcome
from tests.support.ami_replay import messages_of, trace, trace_names


def ami(event: str, **headers: object) -> bytes:
    return "\r\n".join([f"Event: {event}", *(f"{name}: {value}" for name, value in headers.items())]).encode()


def test_given_a_new_channel_when_read_then_its_facts_are_typed() -> None:
    message = read_message(ami("Newchannel", Channel="PJSIP/hl-trunk-1", ChannelState=4, CallerIDNum="13800000001",
                               CallerIDName="阿莎", Context="hl-trunk-in", Exten="95169", Uniqueid="hl1-1.1",
                               Linkedid="hl1-1.1"))
    assert message == m.ChannelCreated(m.ChannelFacts("PJSIP/hl-trunk-1", "hl1-1.1", "hl1-1.1", False, "13800000001",
                                                      "阿莎", "hl-trunk-in", "95169"))


def test_given_an_event_nobody_knows_when_read_then_it_is_none() -> None:
    assert read_message(ami("VarSet", Uniqueid="1.1")) is None


@pytest.mark.fault("F10")
@pytest.mark.parametrize("name", sorted(set(EVENT_NAMES) - {"UserEvent", "OriginateResponse", "ContactStatus", "FullyBooted"}))
@pytest.mark.parametrize("unique_id", ["", "../../etc/passwd", "a b", "x" * 200, "$(id)", "-1"])
def test_given_a_channel_event_without_a_usable_id_when_read_then_it_is_a_fault(name: str, unique_id: str) -> None:
    with pytest.raises(m.MessageFault):
        read_message(ami(name, Uniqueid=unique_id, Channel="x"))


HOSTILE = ["", "anonymous", "<unknown>", "+8613800000001", "1" * 500, "😀", "\u202eevil", "a\u0000b", "'; DROP TABLE", "$(id)",
           "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "../../x", "%s%n", "{{7*7}}", '"', "\\", "`id`", "a\tb"]


@pytest.mark.fault("F32")
@pytest.mark.parametrize("text", HOSTILE)
def test_given_a_hostile_caller_when_read_then_number_and_name_are_short_and_printable(text: str) -> None:
    message = read_message(ami("Newchannel", Uniqueid="1.1", CallerIDNum=text, CallerIDName=text))
    assert isinstance(message, m.ChannelCreated)
    for value in (message.channel.caller_number, message.channel.caller_name):
        assert len(value) <= 64
        assert value.isprintable()
        assert "\u202e" not in value


@given(st.binary(max_size=400))
def test_given_any_bytes_after_a_known_name_when_read_then_only_the_one_fault_can_come(noise: bytes) -> None:
    for name in READERS:
        try:
            read_message(b"Event: " + name + b"\r\n" + noise)
        except m.MessageFault:
            continue


def test_given_the_recorded_calls_when_read_then_no_message_is_a_fault() -> None:
    for name in trace_names():
        assert all(read_message(raw) is not None for raw in messages_of([trace(name)]))


def test_given_the_tables_when_compared_then_filter_and_readers_are_one_list() -> None:
    assert set(WANTED) == set(READERS)
    assert set(READERS) >= SHEDDABLE
    assert not SHEDDABLE & {b"Newchannel", b"Hangup", b"BridgeEnter", b"QueueCallerJoin", b"UserEvent"}
    assert WANTED[b"UserEvent"]


@pytest.mark.fault("F62")
@pytest.mark.parametrize(("sip_code", "outcome"), [
    (486, CallOutcome.BUSY), (600, CallOutcome.BUSY), (480, CallOutcome.NO_ANSWER), (408, CallOutcome.NO_ANSWER),
    (404, CallOutcome.UNOBTAINABLE), (484, CallOutcome.UNOBTAINABLE), (603, CallOutcome.REJECTED), (403, CallOutcome.REJECTED),
    (503, CallOutcome.FAILED), (500, CallOutcome.FAILED)])
def test_given_a_sip_answer_when_mapped_then_the_outcome_is_the_fields_word(sip_code: int, outcome: CallOutcome) -> None:
    assert unanswered_outcome(CAUSE_BY_SIP[sip_code]) is outcome


@given(st.integers(min_value=0, max_value=127))
def test_given_any_q850_cause_when_nobody_answered_then_the_outcome_is_never_answered(cause: int) -> None:
    assert unanswered_outcome(cause) in {CallOutcome.BUSY, CallOutcome.NO_ANSWER, CallOutcome.UNOBTAINABLE,
                                         CallOutcome.REJECTED, CallOutcome.FAILED}


def test_given_an_unknown_originate_reason_when_mapped_then_the_attempt_has_failed() -> None:
    assert originate_outcome(99) is CallOutcome.FAILED
    assert originate_outcome(5) is CallOutcome.BUSY
