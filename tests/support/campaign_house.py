"""A small house for campaign tests: real services on SQLite, a clock that is moved, a telephone system that is told."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_core.bus import RecordingBus
from crm_core.calls.events import CallArrived, CallEnded, PatientLegAnswered
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy
from crm_core.campaigns import models  # noqa: F401  (registers the tables)
from crm_core.campaigns.attempts import Attempts
from crm_core.campaigns.cards import CallTrace, NewCampaign
from crm_core.campaigns.leadership import Leaderships
from crm_core.campaigns.reconciliation import Reconciliation
from crm_core.campaigns.service import Campaigns
from crm_core.campaigns.surveys import Surveys
from crm_core.clock import Clock, ManualClock
from crm_core.crypto import FieldCipher
from crm_core.database import Base, Database
from crm_core.ids import AttemptId, CallId
from crm_core.ports import LiveCall
from scheduler.calling_windows import CallingWindows, HouseWindow
from scheduler.dialer import Dialer, DialerLimits
from scheduler.reconciler import Reconciler

CIPHER = FieldCipher.from_master(b"0123456789abcdef0123456789abcdef")


class ToldTelephony:
    """The part of Telephony that a dialler uses; keeps every INVITE and raises what it is told to."""

    def __init__(self) -> None:
        self.is_up = True
        self.invites: list[tuple[str, str]] = []
        self.live: list[LiveCall] = []
        self.answer: Callable[[str], None] = lambda number: None
        """Called with each number before (``raise``) it is counted as sent."""
        self.after_send: Callable[[str], None] = lambda number: None

    def originate_survey(self, attempt_id: AttemptId, number: str, *, ring_timeout_s: float) -> None:
        self.answer(number)
        self.invites.append((attempt_id, number))
        self.after_send(number)

    def live_calls(self) -> Sequence[LiveCall]:
        return list(self.live)


@dataclass
class House:
    """Everything a campaign needs, wired as the roof does it."""

    database: Database
    clock: Clock = field(default_factory=ManualClock)
    limits: DialerLimits = field(default_factory=DialerLimits)
    owner: str = "test-1"
    failpoint: Callable[[str], None] = lambda name: None

    def __post_init__(self) -> None:
        self.bus = RecordingBus()
        self.telephony = ToldTelephony()
        self.traces: dict[str, CallTrace] = {}
        self.campaigns = Campaigns(self.database, self.bus, clock=self.clock, cipher=CIPHER)
        self.surveys = Surveys(self.database, self.bus, self.clock)
        self.attempts = Attempts(self.database, self.bus, clock=self.clock, cipher=CIPHER, failpoint=self.failpoint)
        self.attempts.subscribe(self.bus)
        self.leaderships = Leaderships(self.database, self.clock)
        self.reconciliation = Reconciliation(self.database, self.bus, self.clock)
        self.windows = CallingWindows(HouseWindow(), is_workday=lambda day: day.weekday() < 5)
        self.dialer = self.new_dialer(self.owner)
        self.reconciler = Reconciler(
            self.reconciliation,
            self.telephony,
            lambda call_id: self.traces.get(call_id),  # type: ignore[arg-type]
        )

    def new_dialer(self, owner: str) -> Dialer:
        return Dialer(
            self.attempts,
            self.leaderships,
            self.telephony,  # type: ignore[arg-type]
            windows=self.windows,
            clock=self.clock,
            owner=owner,
            limits=self.limits,
            failpoint=self.failpoint,
        )

    def running_campaign(self, numbers: Sequence[str], **changes: Any) -> int:
        """A started survey with these numbers; ``changes`` go into NewCampaign."""
        campaign_id = self.campaigns.create(NewCampaign(**{"title": "满意度", "created_by": 1} | changes))
        self.load(campaign_id, numbers)
        self.campaigns.start(campaign_id)
        return campaign_id

    def load(self, campaign_id: int, numbers: Sequence[str]) -> None:
        text = "姓名,手机\n" + "".join(f"患者{i},{number}\n" for i, number in enumerate(numbers))
        self.campaigns.import_contacts(campaign_id, io.BytesIO(text.encode()), is_dry_run=False)

    def ring(self, attempt_id: str) -> None:
        self.bus.publish(
            CallArrived(
                at=self.clock.now(), call_id=CallId(attempt_id), direction=Direction.OUTBOUND, number="13800000001"
            )
        )

    def pick_up(self, attempt_id: str) -> None:
        self.bus.publish(PatientLegAnswered(at=self.clock.now(), call_id=CallId(attempt_id)))

    def end(self, attempt_id: str, outcome: CallOutcome) -> None:
        self.bus.publish(
            CallEnded(
                at=self.clock.now(), call_id=CallId(attempt_id), outcome=outcome, hung_up_by=HungUpBy.PATIENT, cause=16
            )
        )


def sqlite_at(folder: Path) -> Database:
    """A database file with the tables made."""
    database = Database(f"sqlite:///{folder / 'hotline.db'}")
    Base.metadata.create_all(database.engine)
    return database


def mobile(index: int) -> str:
    return f"138{index:08d}"
