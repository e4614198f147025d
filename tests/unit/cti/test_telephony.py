"""The port: what is sent for each command, and what is refused before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from crm_core.calls.kinds import MonitorMode, TransferTargetKind
from crm_core.clock import ManualClock
from crm_core.errors import InvalidInput, TelephonyRefused, TelephonyUnavailable, WrongState
from crm_core.ids import AgentId, AttemptId, CallId
from crm_core.ports import Telephony, TransferTarget
from cti.ami_encoding import Headers, encode_action
from cti.ami_reply import AmiReply
from cti.call_tracker import CallTracker
from cti.phones import Phones
from cti.telephony import AmiTelephony, DialplanNames, FeatureCodes, dialable
from tests.support.ami_replay import EXTENSIONS, messages_of, new_tracker, play, trace

OK = AmiReply(True, "ok", {})
BELA, BOLIN = AgentId(1), AgentId(2)


class RecordedLine:
    """Keeps what would be sent; every action is really encoded, so that unsafe values are refused as in life."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answers: dict[str, AmiReply] = {}
        self.is_up = True

    async def ask(self, action: Headers, *, is_list: bool = False) -> AmiReply:
        encode_action(action)
        self.sent.append(dict(action))
        return self.answers.get(str(action["Action"]), OK)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)


def telephony_with(tracker: CallTracker | None = None) -> tuple[AmiTelephony, RecordedLine]:
    line = RecordedLine()
    phones = Phones(ManualClock(), EXTENSIONS.get)
    departments = {"radiology": "80012"}
    port = AmiTelephony(line, tracker or new_tracker(), phones, clock=ManualClock(), extension_of={1: "1001"}.get,
                        department_number=departments.get, names=DialplanNames(), codes=FeatureCodes())
    return port, line


def in_call(name: str = "inbound-answered", until: bytes = b"Event: BridgeEnter") -> tuple[AmiTelephony, RecordedLine, CallId]:
    tracker = new_tracker()
    messages = messages_of([trace(name)])
    last = max(place for place, raw in enumerate(messages) if raw.startswith(until))
    play(messages[:last + 1], tracker)
    port, line = telephony_with(tracker)
    return port, line, next(iter(tracker.book.calls))


def test_given_the_port_when_typed_then_it_is_the_grounds_port() -> None:
    port: Telephony = telephony_with()[0]
    assert port.is_up


@pytest.mark.invariant("I4")
def test_given_an_attempt_when_dialled_then_its_id_is_the_channels_and_only_a_fixed_context_is_used() -> None:
    port, line = telephony_with()
    port.originate_survey(AttemptId("att-1-a"), "+8613800000001", ring_timeout_s=25.5)
    sent = line.sent[0]
    assert sent["ChannelId"] == "att-1-a"
    assert sent["Channel"] == "PJSIP/13800000001@hl-trunk"
    assert (sent["Context"], sent["Exten"], sent["Timeout"], sent["Async"]) == ("hl-survey", "s", "25500", "true")
    assert "Application" not in sent
    assert "Data" not in sent


@pytest.mark.fault("F95")
@pytest.mark.requirement("R45")
@pytest.mark.parametrize("number", [
    "1&PJSIP/trunk/00852", "Local/1@x", "138@evil", "138/n", "138;x", "138,1", "", "12", "1" * 16, "${EXTEN}", "138\r\nAction: x"])
def test_given_a_dial_string_in_disguise_when_dialled_then_it_is_refused_and_nothing_is_sent(number: str) -> None:
    port, line = telephony_with()
    with pytest.raises(InvalidInput):
        port.originate_survey(AttemptId("att-1-a"), number, ring_timeout_s=20)
    with pytest.raises(InvalidInput):
        port.dial(CallId("out-1-a"), "1001", number)
    assert line.sent == []


@pytest.mark.parametrize("call_id", ["", "a b", "../x", "a\r\nb", "x" * 200])
def test_given_an_unsafe_call_id_when_dialled_then_it_is_refused(call_id: str) -> None:
    port, line = telephony_with()
    with pytest.raises(InvalidInput):
        port.dial(CallId(call_id), "1001", "13800000001")
    assert line.sent == []


def test_given_no_link_when_dialled_then_nothing_was_sent() -> None:
    port, line = telephony_with()
    line.is_up = False
    with pytest.raises(TelephonyUnavailable):
        port.originate_survey(AttemptId("att-1-a"), "13800000001", ring_timeout_s=20)
    assert line.sent == []


@pytest.mark.fault("F18")
def test_given_a_refusal_when_dialled_then_it_is_an_error_of_ours() -> None:
    port, line = telephony_with()
    line.answers["Originate"] = AmiReply(False, "Extension does not exist.", {})
    with pytest.raises(TelephonyRefused):
        port.originate_survey(AttemptId("att-1-a"), "13800000001", ring_timeout_s=20)


