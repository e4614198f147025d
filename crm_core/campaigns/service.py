"""The supervisor's side of campaigns: make, fill, start, pause, stop, watch, and settle what is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from crm_core import phone_number
from crm_core.bus import Bus
from crm_core.campaigns.cards import (
    CampaignCard,
    CampaignProgress,
    ContactCard,
    ImportReport,
    NewCampaign,
    QuestionResult,
    SurveyQuestion,
)
from crm_core.campaigns.contact_import import ContactImport
from crm_core.campaigns.csv_import import Limits
from crm_core.campaigns.events import CampaignChanged
from crm_core.campaigns.figures import CountsQuery, counts_of, counts_query
from crm_core.campaigns.kinds import (
    CampaignAction,
    CampaignKind,
    CampaignState,
    ContactState,
)
from crm_core.campaigns.models import Attempt as AttemptRow
from crm_core.campaigns.models import Campaign, Contact, SurveyAnswerRow, SurveyQuestionRow
from crm_core.campaigns.rules import CAMPAIGN_STATES
from crm_core.campaigns.surveys import questions_of
from crm_core.campaigns.windows import as_json, checked, window_of
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound, WrongState


class Campaigns:
    """Thread-safe. Permission and audit are the caller's duty."""

    def __init__(
        self, database: Database, bus: Bus, *, clock: Clock, cipher: FieldCipher, limits: Limits | None = None
    ) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher
        self._import = ContactImport(database, clock, cipher, limits or Limits())

    def create(self, new: NewCampaign) -> int:
        """A draft; returns its id. Raises InvalidInput."""
        title = phone_number.clean_text(new.title, limit=80)
        if not title:
            raise InvalidInput("a campaign needs a title")
        if not 1 <= new.concurrency <= 200 or not 1 <= new.max_attempts <= 10:
            raise InvalidInput("concurrency is 1 to 200 and attempts 1 to 10")
        if not new.questions or any(not 0 <= q.min <= q.max <= 9 for q in new.questions):
            raise InvalidInput("a survey needs questions that are answered with one digit")
        campaign = Campaign(
            title=title,
            kind=new.kind,
            state=CampaignState.DRAFT,
            concurrency=new.concurrency,
            max_attempts=new.max_attempts,
            caller_id=phone_number.clean_text(new.caller_id, limit=32),
            window=as_json(checked(new.window) if new.window else None),
            retry_minutes={key: int(value) for key, value in new.retry_minutes.items()},
            wants_comment=new.wants_comment,
            created_by=new.created_by,
            created_at=self._clock.now(),
        )
        with self._db.write() as session:
            session.add(campaign)
            session.flush()
            session.add_all(_question_rows(campaign.id, new.questions))
            campaign_id = campaign.id
        self._tell(campaign_id)
        return campaign_id

    def import_contacts(self, campaign_id: int, file: BinaryIO, *, is_dry_run: bool) -> ImportReport:
        """See ``ContactImport.run``. ``file`` is the uploaded CSV, seekable."""
        report = self._import.run(campaign_id, file, is_dry_run=is_dry_run)
        if not is_dry_run:
            self._tell(campaign_id)
        return report

    def start(self, campaign_id: int) -> CampaignState:
        return self._act(campaign_id, CampaignAction.START)

    def pause(self, campaign_id: int) -> CampaignState:
        """No new call from now on (C87): the check before each call reads this row. Calls in flight go on."""
        return self._act(campaign_id, CampaignAction.PAUSE)

    def stop(self, campaign_id: int) -> CampaignState:
        """Like pause, and for good."""
        return self._act(campaign_id, CampaignAction.STOP)

    def finish_exhausted(self) -> list[int]:
        """Running campaigns with nobody left to call become finished; returns their ids."""
        open_contact = exists().where(
            Contact.campaign_id == Campaign.id,
            Contact.state.in_((ContactState.WAITING, ContactState.CLAIMED, ContactState.STAGED)),
        )
        with self._db.write() as session:
            ids = session.scalars(
                update(Campaign)
                .where(Campaign.state == CampaignState.RUNNING, ~open_contact)
                .values(state=CampaignState.FINISHED, ended_at=self._clock.now(), window_reason="")
                .returning(Campaign.id)
                .execution_options(synchronize_session=False)
            ).all()
        for campaign_id in ids:
            self._tell(campaign_id)
        return list(ids)

    def purge_staged(self) -> int:
        """At start-up: remove what an interrupted import left."""
        return self._import.purge_staged()

    def card(self, campaign_id: int) -> CampaignCard:
        with self._db.read() as session:
            campaign = session.get(Campaign, campaign_id)
            if campaign is None:
                raise NotFound("no such campaign")
            return _card(campaign, questions_of(session, campaign_id))

    def progress(self, campaign_id: int) -> CampaignProgress:
        """One statement; raises NotFound."""
        found = self._progress(counts_query().where(Campaign.id == campaign_id))
        if not found:
            raise NotFound("no such campaign")
        return found[0]

    def all_progress(self, *, limit: int = 200) -> list[CampaignProgress]:
        """Newest first."""
        return self._progress(counts_query().order_by(Campaign.id.desc()))[:limit]

    def contacts(
        self, campaign_id: int, *, state: ContactState | None = None, after_id: int = 0, limit: int = 100
    ) -> list[ContactCard]:
        """In the order of import, from ``after_id`` on; numbers masked."""
        query = (
            select(Contact)
            .where(Contact.campaign_id == campaign_id, Contact.id > after_id, Contact.state != ContactState.STAGED)
            .order_by(Contact.id)
            .limit(min(limit, 1000))
        )
        if state is not None:
            query = query.where(Contact.state == state)
        with self._db.read() as session:
            return [self._contact_card(row) for row in session.scalars(query)]

    def results(self, campaign_id: int) -> list[QuestionResult]:
        """Answers of every question, partial surveys included."""
        query = (
            select(SurveyAnswerRow.question, SurveyAnswerRow.score, func.count())
            .join(AttemptRow, AttemptRow.id == SurveyAnswerRow.attempt_id)
            .where(AttemptRow.campaign_id == campaign_id)
            .group_by(SurveyAnswerRow.question, SurveyAnswerRow.score)
        )
        with self._db.read() as session:
            questions = questions_of(session, campaign_id)
            rows = session.execute(query).all()
        return [_result(question, {row[1]: row[2] for row in rows if row[0] == question.key}) for question in questions]

    def settle_review(self, contact_id: int, *, redial: bool) -> None:
        """A person decides about a contact whose attempt is in doubt: call again, or leave it."""
        with self._db.write() as session:
            contact = session.get(Contact, contact_id, with_for_update=True)
            if contact is None or contact.state != ContactState.TO_REVIEW:
                raise WrongState("this contact is not on the review list")
            contact.state = ContactState.WAITING if redial else ContactState.UNREACHED
            contact.due_at = self._clock.now()
            campaign_id = contact.campaign_id
        self._tell(campaign_id)

    def _act(self, campaign_id: int, action: CampaignAction) -> CampaignState:
        now = self._clock.now()
        with self._db.write() as session:
            campaign = session.get(Campaign, campaign_id, with_for_update=True)
            if campaign is None:
                raise NotFound("no such campaign")
            new = CAMPAIGN_STATES.get((CampaignState(campaign.state), action))
            if new is None:
                raise WrongState(f"a {campaign.state} campaign cannot {action}")
            if action == CampaignAction.START and campaign.state != CampaignState.RUNNING:
                _check_startable(session, campaign_id)
                campaign.started_at = campaign.started_at or now
            campaign.state = new
            campaign.ended_at = now if new == CampaignState.STOPPED else None
            campaign.window_reason = ""
        self._tell(campaign_id)
        return new

    def _progress(self, query: CountsQuery) -> list[CampaignProgress]:
        with self._db.read() as session:
            return [CampaignProgress(_card(campaign), **figures) for campaign, figures in counts_of(session, query)]

    def _contact_card(self, row: Contact) -> ContactCard:
        number = phone_number.mask(self._cipher.decrypt(row.number_encrypted))
        return ContactCard(row.id, row.name, number, row.state, row.attempts_count, row.last_outcome, row.due_at)

    def _tell(self, campaign_id: int) -> None:
        self._bus.publish(CampaignChanged(at=self._clock.now(), campaign_id=campaign_id))


