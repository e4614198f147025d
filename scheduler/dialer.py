"""Places campaign calls: one tick claims what is due, checks once more and dials, each contact at most once (I4, I9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from crm_core import phone_number
from crm_core.campaigns.attempts import Attempts
from crm_core.campaigns.cards import Claim, Leadership, RunningCampaign, Window
from crm_core.campaigns.kinds import AttemptOutcome, DialDecision
from crm_core.campaigns.leadership import Leaderships
from crm_core.clock import Clock
from crm_core.errors import InvalidInput, OutcomeUnknown, TelephonyRefused, TelephonyUnavailable
from crm_core.ports import Telephony
from scheduler.calling_windows import CallingWindows
from scheduler.pacing import Demand, share_out

log = structlog.get_logger(__name__)

_SOON_S = 30.0
_NUMBER_BUSY_S = 120.0
_NUMBER_CAPPED_S = 3600.0


@dataclass(frozen=True)
class DialerLimits:
    concurrent_calls_max: int = 5
    calls_per_number_and_day: int = 3
    ring_timeout_s: float = 30.0
    lease_s: float = 120.0
    """How long a claimed contact belongs to one dialler."""
    leader_lease_s: float = 15.0
    """How long the right to dial stays with a dialler that has stopped renewing it (killed)."""


class Next(StrEnum):
    """What to do after one claim."""

    GO_ON = "go_on"
    STOP = "stop"
    """Telephony does not answer: give the remaining claims back and wait for the next tick."""


class Dialer:
    """``tick`` is called by one scheduler job; it never runs twice at once. Telephony calls block at most some seconds."""

    def __init__(
        self,
        attempts: Attempts,
        leaderships: Leaderships,
        telephony: Telephony,
        *,
        windows: CallingWindows,
        clock: Clock,
        owner: str,
        limits: DialerLimits | None = None,
        failpoint: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._attempts = attempts
        self._leaderships = leaderships
        self._telephony = telephony
        self._windows = windows
        self._clock = clock
        self._owner = owner
        self._limits = limits or DialerLimits()
        self._failpoint = failpoint
        self._leadership: Leadership | None = None
        self._turn = 0
        self._is_stopping = False
        self.dialled_count = 0

    @property
    def is_leader(self) -> bool:
        return self._leadership is not None

    def tick(self) -> int:
        """Dial what may be dialled now; returns the number of calls placed."""
        if self._is_stopping or not self._telephony.is_up:
            return 0
        self._leadership = self._leaderships.acquire(self._owner, lease_s=self._limits.leader_lease_s)
        if self._leadership is None:
            return 0
        open_now = [campaign for campaign in self._attempts.running() if self._may_dial(campaign)]
        return self._dial_all(open_now, self._leadership)

    def stop(self) -> None:
        """No call after this; another dialler may begin at once."""
        self._is_stopping = True
        leadership, self._leadership = self._leadership, None
        if leadership is not None:
            self._leaderships.give_back(leadership)

    def _may_dial(self, campaign: RunningCampaign) -> bool:
        answer = self._windows.check(self._clock.now(), campaign.window)
        if answer.reason_zh != campaign.window_reason:
            self._attempts.note_window(campaign.id, answer.reason_zh)
        return answer.is_open

    def _dial_all(self, campaigns: list[RunningCampaign], leadership: Leadership) -> int:
        demands = [Demand(one.id, one.concurrency, one.in_flight) for one in campaigns]
        shares = share_out(
            demands,
            house_limit=self._limits.concurrent_calls_max,
            house_in_flight=self._attempts.in_flight(),
            turn=self._turn,
        )
        self._turn += 1
        windows = {one.id: one.window for one in campaigns}
        before = self.dialled_count
        for share in shares:
            if share.calls and self._dial_share(share.campaign_id, share.calls, windows, leadership) == Next.STOP:
                break
        return self.dialled_count - before

    def _dial_share(
        self, campaign_id: int, calls: int, windows: dict[int, Window | None], leadership: Leadership
    ) -> Next:
        self._failpoint("before_claim")
        claims = self._attempts.claim_due(
            leadership,
            campaign_id,
            limit=calls,
            lease_s=self._limits.lease_s,
            calls_per_number_and_day=self._limits.calls_per_number_and_day,
        )
        for position, claim in enumerate(claims):
            self._failpoint("claimed")
            if self._dial(claim, windows[campaign_id], leadership) == Next.STOP:
                for unused in claims[position + 1 :]:
                    self._attempts.release(unused.attempt_id, delay_s=0)
                return Next.STOP
        return Next.GO_ON

    def _dial(self, claim: Claim, window: Window | None, leadership: Leadership) -> Next:
        """The last checks happen here, at the moment of dialling (R39, F58)."""
        if self._is_stopping or not self._windows.check(self._clock.now(), window).is_open:
            self._attempts.release(claim.attempt_id, delay_s=0)
            return Next.GO_ON
        decision = self._attempts.mark_written(
            claim, leadership, calls_per_number_and_day=self._limits.calls_per_number_and_day
        )
        if decision != DialDecision.DIAL:
            self._give_up(claim, decision)
            return Next.GO_ON
        self._failpoint("written")
        return self._originate(claim)

    def _give_up(self, claim: Claim, decision: DialDecision) -> None:
        log.info("dial_refused_by_rule", attempt_id=claim.attempt_id, decision=decision)
        if decision == DialDecision.DO_NOT_CALL:
            self._attempts.close_unreached(claim.attempt_id, AttemptOutcome.REFUSED)
            return
        delays_s = {DialDecision.NUMBER_BUSY: _NUMBER_BUSY_S, DialDecision.NUMBER_CAPPED: _NUMBER_CAPPED_S}
        self._attempts.release(claim.attempt_id, delay_s=delays_s.get(decision, 0.0))

    def _originate(self, claim: Claim) -> Next:
        attempt_id = claim.attempt_id
        try:
            self._telephony.originate_survey(
                attempt_id, phone_number.national(claim.number), ring_timeout_s=self._limits.ring_timeout_s
            )
        except TelephonyUnavailable:  # nothing was sent, by the port's word
            self._attempts.release(attempt_id, delay_s=_SOON_S, was_written=True)
            return Next.STOP
        except OutcomeUnknown:  # it may ring already: only reconciliation may say what became of it
            log.warning("dial_outcome_unknown", attempt_id=attempt_id)
            return Next.STOP
        except InvalidInput:
            self._attempts.close_unreached(attempt_id, AttemptOutcome.UNOBTAINABLE)
            return Next.GO_ON
        except TelephonyRefused as error:
            log.warning("dial_refused", attempt_id=attempt_id, code=error.code)
            self._attempts.close_unreached(attempt_id, AttemptOutcome.FAILED)
            return Next.GO_ON
        self._failpoint("originated")
        self.dialled_count += 1
        log.info("dialled", attempt_id=attempt_id)
        return Next.GO_ON
