"""The simulated carrier's small languages: scripts, caller ids, behaviours, its AMI client and its INVITE log."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.demo.carrier import CEL_FILE, Behaviour, BehaviourKind, Carrier, CarrierConfig, PatientCall
from config.demo.carrier_ami import CarrierAmi, CarrierRefused, CarrierUnreachable, parse_message
from config.demo.carrier_calls import caller_id, script_of
from config.demo.carrier_rtp import alaw_decode, alaw_encode
from config.demo.carrier_sip import parse_sip

CONFIG = CarrierConfig(ami_secret="c" * 16, customer_secret="t" * 16, phone_secret="p" * 16, host="127.0.0.1")


class _Peer:
    """An AMI server that remembers every action and answers as told."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.actions: list[dict[str, str]] = []
        self.raw: list[str] = []
        self.answers: dict[str, str] = {}
        self.connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self.connection, _ = self._listener.accept()
        self.connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
        with self.connection.makefile("rb") as file:
            block = b""
            for line in file:
                block += line
                if line == b"\r\n":
                    self._answer(block)
                    block = b""

    def _answer(self, block: bytes) -> None:
        self.raw.append(block.decode("utf-8", "surrogateescape"))
        action = parse_message(block.rstrip(b"\r\n"))
        self.actions.append(action)
        answer = self.answers.get(action["Action"], "Response: Success")
        assert self.connection is not None
        self.connection.sendall(f"{answer}\r\nActionID: {action['ActionID']}\r\n\r\n".encode())

    def send(self, text: str) -> None:
        assert self.connection is not None
        self.connection.sendall(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")

    def close(self) -> None:
        if self.connection:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
        self._listener.close()


@pytest.fixture
def peer() -> Iterator[_Peer]:
    server = _Peer()
    yield server
    server.close()


def _carrier(peer: _Peer, home: Path) -> Carrier:
    return Carrier(CarrierConfig(**{**vars(CONFIG), "ami_port": peer.port}), home)


def test_given_a_script_when_translated_then_every_step_is_kept_and_rubbish_is_named(tmp_path: Path) -> None:
    assert script_of("w4, 5,w2.5,0,*#,say,hangup") == "w4|5|w2.5|0|*#|say|hangup"
    assert script_of(f"say:{tmp_path}/a.wav") == f"say:{tmp_path}/a"
    assert script_of("") == ""
    for rubbish in ("w", "hello", "5;6", "say:/a${EXTEN}", "5&6"):
        with pytest.raises(ValueError, match="is none of"):
            script_of(rubbish)


@pytest.mark.fault("F32")
@pytest.mark.fault("F33")
def test_given_hostile_callers_when_the_header_is_made_then_bytes_survive_and_line_breaks_are_refused() -> None:
    assert caller_id(PatientCall(from_number="+86138", from_name='a"b\\')) == '"a\\"b\\\\" <+86138>'
    gbk = "张三".encode("gbk")
    made = caller_id(PatientCall(from_number="1", from_name=gbk))
    assert gbk in made.encode("utf-8", "surrogateescape")
    for name, number in (("a\r\nAction: x", "1"), ("a", "1\n"), ("\0", "1"), ("a", "<1>")):
        with pytest.raises(ValueError, match="caller"):
            caller_id(PatientCall(from_number=number, from_name=name))


def test_given_a_call_when_its_events_arrive_then_the_result_tells_when_and_why(peer: _Peer, tmp_path: Path) -> None:
    network = _carrier(peer, tmp_path)
    handle = network.place_call(PatientCall(from_number="13800000001", keys="w1,5", max_s=9))
    originate = peer.actions[-1]
    assert originate["Async"] == "true"
    assert originate["ChannelId"] == handle.call_id
    assert "Variable: HLC_SCRIPT=w1|5" in peer.raw[-1]
    peer.send(f"Event: Newstate\nUniqueid: {handle.call_id}\nChannel: PJSIP/hotline-1\nChannelStateDesc: Up")
    assert handle.wait_answered(5)
    peer.send("Event: Hangup\nUniqueid: somebody-else\nCause: 17")
    peer.send(f"Event: Hangup\nUniqueid: {handle.call_id}\nChannel: PJSIP/hotline-1\nCause: 16")
    result = handle.wait_ended(5)
    assert result.cause == 16
    assert result.answered_at is not None
    assert result.answered_at <= result.ended_at
    handle.hang_up()
    assert peer.actions[-1]["Action"] == "Originate", "a finished call is not hung up again"
    network.close()


def test_given_a_call_in_progress_when_the_carrier_dies_then_waiting_ends(peer: _Peer, tmp_path: Path) -> None:
    network = _carrier(peer, tmp_path)
    handle = network.place_call(PatientCall())
    peer.close()
    assert handle.wait_ended(5).answered_at is None
    network.close()


def test_given_a_call_that_goes_on_when_waiting_ends_then_it_is_said(peer: _Peer, tmp_path: Path) -> None:
    network = _carrier(peer, tmp_path)
    handle = network.place_call(PatientCall())
    with pytest.raises(TimeoutError):
        handle.wait_ended(0.01)
    network.close()


def test_given_a_behaviour_when_set_then_one_row_holds_all_of_it(peer: _Peer, tmp_path: Path) -> None:
    network = _carrier(peer, tmp_path)
    network.set_behaviour("139-0000-0001", Behaviour(BehaviourKind.BUSY, ring_s=2, hang_up_after_s=30, keys="w1,5"))
    assert peer.actions[-1] | {"ActionID": ""} == {
        "Action": "DBPut", "ActionID": "", "Family": "hlc", "Key": "13900000001", "Val": "busy|2|30|||w1~5",
    }  # fmt: skip
    with pytest.raises(ValueError, match="digits"):
        network.set_behaviour("none", Behaviour())
    network.close()


@pytest.mark.fault("F51")
@pytest.mark.invariant("I4")
def test_given_the_carriers_own_log_when_read_then_every_invite_of_ours_counts_once(
    peer: _Peer, tmp_path: Path
) -> None:
    log = tmp_path / CEL_FILE
    log.parent.mkdir(parents=True)
    log.write_text(
        '"CHAN_START","1795294961.5","95169","13900000001","hlc-network","PJSIP/hotline-1","u1",""\n'
        '"CHAN_START","1795294962.5","13800000001","s","hlc-network","PJSIP/hotline-2","u2",""\n'
        '"HANGUP","1795294963.5","95169","13900000001","hlc-network","PJSIP/hotline-1","u1","{""hangupcause"":17}"\n'
        "torn line\n",
        encoding="utf-8",
    )
    network = _carrier(peer, tmp_path)
    (invite,) = network.invite_log()
    assert (invite.number, invite.caller, invite.channel) == ("13900000001", "95169", "PJSIP/hotline-1")
    assert invite.at == datetime.fromtimestamp(1795294961.5, UTC)
    network.close()


@pytest.mark.fault("F12")
def test_given_a_line_break_in_a_value_when_sent_then_nothing_leaves(peer: _Peer) -> None:
    ami = CarrierAmi("127.0.0.1", peer.port, secret="c", on_event=lambda _: None)
    before = len(peer.raw)
    for value in ("a\r\nAction: Originate", "a\n", "a\0"):
        with pytest.raises(ValueError, match="line break"):
            ami.act("Setvar", {"Value": value})
    assert len(peer.raw) == before
    ami.close()


def test_given_a_refusal_or_nobody_when_acting_then_the_error_says_which(peer: _Peer) -> None:
    ami = CarrierAmi("127.0.0.1", peer.port, secret="c", on_event=lambda _: None)
    peer.answers["Hangup"] = "Response: Error\r\nMessage: No such channel"
    with pytest.raises(CarrierRefused, match="No such channel"):
        ami.act("Hangup", {"Channel": "x"})
    ami.close()
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    with pytest.raises(CarrierUnreachable):
        CarrierAmi("127.0.0.1", port, secret="c", on_event=lambda _: None)


def test_given_a_sip_message_when_parsed_then_vias_keep_their_order() -> None:
    message = parse_sip(
        b"INVITE sip:1001@a SIP/2.0\r\nVia: SIP/2.0/UDP one\r\nv: SIP/2.0/UDP two\r\nCSeq: 7 INVITE\r\ni: x\r\n\r\nv=0\r\n"
    )
    assert message.vias == ["SIP/2.0/UDP one", "SIP/2.0/UDP two"]
    assert (message.method, message.status, message.headers["call-id"], message.body) == ("INVITE", 0, "x", "v=0\r\n")
    assert parse_sip(b"SIP/2.0 200 OK\r\nCSeq: 7 BYE\r\n\r\n").status == 200
    with pytest.raises(ValueError, match="no SIP"):
        parse_sip(b"\0\0")


def test_given_samples_when_coded_as_alaw_then_they_come_back_within_its_step() -> None:
    samples = [0, 8, -8, 100, -100, 1000, -1000, 20000, -20000, 32767, -32768]
    for sample, back in zip(samples, alaw_decode(alaw_encode(samples)), strict=True):
        assert abs(sample - back) <= max(16, abs(sample) // 15)
    assert alaw_encode(list(alaw_decode(bytes(range(256))))) == bytes(range(256))
