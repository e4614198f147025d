"""Around the conversation: nuisance, place with its why, a full line, a silent ground (C18, C21-C23, C25)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.calls.events import OverflowMet, PriorityDecided
from crm_core.calls.kinds import CallMark, Overflow
from crm_core.errors import InvalidInput
from crm_core.ids import AgentId
from crm_core.waiting.call_backs import callable_number
from crm_core.waiting.cards import LineView, Placing, Standing
from crm_core.waiting.events import NuisanceCallRefused
from crm_core.waiting.rules import CallerFacts, QueueLimits, Ranking
from ivr.dialplan_variables import Next, Route
from ivr.flows.waiting import CallBackFlow
from tests.support.scripted_caller import Talk, quick_ground
from tests.support.waiting_flows import EMPTY, WaitingFlows


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WaitingFlows]:
    calls = quick_ground()
    yield WaitingFlows(calls, tmp_path)
    calls.stop()


@pytest.mark.capability("C25")
def test_given_a_listed_number_when_it_calls_then_the_message_and_the_end(house: WaitingFlows) -> None:
    house.ground.standing_now = Standing(nuisance_id=3)
    talk = house.receive(Talk())
    assert talk.line.heard_keys() == ["nuisance-notice"]
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP
    assert [one.entry_id for one in talk.bus.of(NuisanceCallRefused)] == [3]


@pytest.mark.capability("C14")
@pytest.mark.capability("C25")
def test_given_a_listed_number_when_it_presses_the_emergency_key_then_it_is_believed(house: WaitingFlows) -> None:
    house.ground.standing_now = Standing(nuisance_id=3)
    talk = house.receive(Talk(during={"hl/nuisance-notice": "9"}))
    assert talk.way == (Next.QUEUE, "emergency")


@pytest.mark.capability("C18")
@pytest.mark.capability("C22")
@pytest.mark.capability("C23")
def test_given_what_is_known_of_the_caller_when_he_goes_to_a_queue_then_place_why_and_last_agent(
    house: WaitingFlows,
) -> None:
    ranking = Ranking(40, ("repeated", "vip"), ("一小时内多次未接通", "VIP卡"))
    house.ground.placing_now = Placing(ranking, CallerFacts(lost_within_hour=2), AgentId(5), "1002")
    talk = house.receive(Talk())
    assert talk.line.variables["QUEUE_PRIO"] == "40"
    assert talk.line.variables["HL_LAST_AGENT"] == "1002"
    (decided,) = talk.bus.of(PriorityDecided)
    assert (decided.priority, decided.why) == (40, ranking.why)
    assert decided.marks == (CallMark.REPEATED, CallMark.LAST_AGENT)


@pytest.mark.capability("C21")
def test_given_a_line_that_is_full_when_he_arrives_then_told_at_once_and_waiting_stays_possible(
    house: WaitingFlows,
) -> None:
    house.limits = {"enquiry": QueueLimits(length_max=2)}
    talk = house.receive(Talk(during={"hl/waiting-menu": "0"}))
    assert [one.reason for one in talk.bus.of(OverflowMet)] == [Overflow.FULL]
    assert talk.line.heard_keys() == ["queue-busy", "waiting-menu"]
    assert talk.way == (Next.QUEUE, "enquiry")


@pytest.mark.capability("C21")
@pytest.mark.fault("F23")
def test_given_nobody_on_duty_when_he_arrives_then_a_call_back_begins_where_he_would_have_stood(
    house: WaitingFlows,
) -> None:
    house.ground.view = EMPTY
    talk = house.receive(Talk(["1"], during={"hl/waiting-menu": "1"}))
    assert house.ground.requests[0]["entered_at"] is None
    assert talk.line.variables["HL_TOLD"] == "1"
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


def test_given_a_plain_caller_and_room_when_received_then_no_command_is_added(house: WaitingFlows) -> None:
    house.ground.view = LineView("enquiry", 0, 1, 1, 180.0, True)
    talk = house.receive(Talk())
    assert talk.line.commands == ["set"]


@pytest.mark.capability("C14")
def test_given_an_emergency_when_received_then_nothing_is_asked_or_offered(house: WaitingFlows) -> None:
    house.ground.view = EMPTY
    talk = house.receive(Talk(), route=Route(Next.QUEUE, queue="emergency", priority=100))
    assert talk.bus.of(PriorityDecided) == []
    assert talk.way == (Next.QUEUE, "emergency")


@pytest.mark.fault("F41")
def test_given_a_ground_that_fails_when_received_then_he_simply_waits(house: WaitingFlows) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("database")

    house.ground.standing = broken  # type: ignore[method-assign]
    house.ground.placing = broken  # type: ignore[method-assign]
    talk = house.receive(Talk())
    assert talk.way == (Next.QUEUE, "enquiry")


@pytest.mark.capability("C20")
def test_given_a_call_back_that_is_answered_when_greeted_then_one_sentence_and_his_place_is_not_touched(
    house: WaitingFlows,
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
