"""Writes the end of an attempt and what follows for its contact, in one transaction of the caller."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.events import AttemptEnded
from crm_core.campaigns.kinds import AttemptOutcome, AttemptState, ContactState
from crm_core.campaigns.models import Attempt, Campaign, Contact, SurveyAnswerRow, SurveyQuestionRow
from crm_core.campaigns.rules import next_step, outcome_of
from crm_core.ids import AttemptId

_SPOKEN = frozenset({AttemptOutcome.COMPLETED, AttemptOutcome.PARTIAL, AttemptOutcome.SILENT, AttemptOutcome.REFUSED})


def may_close(attempt: Attempt) -> bool:
    """Live attempts, and those in review: the truth may come late. A closed attempt never reopens (F08)."""
    return attempt.ended_at is None or attempt.state == AttemptState.TO_REVIEW


def close_with_result(
    session: Session, attempt: Attempt, result: CallOutcome, *, was_answered: bool, cause: int, now: datetime
) -> AttemptEnded | None:
    """Close by what the network said; None when it was closed before."""
    outcome = _grade(session, attempt, result, was_answered=was_answered or attempt.answered_at is not None)
    return close(session, attempt, outcome, cause=cause, now=now)


def close(
    session: Session, attempt: Attempt, outcome: AttemptOutcome, *, cause: int, now: datetime
) -> AttemptEnded | None:
    """Close with a known outcome; UNKNOWN puts attempt and contact on the review list."""
    if not may_close(attempt):
        return None
    contact = session.get_one(Contact, attempt.contact_id)
    if attempt.state == AttemptState.TO_REVIEW and contact.state != ContactState.TO_REVIEW:
        return None  # a person has decided in the meantime
    is_known = outcome != AttemptOutcome.UNKNOWN
    attempt.state = AttemptState.ENDED if is_known else AttemptState.TO_REVIEW
    attempt.outcome = outcome
    attempt.cause = cause
    attempt.ended_at = attempt.ended_at or now
    _move_contact(session, contact, outcome, now)
    return AttemptEnded(
        at=now,
        campaign_id=attempt.campaign_id,
        contact_id=attempt.contact_id,
        attempt_id=AttemptId(attempt.id),
        outcome=outcome,
    )


def regrade(session: Session, attempt: Attempt, now: datetime) -> AttemptEnded | None:
    """An answer reached us after the end of the call: judge the attempt again. None when nothing changes."""
    if attempt.state != AttemptState.ENDED or attempt.outcome not in _SPOKEN:
        return None
    outcome = _grade(session, attempt, CallOutcome.ANSWERED, was_answered=True)
    if outcome == attempt.outcome:
        return None
    attempt.outcome = outcome
    contact = session.get_one(Contact, attempt.contact_id)
    _move_contact(session, contact, outcome, now)
    return AttemptEnded(
        at=now,
        campaign_id=attempt.campaign_id,
        contact_id=attempt.contact_id,
        attempt_id=AttemptId(attempt.id),
        outcome=outcome,
    )


def _move_contact(session: Session, contact: Contact, outcome: AttemptOutcome, now: datetime) -> None:
    campaign = session.get_one(Campaign, contact.campaign_id)
    step = next_step(
        outcome,
        attempts_count=contact.attempts_count,
        max_attempts=campaign.max_attempts,
        retry_minutes=campaign.retry_minutes,
    )
    contact.state = step.state
    contact.last_outcome = outcome
    if step.delay is not None:
        contact.due_at = now + step.delay


def _grade(session: Session, attempt: Attempt, result: CallOutcome, *, was_answered: bool) -> AttemptOutcome:
    answers = session.scalar(
        select(func.count()).select_from(SurveyAnswerRow).where(SurveyAnswerRow.attempt_id == attempt.id)
    )
    questions = session.scalar(
        select(func.count()).select_from(SurveyQuestionRow).where(SurveyQuestionRow.campaign_id == attempt.campaign_id)
    )
    return outcome_of(
        result,
        was_answered=was_answered,
        is_refused=attempt.refused_at is not None,
        is_finished=attempt.survey_finished_at is not None,
        answers=answers or 0,
        questions=questions or 0,
    )
