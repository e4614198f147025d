"""Counts the contacts of campaigns: one statement, and which figures a contact counts in."""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from crm_core.campaigns.kinds import AttemptOutcome, ContactState
from crm_core.campaigns.models import Campaign, Contact

CountsQuery: TypeAlias = Select[Any, Any, Any, Any, Any]

_ANSWERED = (AttemptOutcome.COMPLETED, AttemptOutcome.PARTIAL, AttemptOutcome.SILENT, AttemptOutcome.REFUSED)
_COUNTED = (
    *_ANSWERED,
    AttemptOutcome.BUSY,
    AttemptOutcome.NO_ANSWER,
    AttemptOutcome.REJECTED,
    AttemptOutcome.UNOBTAINABLE,
    AttemptOutcome.FAILED,
)
_BY_STATE = {
    ContactState.WAITING: "remaining",
    ContactState.CLAIMED: "in_flight",
    ContactState.TO_REVIEW: "to_review",
}


def counts_of(session: Session, query: CountsQuery) -> list[tuple[Campaign, dict[str, int]]]:
    """The figures of ``CampaignProgress`` by campaign, in the order of the query."""
    counts: dict[int, tuple[Campaign, dict[str, int]]] = {}
    for campaign, state, outcome, was_dialled, number in session.execute(query):
        _, figures = counts.setdefault(campaign.id, (campaign, {}))
        if state is not None:
            for name in _figures(state, outcome, bool(was_dialled)):
                figures[name] = figures.get(name, 0) + number
    return list(counts.values())


def counts_query() -> CountsQuery:
    """Contacts of every campaign by state and last outcome: one statement over a covering index."""
    was_dialled = Contact.attempts_count > 0
    grouped = (
        select(
            Contact.campaign_id,
            Contact.state,
            Contact.last_outcome,
            was_dialled.label("was_dialled"),
            func.count().label("number"),
        )
        .where(Contact.state != ContactState.STAGED)
        .group_by(Contact.campaign_id, Contact.state, Contact.last_outcome, was_dialled)
        .subquery()
    )
    return select(Campaign, grouped.c.state, grouped.c.last_outcome, grouped.c.was_dialled, grouped.c.number).outerjoin(
        grouped, grouped.c.campaign_id == Campaign.id
    )


def _figures(state: str, outcome: str, was_dialled: bool) -> list[str]:
    """The figures of CampaignProgress that a contact counts in."""
    figures = ["total"]
    if was_dialled:
        figures.append("dialled")
    if outcome in _ANSWERED:
        figures.append("answered")
    if outcome in _COUNTED:
        figures.append(outcome)
    if state in _BY_STATE:
        figures.append(_BY_STATE[ContactState(state)])
    return figures