def test_given_a_name_with_quotes_when_dialled_then_it_cannot_break_out_of_the_caller_id() -> None:
    port, line = telephony_with()
    port.dial(CallId("out-1-a"), "1001", "13800000001", caller_name='阿"莎<1>\\\r\nAction: Hangup')
    assert line.sent[0]["CallerID"] == '"阿莎1Action: Hangup" <13800000001>'


def test_given_a_talking_agent_when_transferring_then_the_agents_own_channel_and_our_context_are_used() -> None:
    port, line, call_id = in_call()
    port.blind_transfer(call_id, BELA, TransferTarget(TransferTargetKind.QUEUE, "booking"))
    port.blind_transfer(call_id, BELA, TransferTarget(TransferTargetKind.DEPARTMENT, "radiology"))
    port.start_consult(call_id, BELA, TransferTarget(TransferTargetKind.AGENT, "1002"))
    port.start_consult(call_id, BELA, TransferTarget(TransferTargetKind.DEPARTMENT, "radiology"))
    assert [(sent["Action"], sent["Exten"]) for sent in line.sent] == [
        ("BlindTransfer", "q-booking"), ("BlindTransfer", "d-radiology"), ("Atxfer", "1002"), ("Atxfer", "80012")]
    assert {sent["Context"] for sent in line.sent} == {"hl-transfer"}
    assert {sent["Channel"].rpartition("-")[0] for sent in line.sent} == {"PJSIP/1001"}


@pytest.mark.fault("F97")
@pytest.mark.parametrize("target", [
    TransferTarget(TransferTargetKind.AGENT, "1002@hl-inbound"), TransferTarget(TransferTargetKind.QUEUE, "a,b"),
    TransferTarget(TransferTargetKind.DEPARTMENT, "../x"), TransferTarget(TransferTargetKind.NUMBER, "Local/1")])
def test_given_an_unsafe_target_when_transferring_then_it_is_refused_before_ami(target: TransferTarget) -> None:
    port, line, call_id = in_call()
    with pytest.raises(InvalidInput):
        port.blind_transfer(call_id, BELA, target)
    with pytest.raises(InvalidInput):
        port.start_consult(call_id, BELA, target)
    assert line.sent == []


def test_given_a_queue_or_unknown_department_when_consulted_then_it_is_refused() -> None:
    port, line, call_id = in_call()
    for target in (TransferTarget(TransferTargetKind.QUEUE, "booking"), TransferTarget(TransferTargetKind.DEPARTMENT, "nowhere")):
        with pytest.raises(InvalidInput):
            port.start_consult(call_id, BELA, target)
    assert line.sent == []


def test_given_another_agents_call_when_commanded_then_it_is_the_wrong_state() -> None:
    port, line, call_id = in_call()
    for command in (port.hang_up_agent, port.complete_consult, port.cancel_consult, port.start_conference):
        with pytest.raises(WrongState):
            command(call_id, BOLIN)
    with pytest.raises(WrongState):
        port.hang_up(CallId("hl1-0.0"))
    assert line.sent == []


def test_given_a_consultation_when_completed_cancelled_or_widened_then_codes_go_into_the_initiators_channel() -> None:
    port, line, call_id = in_call("attended-transfer-complete", until=b"Event: LocalBridge")
    port.cancel_consult(call_id, BELA)
    port.complete_consult(call_id, BELA)
    port.start_conference(call_id, BELA)
    assert line.sent[0]["Action"] == "CancelAtxfer"
    codes = FeatureCodes()
    assert "".join(sent["Digit"] for sent in line.sent[1:]) == codes.complete + codes.three_way
    assert {sent["Receive"] for sent in line.sent[1:]} == {"true"}
    assert {sent["Channel"].rpartition("-")[0] for sent in line.sent} == {"PJSIP/1001"}
    with pytest.raises(WrongState):
        port.start_consult(call_id, BELA, TransferTarget(TransferTargetKind.AGENT, "1900"))


def test_given_digits_when_sent_then_they_go_out_on_the_patients_side() -> None:
    port, line, call_id = in_call()
    port.send_digits(call_id, BELA, "1#")
    assert [(sent["Digit"], sent["Channel"].rpartition("-")[0]) for sent in line.sent] == [
        ("1", "PJSIP/hl-trunk"), ("#", "PJSIP/hl-trunk")]
    with pytest.raises(InvalidInput):
        port.send_digits(call_id, BELA, "1x")


@pytest.mark.fault("F20")
def test_given_a_call_that_has_just_gone_when_hung_up_then_that_is_success() -> None:
    port, line, call_id = in_call()
    line.answers["Hangup"] = AmiReply(False, "No such channel", {})
    port.hang_up(call_id)
    port.hang_up_agent(call_id, BELA)
    line.answers["Hangup"] = AmiReply(False, "Permission denied", {})
    with pytest.raises(TelephonyRefused):
        port.hang_up(call_id)


