"""The dialler's side of campaigns: claim, last check before dialling, and what the network says afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, exists, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from crm_core.bus import Bus
from crm_core.calls.events import CallArrived, CallEnded, PatientLegAnswered
from crm_core.campaigns.cards import Claim, Leadership, RunningCampaign
from crm_core.campaigns.closing import close, close_with_result, may_close
from crm_core.campaigns.events import AttemptEnded, CampaignChanged
from crm_core.campaigns.kinds import AttemptOutcome, AttemptState, CampaignState, ContactState, DialDecision
from crm_core.campaigns.leadership import still_leads
from crm_core.campaigns.models import Attempt, Campaign, Contact, DoNotCall
from crm_core.campaigns.rules import UNSURE, is_attempt
from crm_core.campaigns.windows import window_of
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.ids import AttemptId, new_attempt_id
from crm_core.waiting.live import is_called_back

log = structlog.get_logger(__name__)


class Attempts:
    """Claims contacts and follows each attempt to its end. Thread-safe.

    The dial-once rule (I4): an attempt is committed as *claimed*, then as *written*, and only then is a command sent.
    Claimed proves that nothing was sent; written means it may have been, and a machine never sends it again.
    ``failpoint`` is called with the name of each step; tests kill the process there.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        clock: Clock,
        cipher: FieldCipher,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher
        self._failpoint = failpoint

    def subscribe(self, bus: Bus) -> None:
        """The events that move an attempt on."""
        bus.subscribe(CallArrived, self.on_call_arrived)
        bus.subscribe(PatientLegAnswered, self.on_patient_leg_answered)
        bus.subscribe(CallEnded, self.on_call_ended)

    def running(self) -> list[RunningCampaign]:
        """Campaigns that may dial, oldest first, with their attempts in flight."""
        in_flight = (
            select(func.count())
            .where(Attempt.campaign_id == Campaign.id, Attempt.ended_at.is_(None))
            .correlate(Campaign)
            .scalar_subquery()
        )
        query = (
            select(Campaign.id, Campaign.concurrency, Campaign.window, Campaign.window_reason, in_flight)
            .where(Campaign.state == CampaignState.RUNNING)
            .order_by(Campaign.id)
        )
        with self._db.read() as session:
            return [
                RunningCampaign(row[0], row[1], window_of(row[2]), row[3], row[4]) for row in session.execute(query)
            ]

    def in_flight(self) -> int:
        """Live attempts of all campaigns, paused and stopped ones too (C82)."""
        with self._db.read() as session:
            return session.scalar(select(func.count()).where(Attempt.ended_at.is_(None))) or 0

    def note_window(self, campaign_id: int, reason: str) -> None:
        """Keep why a campaign does not dial just now ("" when it does), for the page that shows it."""
        with self._db.write() as session:
            session.execute(
                update(Campaign)
                .where(Campaign.id == campaign_id, Campaign.window_reason != reason)
                .values(window_reason=reason[:120])
            )
        self._bus.publish(CampaignChanged(at=self._clock.now(), campaign_id=campaign_id))

    def claim_due(
        self,
        leadership: Leadership,
        campaign_id: int,
        *,
        limit: int,
        lease_s: float,
        calls_per_number_and_day: int,
    ) -> list[Claim]:
        """Take up to ``limit`` due contacts: one conditional UPDATE, and an attempt for each, committed together."""
        now = self._clock.now()
        lease_until = now + timedelta(seconds=lease_s)
        due = (
            select(Contact.id)
            .where(
                Contact.campaign_id == campaign_id,
                Contact.state == ContactState.WAITING,
                Contact.due_at <= now,
                ~_has_live_attempt(Contact.number_hash),
                _calls_of_a_day(Contact.number_hash, now) < calls_per_number_and_day,
            )
            .order_by(Contact.due_at, Contact.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._db.write() as session:
            if not still_leads(session, leadership, now):
                return []
            # Not as a subquery of the UPDATE: PostgreSQL may run it anew for each row and take more than the limit.
            ids = session.scalars(due).all()
            rows = session.execute(
                update(Contact)
                .where(Contact.id.in_(ids), Contact.state == ContactState.WAITING)
                .values(state=ContactState.CLAIMED)
                .returning(Contact.id, Contact.number_encrypted, Contact.number_hash)
            ).all()
            claims = [
                Claim(
                    attempt_id=new_attempt_id(),
                    campaign_id=campaign_id,
                    contact_id=row.id,
                    number=self._cipher.decrypt(row.number_encrypted),
                    number_hash=row.number_hash,
                    lease_until=lease_until,
                    fencing_token=leadership.fencing_token,
                )
                for row in rows
            ]
            if claims:
                session.execute(insert(Attempt), [_new_row(claim, leadership, now) for claim in claims])
        return claims

    def mark_written(self, claim: Claim, leadership: Leadership, *, calls_per_number_and_day: int) -> DialDecision:
        """The last check, in the transaction that commits *written*. Only DIAL allows the caller to send."""
        now = self._clock.now()
        with self._db.write() as session:
            attempt = session.get(Attempt, claim.attempt_id, with_for_update=True)
            decision = self._decide(session, attempt, leadership, calls_per_number_and_day, now)
            if attempt is None or decision != DialDecision.DIAL:
                return decision
            attempt.state = AttemptState.WRITTEN
            attempt.written_at = now
            session.execute(
                update(Contact)
                .where(Contact.id == attempt.contact_id)
                .values(attempts_count=Contact.attempts_count + 1)
            )
        return decision

    def release(self, attempt_id: AttemptId, *, delay_s: float, was_written: bool = False) -> None:
        """Give a contact back, certain that nothing was sent; it is due again after ``delay_s``.

        ``was_written``: the command was refused before it left us; the attempt does not count.
        """
        now = self._clock.now()
        allowed = {AttemptState.CLAIMED, AttemptState.WRITTEN} if was_written else {AttemptState.CLAIMED}
        with self._db.write() as session:
            attempt = session.get(Attempt, attempt_id, with_for_update=True)
            if attempt is None or attempt.ended_at is not None or attempt.state not in allowed:
                return
            give_back(session, attempt, now=now, due_at=now + timedelta(seconds=delay_s))

    def close_unreached(self, attempt_id: AttemptId, outcome: AttemptOutcome) -> None:
        """Asterisk refused the command: nobody's telephone rang (F18)."""
        with self._db.write() as session:
            attempt = session.get(Attempt, attempt_id, with_for_update=True)
            ended = close(session, attempt, outcome, cause=0, now=self._clock.now()) if attempt else None
        self._publish(ended)

    def on_call_arrived(self, event: CallArrived) -> None:
        if is_attempt(event.call_id):
            self._failpoint("ringing")
            self._advance(event.call_id, {AttemptState.WRITTEN}, AttemptState.RINGING, "ringing_at", event.at)

    def on_patient_leg_answered(self, event: PatientLegAnswered) -> None:
        if is_attempt(event.call_id):
            self._failpoint("talking")
            earlier = {AttemptState.WRITTEN, AttemptState.RINGING}
            self._advance(event.call_id, earlier, AttemptState.TALKING, "answered_at", event.at)

    def on_call_ended(self, event: CallEnded) -> None:
        """An end that was not seen (LOST_EVENT, PBX_CRASH) closes nothing: reconciliation asks the CDR first."""
        if not is_attempt(event.call_id):
            return
        with self._db.write() as session:
            attempt = session.get(Attempt, event.call_id, with_for_update=True)
            if attempt is None or not may_close(attempt):
                return
            if event.outcome in UNSURE:
                attempt.missing_since = attempt.missing_since or self._clock.now()
                return
            ended = close_with_result(
                session, attempt, event.outcome, was_answered=False, cause=event.cause, now=self._clock.now()
            )
            session.flush()
            self._failpoint("result")
        self._failpoint("commit")
        self._publish(ended)

    def _advance(
        self, call_id: str, earlier: set[AttemptState], state: AttemptState, column: str, at: datetime
    ) -> None:
        with self._db.write() as session:
            campaign_id = session.scalar(
                update(Attempt)
                .where(Attempt.id == call_id, Attempt.state.in_(earlier), Attempt.ended_at.is_(None))
                .values({"state": state, column: at, "missing_since": None})
                .returning(Attempt.campaign_id)
            )
        if campaign_id is not None:
            self._bus.publish(CampaignChanged(at=self._clock.now(), campaign_id=campaign_id))

    def _decide(
        self,
        session: Session,
        attempt: Attempt | None,
        leadership: Leadership,
        calls_per_number_and_day: int,
        now: datetime,
    ) -> DialDecision:
        if attempt is None or attempt.state != AttemptState.CLAIMED or attempt.lease_until <= now:
            return DialDecision.NOT_OURS
        if attempt.fencing_token != leadership.fencing_token or not still_leads(session, leadership, now):
            return DialDecision.NOT_OURS
        campaign = session.get(Campaign, attempt.campaign_id, with_for_update=True)
        if campaign is None or campaign.state != CampaignState.RUNNING:
            return DialDecision.NOT_OURS
        if session.get(DoNotCall, attempt.number_hash) is not None:
            return DialDecision.DO_NOT_CALL
        if session.scalar(select(_is_being_called(attempt.number_hash))):
            return DialDecision.NUMBER_BUSY
        calls = session.scalar(select(_calls_of_a_day(attempt.number_hash, now))) or 0
        return DialDecision.DIAL if calls < calls_per_number_and_day else DialDecision.NUMBER_CAPPED

    def _publish(self, ended: AttemptEnded | None) -> None:
        if ended is not None:
            log.info("attempt_ended", attempt_id=ended.attempt_id, outcome=ended.outcome)
            self._bus.publish(ended)
            self._bus.publish(CampaignChanged(at=ended.at, campaign_id=ended.campaign_id))


def give_back(session: Session, attempt: Attempt, *, now: datetime, due_at: datetime) -> None:
    """Release inside a transaction of the caller."""
    contact = session.get(Contact, attempt.contact_id)
    if contact is None:
        raise NotFound(f"attempt {attempt.id} has no contact")
    if attempt.written_at is not None:
        attempt.written_at = None
        contact.attempts_count -= 1
    attempt.state = AttemptState.RELEASED
    attempt.ended_at = now
    contact.state = ContactState.WAITING
    contact.due_at = due_at


def _new_row(claim: Claim, leadership: Leadership, now: datetime) -> dict[str, object]:
    return {
        "id": claim.attempt_id,
        "campaign_id": claim.campaign_id,
        "contact_id": claim.contact_id,
        "number_hash": claim.number_hash,
        "state": AttemptState.CLAIMED,
        "owner": leadership.owner,
        "fencing_token": leadership.fencing_token,
        "lease_until": claim.lease_until,
        "claimed_at": now,
    }


def _has_live_attempt(number_hash: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    other = aliased(Attempt)
    return exists().where(other.number_hash == number_hash, other.ended_at.is_(None)) | is_called_back(number_hash)


def _is_being_called(number_hash: str) -> ColumnElement[bool]:
    other = aliased(Attempt)
    is_dialled = (other.number_hash == number_hash) & other.ended_at.is_(None) & other.written_at.is_not(None)
    return exists().where(is_dialled) | is_called_back(number_hash)


def _calls_of_a_day(number_hash: InstrumentedAttribute[str] | str, now: datetime) -> ColumnElement[int]:
    """Attempts on this number in the last 24 hours, over all campaigns."""
    other = aliased(Attempt)
    is_of_the_day = (other.number_hash == number_hash) & (other.written_at > now - timedelta(hours=24))
    return select(func.count()).where(is_of_the_day).scalar_subquery()
