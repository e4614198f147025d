"""Booking by telephone when callers or the hospital behave badly: garbage, silence, a slow or dead hospital."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr.conversation import CallerGone
from ivr.flows.asking import Breaker
from ivr.flows.ground import GroundCalls
from tests.support.ground import fresh_sqlite, make_ground
from tests.support.scripted_caller import SILENT, Talk
from tests.support.self_service import SelfServiceHouse

LAST_DOCTOR_FIRST_TIME = ["1", "1", "1", "1"]
"""Booking, the last doctor, the first time, yes."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SelfServiceHouse]:
    made = make_ground(fresh_sqlite(tmp_path / "hotline.db"))
    calls = GroundCalls(timeout_s=10.0, workers=4)
    house = SelfServiceHouse(made, calls)
    house.open_clinic()
    yield house
    house.settle()
    made.database.close()


@pytest.mark.fault("F29")
@pytest.mark.fault("F31")
@pytest.mark.invariant("I8")
@pytest.mark.parametrize(
    "garbage", [["A", "B"], [SILENT] * 3, ["*"] * 9, ["6", "6"], ["7777777", "##"], ["D" * 200, "x"]]
)
@pytest.mark.parametrize("steps", range(1, 4))
def test_given_garbage_floods_or_silence_at_a_step_when_patience_ends_then_a_person_and_nothing_kept(
    house: SelfServiceHouse, garbage: list[str], steps: int
) -> None:
    asha = house.asha()
    talk = house.call([*LAST_DOCTOR_FIRST_TIME[:steps], *garbage])
    assert talk.way == ("queue", "enquiry")
    house.settle()
    assert house.booked(asha) == []
    house.assert_nothing_is_wrong()


@pytest.mark.fault("F36")
def test_given_a_slow_hospital_when_asked_then_a_filler_sentence_and_then_the_answer(house: SelfServiceHouse) -> None:
    asha = house.asha()
    house.asking_options = {"filler_after_s": 0.01, "give_up_after_s": 20.0}
    heard_filler = threading.Event()

    class Slow:
        def __init__(self, real: Any) -> None:
            self._real = real

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def book(self, **wanted: Any) -> Any:
            heard_filler.wait(20)
            return self._real.book(**wanted)

    talk = Talk(LAST_DOCTOR_FIRST_TIME, call_id="hl1-7.7")
    talk.clock = house.made.clock
    play = talk.line.play

    def playing(sounds: Any, *, stop_keys: str) -> str:
        if "hl/system-slow" in sounds and ("booking_confirm", "1") in talk.steps:
            heard_filler.set()
        return play(sounds, stop_keys=stop_keys)

    talk.line.play = playing  # type: ignore[method-assign]
    house.wraps = lambda name, service: Slow(service) if name == "booking" else service
    with pytest.raises(CallerGone):
        house.receive(talk)
    assert "booked" in talk.line.heard_keys()
    assert len(house.booked(asha)) == 1


@pytest.mark.fault("F36")
@pytest.mark.fault("F41")
def test_given_a_hospital_that_is_down_when_asked_again_and_again_then_a_person_and_the_breaker_spares_it(
    house: SelfServiceHouse,
) -> None:
    house.asha()
    asked: list[int] = []

    class Down:
        def last_doctor(self, patient_id: int) -> None:
            asked.append(patient_id)
            raise RuntimeError("the hospital is away")

        def release_leg(self, leg_key: str) -> bool:
            return False

    house.wraps = lambda name, service: Down() if name == "booking" else service
    house.asking_options = {"breaker": Breaker(house.made.clock)}  # type: ignore[dict-item]
    talks = [house.call(["1"]) for _ in range(8)]
    assert {talk.way for talk in talks} == {("queue", "enquiry")}
    assert talks[-1].line.heard_keys()[-1] == "service-degraded"
    assert len(asked) == 5
    house.made.clock.advance(20)
    house.call(["1"])
    assert len(asked) == 6
