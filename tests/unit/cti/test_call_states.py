"""The table of call states."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cti
from crm_core.calls.kinds import CallState
from cti.call_states import TRANSITIONS, CallInput, mermaid, next_state


@pytest.mark.fault("F08")
@given(st.lists(st.sampled_from(CallInput)))
def test_given_any_inputs_when_a_call_has_ended_then_it_stays_ended(inputs: list[CallInput]) -> None:
    state = next_state(CallState.TALKING, CallInput.HUNG_UP)
    for trigger in inputs:
        state = next_state(state, trigger)
    assert state is CallState.ENDED


@given(st.sampled_from(CallState), st.sampled_from(CallInput))
def test_given_any_state_and_input_when_asked_then_there_is_an_answer(state: CallState, trigger: CallInput) -> None:
    assert next_state(state, trigger) is TRANSITIONS.get((state, trigger), state)


def test_given_the_start_states_when_walked_then_every_state_can_be_reached() -> None:
    reached = {CallState.IVR, CallState.DIALLING}
    while True:
        grown = reached | {target for (state, _), target in TRANSITIONS.items() if state in reached}
        if grown == reached:
            break
        reached = grown
    assert reached == set(CallState)


def test_given_the_table_cannot_be_changed_when_somebody_tries_then_it_refuses() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[(CallState.IVR, CallInput.HUNG_UP)] = CallState.IVR  # type: ignore[index]


def test_given_the_readme_when_the_table_changes_then_its_picture_must_change_too() -> None:
    readme = Path(next(iter(cti.__path__))) / "README.md"
    assert mermaid() in readme.read_text(encoding="utf-8")
