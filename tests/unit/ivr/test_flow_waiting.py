"""Waiting, told and offered: every key, every hang-up, every silence of the ground (C19-C21)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.calls.events import OverflowMet
from crm_core.calls.kinds import Overflow
from crm_core.tickets.kinds import TicketKind
from crm_core.waiting.call_backs import AlreadyRequested
from crm_core.waiting.cards import LineView
from ivr.conversation import CallerGone
from ivr.dialplan_variables import Next
from tests.support.scripted_caller import HANG_UP, SILENT, Talk, quick_ground
from tests.support.waiting_flows import ENTERED, WaitingFlows

MENU = "hl/waiting-menu"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WaitingFlows]:
    calls = quick_ground()
    yield WaitingFlows(calls, tmp_path)
    calls.stop()


@pytest.mark.capability("C19")
@pytest.mark.capability("C20")
def test_given_a_key_while_waiting_when_1_and_1_are_pressed_then_the_place_is_kept_and_the_call_ends(
    house: WaitingFlows,
) -> None:
    talk = house.wait("place", Talk(["1"], during={MENU: "1"}))
    heard = talk.line.heard_keys()
    assert heard[:2] == ["queue-position-2", "queue-wait-7"]
    assert heard.index("call-back-number") < heard.index("call-back-confirm")
    assert heard[-1] == "call-back-accepted"
    (request,) = house.ground.requests
    assert (request["number"], request["priority"], request["entered_at"]) == ("+8613800000001", 30, ENTERED)
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C20")
def test_given_another_number_when_typed_then_that_one_is_called_back(house: WaitingFlows) -> None:
    talk = house.wait("call-back", Talk(["2", "13900000009"]))
    assert [one["number"] for one in house.ground.requests] == ["+8613900000009"]
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C20")
def test_given_a_withheld_number_when_a_call_back_is_wanted_then_one_is_asked_for(house: WaitingFlows) -> None:
    talk = house.wait("call-back", Talk(["13900000009"], number=""))
    assert talk.line.heard_keys()[0] == "call-back-enter"
    assert len(house.ground.requests) == 1


@pytest.mark.capability("C20")
@pytest.mark.fault("F29")
def test_given_numbers_that_cannot_be_rung_when_typed_three_times_then_he_goes_on_waiting(house: WaitingFlows) -> None:
    talk = house.wait("call-back", Talk(["2", "99999999999", "00441234567", "12345678901"]))
    assert house.ground.requests == []
    assert talk.line.heard_keys().count("call-back-wrong-number") == 3
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE


@pytest.mark.capability("C20")
def test_given_a_number_in_the_line_already_when_asked_again_then_told_so(house: WaitingFlows) -> None:
    house.ground.failing = AlreadyRequested("again")
    talk = house.wait("call-back", Talk(["1"]))
    assert talk.line.heard_keys()[-1] == "call-back-already"
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C20")
@pytest.mark.fault("F41")
def test_given_a_database_that_fails_when_1_is_pressed_then_nothing_is_promised_and_he_waits_on(
    house: WaitingFlows,
) -> None:
    house.ground.failing = RuntimeError("database")
    talk = house.wait("call-back", Talk(["1"]))
    assert talk.line.heard_keys()[-1] == "call-back-failed"
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE


@pytest.mark.capability("C19")
@pytest.mark.parametrize("key", ["0", SILENT, "7"], ids=["0", "silence", "wrong key"])
def test_given_who_would_rather_wait_when_asked_then_queue_priority_and_entry_time_are_not_touched(
    house: WaitingFlows, key: str
) -> None:
    talk = house.wait("place", Talk(during={MENU: key}))
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE
    assert not {"HL_QUEUE", "QUEUE_PRIO", "HL_QUEUED_AT"} & set(talk.line.variables)
    assert house.ground.requests == []


@pytest.mark.capability("C14")
def test_given_the_emergency_key_when_pressed_while_being_told_then_the_emergency_queue(house: WaitingFlows) -> None:
    talk = house.wait("place", Talk(during={MENU: "9"}))
    assert talk.way == (Next.QUEUE, "emergency")
    assert talk.line.variables["QUEUE_PRIO"] == "100"


@pytest.mark.capability("C19")
def test_given_an_english_caller_when_told_then_the_language_stays(house: WaitingFlows) -> None:
    talk = house.wait("place", Talk(["1"], during={MENU: "1"}), language="en")
    assert talk.line.variables["HL_LANGUAGE"] == "en"
    assert house.ground.requests[0]["language"] == "en"


@pytest.mark.capability("C21")
@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    ("what", "is_open", "reason"),
    [("nobody", True, Overflow.NOBODY), ("nobody", False, Overflow.CLOSED), ("long", True, Overflow.LONG)],
)
def test_given_nobody_or_too_long_when_met_then_told_offered_and_kept(
    house: WaitingFlows, what: str, is_open: bool, reason: Overflow
) -> None:
    house.ground.view = LineView("enquiry", 0, 0, 0, None, is_open)
    talk = house.wait(what, Talk(during={MENU: "2"}))
    assert [one.reason for one in talk.bus.of(OverflowMet)] == [reason]
    assert [one.kind for one in house.ground.messages] == [TicketKind.MESSAGE]


@pytest.mark.capability("C20")
@pytest.mark.fault("F27")
def test_given_a_hang_up_before_the_commit_when_asked_for_a_call_back_then_nothing_is_promised(
    house: WaitingFlows,
) -> None:
    for talk in (Talk(during={MENU: HANG_UP}), Talk(during={MENU: "1"})):
        with pytest.raises(CallerGone):
            house.wait("place", talk)
    assert house.ground.requests == []


@pytest.mark.capability("C20")
@pytest.mark.fault("F27")
def test_given_a_hang_up_in_the_last_sentence_when_asked_for_a_call_back_then_it_is_kept(house: WaitingFlows) -> None:
    with pytest.raises(CallerGone):
        house.wait("place", Talk(["1"], during={MENU: "1", "hl/call-back-accepted": HANG_UP}))
    assert len(house.ground.requests) == 1
