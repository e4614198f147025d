"""Agent states: no path leaves an agent stuck, and app_queue is told the right thing in each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.agents.kinds import AgentState
from crm_core.agents.rules import BUSY_WITH_CALL, TRANSITIONS, AgentInput, next_state, pause_reason_for_queue


@given(st.lists(st.sampled_from(list(AgentInput)), max_size=30))
def test_given_any_inputs_when_applied_then_the_end_of_the_call_and_ready_always_free_the_agent(
    inputs: list[AgentInput],
) -> None:
    state = AgentState.PAUSED
    for cause in inputs:
        state = next_state(state, cause) or state
    for cause in (
        AgentInput.OFFER_GONE,
        AgentInput.LEG_ENDED,
        AgentInput.WRAP_UP_DONE,
        AgentInput.SIGN_ON,
        AgentInput.READY,
    ):
        state = next_state(state, cause) or state
    assert state is AgentState.READY


@pytest.mark.capability("C38")
@pytest.mark.parametrize("state", [AgentState.TALKING, AgentState.HOLDING])
def test_given_the_patient_hangs_up_even_on_hold_when_the_leg_ends_then_wrap_up(state: AgentState) -> None:
    assert next_state(state, AgentInput.LEG_ENDED) is AgentState.WRAP_UP


def test_given_every_state_when_asked_for_the_queue_then_only_ready_and_ringing_may_be_offered_calls() -> None:
    free = {state for state in AgentState if pause_reason_for_queue(state, "") is None}
    assert free == {AgentState.READY, AgentState.RINGING}


def test_given_the_table_when_read_then_sign_off_is_impossible_in_a_call() -> None:
    assert not [state for state in BUSY_WITH_CALL if (state, AgentInput.SIGN_OFF) in TRANSITIONS]
