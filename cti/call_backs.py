"""Call-backs for the telephony port: dial the patient, and hold his place in the queue while his telephone rings."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Protocol

import structlog

from crm_core.errors import HotlineError, InvalidInput, OutcomeUnknown, TelephonyRefused, TelephonyUnavailable
from crm_core.ids import CallId, is_safe_id
from crm_core.phone_number import national, normalise
from crm_core.ports import CallBackCall
from crm_core.waiting.order import PRIORITY_MAX, entered_at_value

log = structlog.get_logger(__name__)

CALL_BACK_CONTEXT = "hl-call-back"
HOLD_PLACE_CONTEXT = "hl-hold-place"
GREETING_S = 15
"""How long a place is held beyond the ringing: the sentence that the patient hears, and some."""

_QUEUE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_NUMBER = re.compile(r"\d{3,15}", re.ASCII)
_LANGUAGES = ("zh", "en")
_SOUNDS = re.compile(r"(?:zh|en)(?:_[a-z0-9]{1,20})?")


class Names(Protocol):
    """Of DialplanNames, what is needed here."""

    @property
    def trunk(self) -> str: ...

    @property
    def service_number(self) -> str: ...


class CallBackActions:
    """The part of AmiTelephony that call-backs need."""

    _names: Names

    def originate_call_back(self, call: CallBackCall, *, ring_timeout_s: float) -> None:
        digits, place = checked_place(call)
        if not self.is_up:
            self._originate(call.call_id, "", number=digits, headers={})  # raises TelephonyUnavailable
        self._hold_place(call, place, for_s=int(ring_timeout_s) + GREETING_S)
        headers = {
            "Context": CALL_BACK_CONTEXT,
            "Exten": "s",
            "Timeout": str(int(ring_timeout_s * 1000)),
            "CallerID": self._names.service_number,
            "Variable": [*place, f"HL_LANGUAGE={call.language}", f"HL_PATIENT={digits}"],
        }
        try:
            self._originate(call.call_id, f"PJSIP/{digits}@{self._names.trunk}", number=digits, headers=headers)
        except (TelephonyRefused, TelephonyUnavailable):
            self.release_place(call.call_id)
            raise

    def release_place(self, call_id: CallId) -> None:
        try:
            self._hang_up(place_id(call_id))
        except HotlineError as error:  # it ends by itself
            log.info("place_not_released", call_id=call_id, code=error.code)

    def set_sounds(self, call_id: CallId, language: str) -> None:
        if not is_safe_id(call_id) or not _SOUNDS.fullmatch(language):
            raise InvalidInput("this is not the name of a folder of sounds", code="unsafe_language")
        try:
            self._do({"Action": "Setvar", "Channel": call_id, "Variable": "CHANNEL(language)", "Value": language})
        except HotlineError as error:  # he has gone
            log.info("sounds_not_set", call_id=call_id, code=error.code)

    def _hold_place(self, call: CallBackCall, place: list[str], *, for_s: int) -> None:
        """A channel of ours stands in the queue for him. Without it he is called all the same, only a later one may be
        faster."""
        action = {
            "Action": "Originate",
            "Channel": f"Local/{call.queue}@{HOLD_PLACE_CONTEXT}/n",
            "Context": HOLD_PLACE_CONTEXT,
            "Exten": "wait",
            "Priority": "1",
            "ChannelId": place_id(call.call_id),
            "OtherChannelId": f"{place_id(call.call_id)}-2",  # Asterisk's own would end in ;2, which is no id of ours
            "Async": "true",
            "Timeout": "5000",
            "CallerID": self._names.service_number,
            "Variable": [*(f"__{one}" for one in place), f"__HL_HOLD_S={for_s}"],
        }
        try:
            self._do(action)
        except (TelephonyRefused, OutcomeUnknown) as error:
            log.warning("place_not_held", call_id=call.call_id, code=error.code)

    @property
    @abstractmethod
    def is_up(self) -> bool: ...

    @abstractmethod
    def _do(self, action: Any) -> Any: ...

    @abstractmethod
    def _originate(self, call_id: CallId, channel: str, *, number: str, headers: dict[str, Any]) -> None: ...

    @abstractmethod
    def _hang_up(self, channel: str) -> None: ...


def place_id(call_id: CallId) -> str:
    """The channel that holds the place of a call-back."""
    return f"hold-{call_id}"


def checked_place(call: CallBackCall) -> tuple[str, list[str]]:
    """Digits for the trunk, and the place as variables. Raises InvalidInput for anything that could mean more (F95)."""
    normal = normalise(call.number)
    digits = national(normal) if normal else ""
    is_safe = is_safe_id(call.call_id) and _NUMBER.fullmatch(digits) and _QUEUE.fullmatch(call.queue)
    if not is_safe or call.language not in _LANGUAGES:
        raise InvalidInput("this call-back cannot be dialled", code="unsafe_call_back")
    return digits, [
        f"HL_QUEUE={call.queue}",
        f"QUEUE_PRIO={min(max(call.priority, 0), PRIORITY_MAX)}",
        f"HL_QUEUED_AT={entered_at_value(call.entered_at)}",
    ]
