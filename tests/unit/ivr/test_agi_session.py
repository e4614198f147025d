"""Every defect of pyst2's AGI half (TRAPS 1.2) stays closed."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path

import pytest

from crm_core.errors import InvalidInput
from ivr import agi_session
from ivr.agi_session import AgiHangup, AgiSession, AgiSilent, SoundMissing
from ivr.agi_stream import AgiStream, NotAgi
from ivr.conversation import ANY_KEY, CallerGone
from tests.support.agi_stub import OK, AsteriskEnd, header_bytes


def test_given_a_thread_when_a_session_starts_then_no_signal_handler_is_touched() -> None:
    before = signal.getsignal(signal.SIGHUP)
    sessions: list[AgiSession] = []
    end = AsteriskEnd()
    thread = threading.Thread(target=lambda: sessions.append(end.session()))
    thread.start()
    thread.join(5)
    assert sessions[0].request.path == "/inbound"
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.requirement("R29")
def test_given_caller_data_when_a_session_runs_then_nothing_is_written_to_stderr(
    capfd: pytest.CaptureFixture[str],
) -> None:
    end = AsteriskEnd([OK])
    end.session().set_variables({"HL_NEXT": "queue"})
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.parametrize("text", ["张三", 'a"b', "a\\", "a,b;c) d", '\\"', "€ ñ 🙂", "x (y) z"])
def test_given_any_text_when_sent_quoted_then_it_comes_back_exactly(text: str) -> None:
    def unquote(command: str) -> bytes:
        quoted = command.removeprefix("GET FULL VARIABLE ")
        assert quoted[0] == quoted[-1] == '"'
        plain, chars = "", iter(quoted[1:-1])
        for char in chars:
            plain += next(chars) if char == "\\" else char
        return f"200 result=1 ({plain})\n".encode()

    assert AsteriskEnd([unquote]).session().get_full_variable(text) == text


@pytest.mark.fault("F12")
@pytest.mark.parametrize("evil", ["a\nHANGUP", "a\rb", "a\0b", "\x1b[0m", "a\x85b"])
def test_given_a_control_character_when_sent_then_it_is_refused_with_nothing_sent(evil: str) -> None:
    end = AsteriskEnd([OK, OK])
    session = end.session()
    with pytest.raises(InvalidInput):
        session.appexec("Playback", evil)
    session.appexec("NoOp", "next")
    assert end.commands == ['EXEC NoOp "next"']


def test_given_a_too_long_command_when_sent_then_it_is_refused_with_nothing_sent() -> None:
    end = AsteriskEnd([OK])
    session = end.session()
    with pytest.raises(InvalidInput):
        session.appexec("NoOp", "长" * 700)
    session.appexec("NoOp")
    assert len(end.commands) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("HL_QUEUE", "a,HL_NEXT=hangup"), ("HL_QUEUE", "${SHELL(id)}"), ("X=1,HL_QUEUE", "a")]
)
def test_given_a_value_that_would_set_something_else_when_set_then_it_is_refused(name: str, value: str) -> None:
    end = AsteriskEnd([OK])
    with pytest.raises(InvalidInput):
        end.session().set_variables({name: value})
    assert end.commands == []


@pytest.mark.parametrize("sound", ["hl/a&/etc/passwd", "hl/${X}", "hl/../../x", "hl/a,1", "hl/a b", "", "http://x/y"])
def test_given_a_name_that_is_no_sound_when_played_then_it_is_refused(sound: str) -> None:
    end = AsteriskEnd([OK])
    with pytest.raises(InvalidInput):
        end.session().play([sound], stop_keys="")
    assert end.commands == []


@pytest.mark.fault("F27")
@pytest.mark.parametrize(
    "reply",
    [
        b"HANGUP\n",
        b"HANGUP\n200 result=-1\n",
        b"511 Command Not Permitted on a dead channel or intercept routine\n",
        b"200 result=0 (hangup)\n",
        b"gar\xffbage\n",
    ],
)
def test_given_a_hangup_in_any_form_when_a_command_waits_then_it_is_a_hangup_for_good(reply: bytes) -> None:
    end = AsteriskEnd([reply, OK])
    session = end.session()
    with pytest.raises(AgiHangup):
        session.appexec("NoOp")
    with pytest.raises(CallerGone):
        session.appexec("NoOp")
    assert len(end.commands) == 1


@pytest.mark.fault("F27")
def test_given_end_of_file_when_a_command_waits_then_it_is_a_hangup() -> None:
    with pytest.raises(AgiHangup):
        AsteriskEnd().session().appexec("NoOp")


def test_given_a_usage_reply_cut_by_end_of_file_when_read_then_it_ends_and_does_not_spin() -> None:
    end = AsteriskEnd([b"520-Invalid command syntax.\nmore\n"])
    threading.Timer(0.1, end._theirs.shutdown, [socket.SHUT_RDWR]).start()
    with pytest.raises(AgiHangup):
        end.session().appexec("NoOp")


def test_given_a_usage_reply_when_read_then_the_next_reply_is_not_off_by_one() -> None:
    end = AsteriskEnd([b"520-Invalid command syntax.\nusage\n520 End of proper usage.\n", b"200 result=1 (x)\n"])
    session = end.session()
    with pytest.raises(agi_session.AGIUsageError):
        session.appexec("NoOp")
    assert session.get_full_variable("${X}") == "x"


@pytest.mark.fault("F37")
def test_given_a_missing_sound_when_played_then_the_caller_is_still_there() -> None:
    end = AsteriskEnd([b"200 result=-1 endpos=0\n", b"200 result=6\n", b"200 result=0 endpos=800\n"])
    session = end.session()
    assert session.play(["hl/nosuch", "hl/greeting"], stop_keys="9") == ""
    assert [command.split('"')[1] for command in end.commands if '"' in command] == ["hl/nosuch", "hl/greeting"]


@pytest.mark.fault("F37")
def test_given_a_missing_question_when_asked_then_digits_are_collected_all_the_same() -> None:
    end = AsteriskEnd([b"200 result=-1\n", b"200 result=6\n", OK, b"200 result=1 (OK:5)\n"])
    assert end.session().read_digits(["hl/nosuch"], max_digits=1, timeout_s=3) == "5"


def test_given_minus_one_on_a_dead_channel_when_played_then_it_is_a_hangup() -> None:
    end = AsteriskEnd([b"200 result=-1 endpos=0\n", b"511 Command Not Permitted on a dead channel\n"])
    with pytest.raises(AgiHangup):
        end.session().stream_file("hl/greeting")


def test_given_a_missing_sound_when_streamed_alone_then_it_is_told_from_a_hangup() -> None:
    end = AsteriskEnd([b"200 result=-1 endpos=0\n", b"200 result=6\n"])
    with pytest.raises(SoundMissing):
        end.session().stream_file("hl/nosuch")


@pytest.mark.parametrize(
    ("reply", "digits"),
    [
        (b"200 result= (timeout)\n", ""),
        (b"200 result=\n", "#"),
        (b"200 result=5\n", "5"),
        (b"200 result=1* (timeout)\n", "1*"),
    ],
)
def test_given_get_data_when_nothing_or_hash_is_pressed_then_they_are_told_apart(reply: bytes, digits: str) -> None:
    assert AsteriskEnd([reply]).session().read_digits(["hl/main-menu"], max_digits=4, timeout_s=3) == digits


@pytest.mark.parametrize(
    ("reply", "digits"),
    [(b"200 result=1 (TIMEOUT:)\n", ""), (b"200 result=1 (OK:#)\n", "#"), (b"200 result=1 (OK:12)\n", "12")],
)
def test_given_read_when_nothing_or_hash_is_pressed_then_they_are_told_apart(reply: bytes, digits: str) -> None:
    end = AsteriskEnd([OK, reply])
    assert end.session().read_digits(["hl/a", "hl/b"], max_digits=2, timeout_s=2.5) == digits
    assert end.commands == [
        'EXEC Read "HL_DIGITS,hl/a&hl/b,2,e,1,2.5"',
        'GET FULL VARIABLE "${READSTATUS}:${HL_DIGITS}"',
    ]


def test_given_read_says_hangup_when_digits_are_read_then_it_is_a_hangup() -> None:
    with pytest.raises(AgiHangup):
        AsteriskEnd([OK, b"200 result=1 (HANGUP:)\n"]).session().read_digits(
            ["hl/a", "hl/b"], max_digits=1, timeout_s=1
        )


def test_given_a_very_long_list_of_sounds_when_played_then_no_command_is_too_long_and_none_is_lost() -> None:
    sounds = [f"hl/appointment-sound-{i:03d}" for i in range(200)]

    def reply(command: str) -> bytes:
        assert len(command) < 2000
        return b"200 result=1 (TIMEOUT:)\n" if command.startswith("GET") else OK

    end = AsteriskEnd([reply] * 40)
    end.session().play(sounds, stop_keys=ANY_KEY)
    played = [sound for command in end.commands if "Read" in command for sound in command.split(",")[1].split("&")]
    assert played == sounds


@pytest.mark.fault("F33")
def test_given_broken_utf8_and_gbk_when_the_header_is_read_then_the_call_is_served() -> None:
    raw = header_bytes().replace("阿莎".encode(), "阿莎".encode("gbk") + b"\xff\xc3")
    session = AsteriskEnd([OK], header=raw).session()
    assert "\ufffd" in session.env["agi_calleridname"]
    session.set_variables({"HL_IVR_OK": "1"})


def test_given_a_query_when_the_request_is_read_then_path_and_query_are_parted() -> None:
    raw = header_bytes(agi_network_script="survey?call_id=att-1-ab&x=%E5%BC%A0")
    request = AsteriskEnd(header=raw).session().request
    assert (request.path, dict(request.query)) == ("/survey", {"call_id": "att-1-ab", "x": "张"})


def test_given_a_header_value_with_colons_when_read_then_it_is_kept_whole() -> None:
    assert AsteriskEnd(header=header_bytes(agi_callerid="a:b: c")).session().env["agi_callerid"] == "a:b: c"


@pytest.mark.fault("F26")
@pytest.mark.parametrize(
    "raw", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02\n", b"agi_x: " + b"y" * 70_000, b"agi_x: y\n" * 10_000]
)
def test_given_garbage_when_the_header_is_read_then_it_is_refused(raw: bytes) -> None:
    ours, theirs = socket.socketpair()
    sender = threading.Thread(target=lambda: theirs.sendall(raw), daemon=True)
    sender.start()
    with pytest.raises(NotAgi):
        AgiSession(AgiStream(ours))
    ours.close()
    theirs.close()


def test_given_a_silent_asterisk_when_a_command_waits_then_the_thread_is_freed() -> None:
    end = AsteriskEnd([b""])
    with pytest.raises(AgiSilent):
        end.session()._command("NOOP", wait_s=0.05)


@pytest.mark.parametrize(
    ("reply", "length_s", "was_silent", "caller_left"),
    [
        (b"200 result=35 (dtmf) endpos=16000\n", 2.0, False, False),
        (b"200 result=17004 (timeout) endpos=8160\n", 1.02, True, False),
        (b"200 result=1 (timeout) endpos=480000\n", 60.0, False, False),
        (b"200 result=-1 (hangup) endpos=24000\n", 3.0, False, True),
    ],
)
def test_given_a_recording_when_it_ends_in_any_way_then_length_and_reason_are_told(
    reply: bytes, length_s: float, was_silent: bool, caller_left: bool, tmp_path: Path
) -> None:
    end = AsteriskEnd([reply])
    recorded = end.session().record(tmp_path / "c.wav", max_s=60, silence_s=4)
    assert (recorded.length_s, recorded.was_silent, recorded.caller_left) == (length_s, was_silent, caller_left)
    assert end.commands == [f'RECORD FILE "{tmp_path}/c" wav "#" 60000 BEEP s=4']


@pytest.mark.capability("C97")
def test_given_the_caller_hangs_up_while_speaking_when_recorded_then_what_was_said_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.wav"
    path.write_bytes(b"\0" * (44 + 32_000))
    session = AsteriskEnd([b"HANGUP\n"]).session()
    recorded = session.record(path, max_s=60, silence_s=4)
    assert (recorded.length_s, recorded.caller_left) == (2.0, True)
    with pytest.raises(CallerGone):
        session.play(["hl/survey-thanks"], stop_keys="")


def test_given_keys_during_a_sound_that_must_be_heard_when_played_then_it_goes_on_where_it_was_and_keys_are_kept() -> (
    None
):
    end = AsteriskEnd([b"200 result=53 endpos=8000\n", b"200 result=49 endpos=16000\n", b"200 result=0 endpos=28000\n"])
    assert end.session().play_to_end("hl/recording-notice", stop_keys="9") == ("", "51")
    assert [line.split()[-1] for line in end.commands] == ["0", "8000", "16000"]


@pytest.mark.fault("F30")
def test_given_a_flood_of_keys_when_a_sound_must_be_heard_then_only_the_first_few_stop_it() -> None:
    end = AsteriskEnd([*[b"200 result=53 endpos=80\n"] * 8, b"200 result=0 endpos=28000\n"])
    assert end.session().play_to_end("hl/recording-notice", stop_keys="9") == ("", "5" * 8)
    assert end.commands[-1] == 'STREAM FILE "hl/recording-notice" "9" 80'
