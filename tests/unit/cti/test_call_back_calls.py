"""Call-backs over AMI: what is sent, what is refused, and the place that is held meanwhile (C20, I4, I9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_core.errors import InvalidInput, TelephonyRefused, TelephonyUnavailable
from crm_core.ids import CallId
from crm_core.ports import CallBackCall
from crm_core.waiting.order import entered_at_value
from cti.ami_reply import AmiReply
from tests.unit.cti.test_telephony import telephony_with

ENTERED = datetime(2026, 11, 23, 2, 0, 0, 300_000, tzinfo=UTC)
CALL = CallBackCall(CallId("out-cb-1-a"), "+8613800000001", "enquiry", 40, ENTERED, "en")


@pytest.mark.capability("C20")
@pytest.mark.invariant("I4")
def test_given_a_call_back_when_dialled_then_first_the_place_is_held_and_both_carry_the_old_entry_time() -> None:
    port, line = telephony_with()
    port.originate_call_back(CALL, ring_timeout_s=25)
    held, dialled = line.sent
    assert (held["Channel"], held["Context"], held["Exten"]) == (
        "Local/enquiry@hl-hold-place/n",
        "hl-hold-place",
        "wait",
    )
    assert (held["ChannelId"], held["OtherChannelId"]) == ("hold-out-cb-1-a", "hold-out-cb-1-a-2")
    assert (dialled["Channel"], dialled["ChannelId"]) == ("PJSIP/13800000001@hl-trunk", "out-cb-1-a")
    assert (dialled["Context"], dialled["Exten"], dialled["Timeout"]) == ("hl-call-back", "s", "25000")
    place = ["HL_QUEUE=enquiry", "QUEUE_PRIO=40", f"HL_QUEUED_AT={entered_at_value(ENTERED)}"]
    assert dialled["Variable"] == [*place, "HL_LANGUAGE=en", "HL_PATIENT=13800000001"]
    assert held["Variable"] == [*(f"__{one}" for one in place), "__HL_HOLD_S=40"]
    assert entered_at_value(ENTERED).endswith("3")


@pytest.mark.fault("F95")
@pytest.mark.invariant("I9")
@pytest.mark.parametrize(
    "change",
    [
        {"number": "1&PJSIP/hl-trunk/00852"}, {"number": ""}, {"number": "${EXTEN}"}, {"number": "138\r\nAction: x"},
        {"queue": "a b"}, {"queue": "q@x"}, {"queue": ""}, {"language": "zh/../x"}, {"call_id": CallId("../x")},
    ],
)  # fmt: skip
def test_given_a_value_in_disguise_when_dialled_then_refused_and_nothing_is_sent(change: dict[str, str]) -> None:
    port, line = telephony_with()
    with pytest.raises(InvalidInput):
        port.originate_call_back(replace(CALL, **change), ring_timeout_s=25)  # type: ignore[arg-type]
    assert line.sent == []


def test_given_no_link_when_dialled_then_nothing_was_sent() -> None:
    port, line = telephony_with()
    line.is_up = False
    with pytest.raises(TelephonyUnavailable):
        port.originate_call_back(CALL, ring_timeout_s=25)
    assert line.sent == []


@pytest.mark.fault("F18")
def test_given_a_refusal_when_dialled_then_told_and_the_place_is_given_up() -> None:
    port, line = telephony_with()
    line.answers["Originate"] = AmiReply(False, "no", {})
    with pytest.raises(TelephonyRefused):
        port.originate_call_back(CALL, ring_timeout_s=25)
    assert line.sent[-1] == {"Action": "Hangup", "Channel": "hold-out-cb-1-a", "Cause": "16"}


def test_given_a_place_or_a_caller_that_is_gone_when_told_then_nothing_is_raised() -> None:
    port, line = telephony_with()
    line.answers = {"Hangup": AmiReply(False, "No such channel", {}), "Setvar": AmiReply(False, "No such channel", {})}
    port.release_place(CALL.call_id)
    port.set_sounds(CallId("hl1-1.1"), "zh_q2w5")


@pytest.mark.capability("C19")
def test_given_a_folder_of_sounds_when_set_then_it_is_the_patients_language_and_nothing_else_can_be() -> None:
    port, line = telephony_with()
    port.set_sounds(CallId("hl1-1.1"), "zh_q2w5")
    assert line.sent[0] == {
        "Action": "Setvar", "Channel": "hl1-1.1", "Variable": "CHANNEL(language)", "Value": "zh_q2w5",
    }  # fmt: skip
    for language in ("../etc", "zh,en", "zh_../x", "fr", ""):
        with pytest.raises(InvalidInput):
            port.set_sounds(CallId("hl1-1.1"), language)
    assert len(line.sent) == 1
