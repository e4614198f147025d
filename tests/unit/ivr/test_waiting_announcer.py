"""Everybody who waits hears his own place, without leaving it, and nothing is sent when nothing changed (C19, F37)."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.calls.kinds import CallState, Direction
from crm_core.calls.records import CallRecord, StepRecord
from crm_core.ids import CallId
from crm_core.waiting.cards import LineView
from ivr.flows.waiting_announcer import Announcer
from tests.support.scripted_caller import catalogues

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VIEW = LineView("enquiry", ahead=2, agents_on_duty=1, agents_free=0, wait_s=420.0, is_open=True)


def _record(call_id: str, language: str = "zh") -> CallRecord:
    step = StepRecord(NOW, "priority_decided", None, "", "", {"language": language})
    values: dict[str, Any] = dict.fromkeys(CallRecord.__dataclass_fields__)
    values |= {"id": CallId(call_id), "direction": Direction.INBOUND, "state": CallState.QUEUED, "steps": (step,)}
    return CallRecord(**values)


class Waiting:
    def __init__(self, folder: Path) -> None:
        self.views: list[tuple[CallRecord, LineView]] = []
        self.sent: list[tuple[str, str]] = []
        self.folder = folder
        self.announcer = Announcer(self, self, catalogues=catalogues(), folder=folder, queues=["enquiry"])
        for language in ("zh", "en"):
            for key in ("queue-position-2", "queue-next", "queue-wait-7", "queue-wait-3", "waiting-menu"):
                path = folder / language / "hl" / f"{key}.g722"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(f"<{language} {key}>".encode())

    def told(self, queue: str) -> list[tuple[CallRecord, LineView]]:
        return self.views

    def set_sounds(self, call_id: CallId, language: str) -> None:
        self.sent.append((call_id, language))

    def sound(self, name: str) -> str:
        return (self.folder / name / "hl" / "waiting-told.g722").read_text()


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    return Waiting(tmp_path)


@pytest.mark.capability("C19")
def test_given_two_who_wait_when_told_then_each_hears_his_place_in_his_language(waiting: Waiting) -> None:
    waiting.views = [(_record("a"), VIEW), (_record("b", "en"), replace(VIEW, ahead=0, wait_s=125.0))]
    waiting.announcer.tick()
    assert waiting.sent == [("a", "zh_q2w7"), ("b", "en_q0w3")]
    assert waiting.sound("zh_q2w7") == "<zh queue-position-2><zh queue-wait-7><zh waiting-menu>"
    assert waiting.sound("en_q0w3") == "<en queue-next><en queue-wait-3><en waiting-menu>"


@pytest.mark.capability("C19")
def test_given_no_change_when_told_again_then_nothing_is_sent_and_a_change_is(waiting: Waiting) -> None:
    waiting.views = [(_record("a"), VIEW)]
    waiting.announcer.tick()
    waiting.announcer.tick()
    assert len(waiting.sent) == 1
    waiting.views = [(_record("a"), replace(VIEW, ahead=0, wait_s=130.0))]
    waiting.announcer.tick()
    assert waiting.sent[-1] == ("a", "zh_q0w3")


@pytest.mark.fault("F37")
@pytest.mark.fault("F23")
def test_given_a_missing_sound_or_nobody_on_duty_when_told_then_the_general_sentence(waiting: Waiting) -> None:
    waiting.views = [(_record("a"), replace(VIEW, ahead=5)), (_record("b"), replace(VIEW, wait_s=None))]
    waiting.announcer.tick()
    assert waiting.sent == []
    waiting.views = [(_record("a"), VIEW)]
    waiting.announcer.tick()
    waiting.views = [(_record("a"), replace(VIEW, wait_s=None))]
    waiting.announcer.tick()
    assert waiting.sent == [("a", "zh_q2w7"), ("a", "zh")]