@pytest.mark.capability("C56")
def test_given_a_supervisor_when_listening_then_the_mode_is_the_extension_and_the_channel_is_marked() -> None:
    port, line, _ = in_call()
    port.monitor(BELA, "1900", MonitorMode.WHISPER)
    sent = line.sent[0]
    assert sent["Exten"] == "whisper"
    assert sent["ChannelId"].startswith("mon-whisper-")
    assert sent["Variable"][0].startswith("HL_SPY_CHANNEL=PJSIP/1001-")
    with pytest.raises(WrongState):
        port.monitor(BOLIN, "1900", MonitorMode.LISTEN)


def test_given_a_membership_when_signed_on_then_only_the_difference_is_sent() -> None:
    port, line = telephony_with()
    row = {"Event": "QueueMember", "Location": "PJSIP/1001", "Paused": "0", "PausedReason": ""}
    line.answers["QueueStatus"] = AmiReply(True, "", {}, ({**row, "Queue": "booking"}, {**row, "Queue": "complaint"},
                                                          {**row, "Queue": "booking", "Location": "PJSIP/1002"}))
    port.sign_on("1001", ["booking", "enquiry"], paused_reason="busy")
    changes = [(sent["Action"], sent.get("Queue"), sent.get("Paused")) for sent in line.sent[1:]]
    assert changes == [("QueueRemove", "complaint", None), ("QueuePause", "booking", "true"), ("QueueAdd", "enquiry", "true")]
    assert line.sent[-1]["MemberName"] == "Agent/1001"


def test_given_an_agent_already_there_when_signed_on_again_then_it_is_no_error() -> None:
    port, line = telephony_with()
    line.answers["QueueAdd"] = AmiReply(False, "Unable to add interface: Already there", {})
    port.sign_on("1001", ["booking"], paused_reason=None)
    line.answers["QueueAdd"] = AmiReply(False, "Unable to add interface to queue: No such queue", {})
    with pytest.raises(TelephonyRefused):
        port.sign_on("1001", ["nowhere"], paused_reason=None)


@pytest.mark.fault("F12")
def test_given_a_pause_reason_that_is_an_injection_when_paused_then_it_is_refused() -> None:
    port, line = telephony_with()
    with pytest.raises(InvalidInput):
        port.pause("1001", "x\r\nAction: Originate")
    assert line.sent == []


@pytest.mark.invariant("I4")
def test_given_channels_when_live_calls_are_asked_then_legs_are_one_call_and_supervisors_are_none() -> None:
    port, line = telephony_with()
    row = {"Event": "CoreShowChannel", "ChannelState": "6", "Duration": "00:01:05"}
    line.answers["CoreShowChannels"] = AmiReply(True, "", {}, (
        {**row, "Channel": "PJSIP/hl-trunk-1", "Uniqueid": "att-1-a", "Linkedid": "att-1-a"},
        {**row, "Channel": "PJSIP/1001-1", "Uniqueid": "hl1-1.2", "Linkedid": "att-1-a", "Duration": "00:00:05"},
        {**row, "Channel": "PJSIP/hl-trunk-2", "Uniqueid": "att-2-b", "Linkedid": "att-2-b", "ChannelState": "5"},
        {**row, "Channel": "PJSIP/1900-1", "Uniqueid": "mon-listen-1", "Linkedid": "mon-listen-1"}))
    live = {call.call_id: call for call in port.live_calls()}
    assert {call_id: call.is_answered for call_id, call in live.items()} == {"att-1-a": True, "att-2-b": False}
    assert (ManualClock().now() - live[CallId("att-1-a")].started_at).total_seconds() == 65


def test_given_numbers_in_every_spelling_when_dialled_then_the_trunk_gets_digits() -> None:
    assert dialable("+8613800000001") == "13800000001"
    assert dialable("0086 138 0000 0001") == "13800000001"
    assert dialable("80012") == "80012"


@pytest.mark.capability("C31")
def test_given_a_telephone_that_took_its_call_back_when_commanded_then_its_new_channel_is_meant() -> None:
    port, line, call_id = in_call("agent-reloads-while-held")
    port.hang_up_agent(call_id, BELA)
    assert line.sent[-1]["Channel"] == "PJSIP/1001-00000006"
    port.start_consult(call_id, BELA, TransferTarget(TransferTargetKind.AGENT, "1002"))
    assert (line.sent[-1]["Action"], line.sent[-1]["Channel"]) == ("Atxfer", "PJSIP/1001-00000006")
    port.blind_transfer(call_id, BELA, TransferTarget(TransferTargetKind.AGENT, "1002"))
    assert line.sent[-1]["Channel"] == "PJSIP/1001-00000006"
