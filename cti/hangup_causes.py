"""What the network's causes mean: Q.850 and SIP codes to outcomes of calls, dial statuses to outcomes of legs."""

from __future__ import annotations

from crm_core.calls.kinds import CallOutcome, LegOutcome

UNANSWERED_BY_CAUSE: dict[int, CallOutcome] = {
    0: CallOutcome.NO_ANSWER,
    1: CallOutcome.UNOBTAINABLE,  # unallocated number
    2: CallOutcome.UNOBTAINABLE,  # no route to transit network
    3: CallOutcome.UNOBTAINABLE,  # no route to destination
    16: CallOutcome.NO_ANSWER,  # normal clearing before an answer: we gave up ringing
    17: CallOutcome.BUSY,
    18: CallOutcome.NO_ANSWER,  # no user responding
    19: CallOutcome.NO_ANSWER,  # user alerted, no answer
    20: CallOutcome.UNOBTAINABLE,  # subscriber absent: switched off, out of range
    21: CallOutcome.REJECTED,
    22: CallOutcome.UNOBTAINABLE,  # number changed
    23: CallOutcome.REJECTED,
    26: CallOutcome.NO_ANSWER,  # non-selected user clearing
    27: CallOutcome.UNOBTAINABLE,  # destination out of order
    28: CallOutcome.UNOBTAINABLE,  # invalid number format
    29: CallOutcome.REJECTED,  # facility rejected
    31: CallOutcome.NO_ANSWER,
    102: CallOutcome.NO_ANSWER,  # recovery on timer expiry
}
"""Q.850 cause of a leg that never answered. What is not here is the network's failure (congestion, no circuit ...)."""

CAUSE_BY_SIP: dict[int, int] = {
    401: 21, 403: 21, 404: 1, 405: 127, 407: 21, 408: 102, 410: 22, 420: 127, 480: 19, 481: 41, 482: 25, 483: 25,
    484: 28, 485: 1, 486: 17, 487: 16, 488: 31, 500: 41, 501: 79, 502: 38, 503: 42, 504: 102, 600: 17, 603: 21, 604: 1,
    606: 58,
}  # fmt: skip
"""SIP final response -> Q.850, as RFC 3398 §7.2.4.1 and chan_pjsip have it."""

OUTCOME_BY_ORIGINATE_REASON: dict[int, CallOutcome] = {
    0: CallOutcome.UNOBTAINABLE,  # no such extension or endpoint: no channel existed
    1: CallOutcome.FAILED,
    3: CallOutcome.NO_ANSWER,  # still ringing at the timeout
    5: CallOutcome.BUSY,
    8: CallOutcome.FAILED,  # congestion
}
"""Reason of OriginateResponse (AST_CONTROL_*), used when no channel told its own cause."""

LEG_OUTCOME_BY_DIAL_STATUS: dict[str, LegOutcome] = {
    "ANSWER": LegOutcome.ANSWERED,
    "NOANSWER": LegOutcome.NO_ANSWER,
    "BUSY": LegOutcome.REJECTED,
    "DONTCALL": LegOutcome.REJECTED,
    "CHANUNAVAIL": LegOutcome.FAILED,
    "CONGESTION": LegOutcome.FAILED,
    "INVALIDARGS": LegOutcome.FAILED,
}
"""CANCEL is not here: why it was cancelled depends on the call (answered elsewhere, caller gone, rang out)."""

QUEUE_GAVE_UP = 38
"""Our dialplan hangs up with this cause when the waiting line has given up."""

ANSWERED_ELSEWHERE = 26

NORMAL_CLEARING = 16

NOT_REGISTERED = 20
"""Q.850 "subscriber absent": the telephone that rang is no longer there."""


def unanswered_outcome(cause: int) -> CallOutcome:
    """Outcome of an outbound call whose patient leg never answered."""
    return UNANSWERED_BY_CAUSE.get(cause, CallOutcome.FAILED)


def originate_outcome(reason: int) -> CallOutcome:
    """Outcome of an Originate that failed before any channel told a cause."""
    return OUTCOME_BY_ORIGINATE_REASON.get(reason, CallOutcome.FAILED)
