"""Recordings, the call's ledger and the coloured parts of the waveform -> JSON values for supervisors."""

from __future__ import annotations

from agent_desk import labels
from agent_desk.payloads import Json, Titles, disposition_title, iso
from crm_core.calls.records import CallRecord, RecordingRecord, StepRecord
from crm_core.patients.cards import PatientCard

_SEGMENT_OF_STEP = {
    "call_arrived": "ivr",
    "patient_leg_answered": "ivr",
    "call_queued": "queue",
    "call_answered": "talk",
    "call_held": "hold",
    "call_retrieved": "talk",
    "consult_started": "consult",
    "consult_ended": "talk",
    "conference_started": "talk",
    "call_transferred": "transfer",
    "department_dialled": "transfer",
    "department_answered": "talk",
    "department_no_answer": "transfer",
}
"""Step of the call's ledger -> the part of the sound that begins there."""

_SEGMENT_TITLES = {
    "ivr": "语音导航",
    "queue": "排队",
    "talk": "通话",
    "hold": "保持",
    "consult": "咨询",
    "transfer": "转接",
}


def segments(row: RecordingRecord, record: CallRecord, titles: Titles) -> list[Json]:
    """Parts of the recording in seconds from its beginning, in order, without gaps."""
    end_s = row.length_s if row.length_s is not None else 0.0
    found: list[Json] = []
    for one in record.steps:
        kind = _SEGMENT_OF_STEP.get(one.kind)
        if kind is None or one.detail.get("kind") == "consult":
            continue
        at_s = min(max((one.at - row.started_at).total_seconds(), 0.0), end_s)
        if found:
            found[-1]["to_s"] = at_s
            if found[-1]["kind"] == kind and found[-1]["label"] == _label(kind, one, titles):
                found[-1]["to_s"] = end_s
                continue
        found.append({"kind": kind, "from_s": at_s, "to_s": end_s, "label": _label(kind, one, titles)})
    return [segment for segment in found if segment["to_s"] > segment["from_s"]]


def _label(kind: str, one: StepRecord, titles: Titles) -> str:
    name = titles.agent(one.agent_id)
    return f"{_SEGMENT_TITLES[kind]} {name}".strip() if kind == "talk" else _SEGMENT_TITLES[kind]


def step(one: StepRecord, titles: Titles) -> Json:
    return {
        "at": iso(one.at),
        "kind": one.kind,
        "agent_name": titles.agent(one.agent_id),
        "node": one.node,
        "label": labels.node_title(one.node) if one.node else "",
        "key": one.key,
    }


def recording(row: RecordingRecord, record: CallRecord, card: PatientCard | None, titles: Titles) -> Json:
    agents = dict.fromkeys(int(leg.agent_id) for leg in record.legs if leg.agent_id is not None and leg.answered_at)
    return {
        "id": row.id,
        "call_id": row.call_id,
        "state": row.state.value,
        "reason": row.reason,
        "started_at": iso(row.started_at),
        "closed_at": iso(row.closed_at),
        "length_s": row.length_s,
        "size_bytes": row.size_bytes,
        "measures": dict(row.measures),
        "direction": record.direction.value,
        "number_masked": record.number_masked,
        "patient": {"id": card.id, "name_masked": labels.masked_name(card.name)} if card else None,
        "agents": [{"id": one, "name": titles.agent(one)} for one in agents],
        "queue": record.queue,
        "queue_title": labels.queue_title(record.queue),
        "waited_s": record.waited_s,
        "outcome": record.outcome.value if record.outcome else None,
        "outcome_title": labels.OUTCOME_TITLES[record.outcome] if record.outcome else "",
        "hung_up_by": record.hung_up_by.value if record.hung_up_by else None,
        "hung_up_by_title": labels.HUNG_UP_BY_TITLES[record.hung_up_by] if record.hung_up_by else "",
        "disposition_title": disposition_title(record),
    }
