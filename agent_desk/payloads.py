"""Calls and patients -> JSON values for screens: masked by default, times in UTC, nothing that depends on "now"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent_desk import labels
from crm_core import phone_number
from crm_core.appointments.service import AppointmentCard
from crm_core.calls.dispositions import title_of
from crm_core.calls.kinds import LegKind
from crm_core.calls.records import CallRecord, LegRecord
from crm_core.patients.cards import PatientCard

Json = dict[str, Any]


@dataclass(frozen=True)
class Titles:
    """What people are called: agent id -> name, department code -> name."""

    agents: Mapping[int, str]
    departments: Mapping[str, str]

    def agent(self, agent_id: int | None) -> str:
        return self.agents.get(int(agent_id), "") if agent_id is not None else ""


def iso(moment: datetime | None) -> str | None:
    """``2026-11-23T02:00:00.000Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class CallBackground:
    """What does not change while a call lasts: who it is, what is booked, the calls before."""

    patient: Json | None
    candidates: Sequence[Json]
    recent_calls: Sequence[Json]


def patient(card: PatientCard, appointments: Sequence[AppointmentCard]) -> Json:
    booked = [appointment(one) for one in appointments]
    return {
        "id": card.id,
        "name": card.name,
        "gender": card.gender,
        "age": card.age,
        "birth_date": card.birth_date.isoformat() if card.birth_date else None,
        "relation": card.relation,
        "relation_title": labels.relation_title(card.relation),
        "tier": card.tier,
        "tier_title": labels.tier_title(card.tier),
        "vip_level": card.vip_level,
        "vip_card": card.vip_card,
        "card_number": card.card_number,
        "insurance": card.insurance,
        "id_number_masked": card.id_number_masked,
        "phones": [
            {
                "id": phone.id,
                "masked": phone.masked,
                "relation": phone.relation,
                "relation_title": labels.relation_title(phone.relation),
                "is_owner": phone.is_owner,
            }
            for phone in card.phones
        ],
        "allergies": card.allergies,
        "cautions": card.cautions,
        "tags": list(card.tags),
        "consents": dict(card.consents),
        "preferred_language": card.preferred_language,
        "preferred_time": card.preferred_time,
        "next_appointment": booked[0] if booked else None,
        "appointments": booked,
    }


def candidate(card: PatientCard) -> Json:
    return {
        "id": card.id,
        "name": card.name,
        "gender": card.gender,
        "age": card.age,
        "relation": card.relation,
        "relation_title": labels.relation_title(card.relation),
    }


def appointment(card: AppointmentCard) -> Json:
    return {
        "id": card.id,
        "starts_at": iso(card.starts_at),
        "department_code": card.department_code,
        "department_name": card.department_name,
        "doctor_name": card.doctor_name,
        "place": card.place,
        "state": card.state,
    }


def recent_call(record: CallRecord, titles: Titles) -> Json:
    leg = _talking_leg(record)
    return {
        "id": record.id,
        "at": iso(record.arrived_at),
        "direction": record.direction.value,
        "outcome": record.outcome.value if record.outcome else None,
        "outcome_title": labels.OUTCOME_TITLES[record.outcome] if record.outcome else "进行中",
        "agent_name": titles.agent(leg.agent_id) if leg else "",
        "disposition_title": disposition_title(record),
    }


def disposition_title(record: CallRecord) -> str:
    """What the agents chose, the first that chose; "" before that."""
    return next((title_of(one.disposition, one.sub_disposition) for one in record.wrap_ups if one.disposition), "")


def ivr_path(record: CallRecord) -> list[Json]:
    return [
        {"node": step.node, "label": labels.node_title(step.node), "key": step.key, "at": iso(step.at)}
        for step in record.ivr_path
    ]


def call(record: CallRecord, agent_id: int, background: CallBackground, titles: Titles, requested: Json | None) -> Json:
    """The call as one of its agents sees it."""
    leg = record.leg_of(agent_id)
    own = record.wrap_up_of(agent_id)
    return {
        "id": record.id,
        "direction": record.direction.value,
        "state": record.state.value,
        "number_masked": record.number_masked,
        "place": phone_number.place(record.number),
        "caller_name": record.caller_name,
        "patient": background.patient,
        "candidates": list(background.candidates),
        "queue": record.queue,
        "queue_title": labels.queue_title(record.queue),
        "priority": record.priority,
        "department_no_answer": record.department_no_answer,
        "ivr_path": ivr_path(record),
        "arrived_at": iso(record.arrived_at),
        "queued_at": iso(record.queued_at),
        "waited_s": record.waited_s,
        "offered_at": iso(leg.offered_at) if leg else None,
        "answered_at": iso(leg.answered_at) if leg else None,
        "held_since": iso(record.held_since),
        "ended_at": iso(record.ended_at),
        "my_leg": _my_leg(leg),
        "consult": _consult(record, leg, titles),
        "transferred_from": _transferred_from(record, agent_id, titles),
        "handed_over_notes": _handed_over_notes(record, agent_id, titles),
        "is_recording": _is_recording(record),
        "notes": own.notes if own else "",
        "notes_saved_at": iso(own.saved_at) if own else None,
        "disposition": own.disposition if own else None,
        "recent_calls": list(background.recent_calls),
        "requested": requested,
    }


def _my_leg(leg: LegRecord | None) -> Json | None:
    if leg is None:
        return None
    state = "ended" if not leg.is_open else "talking" if leg.answered_at else "ringing"
    return {"id": leg.id, "kind": leg.kind.value, "state": state, "answered_at": iso(leg.answered_at)}


def _consult(record: CallRecord, leg: LegRecord | None, titles: Titles) -> Json | None:
    if record.consult_target is None or leg is None or not leg.is_open or leg.kind is LegKind.CONSULT:
        return None
    return {
        "label": target_label(record, titles),
        "state": "talking" if record.consult_answered else "ringing",
    }


def target_label(record: CallRecord, titles: Titles) -> str:
    """Who is being consulted, as a person reads it; outside numbers are masked."""
    consulted = next((leg for leg in reversed(record.legs) if leg.kind is LegKind.CONSULT and leg.is_open), None)
    if consulted is not None and consulted.agent_id is not None:
        return titles.agent(consulted.agent_id) or record.consult_target or ""
    target = record.consult_target or ""
    if target.startswith("q-"):
        return labels.queue_title(target[2:])
    if target.startswith("d-"):
        return titles.departments.get(target[2:], target[2:])
    return target if len(target) <= 5 else phone_number.mask(target)


def _transferred_from(record: CallRecord, agent_id: int, titles: Titles) -> str | None:
    """The colleague who gave, or offers, this call to the agent."""
    givers = [
        step.agent_id for step in record.steps if step.kind in ("call_transferred", "consult_started") and step.agent_id
    ]
    giver = givers[-1] if givers else None
    return titles.agent(giver) if giver is not None and giver != agent_id else None


def _handed_over_notes(record: CallRecord, agent_id: int, titles: Titles) -> list[Json]:
    """What colleagues wrote about this call before it came here (C36)."""
    return [
        {"agent_name": titles.agent(one.agent_id), "notes": one.notes}
        for one in record.wrap_ups
        if one.agent_id != agent_id and one.notes
    ]


def _is_recording(record: CallRecord) -> bool:
    return record.ended_at is None and any(step.kind == "recording_started" for step in record.steps)


def _talking_leg(record: CallRecord) -> LegRecord | None:
    return next((leg for leg in reversed(record.legs) if leg.agent_id and leg.answered_at), None)
