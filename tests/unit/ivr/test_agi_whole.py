"""The whole way from the FastAGI port through the table of paths: cost, hostile callers, broken flows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crm_core.bus import RecordingBus
from crm_core.calls.events import IvrStepTaken, NoticePlayed
from crm_core.clock import SystemClock
from ivr.agi_server import AgiServerSettings
from ivr.conversation import Conversation
from ivr.dialplan_variables import TO_HANGUP, TO_PERSON
from ivr.routes import FlowRoute, IvrServer, IvrServices, IvrSettings, Switchboard
from tests.support.agi_stub import AsteriskEnd, answer_everything, call, header_bytes
from tests.support.scripted_caller import (
    ASHA,
    WANG_FANG,
    FakeAppointments,
    FakeHours,
    FakePatients,
    FakeSurveys,
    catalogues,
)

LOOPBACK = AgiServerSettings(port=0, drain_s=2.0)
WAIT_S = 5.0


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


@dataclass
class Everything:
    """The whole room over fakes."""

    patients: FakePatients = field(default_factory=FakePatients)
    surveys: FakeSurveys = field(default_factory=FakeSurveys)
    bus: RecordingBus = field(default_factory=RecordingBus)
    hours: FakeHours = field(default_factory=FakeHours)

    def server(self, folder: Path) -> IvrServer:
        services = IvrServices(
            self.patients, FakeAppointments(), self.hours, self.surveys, self.bus, SystemClock(), catalogues(), folder
        )
        return IvrServer(IvrSettings(server=LOOPBACK), services)


@pytest.fixture
def everything() -> Everything:
    return Everything()


@pytest.fixture
def server(everything: Everything, tmp_path: Path) -> Iterator[IvrServer]:
    server = everything.server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("patients", [[], [WANG_FANG], [ASHA]])
def test_given_the_way_straight_to_a_person_when_taken_then_it_costs_four_commands(
    patients: list[object], everything: Everything, server: IvrServer
) -> None:
    everything.patients.patients = patients  # type: ignore[assignment]
    commands = answer_everything(call(server.port), digits="0")
    assert len(commands) == 4
    assert commands[0].startswith('EXEC MSet "HL_IVR_OK=1,TIMEOUT(absolute)=900,')
    assert "HL_NEXT=queue,HL_QUEUE=enquiry,QUEUE_PRIO=0" in commands[0]
    assert commands[1] == 'STREAM FILE "hl/recording-notice" "0123456789*#" 0'


def test_given_a_call_when_served_then_its_events_carry_its_call_id(everything: Everything, server: IvrServer) -> None:
    answer_everything(call(server.port, header=header_bytes(agi_uniqueid="hl1-7.1")), digits="0")
    assert until(lambda: bool(everything.bus.of(IvrStepTaken)))
    assert [(step.call_id, step.node, step.key) for step in everything.bus.of(IvrStepTaken)] == [
        ("hl1-7.1", "main", "0")
    ]
    assert everything.bus.of(NoticePlayed)[0].call_id == "hl1-7.1"


def test_given_a_survey_path_when_called_then_the_survey_runs_and_hangs_up(
    everything: Everything, server: IvrServer
) -> None:
    header = header_bytes(agi_network_script="survey", agi_uniqueid="att-1-ab")
    commands = answer_everything(call(server.port, header=header), digits="2")
    assert "HL_NEXT=hangup" in commands[0]
    assert until(lambda: everything.surveys.written == [("refuse", False)])


@pytest.mark.parametrize(
    "header",
    [header_bytes(agi_network_script="admin"), header_bytes(agi_uniqueid="../x"), header_bytes(agi_uniqueid="")],
)
def test_given_an_unknown_path_or_no_usable_call_id_when_called_then_it_is_left_to_the_dialplan(
    header: bytes, server: IvrServer
) -> None:
    assert answer_everything(call(server.port, header=header)) == []


HOSTILE_NUMBERS = [
    "", "anonymous", "unknown", "+86 138-0000-0001", "0" * 500, "🙂🙂", "\u202e10000831", "a\0b", '"quoted"', "'quoted'",
    "';--", "1' OR '1'='1", "$(id)", "`id`", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "../../etc",
    "..\\..\\x", "%s%n%x", "{{7*7}}", "${HL_NEXT}", "${SHELL(id)}", "a&b", "a,b;c", "x) y", "HANGUP", "200 result=1",
    "511 dead", "agi_request: x", "\\", '\\"', "\x7f\x1b[31m", "\u200b\u200e", "％２７", "NULL", "-1", "1e309", "\ufffe\uffff",
]  # fmt: skip


@pytest.mark.fault("F32")
@pytest.mark.parametrize("number", HOSTILE_NUMBERS)
def test_given_a_hostile_caller_id_when_received_then_served_and_never_sent_back_and_cleaned(
    number: str, everything: Everything, server: IvrServer
) -> None:
    assert len(HOSTILE_NUMBERS) == 40
    raw = header_bytes(agi_callerid=number, agi_calleridname=number)
    commands = answer_everything(call(server.port, header=raw), digits="0")
    assert len(commands) == 4
    assert all(number not in command for command in commands if len(number) > 3)
    (looked_up,) = everything.patients.looked_up
    assert len(looked_up) <= 64
    assert looked_up.isprintable()


@pytest.mark.fault("F33")
@pytest.mark.parametrize("name", ["阿莎".encode("gbk"), b"\xff\xfe\xc3\x28", "阿莎".encode()[:4]])
def test_given_gbk_or_broken_utf8_when_received_then_the_call_is_served(name: bytes, server: IvrServer) -> None:
    raw = header_bytes().replace("阿莎".encode(), name)
    assert len(answer_everything(call(server.port, header=raw), digits="0")) == 4


@pytest.mark.fault("F30")
def test_given_a_line_that_floods_one_key_when_served_then_it_ends_in_bounded_commands(server: IvrServer) -> None:
    assert len(answer_everything(call(server.port), digits="*")) < 20
    assert len(answer_everything(call(server.port), digits="7")) < 20


class Poison:
    def run(self, talk: Conversation) -> None:
        talk.begin(TO_HANGUP)
        raise RuntimeError("poison")


@pytest.mark.capability("C140")
@pytest.mark.invariant("I8")
def test_given_a_broken_flow_when_called_then_the_caller_goes_to_the_queue() -> None:
    switchboard = Switchboard(
        {"/inbound": FlowRoute(Poison(), when_broken=TO_PERSON)},
        bus=RecordingBus(),
        clock=SystemClock(),
        patience=IvrSettings().patience,
    )
    end = AsteriskEnd([b"200 result=0\n"] * 5)
    switchboard.serve(end.session())
    assert "HL_NEXT=queue,HL_QUEUE=enquiry" in end.commands[-1]
    assert switchboard.broken_count == 1


@pytest.mark.capability("C140")
def test_given_a_broken_flow_and_a_lost_line_when_called_then_nothing_is_raised() -> None:
    switchboard = Switchboard(
        {"/inbound": FlowRoute(Poison(), when_broken=TO_PERSON)},
        bus=RecordingBus(),
        clock=SystemClock(),
        patience=IvrSettings().patience,
    )
    switchboard.serve(AsteriskEnd([b"200 result=0\n"]).session())
    assert switchboard.broken_count == 1


def test_given_the_server_when_started_and_stopped_then_health_says_so(everything: Everything, tmp_path: Path) -> None:
    server = everything.server(tmp_path)
    assert not server.health()[0].is_ok
    server.start()
    assert server.health()[0].is_ok
    server.stop()
    assert not server.health()[0].is_ok
