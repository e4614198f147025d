"""One command for each Idempotency-Key."""

from __future__ import annotations

import threading

import pytest

from agent_desk.errors import DeskError
from agent_desk.idempotency import Idempotency
from crm_core.clock import ManualClock
from crm_core.errors import InvalidInput, OutcomeUnknown, TelephonyUnavailable


class Counted:
    def __init__(self, failure: Exception | None = None) -> None:
        self.count = 0
        self.failure = failure

    def __call__(self) -> tuple[dict[str, int], int]:
        self.count += 1
        if self.failure:
            raise self.failure
        return {"n": self.count}, 202


@pytest.mark.capability("C133")
def test_given_the_same_key_when_sent_twice_then_run_once_and_answered_twice() -> None:
    action, keys = Counted(), Idempotency(ManualClock())
    first = keys.run("u", "k", content=b"", action=action)
    assert keys.run("u", "k", content=b"", action=action) == first
    assert action.count == 1


def test_given_another_user_or_key_when_sent_then_run_again() -> None:
    action, keys = Counted(), Idempotency(ManualClock())
    for scope, key in (("u", "k"), ("v", "k"), ("u", "l")):
        keys.run(scope, key, content=b"", action=action)
    assert action.count == 3


def test_given_a_used_key_with_another_body_when_sent_then_refused() -> None:
    action, keys = Counted(), Idempotency(ManualClock())
    keys.run("u", "k", content=b"a", action=action)
    with pytest.raises(InvalidInput):
        keys.run("u", "k", content=b"b", action=action)
    assert action.count == 1


@pytest.mark.fault("F13")
def test_given_an_unknown_outcome_when_sent_again_then_never_repeated() -> None:
    action, keys = Counted(OutcomeUnknown("no answer")), Idempotency(ManualClock())
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            keys.run("u", "k", content=b"", action=action)
    assert action.count == 1


def test_given_a_failure_without_effect_when_sent_again_then_tried_again() -> None:
    action, keys = Counted(TelephonyUnavailable("down")), Idempotency(ManualClock())
    with pytest.raises(TelephonyUnavailable):
        keys.run("u", "k", content=b"", action=action)
    action.failure = None
    assert keys.run("u", "k", content=b"", action=action) == ({"n": 2}, 202)


def test_given_two_at_once_when_the_first_ends_then_the_second_gets_its_answer() -> None:
    keys = Idempotency(ManualClock())
    began, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def slow() -> tuple[dict[str, int], int]:
        runs.append(1)
        began.set()
        go_on.wait(5)
        return {"ok": 1}, 202

    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(keys.run("u", "k", content=b"", action=slow))) for _ in range(2)
    ]
    threads[0].start()
    assert began.wait(5)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert answers == [({"ok": 1}, 202)] * 2
    assert len(runs) == 1


def test_given_a_first_command_that_never_ends_when_repeated_then_told_so() -> None:
    keys = Idempotency(ManualClock(), wait_s=0.01)
    keys._claim("u\nk", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    with pytest.raises(DeskError) as caught:
        keys.run("u", "k", content=b"", action=Counted())
    assert caught.value.code == "in_progress"


def test_given_many_and_old_keys_when_full_then_the_oldest_are_forgotten() -> None:
    clock = ManualClock()
    keys = Idempotency(clock, capacity=3, keep_s=100)
    action = Counted()
    for number in range(5):
        keys.run("u", str(number), content=b"", action=action)
    assert len(keys._entries) == 3
    clock.advance(200)
    keys.run("u", "new", content=b"", action=action)
    assert len(keys._entries) == 1


@pytest.mark.parametrize("key", ["x" * 121, "a\nb"])
def test_given_an_unusable_key_when_sent_then_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        Idempotency(ManualClock()).run("u", key, content=b"", action=Counted())
