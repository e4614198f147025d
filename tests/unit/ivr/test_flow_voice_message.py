"""Messages and complaints by voice: nothing that was said is lost (C13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.menus.events import VoiceMessageLeft
from ivr.conversation import CallerGone, Recorded
from ivr.dialplan_variables import Next
from ivr.flows.complaint import ComplaintFlow
from ivr.flows.voice_message import VoiceMessages
from ivr.menu_visit import Visit
from tests.support.scripted_caller import ASHA, HANG_UP, SILENT, Talk, quick_ground
from tests.support.waiting_flows import WaitingFlows


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WaitingFlows]:
    calls = quick_ground()
    yield WaitingFlows(calls, tmp_path)
    calls.stop()


@pytest.mark.capability("C13")
def test_given_a_message_when_spoken_then_saved_and_its_number_is_said_digit_by_digit(house: WaitingFlows) -> None:
    talk = house.wait("message", Talk())
    heard = talk.line.heard_keys()
    at = heard.index("ticket-number")
    assert heard[at + 1 : at + 11] == [f"digit-{one}" for one in "2611230007"]
    assert "reply-within-5" in heard
    assert talk.line.variables["HL_NEXT"] == Next.HANGUP


@pytest.mark.capability("C13")
def test_given_silence_after_the_tone_when_recorded_twice_then_no_ticket_and_he_waits_on(house: WaitingFlows) -> None:
    talk = Talk()
    talk.line.recorded = Recorded(Path("x.wav"), 1.0, was_silent=True)
    house.wait("message", talk)
    assert house.ground.messages == []
    assert list(house.folder.iterdir()) == []
    assert talk.line.variables["HL_NEXT"] == Next.QUEUE


@pytest.mark.capability("C13")
@pytest.mark.fault("F27")
def test_given_who_hangs_up_while_speaking_when_recorded_then_the_message_is_kept(house: WaitingFlows) -> None:
    talk = Talk()
    talk.line.recorded = Recorded(Path("x.wav"), 9.0, caller_left=True)
    with pytest.raises(CallerGone):
        house.wait("message", talk)
    assert len(house.ground.messages) == 1


@pytest.mark.capability("C13")
@pytest.mark.fault("F41")
def test_given_a_ground_that_fails_when_a_message_is_saved_then_it_is_told_on_the_bus_and_the_file_stays(
    house: WaitingFlows,
) -> None:
    house.ground.failing = RuntimeError("database")
    talk = house.wait("message", Talk())
    (left,) = talk.bus.of(VoiceMessageLeft)
    assert (house.folder / left.name).exists()
    assert "ticket-number" not in talk.line.heard_keys()
    assert "voice-message-saved" in talk.line.heard_keys()


def _complain(house: WaitingFlows, talk: Talk) -> bool:
    messages = VoiceMessages(house.services(talk), ground=house.calls)
    return ComplaintFlow(messages).run(talk.conversation, Visit(patient=ASHA))


@pytest.mark.capability("C13")
@pytest.mark.parametrize(("key", "kind"), [("1", "complaint"), ("2", "suggestion"), ("3", "praise")])
def test_given_a_complaint_when_submitted_then_a_ticket_of_its_kind_and_back_to_the_menu(
    house: WaitingFlows, key: str, kind: str
) -> None:
    talk = Talk([key, "1"])
    assert _complain(house, talk) is False
    (message,) = house.ground.messages
    assert (message.kind, message.patient_id) == (kind, ASHA.id)
    assert str(house.folder / message.file_name.removesuffix(".wav")) in talk.line.heard


@pytest.mark.capability("C13")
def test_given_a_second_thought_when_said_again_or_dropped_then_only_what_was_meant_is_kept(
    house: WaitingFlows,
) -> None:
    _complain(house, Talk(["1", "2", "1"]))
    assert len(house.ground.messages) == 1
    house.ground.messages.clear()
    _complain(house, Talk(["1", "3"]))
    assert house.ground.messages == []


@pytest.mark.capability("C13")
@pytest.mark.fault("F27")
@pytest.mark.parametrize("script", [["1"], ["1", HANG_UP], ["1", "0"], ["1", SILENT, SILENT, SILENT]])
def test_given_who_has_spoken_when_he_hangs_up_or_wants_a_person_then_his_complaint_is_kept(
    house: WaitingFlows, script: list[str]
) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  (gone, or to a person: both leave the flow)
        _complain(house, Talk(script))
    assert len(house.ground.messages) == 1
