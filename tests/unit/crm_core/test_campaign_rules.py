"""What an outcome means, when a contact is called again, and which states a campaign may take."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.kinds import AttemptOutcome, CampaignAction, CampaignState, ContactState
from crm_core.campaigns.rules import CAMPAIGN_STATES, next_step, outcome_of

NEVER_AGAIN = {
    AttemptOutcome.COMPLETED,
    AttemptOutcome.PARTIAL,
    AttemptOutcome.SILENT,
    AttemptOutcome.REFUSED,
    AttemptOutcome.UNOBTAINABLE,
    AttemptOutcome.UNKNOWN,
}


@pytest.mark.invariant("I4")
@given(
    st.sampled_from(sorted(NEVER_AGAIN)),
    st.integers(1, 10),
    st.integers(1, 10),
    st.dictionaries(st.sampled_from([outcome.value for outcome in AttemptOutcome]), st.integers(-5, 600)),
)
def test_given_a_final_outcome_when_any_settings_then_never_called_again(
    outcome: AttemptOutcome, attempts_count: int, max_attempts: int, retry_minutes: dict[str, int]
) -> None:
    step = next_step(outcome, attempts_count=attempts_count, max_attempts=max_attempts, retry_minutes=retry_minutes)
    assert step.delay is None
    assert step.state != ContactState.WAITING


@given(
    st.sampled_from(list(AttemptOutcome)), st.integers(1, 10), st.dictionaries(st.just("busy"), st.integers(-5, 600))
)
def test_given_any_outcome_when_repeated_then_it_ends_within_the_limit_and_never_in_a_hot_loop(
    outcome: AttemptOutcome, max_attempts: int, retry_minutes: dict[str, int]
) -> None:
    for attempts_count in itertools.count(1):
        step = next_step(outcome, attempts_count=attempts_count, max_attempts=max_attempts, retry_minutes=retry_minutes)
        if step.delay is None:
            break
        assert step.delay.total_seconds() >= 60
    assert attempts_count <= max_attempts
    assert step.state in {
        ContactState.DONE,
        ContactState.REFUSED,
        ContactState.UNREACHED,
        ContactState.INVALID,
        ContactState.TO_REVIEW,
    }


@pytest.mark.fault("F18")
def test_given_a_network_failure_when_it_repeats_then_two_attempts_are_enough() -> None:
    step = next_step(AttemptOutcome.FAILED, attempts_count=2, max_attempts=10, retry_minutes={})
    assert step == type(step)(ContactState.UNREACHED)


@pytest.mark.fault("F62")
@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (CallOutcome.BUSY, AttemptOutcome.BUSY),
        (CallOutcome.NO_ANSWER, AttemptOutcome.NO_ANSWER),
        (CallOutcome.UNOBTAINABLE, AttemptOutcome.UNOBTAINABLE),
        (CallOutcome.REJECTED, AttemptOutcome.REJECTED),
        (CallOutcome.FAILED, AttemptOutcome.FAILED),
        (CallOutcome.LOST_EVENT, AttemptOutcome.UNKNOWN),
        (CallOutcome.PBX_CRASH, AttemptOutcome.UNKNOWN),
    ],
)
def test_given_nobody_picked_up_when_the_call_ends_then_the_outcome_is_the_network_s(
    result: CallOutcome, expected: AttemptOutcome
) -> None:
    assert (
        outcome_of(result, was_answered=False, is_refused=False, is_finished=False, answers=0, questions=3) == expected
    )


@pytest.mark.capability("C97")
@pytest.mark.parametrize(
    ("is_refused", "is_finished", "answers", "expected"),
    [
        (False, False, 0, AttemptOutcome.SILENT),
        (False, True, 0, AttemptOutcome.SILENT),
        (False, False, 2, AttemptOutcome.PARTIAL),
        (False, False, 3, AttemptOutcome.COMPLETED),
        (False, True, 2, AttemptOutcome.COMPLETED),
        (True, False, 1, AttemptOutcome.REFUSED),
    ],
)
def test_given_an_answered_call_when_it_ends_then_only_real_answers_count_as_completed(
    is_refused: bool, is_finished: bool, answers: int, expected: AttemptOutcome
) -> None:
    for result in (CallOutcome.ANSWERED, CallOutcome.LOST_EVENT, CallOutcome.PBX_CRASH):
        if expected == AttemptOutcome.SILENT and result != CallOutcome.ANSWERED:
            expected = AttemptOutcome.UNKNOWN  # picked up, then we lost sight of it: a person looks at it
        outcome = outcome_of(
            result,
            was_answered=True,
            is_refused=is_refused,
            is_finished=is_finished,
            answers=answers,
            questions=3,
        )
        assert outcome == expected


def test_given_a_stopped_campaign_when_anything_but_stop_then_refused() -> None:
    allowed = {action for state, action in CAMPAIGN_STATES if state == CampaignState.STOPPED}
    assert allowed == {CampaignAction.STOP}
