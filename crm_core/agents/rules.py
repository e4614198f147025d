"""Agent states: one table (state, input) -> state. What is not in the table changes nothing or is refused."""

from __future__ import annotations

from enum import StrEnum

from crm_core.agents.kinds import AgentState as S


class AgentInput(StrEnum):
    SIGN_ON = "sign_on"
    SIGN_OFF = "sign_off"
    READY = "ready"
    PAUSE = "pause"
    OFFERED = "offered"
    OFFER_GONE = "offer_gone"
    """The caller left, or another agent answered."""
    OFFER_MISSED = "offer_missed"
    """The agent did not answer, or rejected."""
    ANSWERED = "answered"
    HELD = "held"
    RETRIEVED = "retrieved"
    LEG_ENDED = "leg_ended"
    WRAP_UP_DONE = "wrap_up_done"
    PHONE_LOST = "phone_lost"
    PHONE_BACK = "phone_back"
    """It was gone for a moment only, as in a reload of the page."""


TRANSITIONS: dict[tuple[S, AgentInput], S] = {
    (S.OFFLINE, AgentInput.SIGN_ON): S.PAUSED,
    # An agent who has signed off may still talk: calls go on.
    (S.OFFLINE, AgentInput.OFFERED): S.RINGING,
    (S.OFFLINE, AgentInput.ANSWERED): S.TALKING,
    (S.READY, AgentInput.SIGN_OFF): S.OFFLINE,
    (S.READY, AgentInput.PAUSE): S.PAUSED,
    (S.READY, AgentInput.OFFERED): S.RINGING,
    (S.READY, AgentInput.ANSWERED): S.TALKING,
    (S.READY, AgentInput.PHONE_LOST): S.PAUSED,
    (S.PAUSED, AgentInput.SIGN_OFF): S.OFFLINE,
    (S.PAUSED, AgentInput.READY): S.READY,
    (S.PAUSED, AgentInput.PAUSE): S.PAUSED,
    (S.PAUSED, AgentInput.PHONE_BACK): S.READY,
    (S.PAUSED, AgentInput.OFFERED): S.RINGING,
    (S.PAUSED, AgentInput.ANSWERED): S.TALKING,
    (S.RINGING, AgentInput.ANSWERED): S.TALKING,
    (S.RINGING, AgentInput.OFFER_GONE): S.READY,
    (S.RINGING, AgentInput.OFFER_MISSED): S.PAUSED,
    (S.RINGING, AgentInput.LEG_ENDED): S.READY,
    (S.RINGING, AgentInput.PHONE_LOST): S.PAUSED,
    (S.TALKING, AgentInput.HELD): S.HOLDING,
    (S.TALKING, AgentInput.LEG_ENDED): S.WRAP_UP,
    (S.HOLDING, AgentInput.RETRIEVED): S.TALKING,
    (S.HOLDING, AgentInput.LEG_ENDED): S.WRAP_UP,
    (S.WRAP_UP, AgentInput.WRAP_UP_DONE): S.READY,
    (S.WRAP_UP, AgentInput.READY): S.READY,
    (S.WRAP_UP, AgentInput.PAUSE): S.PAUSED,
    (S.WRAP_UP, AgentInput.SIGN_OFF): S.OFFLINE,
    (S.WRAP_UP, AgentInput.OFFERED): S.RINGING,
    (S.WRAP_UP, AgentInput.ANSWERED): S.TALKING,
}

BUSY_WITH_CALL = frozenset({S.RINGING, S.TALKING, S.HOLDING})


def next_state(state: S, cause: AgentInput) -> S | None:
    """None when this input means nothing in this state."""
    return TRANSITIONS.get((state, cause))


def pause_reason_for_queue(state: S, reason: str) -> str | None:
    """What app_queue must be told: None = may be offered calls, else why not. A ringing agent is left as he is."""
    return {S.READY: None, S.RINGING: None, S.PAUSED: reason or "busy", S.WRAP_UP: "wrap_up"}.get(state, "call")
