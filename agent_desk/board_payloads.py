"""Agents, queues, waiting callers and campaigns -> JSON values for screens; no full names of patients, no full numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_desk import labels
from agent_desk.payloads import Json, Titles, disposition_title, iso, ivr_path
from crm_core.agents.statuses import AgentStatus
from crm_core.calls.records import CallRecord
from crm_core.campaigns.cards import CampaignProgress
from crm_core.patients.cards import PatientCard
from crm_core.reports.metrics import AgentToday, QueueToday


def waiting(record: CallRecord, card: PatientCard | None) -> Json:
    """One caller on the board, without full name or number."""
    return {
        "id": record.id,
        "number_masked": record.number_masked,
        "patient_name_masked": labels.masked_name(card.name) if card else "",
        "tier_title": labels.tier_title(card.tier) if card else "",
        "queue": record.queue,
        "queue_title": labels.queue_title(record.queue),
        "priority": record.priority,
        "queued_at": iso(record.queued_at),
        "ivr_path": ivr_path(record),
    }


def me(status: AgentStatus, today: AgentToday | None, overdue: Iterable[str]) -> Json:
    is_wrap_up = status.wrap_up_until is not None
    return {
        "agent_id": status.agent_id,
        "name": status.name,
        "extension": status.extension,
        "state": status.state.value,
        "reason": status.reason,
        "reason_title": labels.reason_title(status.reason),
        "since": iso(status.since),
        "by": status.by.value,
        "pause_after": status.pause_after,
        "wrap_up_until": iso(status.wrap_up_until),
        "wrap_up_call_id": status.call_id if is_wrap_up else None,
        "overdue_call_ids": list(overdue),
        "queues": list(status.queues),
        "is_registered": status.is_registered,
        "is_signed_on": status.is_signed_on,
        "today": agent_today(today) | {"missed": today.missed if today else 0},
    }


def agent_today(today: AgentToday | None) -> Json:
    return {
        "answered": today.answered if today else 0,
        "outbound": today.outbound if today else 0,
        "avg_talk_s": today.average_talk_s if today else None,
    }


def board_agent(
    status: AgentStatus, record: CallRecord | None, today: AgentToday | None, listeners: Sequence[str]
) -> Json:
    return {
        "id": status.agent_id,
        "name": status.name,
        "extension": status.extension,
        "state": status.state.value,
        "reason_title": labels.reason_title(status.reason),
        "since": iso(status.since),
        "by": status.by.value,
        "call": {
            "id": record.id,
            "number_masked": record.number_masked,
            "queue_title": labels.queue_title(record.queue),
            "since": iso(record.agent_answered_at or record.arrived_at),
        }
        if record
        else None,
        "queues": list(status.queues),
        "is_registered": status.is_registered,
        "is_signed_on": status.is_signed_on,
        "monitored_by": list(listeners),
        "today": agent_today(today),
    }


def queue_today(today: QueueToday | None) -> Json:
    answered = today.answered if today else 0
    ratio = today.service_level_ratio if today else None
    base = answered + (today.abandoned if today else 0)
    return {
        "offered": today.offered if today else 0,
        "answered": answered,
        "abandoned": today.abandoned if today else 0,
        "quick_abandoned": today.quick_abandoned if today else 0,
        "answered_in_time": round(ratio * base) if ratio is not None else 0,
        "service_level_ratio": ratio,
        "avg_wait_s": today.average_wait_s if today else None,
    }


def campaign(progress: CampaignProgress) -> Json:
    card = progress.campaign
    return {
        "id": card.id,
        "title": card.title,
        "kind": card.kind.value,
        "state": card.state.value,
        "total": progress.total,
        "dialled": progress.dialled,
        "answered": progress.answered,
        "completed": progress.completed,
        "partial": progress.partial,
        "silent": progress.silent,
        "refused": progress.refused,
        "busy": progress.busy,
        "no_answer": progress.no_answer,
        "rejected": progress.rejected,
        "unobtainable": progress.unobtainable,
        "failed": progress.failed,
        "to_review": progress.to_review,
        "remaining": progress.remaining,
        "in_flight": progress.in_flight,
        "concurrency": card.concurrency,
        "max_attempts": card.max_attempts,
        "caller_id": card.caller_id,
        "created_at": iso(card.created_at),
        "started_at": iso(card.started_at),
        "ended_at": iso(card.ended_at),
        "window_reason": card.window_reason or None,
    }


def call_summary(record: CallRecord, titles: Titles) -> Json:
    """One line about a call, for lists."""
    talking = [titles.agent(leg.agent_id) for leg in record.legs if leg.agent_id is not None and leg.answered_at]
    return {
        "id": record.id,
        "direction": record.direction.value,
        "state": record.state.value,
        "number_masked": record.number_masked,
        "patient_id": record.patient_id,
        "queue": record.queue,
        "queue_title": labels.queue_title(record.queue),
        "agent_names": list(dict.fromkeys(talking)),
        "department_no_answer": record.department_no_answer,
        "arrived_at": iso(record.arrived_at),
        "answered_at": iso(record.agent_answered_at),
        "ended_at": iso(record.ended_at),
        "waited_s": record.waited_s,
        "outcome": record.outcome.value if record.outcome else None,
        "outcome_title": labels.OUTCOME_TITLES[record.outcome] if record.outcome else "",
        "hung_up_by": record.hung_up_by.value if record.hung_up_by else None,
        "disposition_title": disposition_title(record),
    }
