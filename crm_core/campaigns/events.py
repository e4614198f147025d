"""What happens to campaigns, their contacts and attempts."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.events import Event, ToSupervisors
from crm_core.ids import AttemptId


@dataclass(frozen=True, kw_only=True)
class CampaignChanged(Event, ToSupervisors):
    """State or progress changed; readers fetch the progress by id."""

    campaign_id: int


@dataclass(frozen=True, kw_only=True)
class AttemptEnded(Event):
    """An attempt has its final outcome."""

    campaign_id: int
    contact_id: int
    attempt_id: AttemptId
    outcome: str


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(Event):
    """One question was answered (partial answers are kept, C97)."""

    attempt_id: AttemptId
    question: str
    score: int
