"""The IVR's side of a survey: what to ask, and every answer kept at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.bus import Bus
from crm_core.campaigns.cards import SurveyCall, SurveyQuestion
from crm_core.campaigns.closing import regrade
from crm_core.campaigns.events import AttemptEnded, CampaignChanged, SurveyAnswered
from crm_core.campaigns.kinds import ContactState
from crm_core.campaigns.models import Attempt, Campaign, Contact, DoNotCall, SurveyAnswerRow, SurveyQuestionRow
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.ids import AttemptId, is_safe_id


class Surveys:
    """Thread-safe. Answers count even when they arrive after the end of the call was seen (C97)."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock

    def survey_of(self, attempt_id: str) -> SurveyCall | None:
        """What to ask in this call; None when it is no campaign's call."""
        with self._db.read() as session:
            row = session.execute(
                select(Campaign.id, Campaign.title, Campaign.wants_comment, Contact.name)
                .join(Attempt, Attempt.campaign_id == Campaign.id)
                .join(Contact, Contact.id == Attempt.contact_id)
                .where(Attempt.id == attempt_id)
            ).one_or_none()
            if row is None:
                return None
            questions = questions_of(session, row.id)
        return SurveyCall(AttemptId(attempt_id), row.title, row.name, questions, row.wants_comment)

    def record_answer(self, attempt_id: str, question: str, score: int) -> None:
        """Keep one answer; a second answer to the same question replaces the first."""
        now = self._clock.now()
        with self._db.write() as session:
            attempt = _attempt(session, attempt_id)
            asked = session.get(SurveyQuestionRow, (attempt.campaign_id, question))
            if asked is None or not asked.min_score <= score <= asked.max_score:
                raise InvalidInput("there is no such question, or the score is out of range")
            session.merge(SurveyAnswerRow(attempt_id=attempt_id, question=question, score=score, answered_at=now))
            session.flush()
            changed = regrade(session, attempt, now)
            campaign_id = attempt.campaign_id
        self._bus.publish(SurveyAnswered(at=now, attempt_id=AttemptId(attempt_id), question=question, score=score))
        self._tell(campaign_id, changed)

    def record_comment(self, attempt_id: str, name: str) -> None:
        """Link the voice comment; ``name`` is the file's generated name, never a path from outside."""
        if not is_safe_id(name):
            raise InvalidInput("this is not the name of a voice comment")
        with self._db.write() as session:
            _attempt(session, attempt_id).comment_name = name

    def refuse(self, attempt_id: str, *, for_ever: bool = False) -> None:
        """The patient does not want this survey; ``for_ever``: no call of any campaign any more (R41)."""
        now = self._clock.now()
        with self._db.write() as session:
            attempt = _attempt(session, attempt_id)
            attempt.refused_at = attempt.refused_at or now
            if for_ever:
                forbid(session, attempt.number_hash, now=now, source=attempt_id)
            session.flush()
            changed = regrade(session, attempt, now)
            campaign_id = attempt.campaign_id
        self._tell(campaign_id, changed)

    def finish_survey(self, attempt_id: str) -> None:
        """Every question was put."""
        now = self._clock.now()
        with self._db.write() as session:
            attempt = _attempt(session, attempt_id)
            attempt.survey_finished_at = attempt.survey_finished_at or now
            session.flush()
            changed = regrade(session, attempt, now)
            campaign_id = attempt.campaign_id
        self._tell(campaign_id, changed)

    def _tell(self, campaign_id: int, changed: AttemptEnded | None) -> None:
        if changed is not None:
            self._bus.publish(changed)
            self._bus.publish(CampaignChanged(at=changed.at, campaign_id=campaign_id))


def questions_of(session: Session, campaign_id: int) -> tuple[SurveyQuestion, ...]:
    rows = session.scalars(
        select(SurveyQuestionRow)
        .where(SurveyQuestionRow.campaign_id == campaign_id)
        .order_by(SurveyQuestionRow.position)
    )
    return tuple(SurveyQuestion(row.key, row.prompt_key, row.min_score, row.max_score, row.title) for row in rows)


def forbid(session: Session, number_hash: str, *, now: datetime, source: str) -> None:
    """Put a number on the do-not-call list and take it out of every waiting list, in the caller's transaction."""
    if session.get(DoNotCall, number_hash) is None:
        session.add(DoNotCall(number_hash=number_hash, since=now, source=source))
    session.execute(
        update(Contact)
        .where(Contact.number_hash == number_hash, Contact.state == ContactState.WAITING)
        .values(state=ContactState.REFUSED)
    )


def _attempt(session: Session, attempt_id: str) -> Attempt:
    attempt = session.get(Attempt, attempt_id, with_for_update=True)
    if attempt is None:
        raise NotFound("no such dial attempt")
    return attempt
