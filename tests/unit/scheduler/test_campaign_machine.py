"""Any order of claims, calls, crashes, clock jumps and people's commands: each contact at most once, and none is lost."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.cards import CallTrace
from crm_core.campaigns.kinds import AttemptState, CampaignState, ContactState
from crm_core.campaigns.models import Attempt
from crm_core.clock import ManualClock, at_hospital
from crm_core.errors import OutcomeUnknown, TelephonyRefused, TelephonyUnavailable, WrongState
from crm_core.ids import CallId
from crm_core.ports import LiveCall
from scheduler.calling_windows import HARD_END, HARD_START
from scheduler.failpoints import NAMES
from tests.support.campaign_house import House, mobile, sqlite_at

UNREACHED = [CallOutcome.BUSY, CallOutcome.NO_ANSWER, CallOutcome.UNOBTAINABLE, CallOutcome.REJECTED]
MAY_BE_CALLED_AGAIN = {"busy", "no_answer", "failed"}


class Killed(BaseException):
    """Stands for SIGKILL: nobody may catch it."""


class CampaignMachine(RuleBasedStateMachine):
    """The network (``live``, ``ended``) is the truth outside the app; events may or may not reach us."""

    @initialize(contacts=st.integers(1, 6), concurrency=st.integers(1, 4))
    def open_house(self, contacts: int, concurrency: int) -> None:
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="hotline-machine-", dir=memory if memory.is_dir() else None))
        self.database = sqlite_at(self.folder)
        self.clock = ManualClock()
        self.live: dict[str, LiveCall] = {}
        self.ended: dict[str, CallTrace] = {}
        self.invites: list[tuple[str, str]] = []
        self.doomed = ""
        self.processes = 0
        self.opted_out: set[str] = set()
        self.restart()
        self.campaign_id = self.house.running_campaign(
            [mobile(i) for i in range(contacts)], concurrency=concurrency, max_attempts=3
        )
        self.contacts = contacts

    def restart(self) -> None:
        self.processes += 1
        self.house = House(
            self.database, clock=self.clock, owner=f"process-{self.processes}", failpoint=self.pass_failpoint
        )
        self.house.telephony.after_send = self.invite_left
        self.house.traces = self.ended
        self.doomed = ""

    def pass_failpoint(self, name: str) -> None:
        if name == self.doomed:
            raise Killed

    def invite_left(self, number: str) -> None:
        """The oracle: what the carrier sees, checked at the moment it sees it."""
        attempt_id = self.house.telephony.invites[-1][0]
        local = at_hospital(self.clock.now())
        assert HARD_START <= local.time() < HARD_END
        assert self.house.windows.check(self.clock.now()).is_open
        assert self.house.campaigns.card(self.campaign_id).state == CampaignState.RUNNING
        assert attempt_id not in {one for one, _ in self.invites}, "one attempt, one INVITE"
        assert number not in self.opted_out
        with self.database.read() as session:
            for earlier, earlier_number in self.invites:
                if earlier_number == number:
                    row = session.get_one(Attempt, earlier)
                    assert row.state == AttemptState.ENDED, f"redialled while {row.state}"
                    assert row.outcome in MAY_BE_CALLED_AGAIN, f"redialled after {row.outcome}"
        self.invites.append((attempt_id, number))
        self.live[attempt_id] = LiveCall(CallId(attempt_id), False, self.clock.now())

    def alive(self, action: Callable[[], object]) -> None:
        """Run in the process; when it is killed, begin a new one."""
        self.house.telephony.live = list(self.live.values())
        try:
            action()
        except Killed:
            self.restart()

    def a_live_call(self, pick: int) -> str:
        return sorted(self.live)[pick % len(self.live)]

    @rule()
    def tick(self) -> None:
        self.alive(self.house.dialer.tick)

    @rule(
        fate=st.sampled_from(["goes on", "is lost", "is in the CDR", "is seen"]),
        outcome=st.sampled_from(UNREACHED),
        step_s=st.sampled_from([1, 16, 61, 700]),
        rounds=st.integers(1, 6),
        is_second_process=st.booleans(),
    )
    def work_goes_on(self, fate: str, outcome: CallOutcome, step_s: int, rounds: int, is_second_process: bool) -> None:
        """What a running house does: dial, calls meet their fate, time passes, reconcile, dial again."""
        self.alive(lambda: self.house.dialer.tick())
        for attempt_id in sorted(self.live) if fate != "goes on" else ():
            self.end_call(attempt_id, outcome, is_seen=fate == "is seen", is_known=fate == "is in the CDR")
        for _ in range(rounds):
            self.clock.advance(step_s)
            self.alive(lambda: self.house.reconciler.tick())
            if is_second_process:
                self.alive(lambda: self.house.new_dialer("second-process").tick())
            self.alive(lambda: self.house.dialer.tick())

    @rule(hours=st.sampled_from([-1, 1, 24]))
    def clock_is_set(self, hours: int) -> None:
        self.clock.set(self.clock.now() + timedelta(hours=hours))

    @rule()
    def next_morning(self) -> None:
        """Ten o'clock of the next day, as most of a campaign's life is inside its window."""
        self.clock.set((self.clock.now() + timedelta(days=1)).replace(hour=2, minute=0))

    @rule(name=st.sampled_from(NAMES))
    def doom(self, name: str) -> None:
        self.doomed = name

    @rule(error=st.sampled_from([TelephonyUnavailable("down"), TelephonyRefused("no"), OutcomeUnknown("before")]))
    def next_originate_fails(self, error: Exception) -> None:
        def answer(number: str) -> None:
            self.house.telephony.answer = lambda number: None
            raise error

        self.house.telephony.answer = answer
        self.alive(self.house.dialer.tick)

    @rule()
    def next_answer_to_originate_is_lost(self) -> None:
        """It rings at the patient's, and we do not know (F52)."""

        def send(number: str) -> None:
            self.house.telephony.after_send = self.invite_left
            self.invite_left(number)
            raise OutcomeUnknown("after")

        self.house.telephony.after_send = send
        self.alive(self.house.dialer.tick)
        self.clock.advance(61)
        self.alive(self.house.dialer.tick)

    @precondition(lambda self: self.live)
    @rule(pick=st.integers(0, 50), is_seen=st.booleans(), opts_out=st.booleans())
    def is_picked_up(self, pick: int, is_seen: bool, opts_out: bool) -> None:
        attempt_id = self.a_live_call(pick)
        self.live[attempt_id] = LiveCall(CallId(attempt_id), True, self.clock.now())
        if is_seen:
            self.alive(lambda: self.house.ring(attempt_id))
            self.alive(lambda: self.house.pick_up(attempt_id))
        if opts_out:
            self.house.surveys.refuse(attempt_id, for_ever=True)
            self.opted_out.add(dict(self.invites)[attempt_id])

    @precondition(lambda self: self.live)
    @rule(pick=st.integers(0, 50), outcome=st.sampled_from(UNREACHED), is_seen=st.booleans(), is_known=st.booleans())
    def ends(self, pick: int, outcome: CallOutcome, is_seen: bool, is_known: bool) -> None:
        self.end_call(self.a_live_call(pick), outcome, is_seen=is_seen, is_known=is_known)

    def end_call(self, attempt_id: str, outcome: CallOutcome, *, is_seen: bool, is_known: bool) -> None:
        call = self.live.pop(attempt_id)
        outcome = CallOutcome.ANSWERED if call.is_answered else outcome
        if is_known:
            self.ended[attempt_id] = CallTrace(outcome, call.is_answered, self.clock.now())
        if is_seen:
            self.alive(lambda: self.house.end(attempt_id, outcome))
            self.alive(lambda: self.house.end(attempt_id, CallOutcome.BUSY))

    @rule(seconds=st.sampled_from([0, 1, 700]))
    def a_supervisor_pauses_and_starts(self, seconds: int) -> None:
        self.house.campaigns.pause(self.campaign_id)
        self.alive(self.house.dialer.tick)
        self.clock.advance(seconds)
        self.alive(self.house.dialer.tick)
        with contextlib.suppress(WrongState):  # nobody is left to call
            self.house.campaigns.start(self.campaign_id)

    @invariant()
    def no_attempt_is_sent_twice_and_none_is_forgotten(self) -> None:
        if not hasattr(self, "campaign_id"):
            return
        ids = [attempt_id for attempt_id, _ in self.invites]
        assert len(ids) == len(set(ids))
        progress = self.house.campaigns.progress(self.campaign_id)
        assert progress.total == self.contacts
        assert self.house.attempts.in_flight() == progress.in_flight

    def teardown(self) -> None:
        """However it went: a fresh process brings every contact to rest or into the review list."""
        if not hasattr(self, "campaign_id"):
            return
        self.live.clear()
        self.restart()
        self.house.dialer.tick()  # becomes the leader once the old lease has run out
        for _ in range(4):
            self.clock.advance(200)
            self.live.clear()
            self.house.leaderships.acquire("judge", lease_s=15)
            self.alive(self.house.reconciler.tick)
        assert self.house.attempts.in_flight() == 0
        allowed = set(ContactState) - {ContactState.CLAIMED, ContactState.STAGED}
        contacts = self.house.campaigns.contacts(self.campaign_id)
        assert {contact.state for contact in contacts} <= allowed
        sent = {number for _, number in self.invites}
        for index, contact in enumerate(contacts):
            if mobile(index) not in sent:
                assert contact.state in {ContactState.WAITING, ContactState.UNREACHED, ContactState.TO_REVIEW}
        self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


TestCampaignMachine = pytest.mark.invariant("I4")(
    pytest.mark.fault("F51")(pytest.mark.timeout(300)(CampaignMachine.TestCase))
)
TestCampaignMachine.settings = settings(
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
