"""What the campaign services take and give: frozen, without database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crm_core.calls.kinds import CallOutcome
from crm_core.campaigns.kinds import CampaignKind, CampaignState
from crm_core.ids import AttemptId


@dataclass(frozen=True)
class SurveyQuestion:
    """One question answered by a single key between ``min`` and ``max``; ``prompt_key`` names the sound."""

    key: str
    prompt_key: str
    min: int = 1
    max: int = 5
    title: str = ""


DEFAULT_QUESTIONS = (
    SurveyQuestion("q1", "survey-q1", title="就诊总体满意度"),
    SurveyQuestion("q2", "survey-q2", title="医护人员态度"),
    SurveyQuestion("q3", "survey-q3", title="就诊流程与等候"),
)


@dataclass(frozen=True)
class Window:
    """When a campaign may dial, hospital time. ``weekdays``: 1 Monday … 7 Sunday; ``spans``: ("09:00", "12:00") pairs."""

    spans: Sequence[tuple[str, str]] = (("09:00", "12:00"), ("14:00", "20:00"))
    weekdays: Sequence[int] = (1, 2, 3, 4, 5, 6, 7)
    dials_on_holidays: bool = False


@dataclass(frozen=True)
class NewCampaign:
    """``window`` None means the house's; ``retry_minutes``: outcome -> pause before the next attempt."""

    title: str
    created_by: int
    kind: CampaignKind = CampaignKind.SURVEY
    concurrency: int = 2
    max_attempts: int = 3
    caller_id: str = ""
    window: Window | None = None
    retry_minutes: Mapping[str, int] = field(default_factory=dict)
    questions: Sequence[SurveyQuestion] = DEFAULT_QUESTIONS
    wants_comment: bool = True


@dataclass(frozen=True)
class CampaignCard:
    id: int
    title: str
    kind: CampaignKind
    state: CampaignState
    concurrency: int
    max_attempts: int
    caller_id: str
    window: Window | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    window_reason: str
    """Why nothing is dialled just now, in Chinese; "" when it dials."""
    questions: tuple[SurveyQuestion, ...] = ()
    wants_comment: bool = True


@dataclass(frozen=True)
class CampaignProgress:
    """Contacts counted once each: by state (remaining, in_flight, to_review) and by the outcome of their last call."""

    campaign: CampaignCard
    total: int = 0
    dialled: int = 0
    """Contacts with at least one attempt."""
    answered: int = 0
    """Contacts whose last call was picked up: completed + partial + silent + refused."""
    completed: int = 0
    partial: int = 0
    silent: int = 0
    refused: int = 0
    busy: int = 0
    no_answer: int = 0
    rejected: int = 0
    unobtainable: int = 0
    failed: int = 0
    to_review: int = 0
    remaining: int = 0
    """Waiting for a first or a further attempt."""
    in_flight: int = 0


@dataclass(frozen=True)
class ContactCard:
    id: int
    name: str
    number_masked: str
    state: str
    attempts_count: int
    last_outcome: str
    due_at: datetime


@dataclass(frozen=True)
class QuestionResult:
    question: SurveyQuestion
    answers: int
    mean_score: float | None
    """None when nobody answered."""
    counts: dict[int, int]


@dataclass(frozen=True)
class RunningCampaign:
    """What the dialler must know of a running campaign. ``in_flight``: claimed, ringing and talking."""

    id: int
    concurrency: int
    window: Window | None
    window_reason: str
    in_flight: int


@dataclass(frozen=True)
class Claim:
    """A contact that belongs to one dialler until ``lease_until``; nothing was sent yet."""

    attempt_id: AttemptId
    campaign_id: int
    contact_id: int
    number: str
    number_hash: str = field(repr=False)
    lease_until: datetime
    fencing_token: int


@dataclass(frozen=True)
class Leadership:
    """This process is the one dialler, until ``expires_at``. A higher token than ours makes ours void."""

    owner: str
    fencing_token: int
    expires_at: datetime


@dataclass(frozen=True)
class SurveyCall:
    attempt_id: AttemptId
    campaign_title: str
    patient_name: str
    questions: tuple[SurveyQuestion, ...]
    wants_comment: bool


@dataclass(frozen=True)
class CallTrace:
    """What a source outside the campaign tables (call record, CDR) knows about one dialled call that is over."""

    outcome: CallOutcome
    was_answered: bool
    ended_at: datetime
    cause: int = 0


@dataclass(frozen=True)
class Reconciled:
    """What one reconciliation did, counted in attempts."""

    adopted: int = 0
    closed: int = 0
    released: int = 0
    to_review: int = 0


@dataclass(frozen=True)
class LineError:
    """One refused line of an import. ``line`` counts from 1 with the header; ``column`` is its title or ""."""

    line: int
    column: str
    code: str
    message_zh: str


@dataclass(frozen=True)
class ContactLine:
    """One usable line of an import; ``number`` is normalised."""

    line: int
    name: str
    number: str


@dataclass(frozen=True)
class PreviewLine:
    line: int
    name: str
    number_masked: str


@dataclass(frozen=True)
class ImportReport:
    """``errors`` holds at most ``ERRORS_SHOWN`` of the ``refused`` lines."""

    accepted: int
    refused: int
    errors: tuple[LineError, ...]
    preview: tuple[PreviewLine, ...]
    is_dry_run: bool
    encoding: str
