"""防诈骗核验 (C93): the caller keys the code of the message and hears whether the hospital really called."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.messaging.verification import CODE_DIGITS, Verdict
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.asking import Asking
from ivr.flows.booking_ports import VerificationPort
from ivr.menu_visit import Visit

BACK_KEY = "#"
TRIES_MAX = 3
_ANSWERS: Mapping[Verdict, str] = {
    Verdict.WAS_OURS: "verify-ours",
    Verdict.EXPIRED: "verify-expired",
    Verdict.NOT_OURS: "verify-not-ours",
    Verdict.THROTTLED: "verify-too-often",
}


class VerificationFlow:
    """Needs no patient: whoever was called may ask. The code counts for the number that calls only."""

    def __init__(self, verification: VerificationPort, *, asking: Asking) -> None:
        self._verification = verification
        self._asking = asking

    def run(self, talk: Conversation, visit: Visit) -> bool:
        said = [*visit.take_opening(), "verify-ask"]
        for _ in range(TRIES_MAX):
            code = talk.ask_entry(
                said, node="verification", shortest=CODE_DIGITS.start, longest=CODE_DIGITS[-1], is_secret=True
            )
            if code == BACK_KEY:
                return False
            verdict = self._asking.ask(talk, self._verification.check, code, talk.caller.number).verdict
            talk.say(_ANSWERS[verdict], "verify-advice", node="verification")
            if verdict is Verdict.THROTTLED:
                raise WantsPerson(Reason.NOTHING_TO_OFFER)
            if verdict is not Verdict.NOT_OURS:
                return False
            said = ["verify-ask"]
        raise WantsPerson(Reason.NOTHING_TO_OFFER)
