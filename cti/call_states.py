"""The life of a call as one table: (state, input) -> state."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from crm_core.calls.kinds import CallState


class CallInput(StrEnum):
    """What can happen to a call, in the words of the table."""

    PATIENT_ANSWERED = "patient_answered"
    QUEUE_JOINED = "queue_joined"
    QUEUE_LEFT = "queue_left"
    AGENT_RANG = "agent_rang"
    RINGING_OVER = "ringing_over"
    AGENT_JOINED = "agent_joined"
    AGENT_HELD = "agent_held"
    AGENT_RETRIEVED = "agent_retrieved"
    CONSULT_STARTED = "consult_started"
    CONSULT_ENDED = "consult_ended"
    CONFERENCE_STARTED = "conference_started"
    TRANSFERRED_BLIND = "transferred_blind"
    TRANSFERRED_ATTENDED = "transferred_attended"
    AGENTS_GONE = "agents_gone"
    DEPARTMENT_DIALLED = "department_dialled"
    DEPARTMENT_GONE = "department_gone"
    HUNG_UP = "hung_up"


_S, _I = CallState, CallInput

_ROWS: dict[CallState, dict[CallInput, CallState]] = {
    _S.DIALLING: {_I.PATIENT_ANSWERED: _S.IVR, _I.AGENT_JOINED: _S.TALKING},
    _S.IVR: {_I.QUEUE_JOINED: _S.QUEUED, _I.DEPARTMENT_DIALLED: _S.DEPARTMENT, _I.AGENT_JOINED: _S.TALKING,
             _I.AGENT_RANG: _S.RINGING},
    _S.QUEUED: {_I.AGENT_RANG: _S.RINGING, _I.AGENT_JOINED: _S.TALKING, _I.QUEUE_LEFT: _S.IVR,
                _I.DEPARTMENT_DIALLED: _S.DEPARTMENT},
    _S.RINGING: {_I.RINGING_OVER: _S.QUEUED, _I.AGENT_JOINED: _S.TALKING, _I.QUEUE_JOINED: _S.QUEUED,
                 _I.QUEUE_LEFT: _S.IVR, _I.DEPARTMENT_DIALLED: _S.DEPARTMENT},
    _S.TALKING: {_I.AGENT_HELD: _S.HELD, _I.CONSULT_STARTED: _S.CONSULTING, _I.TRANSFERRED_BLIND: _S.IVR,
                 _I.AGENTS_GONE: _S.IVR, _I.QUEUE_JOINED: _S.QUEUED, _I.DEPARTMENT_DIALLED: _S.DEPARTMENT,
                 _I.CONFERENCE_STARTED: _S.CONFERENCE},
    _S.HELD: {_I.AGENT_RETRIEVED: _S.TALKING, _I.CONSULT_STARTED: _S.CONSULTING, _I.TRANSFERRED_BLIND: _S.IVR,
              _I.AGENTS_GONE: _S.IVR, _I.QUEUE_JOINED: _S.QUEUED},
    _S.CONSULTING: {_I.CONSULT_ENDED: _S.TALKING, _I.CONFERENCE_STARTED: _S.CONFERENCE,
                    _I.TRANSFERRED_ATTENDED: _S.TALKING, _I.TRANSFERRED_BLIND: _S.IVR, _I.AGENTS_GONE: _S.IVR},
    _S.CONFERENCE: {_I.CONSULT_ENDED: _S.TALKING, _I.TRANSFERRED_ATTENDED: _S.TALKING, _I.AGENT_HELD: _S.HELD,
                    _I.CONSULT_STARTED: _S.CONSULTING, _I.TRANSFERRED_BLIND: _S.IVR, _I.AGENTS_GONE: _S.IVR},
    _S.DEPARTMENT: {_I.DEPARTMENT_GONE: _S.IVR, _I.QUEUE_JOINED: _S.QUEUED, _I.AGENT_JOINED: _S.TALKING},
    _S.ENDED: {},
}

TRANSITIONS: Mapping[tuple[CallState, CallInput], CallState] = MappingProxyType({
    **{(state, trigger): target for state, row in _ROWS.items() for trigger, target in row.items()},
    **{(state, CallInput.HUNG_UP): CallState.ENDED for state in _ROWS},
})
"""Every change of state there is. A pair that is not here changes nothing: events may come twice or out of order (F07, F08)."""


def next_state(state: CallState, trigger: CallInput) -> CallState:
    """The state after ``trigger``; the same state when the table knows no change. ENDED is never left."""
    return TRANSITIONS.get((state, trigger), state)


def mermaid() -> str:
    """The table as a picture; the room's README holds it, and a test holds the two together."""
    lines = ["stateDiagram-v2", "    [*] --> ivr: inbound", "    [*] --> dialling: outbound"]
    for (state, trigger), target in TRANSITIONS.items():
        if trigger is not CallInput.HUNG_UP:
            lines.append(f"    {state.value} --> {target.value}: {trigger.value}")
    lines.append("    note right of ended: hung_up leads here from every state")
    return "\n".join(lines)
