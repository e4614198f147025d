"""The order of the line, the table of priorities, what follows a failed call-back: pure rules (C18, C20, C21, C23, C26)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config.asterisk
from crm_core.calls.kinds import CallOutcome, LossReason, Overflow
from crm_core.calls.loss import LOSS_TITLES, loss_of
from crm_core.waiting.kinds import CallBackOutcome, CallBackState, CallerFlag
from crm_core.waiting.order import (
    FLOOR,
    ROUND_S,
    ROUND_UNITS,
    SHIFT_S,
    UNITS_PER_S,
    entered_at_value,
    priority_of_weight,
    queue_weight,
)
from crm_core.waiting.rules import (
    CALL_BACK_RETRY,
    PRIORITY_RULES,
    CallerFacts,
    InLine,
    QueueLimits,
    call_back_outcome,
    expected_wait_s,
    next_call_back,
    next_to_dial,
    overflow_of,
    rank,
)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.capability("C18")
@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, ROUND_S * UNITS_PER_S // 2), st.integers(1, 36_000))
def test_given_any_two_callers_when_weighed_then_priority_first_and_then_who_stood_in_line_first(
    one: int, other: int, start: int, gap: int
) -> None:
    """Within one round of 20 days; ``gap`` and ``start`` in tenths of a second."""
    new_round = datetime.fromtimestamp(1000 * ROUND_S - SHIFT_S, UTC)
    earlier = new_round + timedelta(seconds=start / UNITS_PER_S)
    later = earlier + timedelta(seconds=gap / UNITS_PER_S)
    first, second = queue_weight(one, earlier), queue_weight(other, later)
    assert FLOOR <= second < 2**31
    assert (first > second) == (one >= other)
    assert (priority_of_weight(first), priority_of_weight(second)) == (one, other)


def test_given_a_plain_priority_when_read_from_the_queue_then_it_is_itself() -> None:
    assert [priority_of_weight(one) for one in (0, 50, 100)] == [0, 50, 100]


@pytest.mark.capability("C18")
def test_given_the_dialplan_when_it_weighs_then_it_counts_as_we_do() -> None:
    template = Path(config.asterisk.__file__).parent / "templates" / "parts" / "waiting.conf.j2"
    (found,) = re.findall(r"QUEUE_PRIO=\$\[(.+?)\]\)", template.read_text(encoding="utf-8"))
    formula = found.replace("${HL_PRIO}", "priority").replace("${HL_QUEUED_AT}", "at")
    for priority, entered_at in ((0, NOON), (40, NOON + timedelta(seconds=0.3)), (100, NOON + timedelta(days=19))):
        at = int(entered_at_value(entered_at))
        assert eval(formula, {"priority": priority, "at": at}) == queue_weight(priority, entered_at)
    assert ROUND_UNITS * 101 + FLOOR < 2**31


@pytest.mark.capability("C23")
def test_given_every_rule_when_read_then_names_are_unique_and_below_transfers_and_emergencies() -> None:
    assert len({rule.name for rule in PRIORITY_RULES}) == len(PRIORITY_RULES)
    assert all(0 < rule.priority < 50 and rule.why for rule in PRIORITY_RULES)


@pytest.mark.capability("C18")
@given(
    st.builds(
        CallerFacts,
        vip_level=st.integers(0, 5),
        tier=st.sampled_from(["", "iron", "lead", "gold", "platinum"]),
        lost_within_hour=st.integers(0, 5),
        flags=st.frozensets(st.sampled_from(list(CallerFlag))),
    ),
    st.integers(0, 100),
)
def test_given_any_caller_when_ranked_then_the_highest_rule_decides_and_all_are_named(
    facts: CallerFacts, base: int
) -> None:
    ranking = rank(facts, base=base)
    applying = [rule for rule in PRIORITY_RULES if rule.applies(facts)]
    assert set(ranking.rules) == {rule.name for rule in applying}
    assert ranking.priority == max([base, *(rule.priority for rule in applying)])
    assert len(ranking.why) == len(ranking.rules)


@pytest.mark.capability("C20")
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.booleans()), max_size=12),
    st.integers(0, 6),
    st.integers(0, 6),
)
def test_given_any_line_when_a_request_is_dialled_then_everybody_before_it_has_an_agent_too(
    line: list[tuple[int, int, bool]], free: int, in_flight: int
) -> None:
    entries = [
        InLine((-priority, NOON + timedelta(seconds=at)), index if is_request else None)
        for index, (priority, at, is_request) in enumerate(line)
    ]
    chosen = next_to_dial(entries, free=free, in_flight=in_flight)
    assert len(chosen) <= max(0, free - in_flight)
    for request_id in chosen:
        assert sum(one.order < entries[request_id].order for one in entries) < free


@pytest.mark.capability("C20")
@pytest.mark.invariant("I4")
def test_given_every_outcome_when_graded_then_unknown_goes_to_a_person_and_served_ends_it() -> None:
    assert set(CALL_BACK_RETRY) == set(CallBackOutcome)
    assert call_back_outcome(CallOutcome.LOST_EVENT, was_answered=False, was_served=False) is CallBackOutcome.UNKNOWN
    assert call_back_outcome(CallOutcome.ANSWERED, was_answered=True, was_served=False) is CallBackOutcome.LEFT
    assert next_call_back(CallBackOutcome.UNKNOWN, attempts_count=1) == (CallBackState.TO_REVIEW, None)
    assert next_call_back(CallBackOutcome.SERVED, attempts_count=1) == (CallBackState.DONE, None)
    assert next_call_back(CallBackOutcome.NO_ANSWER, attempts_count=2)[0] is CallBackState.WAITING
    assert next_call_back(CallBackOutcome.NO_ANSWER, attempts_count=3) == (CallBackState.UNREACHED, None)


@pytest.mark.capability("C21")
@pytest.mark.parametrize(
    ("ahead", "agents", "is_open", "expected"),
    [
        (0, 0, True, Overflow.NOBODY),
        (0, 0, False, Overflow.CLOSED),
        (9, 2, True, None),
        (10, 2, True, Overflow.FULL),
        (8, 1, True, Overflow.FULL),
    ],
)
def test_given_limits_of_a_queue_when_a_newcomer_looks_then_told_or_not(
    ahead: int, agents: int, is_open: bool, expected: Overflow | None
) -> None:
    limits = QueueLimits(length_max=10, calls_per_agent_max=8)
    assert overflow_of(ahead=ahead, agents=agents, is_open=is_open, limits=limits) is expected
    assert overflow_of(ahead=1000, agents=1, is_open=True, limits=QueueLimits()) is None


@pytest.mark.capability("C19")
def test_given_agents_and_handling_when_estimated_then_each_takes_his_share_and_nobody_promises_nothing() -> None:
    assert expected_wait_s(0, agents=1, handling_s=120) == 120
    assert expected_wait_s(3, agents=2, handling_s=120) == 240
    assert expected_wait_s(3, agents=0, handling_s=120) is None


@pytest.mark.capability("C26")
def test_given_every_loss_reason_when_shown_then_it_has_its_own_words() -> None:
    assert len(set(LOSS_TITLES.values())) == len(LossReason)
    assert loss_of(CallOutcome.ANSWERED, Overflow.FULL) is None
    assert loss_of(CallOutcome.IVR_ABANDONED, Overflow.FULL) is LossReason.QUEUE_FULL
