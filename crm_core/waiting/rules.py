"""Who is served before whom, and why: one readable table; what follows a call-back that failed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from crm_core.calls.kinds import CallOutcome, Overflow
from crm_core.waiting.kinds import CallBackOutcome, CallBackState, CallerFlag

REPEATED_CALLS = 2
REPEATED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class CallerFacts:
    """What is known of a caller when he is about to stand in line."""

    vip_level: int = 0
    tier: str = ""
    lost_within_hour: int = 0
    """Vain tries for a person from this number in the last hour."""
    flags: frozenset[CallerFlag] = frozenset()


@dataclass(frozen=True)
class PriorityRule:
    """``why`` is shown to the agent and kept in the call's steps."""

    name: str
    priority: int
    why: str
    applies: Callable[[CallerFacts], bool]


PRIORITY_RULES: tuple[PriorityRule, ...] = (
    PriorityRule("red_flag", 45, "随访回答异常", lambda one: CallerFlag.RED_FLAG in one.flags),
    PriorityRule("repeated", 40, "一小时内多次未接通", lambda one: one.lost_within_hour >= REPEATED_CALLS),
    PriorityRule("vip_high", 35, "高级VIP卡", lambda one: one.vip_level >= 3),
    PriorityRule("vip", 30, "VIP卡", lambda one: one.vip_level >= 1),
    PriorityRule("inpatient", 25, "住院患者", lambda one: CallerFlag.INPATIENT in one.flags),
    PriorityRule("open_complaint", 20, "有未办结的投诉", lambda one: CallerFlag.OPEN_COMPLAINT in one.flags),
    PriorityRule("platinum", 15, "白金客户", lambda one: one.tier == "platinum"),
    PriorityRule("gold", 10, "黄金客户", lambda one: one.tier == "gold"),
)
"""The highest rule that applies decides. 50 is a patient who comes back from a transfer, 100 the emergency queue."""


@dataclass(frozen=True)
class Ranking:
    """``rules``: names of all rules that apply, the deciding one first; ``why``: their words."""

    priority: int = 0
    rules: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def rank(facts: CallerFacts, *, base: int = 0) -> Ranking:
    """``base`` is the queue's own priority; a rule never lowers it."""
    found = sorted((rule for rule in PRIORITY_RULES if rule.applies(facts)), key=lambda rule: -rule.priority)
    highest = max([base, *(rule.priority for rule in found)])
    return Ranking(highest, tuple(rule.name for rule in found), tuple(rule.why for rule in found))


@dataclass(frozen=True)
class CallBackRetry:
    """Again after ``delay``, at most ``tries`` attempts in all; then ``final``."""

    final: CallBackState
    delay: timedelta | None = None
    tries: int = 1


CALL_BACK_RETRY: Mapping[CallBackOutcome, CallBackRetry] = MappingProxyType(
    {
        CallBackOutcome.SERVED: CallBackRetry(CallBackState.DONE),
        CallBackOutcome.LEFT: CallBackRetry(CallBackState.UNREACHED),
        CallBackOutcome.BUSY: CallBackRetry(CallBackState.UNREACHED, timedelta(minutes=2), 3),
        CallBackOutcome.NO_ANSWER: CallBackRetry(CallBackState.UNREACHED, timedelta(minutes=5), 3),
        CallBackOutcome.REJECTED: CallBackRetry(CallBackState.UNREACHED),
        CallBackOutcome.UNOBTAINABLE: CallBackRetry(CallBackState.UNREACHED),
        CallBackOutcome.FAILED: CallBackRetry(CallBackState.UNREACHED, timedelta(minutes=1), 3),
        CallBackOutcome.UNKNOWN: CallBackRetry(CallBackState.TO_REVIEW),
    }
)

OUTCOME_OF_CALL: Mapping[CallOutcome, CallBackOutcome] = MappingProxyType(
    {
        CallOutcome.BUSY: CallBackOutcome.BUSY,
        CallOutcome.NO_ANSWER: CallBackOutcome.NO_ANSWER,
        CallOutcome.REJECTED: CallBackOutcome.REJECTED,
        CallOutcome.UNOBTAINABLE: CallBackOutcome.UNOBTAINABLE,
        CallOutcome.FAILED: CallBackOutcome.FAILED,
    }
)
"""Results of a call nobody picked up; every other one without an answer is not known: to review."""


def call_back_outcome(result: CallOutcome, *, was_answered: bool, was_served: bool) -> CallBackOutcome:
    """What an ended call means for the request behind it."""
    if was_served:
        return CallBackOutcome.SERVED
    if was_answered or result is CallOutcome.ANSWERED:
        return CallBackOutcome.LEFT
    return OUTCOME_OF_CALL.get(result, CallBackOutcome.UNKNOWN)


def next_call_back(outcome: CallBackOutcome, *, attempts_count: int) -> tuple[CallBackState, timedelta | None]:
    """State of the request after attempt number ``attempts_count`` (from 1), and the pause before the next one."""
    rule = CALL_BACK_RETRY[outcome]
    if rule.delay is None or attempts_count >= rule.tries:
        return rule.final, None
    return CallBackState.WAITING, rule.delay


def expected_wait_s(ahead: int, *, agents: int, handling_s: float) -> float | None:
    """How long somebody waits with ``ahead`` callers before him: each free moment of ``agents`` takes one. None: nobody."""
    return None if agents <= 0 else (ahead + 1) * handling_s / agents


@dataclass(frozen=True)
class InLine:
    """One who stands in line. ``request_id`` None: a live caller, or an attempt that is under way."""

    order: tuple[int, datetime]
    request_id: int | None = None


def next_to_dial(line: Sequence[InLine], *, free: int, in_flight: int) -> list[int]:
    """Requests to dial now: a free agent goes to whoever stands first, so a request overtakes nobody (C20).

    ``free``: agents who would take a call now, those included for whom ``in_flight`` attempts already ring somebody.
    """
    served_next = sorted(line, key=lambda one: one.order)[: max(0, free)]
    found = [one.request_id for one in served_next if one.request_id is not None]
    return found[: max(0, free - in_flight)]


@dataclass(frozen=True)
class QueueLimits:
    """When a queue takes no more in silence; 0 means no limit (C21). The longest wait is the dialplan's."""

    length_max: int = 0
    calls_per_agent_max: float = 0.0


def overflow_of(*, ahead: int, agents: int, is_open: bool, limits: QueueLimits) -> Overflow | None:
    """Why a newcomer must be told something before he waits; None: he simply waits."""
    if agents <= 0:
        return Overflow.NOBODY if is_open else Overflow.CLOSED
    if limits.length_max and ahead >= limits.length_max:
        return Overflow.FULL
    if limits.calls_per_agent_max and ahead / agents >= limits.calls_per_agent_max:
        return Overflow.FULL
    return None
