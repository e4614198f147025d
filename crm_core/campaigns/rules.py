"""Pure rules of campaigns: state changes, what an outcome means, when (and whether) to call again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.kinds import (
    AttemptOutcome,
    CampaignAction,
    CampaignState,
    ContactState,
)

CAMPAIGN_STATES: dict[tuple[CampaignState, CampaignAction], CampaignState] = {
    (CampaignState.DRAFT, CampaignAction.START): CampaignState.RUNNING,
    (CampaignState.PAUSED, CampaignAction.START): CampaignState.RUNNING,
    (CampaignState.FINISHED, CampaignAction.START): CampaignState.RUNNING,
    (CampaignState.RUNNING, CampaignAction.START): CampaignState.RUNNING,
    (CampaignState.RUNNING, CampaignAction.PAUSE): CampaignState.PAUSED,
    (CampaignState.PAUSED, CampaignAction.PAUSE): CampaignState.PAUSED,
    (CampaignState.DRAFT, CampaignAction.STOP): CampaignState.STOPPED,
    (CampaignState.RUNNING, CampaignAction.STOP): CampaignState.STOPPED,
    (CampaignState.PAUSED, CampaignAction.STOP): CampaignState.STOPPED,
    (CampaignState.STOPPED, CampaignAction.STOP): CampaignState.STOPPED,
}
"""(state, action) -> state; what is not here is refused. A finished campaign may start again after a new import."""

UNREACHED_OUTCOMES: dict[CallOutcome, AttemptOutcome] = {
    CallOutcome.BUSY: AttemptOutcome.BUSY,
    CallOutcome.NO_ANSWER: AttemptOutcome.NO_ANSWER,
    CallOutcome.UNOBTAINABLE: AttemptOutcome.UNOBTAINABLE,
    CallOutcome.REJECTED: AttemptOutcome.REJECTED,
    CallOutcome.FAILED: AttemptOutcome.FAILED,
}
"""Network results of a call nobody picked up. Every other one leaves open what happened: to review."""

UNSURE = frozenset({CallOutcome.LOST_EVENT, CallOutcome.PBX_CRASH})
"""The end was not seen: what really happened must be asked elsewhere first (call record, CDR)."""

TALKED = frozenset(
    {
        CallOutcome.ANSWERED,
        CallOutcome.IVR_ENDED,
        CallOutcome.IVR_ABANDONED,
        CallOutcome.QUICK_ABANDONED,
        CallOutcome.QUEUE_ABANDONED,
        CallOutcome.RING_ABANDONED,
        CallOutcome.QUEUE_TIMEOUT,
        CallOutcome.NO_AGENT,
    }
)
"""Results that only exist when the patient has picked up."""


@dataclass(frozen=True)
class RetryRule:
    """What follows an outcome: again after ``delay``, at most ``tries`` attempts with this rule, then ``final``."""

    final: ContactState
    delay: timedelta | None = None
    tries: int = 1


DEFAULT_RETRY: dict[AttemptOutcome, RetryRule] = {
    AttemptOutcome.COMPLETED: RetryRule(ContactState.DONE),
    AttemptOutcome.PARTIAL: RetryRule(ContactState.DONE),
    AttemptOutcome.SILENT: RetryRule(ContactState.DONE),
    AttemptOutcome.REFUSED: RetryRule(ContactState.REFUSED),
    AttemptOutcome.BUSY: RetryRule(ContactState.UNREACHED, timedelta(minutes=10), 10),
    AttemptOutcome.NO_ANSWER: RetryRule(ContactState.UNREACHED, timedelta(minutes=60), 10),
    AttemptOutcome.REJECTED: RetryRule(ContactState.UNREACHED),
    AttemptOutcome.UNOBTAINABLE: RetryRule(ContactState.INVALID),
    AttemptOutcome.FAILED: RetryRule(ContactState.UNREACHED, timedelta(minutes=15), 2),
    AttemptOutcome.UNKNOWN: RetryRule(ContactState.TO_REVIEW),
}
"""Never redialled by a machine: who talked, who refused, numbers that do not exist, and what is not known (I4)."""


@dataclass(frozen=True)
class NextStep:
    """``delay`` None: final."""

    state: ContactState
    delay: timedelta | None = None


def next_step(
    outcome: AttemptOutcome, *, attempts_count: int, max_attempts: int, retry_minutes: Mapping[str, int]
) -> NextStep:
    """What becomes of a contact after its attempt number ``attempts_count`` (from 1) ended so.

    ``retry_minutes`` changes the pause of outcomes that are retried at all; it cannot make a final outcome retried.
    """
    rule = DEFAULT_RETRY[outcome]
    if rule.delay is None or attempts_count >= min(max_attempts, max(rule.tries, 1)):
        return NextStep(rule.final)
    minutes = retry_minutes.get(outcome.value)
    delay = rule.delay if minutes is None else timedelta(minutes=max(1, minutes))
    return NextStep(ContactState.WAITING, delay)


def outcome_of(
    result: CallOutcome, *, was_answered: bool, is_refused: bool, is_finished: bool, answers: int, questions: int
) -> AttemptOutcome:
    """What an ended call means for the campaign. ``is_finished``: the survey ran to its end, skipped questions or not."""
    if was_answered or result in TALKED:
        if is_refused:
            return AttemptOutcome.REFUSED
        if answers and (is_finished or answers >= questions):
            return AttemptOutcome.COMPLETED
        if answers:
            return AttemptOutcome.PARTIAL
        return AttemptOutcome.UNKNOWN if result in UNSURE else AttemptOutcome.SILENT
    return UNREACHED_OUTCOMES.get(result, AttemptOutcome.UNKNOWN)


def is_attempt(call_id: str) -> bool:
    """True for calls dialled by a campaign (see ``ids.new_attempt_id``)."""
    return call_id.startswith("att-")
