"""The room as a whole against a stub AMI server in its own thread: up, down, resync, memberships, commands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from crm_core.bus import RecordingBus
from crm_core.calls import events as e
from crm_core.calls.kinds import CallOutcome, LegOutcome
from crm_core.clock import SystemClock
from crm_core.errors import HotlineError, TelephonyUnavailable
from crm_core.ids import AgentId, AttemptId
from cti.ami_settings import AmiLogin, AmiSettings
from cti.link import Cti
from tests.support.ami_replay import EXTENSIONS, messages_of, trace
from tests.support.ami_stub import AmiStub

LIST_END = "Event: {0}Complete\r\nEventList: Complete\r\n\r\n"
START = "Response: Success\r\nEventList: start\r\nMessage: follows\r\n\r\n"
CONTACT = "Event: ContactList\r\nObjectName: 1001;@0a1b\r\nUri: sip:1001@127.0.0.9\r\nStatus: Reachable\r\n\r\n"
MEMBER = "Event: QueueMember\r\nQueue: booking\r\nLocation: PJSIP/1003\r\nPaused: 0\r\n\r\n"


class StubThread:
    """The stub in a loop of its own, driven from the test's thread."""

    def __init__(self) -> None:
        self.stub = AmiStub()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.channels = ""
        self.boot = "10:00:00"
        self.stub.answers = {
            "corestatus": lambda _: f"Response: Success\r\nCoreStartupDate: 2026-11-21\r\nCoreStartupTime: {self.boot}\r\n\r\n",
            "coreshowchannels": lambda _: START + self.channels + LIST_END.format("CoreShowChannels"),
            "queuestatus": lambda _: START + MEMBER + LIST_END.format("QueueStatus"),
            "pjsipshowcontacts": lambda _: START + CONTACT + LIST_END.format("ContactList"),
        }

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    def close(self) -> None:
        self.run(self.stub.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def stub() -> Iterator[StubThread]:
    thread = StubThread()
    thread.run(thread.stub.start())
    yield thread
    thread.close()


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
def cti(stub: StubThread, bus: RecordingBus) -> Iterator[Cti]:
    settings = AmiSettings("127.0.0.1", stub.stub.port, AmiLogin("hl-events", "x"), AmiLogin("hl-actions", "y"),
                           connect_timeout_s=1.0, action_deadline_s=1.0, ping_interval_s=0.2, silence_limit_s=1.0,
                           backoff_min_s=0.05, backoff_max_s=0.1, sweep_interval_s=0.2)
    room = Cti(settings, bus=bus, clock=SystemClock(), agent_of_extension=EXTENSIONS.get,
               extension_of={AgentId(1): "1001"}.get, memberships=lambda: [("1001", ("booking",), "busy")])
    yield room
    room.stop()


def wait_for(condition: Callable[[], object]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen within 5 s")


def links(bus: RecordingBus) -> list[bool]:
    return [event.is_up for event in bus.of(e.TelephonyLinkChanged)]


@pytest.mark.capability("C135")
def test_given_asterisk_is_there_when_started_then_up_is_told_after_the_resync(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    assert cti.is_up
    assert cti.telephony.is_up
    assert [type(event) for event in bus.events] == [e.PhoneRegistrationChanged, e.TelephonyLinkChanged]
    assert cti.telephony.is_registered("1001")
    assert not cti.telephony.is_registered("1002")
    names = stub.stub.names()
    assert names.index("PJSIPShowContacts") < names.index("QueueAdd")
    removed = next(action for action in stub.stub.actions if action["action"] == "QueueRemove")
    assert removed["interface"] == "PJSIP/1003"
    assert all(finding.is_ok for finding in cti.health())


@pytest.mark.capability("C61")
@pytest.mark.fault("F01")
def test_given_the_link_breaks_when_in_use_then_down_is_told_commands_are_refused_and_it_comes_back(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    port = stub.stub.port
    stub.run(stub.stub.stop())
    wait_for(lambda: links(bus) == [True, False])
    with pytest.raises(TelephonyUnavailable):
        cti.telephony.pause("1001", "meal")
    assert not cti.health()[0].is_ok
    assert cti.health()[0].detail
    stub.run(stub.stub.start(port))
    wait_for(lambda: links(bus) == [True, False, True])
    adds = [action for action in stub.stub.actions if action["action"] == "QueueAdd"]
    assert len(adds) == 2  # members were added again


@pytest.mark.fault("F15")
def test_given_asterisk_was_restarted_in_mid_call_when_back_then_the_call_is_closed_before_up_is_told(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    stub.channels = ("Event: CoreShowChannel\r\nChannel: PJSIP/hl-trunk-1\r\nChannelState: 6\r\nUniqueid: hl1-1.1\r\n"
                     "Linkedid: hl1-1.1\r\nContext: hl-inbound\r\nExten: s\r\nCallerIDNum: 13800000001\r\n\r\n")
    cti.start()
    wait_for(lambda: links(bus) == [True])
    assert len(bus.of(e.CallArrived)) == 1
    stub.channels, stub.boot = "", "11:00:00"
    stub.run(stub.stub.drop())
    wait_for(lambda: links(bus) == [True, False, True])
    assert [event.outcome for event in bus.of(e.CallEnded)] == [CallOutcome.PBX_CRASH]
    kinds = [type(event) for event in bus.events]
    assert kinds.index(e.CallEnded) < len(kinds) - 1 - kinds[::-1].index(e.TelephonyLinkChanged)


@pytest.mark.fault("F09")
def test_given_a_hangup_that_is_lost_when_the_sweeper_looks_then_the_call_is_closed(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    stream = [raw for raw in messages_of([trace("inbound-answered")]) if not raw.startswith(b"Event: Hangup\r\n")]
    stub.run(stub.stub.send(b"\r\n\r\n".join(stream) + b"\r\n\r\n"))
    wait_for(lambda: bus.of(e.CallEnded))
    assert [event.outcome for event in bus.of(e.CallEnded)] == [CallOutcome.LOST_EVENT]
    assert cti.figures().lost_count == 1


@pytest.mark.fault("F03")
def test_given_a_refused_login_when_started_then_health_says_what_to_do(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    stub.stub.login_is_refused = True
    cti.start()
    wait_for(lambda: cti.figures().last_error == "login_refused")
    assert "manager.conf" in cti.health()[0].detail
    assert links(bus) == []


@pytest.mark.invariant("I4")
def test_given_an_attempt_that_never_got_a_channel_when_asterisk_reports_it_then_it_still_arrives_and_ends(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    cti.telephony.originate_survey(AttemptId("att-7-a"), "13800000001", ring_timeout_s=20)
    stub.run(stub.stub.send("Event: OriginateResponse\r\nResponse: Failure\r\nReason: 0\r\nUniqueid: att-7-a\r\n\r\n"))
    wait_for(lambda: bus.of(e.CallEnded))
    assert [event.number for event in bus.of(e.CallArrived)] == ["13800000001"]
    assert [event.outcome for event in bus.of(e.CallEnded)] == [CallOutcome.UNOBTAINABLE]


def test_given_a_room_that_was_never_started_when_asked_then_it_refuses_and_stops_quietly(bus: RecordingBus, cti: Cti) -> None:
    assert not cti.is_up
    with pytest.raises(HotlineError):
        cti.telephony.pause("1001", "meal")
    assert [finding.is_ok for finding in cti.health()] == [False, True]


def test_given_a_stopped_room_when_the_peer_lives_on_then_no_thread_of_ours_is_left(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    cti.stop()
    assert not {"ami", "cti-pump"} & {thread.name for thread in threading.enumerate()}


@pytest.mark.capability("C38")
def test_given_two_agents_in_talk_when_the_patient_leaves_them_then_both_telephones_are_hung_up(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    for raw in messages_of([trace("consult-patient-hangs-up")]):
        stub.run(stub.stub.send(raw + b"\r\n\r\n"))
    wait_for(lambda: stub.stub.names().count("Hangup") == 2)
    channels = [action["channel"] for action in stub.stub.actions if action["action"] == "Hangup"]
    assert [channel.partition("-")[0] for channel in channels] == ["PJSIP/1001", "PJSIP/1002"]


@pytest.mark.capability("C31")
@pytest.mark.invariant("I8")
def test_given_an_agent_who_reloads_in_a_consultation_when_heard_then_the_patient_goes_back_before_the_agents_are_hung_up(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    for raw in messages_of([trace("consult-initiator-reloads")]):
        stub.run(stub.stub.send(raw + b"\r\n\r\n"))
    wait_for(lambda: stub.stub.names().count("Hangup") == 2)
    sent = [action for action in stub.stub.actions if action["action"] in ("Redirect", "Hangup")]
    assert [action["action"] for action in sent] == ["Redirect", "Hangup", "Hangup"]
    assert (sent[0]["channel"], sent[0]["context"], sent[0]["exten"]) == ("PJSIP/hl-trunk-00000000", "hl-return", "s")


@pytest.mark.capability("C37")
def test_given_a_conference_when_one_leaves_then_a_short_tone_renews_the_sound_of_the_two_who_stay(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    for raw in messages_of([trace("three-way-recipient-leaves")]):
        stub.run(stub.stub.send(raw + b"\r\n\r\n"))
    wait_for(lambda: stub.stub.names().count("PlayMF") == 2)
    tones = [action for action in stub.stub.actions if action["action"] == "PlayMF"]
    assert {tone["channel"].rpartition("-")[0] for tone in tones} == {"PJSIP/1001", "PJSIP/hl-trunk"}


def _contact_status(uri: str, status: str) -> str:
    return f"Event: ContactStatus\r\nURI: {uri}\r\nContactStatus: {status}\r\nAOR: 1001\r\n\r\n"


@pytest.mark.capability("C31")
@pytest.mark.fault("F64")
@pytest.mark.invariant("I8")
@pytest.mark.parametrize("new_comes_first", [False, True])
def test_given_a_ringing_telephone_when_its_page_is_gone_then_the_dead_ringing_is_hung_up_and_told_as_failed(
        stub: StubThread, bus: RecordingBus, cti: Cti, new_comes_first: bool) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    stream = messages_of([trace("inbound-answered")])
    ringing_ends = next(place for place, raw in enumerate(stream) if raw.startswith(b"Event: DialEnd\r\n"))
    for raw in stream[:ringing_ends]:
        stub.run(stub.stub.send(raw + b"\r\n\r\n"))
    wait_for(lambda: bus.of(e.CallOffered))
    news = [_contact_status("sip:1001@127.0.0.9", "Removed"), _contact_status("sip:new", "NonQualified")]
    for one in reversed(news) if new_comes_first else news:
        stub.run(stub.stub.send(one))
    wait_for(lambda: "Hangup" in stub.stub.names())
    hangups = [(one["channel"], one["cause"]) for one in stub.stub.actions if one["action"] == "Hangup"]
    assert hangups == [("PJSIP/1001-00000001", "20")]
    dead = stream[ringing_ends].replace(b"DialStatus: ANSWER", b"DialStatus: NOANSWER")
    stub.run(stub.stub.send(dead + b"\r\n\r\n"))
    wait_for(lambda: bus.of(e.OfferWithdrawn))
    assert [event.outcome for event in bus.of(e.OfferWithdrawn)] == [LegOutcome.FAILED]
    assert [event.is_registered for event in bus.of(e.PhoneRegistrationChanged)][-1] is True


@pytest.mark.fault("F22")
def test_given_a_ringing_telephone_when_it_is_only_slow_to_be_reached_then_it_rings_on(
        stub: StubThread, bus: RecordingBus, cti: Cti) -> None:
    cti.start()
    wait_for(lambda: links(bus) == [True])
    stream = messages_of([trace("inbound-answered")])
    ringing_ends = next(place for place, raw in enumerate(stream) if raw.startswith(b"Event: DialEnd\r\n"))
    for raw in stream[:ringing_ends]:
        stub.run(stub.stub.send(raw + b"\r\n\r\n"))
    stub.run(stub.stub.send(_contact_status("sip:1001@127.0.0.9", "Unreachable")))
    wait_for(lambda: [event.is_registered for event in bus.of(e.PhoneRegistrationChanged)][-1] is False)
    for raw in stream[ringing_ends:]:
        stub.run(stub.stub.send(raw + b"\r\n\r\n"))
    wait_for(lambda: bus.of(e.CallAnswered))
    assert "Hangup" not in stub.stub.names()
