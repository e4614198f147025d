"""Waiting, told and offered: every key, every hang-up, every silence of the ground (C13, C19-C23, C25)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.calls.events import OverflowMet, PriorityDecided
from crm_core.calls.kinds import CallMark, Overflow
from crm_core.errors import InvalidInput
from crm_core.ids import AgentId, CallId, PatientId
from crm_core.menus.events import VoiceMessageLeft
from crm_core.patients.cards import PatientCard
from crm_core.tickets.cards import NewMessage, TicketCard
from crm_core.tickets.kinds import TicketKind, TicketState
from crm_core.waiting.call_backs import AlreadyRequested, callable_number
from crm_core.waiting.cards import LineView, Placing, Stand, Standing
from crm_core.waiting.events import NuisanceCallRefused
from crm_core.waiting.rules import CallerFacts, QueueLimits, Ranking
from ivr.conversation import CallerGone, Conversation, Recorded
from ivr.dialplan_variables import TO_PERSON, Next, Route
from ivr.flows.complaint import ComplaintFlow
from ivr.flows.ground import GroundCalls
from ivr.flows.voice_message import VoiceMessages
from ivr.flows.waiting import CallBackFlow, WaitingFlow, waiting_flows
from ivr.flows.waiting_ports import WaitingServices
from ivr.flows.waiting_reception import Reception
from ivr.menu_visit import Visit
from tests.support.scripted_caller import ASHA, HANG_UP, SILENT, Talk, catalogues, quick_ground

ENTERED = datetime(2026, 11, 23, 1, 58, tzinfo=UTC)
BUSY = LineView("enquiry", ahead=2, agents_on_duty=1, agents_free=0, wait_s=420.0, is_open=True)
EMPTY = LineView("enquiry", ahead=0, agents_on_duty=0, agents_free=0, wait_s=None, is_open=True)


class FakeGround:
    """Callers, lines, call-backs and tickets in one; keeps what was asked for."""

    def __init__(self) -> None:
        self.view = BUSY
        self.standing_now = Standing()
        self.placing_now = Placing(Ranking(), CallerFacts())
        self.requests: list[dict[str, Any]] = []
        self.messages: list[NewMessage] = []
        self.failing: Exception | None = None

    def standing(self, number: str) -> Standing:
        return self.standing_now

    def placing(self, patient: PatientCard | None, standing: Standing, queue: str) -> Placing:
        return self.placing_now

    def newcomer(self, queue: str, priority: int = 0) -> LineView:
        return self.view

    def stand_of(self, call_id: CallId, queue: str) -> Stand:
        return Stand(self.view, 30, ENTERED, PatientId(1))

    def request(self, call_id: CallId, number: str, **facts: Any) -> None:
        if self.failing is not None:
            raise self.failing
        self.requests.append({"call_id": call_id, "number": callable_number(number), **facts})

    def leave_message(self, message: NewMessage) -> TicketCard:
        if self.failing is not None:
            raise self.failing
        self.messages.append(message)
        return TicketCard(
            7, "2611230007", message.kind, TicketState.OPEN, message.call_id, None, "", None, ENTERED, ENTERED, None,
            working_days=5,
        )  # fmt: skip


class House:
    def __init__(self, ground_calls: GroundCalls, folder: Path) -> None:
        self.ground = FakeGround()
        self.calls = ground_calls
        self.folder = folder
        self.limits: dict[str, QueueLimits] = {}

    def services(self, talk: Talk) -> WaitingServices:
        fake: Any = self.ground
        return WaitingServices(
            fake, fake, fake, fake, bus=talk.bus, clock=talk.clock, catalogues=catalogues(), folder=self.folder,
            limits=self.limits,
        )  # fmt: skip

    def wait(self, what: str, talk: Talk, *, language: str = "zh") -> Talk:
        flow = waiting_flows(self.services(talk), ground=self.calls)[f"/waiting/{what}/enquiry/{language}"]
        assert isinstance(flow, WaitingFlow)
        flow.run(talk.conversation)
        return talk

    def receive(self, talk: Talk, *, route: Route = TO_PERSON, patient: PatientCard | None = ASHA) -> Talk:
        class Inbound:
            def run(self, conversation: Conversation, visit: Visit | None = None) -> None:
                assert visit is not None
                visit.patient = patient
                conversation.begin(TO_PERSON)
                conversation.set_route(route)

        Reception(Inbound(), self.services(talk), ground=self.calls).run(talk.conversation)
        return talk


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    calls = quick_ground()
    yield House(calls, tmp_path)
    calls.stop()


@pytest.mark.capability("C19")
@pytest.mark.capability("C20")
def test_given_a_key_while_waiting_when_1_and_1_are_pressed_then_the_place_is_kept_and_the_call_ends(
    house: House,
) -> None:
    talk = house.wait("place", Talk(["1", "1"]))
    heard = talk.line.heard_keys()
    assert heard[:2] == ["queue-position-2", "queue-wait-7"]
    assert heard.index("call-back-number") < heard.index("call-back-confirm")
    assert heard[-1] == "call-back-accepted"
    (request,) = house.ground.requests
    assert (request["number"], request["priority"], request["entered_at"]) == ("+8613800000001", 30, ENTERED)
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C20")
def test_given_another_number_when_typed_then_that_one_is_called_back(house: House) -> None:
    talk = house.wait("call-back", Talk(["2", "13900000009"]))
    assert [one["number"] for one in house.ground.requests] == ["+8613900000009"]
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C20")
def test_given_a_withheld_number_when_a_call_back_is_wanted_then_one_is_asked_for(house: House) -> None:
    talk = house.wait("call-back", Talk(["13900000009"], number=""))
    assert talk.line.heard_keys()[0] == "call-back-enter"
    assert len(house.ground.requests) == 1


@pytest.mark.capability("C20")
@pytest.mark.fault("F29")
def test_given_numbers_that_cannot_be_rung_when_typed_three_times_then_he_goes_on_waiting(house: House) -> None:
    talk = house.wait("call-back", Talk(["2", "99999999999", "00441234567", "12345678901"]))
    assert house.ground.requests == []
    assert talk.line.heard_keys().count("call-back-wrong-number") == 3
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE


@pytest.mark.capability("C20")
def test_given_a_number_in_the_line_already_when_asked_again_then_told_so(house: House) -> None:
    house.ground.failing = AlreadyRequested("again")
    talk = house.wait("call-back", Talk(["1"]))
    assert talk.line.heard_keys()[-1] == "call-back-already"
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C20")
@pytest.mark.fault("F41")
def test_given_a_database_that_fails_when_1_is_pressed_then_nothing_is_promised_and_he_waits_on(house: House) -> None:
    house.ground.failing = RuntimeError("database")
    talk = house.wait("call-back", Talk(["1"]))
    assert talk.line.heard_keys()[-1] == "call-back-failed"
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE


@pytest.mark.capability("C19")
@pytest.mark.parametrize("script", [["0"], [SILENT, SILENT, SILENT], ["7", "8"]], ids=["0", "silence", "wrong keys"])
def test_given_who_would_rather_wait_when_asked_then_queue_priority_and_entry_time_are_not_touched(
    house: House, script: list[str]
) -> None:
    talk = house.wait("place", Talk(script))
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE
    assert not {"HL_QUEUE", "QUEUE_PRIO", "HL_QUEUED_AT"} & set(talk.line.variables)
    assert house.ground.requests == []


@pytest.mark.capability("C14")
def test_given_the_emergency_key_when_pressed_while_being_told_then_the_emergency_queue(house: House) -> None:
    talk = house.wait("place", Talk(["9"]))
    assert talk.way == (Next.QUEUE, "emergency")
    assert talk.line.variables["QUEUE_PRIO"] == "100"


@pytest.mark.capability("C19")
def test_given_an_english_caller_when_told_then_the_language_stays(house: House) -> None:
    talk = house.wait("place", Talk(["1", "1"]), language="en")
    assert talk.line.variables["HL_LANGUAGE"] == "en"
    assert house.ground.requests[0]["language"] == "en"


@pytest.mark.capability("C21")
@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    ("what", "is_open", "reason"),
    [("nobody", True, Overflow.NOBODY), ("nobody", False, Overflow.CLOSED), ("long", True, Overflow.LONG)],
)
def test_given_nobody_or_too_long_when_met_then_told_offered_and_kept(
    house: House, what: str, is_open: bool, reason: Overflow
) -> None:
    house.ground.view = LineView("enquiry", 0, 0, 0, None, is_open)
    talk = house.wait(what, Talk(["2"]))
    assert [one.reason for one in talk.bus.of(OverflowMet)] == [reason]
    assert [one.kind for one in house.ground.messages] == [TicketKind.MESSAGE]


# -- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.capability("C13")
def test_given_a_message_when_spoken_then_saved_and_its_number_is_said_digit_by_digit(house: House) -> None:
    talk = house.wait("message", Talk())
    heard = talk.line.heard_keys()
    at = heard.index("ticket-number")
    assert heard[at + 1 : at + 11] == [f"digit-{one}" for one in "2611230007"]
    assert "reply-within-5" in heard
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C13")
def test_given_silence_after_the_tone_when_recorded_twice_then_no_ticket_and_he_waits_on(house: House) -> None:
    talk = Talk()
    talk.line.recorded = Recorded(Path("x.wav"), 1.0, was_silent=True)
    house.wait("message", talk)
    assert house.ground.messages == []
    assert list(house.folder.iterdir()) == []
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE


@pytest.mark.capability("C13")
@pytest.mark.fault("F27")
def test_given_who_hangs_up_while_speaking_when_recorded_then_the_message_is_kept(house: House) -> None:
    talk = Talk()
    talk.line.recorded = Recorded(Path("x.wav"), 9.0, caller_left=True)
    with pytest.raises(CallerGone):
        house.wait("message", talk)
    assert len(house.ground.messages) == 1


@pytest.mark.capability("C13")
@pytest.mark.fault("F41")
def test_given_a_ground_that_fails_when_a_message_is_saved_then_it_is_told_on_the_bus_and_the_file_stays(
    house: House,
) -> None:
    house.ground.failing = RuntimeError("database")
    talk = house.wait("message", Talk())
    (left,) = talk.bus.of(VoiceMessageLeft)
    assert (house.folder / left.name).exists()
    assert "ticket-number" not in talk.line.heard_keys()
    assert "voice-message-saved" in talk.line.heard_keys()


def _complain(house: House, talk: Talk) -> bool:
    messages = VoiceMessages(house.services(talk), ground=house.calls)
    return ComplaintFlow(messages).run(talk.conversation, Visit(patient=ASHA))


@pytest.mark.capability("C13")
@pytest.mark.parametrize(("key", "kind"), [("1", "complaint"), ("2", "suggestion"), ("3", "praise")])
def test_given_a_complaint_when_submitted_then_a_ticket_of_its_kind_and_back_to_the_menu(
    house: House, key: str, kind: str
) -> None:
    talk = Talk([key, "1"])
    assert _complain(house, talk) is False
    (message,) = house.ground.messages
    assert (message.kind, message.patient_id) == (kind, ASHA.id)
    assert str(house.folder / message.file_name.removesuffix(".wav")) in talk.line.heard


@pytest.mark.capability("C13")
def test_given_a_second_thought_when_said_again_or_dropped_then_only_what_was_meant_is_kept(house: House) -> None:
    _complain(house, Talk(["1", "2", "1"]))
    assert len(house.ground.messages) == 1
    house.ground.messages.clear()
    _complain(house, Talk(["1", "3"]))
    assert house.ground.messages == []


@pytest.mark.capability("C13")
@pytest.mark.fault("F27")
@pytest.mark.parametrize("script", [["1"], ["1", HANG_UP], ["1", "0"], ["1", SILENT, SILENT, SILENT]])
def test_given_who_has_spoken_when_he_hangs_up_or_wants_a_person_then_his_complaint_is_kept(
    house: House, script: list[str]
) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  (gone, or to a person: both leave the flow)
        _complain(house, Talk(script))
    assert len(house.ground.messages) == 1


@pytest.mark.capability("C20")
@pytest.mark.fault("F27")
@pytest.mark.parametrize("step", range(2))
def test_given_a_hang_up_before_the_commit_when_asked_for_a_call_back_then_nothing_is_promised(
    house: House, step: int
) -> None:
    with pytest.raises(CallerGone):
        house.wait("place", Talk(["1", "1"][:step]))
    assert house.ground.requests == []


@pytest.mark.capability("C20")
@pytest.mark.fault("F27")
def test_given_a_hang_up_in_the_last_sentence_when_asked_for_a_call_back_then_it_is_kept(house: House) -> None:
    with pytest.raises(CallerGone):
        house.wait("place", Talk(["1", "1"], during={"hl/call-back-accepted": HANG_UP}))
    assert len(house.ground.requests) == 1


# -- reception -------------------------------------------------------------------------------------------------------


@pytest.mark.capability("C25")
def test_given_a_listed_number_when_it_calls_then_the_message_and_the_end(house: House) -> None:
    house.ground.standing_now = Standing(nuisance_id=3)
    talk = house.receive(Talk())
    assert talk.line.heard_keys() == ["nuisance-notice"]
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP
    assert [one.entry_id for one in talk.bus.of(NuisanceCallRefused)] == [3]


@pytest.mark.capability("C14")
@pytest.mark.capability("C25")
def test_given_a_listed_number_when_it_presses_the_emergency_key_then_it_is_believed(house: House) -> None:
    house.ground.standing_now = Standing(nuisance_id=3)
    talk = house.receive(Talk(during={"hl/nuisance-notice": "9"}))
    assert talk.way == (Next.QUEUE, "emergency")


@pytest.mark.capability("C18")
@pytest.mark.capability("C22")
@pytest.mark.capability("C23")
def test_given_what_is_known_of_the_caller_when_he_goes_to_a_queue_then_place_why_and_last_agent(house: House) -> None:
    ranking = Ranking(40, ("repeated", "vip"), ("一小时内多次未接通", "VIP卡"))
    house.ground.placing_now = Placing(ranking, CallerFacts(lost_within_hour=2), AgentId(5), "1002")
    talk = house.receive(Talk())
    assert talk.line.variables["QUEUE_PRIO"] == "40"
    assert talk.line.variables["HL_LAST_AGENT"] == "1002"
    (decided,) = talk.bus.of(PriorityDecided)
    assert (decided.priority, decided.why) == (40, ranking.why)
    assert decided.marks == (CallMark.REPEATED, CallMark.LAST_AGENT)


@pytest.mark.capability("C21")
def test_given_a_line_that_is_full_when_he_arrives_then_told_at_once_and_waiting_stays_possible(house: House) -> None:
    house.limits = {"enquiry": QueueLimits(length_max=2)}
    talk = house.receive(Talk(["0"]))
    assert [one.reason for one in talk.bus.of(OverflowMet)] == [Overflow.FULL]
    assert talk.line.heard_keys() == ["queue-busy", "waiting-menu"]
    assert talk.way == (Next.QUEUE, "enquiry")


@pytest.mark.capability("C21")
@pytest.mark.fault("F23")
def test_given_nobody_on_duty_when_he_arrives_then_a_call_back_begins_where_he_would_have_stood(house: House) -> None:
    house.ground.view = EMPTY
    talk = house.receive(Talk(["1", "1"]))
    assert house.ground.requests[0]["entered_at"] is None
    assert talk.line.variables["HL_TOLD"] == "1"
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


def test_given_a_plain_caller_and_room_when_received_then_no_command_is_added(house: House) -> None:
    house.ground.view = LineView("enquiry", 0, 1, 1, 180.0, True)
    talk = house.receive(Talk())
    assert talk.line.commands == ["set"]


@pytest.mark.capability("C14")
def test_given_an_emergency_when_received_then_nothing_is_asked_or_offered(house: House) -> None:
    house.ground.view = EMPTY
    talk = house.receive(Talk(), route=Route(Next.QUEUE, queue="emergency", priority=100))
    assert talk.bus.of(PriorityDecided) == []
    assert talk.way == (Next.QUEUE, "emergency")


@pytest.mark.fault("F41")
def test_given_a_ground_that_fails_when_received_then_he_simply_waits(house: House) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("database")

    house.ground.standing = broken  # type: ignore[method-assign]
    house.ground.placing = broken  # type: ignore[method-assign]
    talk = house.receive(Talk())
    assert talk.way == (Next.QUEUE, "enquiry")


@pytest.mark.capability("C20")
def test_given_a_call_back_that_is_answered_when_greeted_then_one_sentence_and_his_place_is_not_touched(
    house: House,
) -> None:
    talk = Talk()
    CallBackFlow("zh").run(talk.conversation)
    assert talk.line.heard_keys() == ["call-back-intro", "call-back-hello"]
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE
    assert "HL_QUEUE" not in talk.line.variables


def test_given_numbers_of_every_kind_when_checked_then_only_ordinary_ones_are_callable() -> None:
    assert callable_number("0519 8654 3210") == "+8651986543210"
    for number in ("", "110", "95169", "+4420794600000"):
        with pytest.raises(InvalidInput):
            callable_number(number)