def _check_startable(session: Session, campaign_id: int) -> None:
    waiting = select(Contact.id).where(Contact.campaign_id == campaign_id, Contact.state == ContactState.WAITING)
    if session.scalar(waiting.limit(1)) is None:
        raise WrongState("nobody is left to call: import contacts first", code="no_contacts")


def _question_rows(campaign_id: int, questions: Sequence[SurveyQuestion]) -> list[SurveyQuestionRow]:
    return [
        SurveyQuestionRow(
            campaign_id=campaign_id,
            key=question.key,
            position=position,
            prompt_key=question.prompt_key,
            title=question.title,
            min_score=question.min,
            max_score=question.max,
        )
        for position, question in enumerate(questions)
    ]


def _result(question: SurveyQuestion, counts: dict[int, int]) -> QuestionResult:
    answers = sum(counts.values())
    total = sum(score * number for score, number in counts.items())
    return QuestionResult(question, answers, total / answers if answers else None, counts)


def _card(campaign: Campaign, questions: tuple[SurveyQuestion, ...] = ()) -> CampaignCard:
    return CampaignCard(
        id=campaign.id,
        title=campaign.title,
        kind=CampaignKind(campaign.kind),
        state=CampaignState(campaign.state),
        concurrency=campaign.concurrency,
        max_attempts=campaign.max_attempts,
        caller_id=campaign.caller_id,
        window=window_of(campaign.window),
        created_at=campaign.created_at,
        started_at=campaign.started_at,
        ended_at=campaign.ended_at,
        window_reason=campaign.window_reason,
        questions=questions,
        wants_comment=campaign.wants_comment,
    )
