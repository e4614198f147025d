"""The telephony port: what the rest of the house may ask Asterisk to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from crm_core.calls.kinds import MonitorMode, TransferTargetKind
from crm_core.clock import Clock
from crm_core.errors import InvalidInput, TelephonyRefused, TelephonyUnavailable, WrongState
from crm_core.ids import AgentId, AttemptId, CallId, is_safe_id, new_call_id
from crm_core.phone_number import national, normalise
from crm_core.ports import LiveCall, TransferTarget
from cti.ami_encoding import Headers
from cti.ami_reply import AmiReply
from cti.call_backs import CallBackActions
from cti.call_book import MONITOR_PREFIX
from cti.call_tracker import CallTracker
from cti.pbx_snapshot import live_channel
from cti.phones import Phones
from cti.queue_members import apply_changes, interface_of, member_changes, members_of, pause_action
from cti.tracked_call import TrackedCall

_EXTENSION = re.compile(r"[0-9]{2,8}")
_NUMBER = re.compile(r"[0-9]{3,15}")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_DIGITS = re.compile(r"[0-9A-D*#]{1,64}")
_GONE = "no such channel"


@dataclass(frozen=True)
class FeatureCodes:
    """Digits that our program plays into a call and no human types (featuremap of features.conf)."""

    complete: str = "*#7*#1"
    three_way: str = "*#7*#3"


@dataclass(frozen=True)
class DialplanNames:
    """Names that the dialplan templates and this room share."""

    trunk: str = "hl-trunk"
    transfer_context: str = "hl-transfer"
    survey_context: str = "hl-survey"
    agent_dial_context: str = "hl-agent-dial"
    monitor_context: str = "hl-monitor"
    return_context: str = "hl-return"
    spy_variable: str = "HL_SPY_CHANNEL"
    service_number: str = "95169"


class AmiLine(Protocol):
    """The actions connection as other threads see it."""

    @property
    def is_up(self) -> bool: ...

    async def ask(self, action: Headers, *, is_list: bool = False) -> AmiReply: ...

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run ``work`` in the AMI thread and wait for its result."""


class AmiTelephony(CallBackActions):
    """Implements ``crm_core.ports.Telephony``. Any thread but the AMI thread may call; every call ends by the deadline."""

    _names: DialplanNames

    def __init__(self, line: AmiLine, tracker: CallTracker, phones: Phones, *, clock: Clock,
                 extension_of: Callable[[AgentId], str | None], department_number: Callable[[str], str | None],
                 names: DialplanNames, codes: FeatureCodes) -> None:
        self._line = line
        self._tracker = tracker
        self._phones = phones
        self._clock = clock
        self._extension_of = extension_of
        self._department_number = department_number
        self._names = names
        self._codes = codes

    @property
    def is_up(self) -> bool:
        return self._line.is_up

    def originate_survey(self, attempt_id: AttemptId, number: str, *, ring_timeout_s: float) -> None:
        digits = dialable(number)
        self._originate(CallId(attempt_id), f"PJSIP/{digits}@{self._names.trunk}", number=digits, headers={
            "Context": self._names.survey_context, "Exten": "s", "Timeout": str(int(ring_timeout_s * 1000)),
            "CallerID": self._names.service_number, "Variable": [f"HL_PATIENT={digits}"]})

    def dial(self, call_id: CallId, extension: str, number: str, *, caller_name: str = "") -> None:
        digits = dialable(number)
        self._originate(call_id, interface_of(_checked(extension, _EXTENSION, "extension")), number=digits, headers={
            "Context": self._names.agent_dial_context, "Exten": digits, "Timeout": "30000",
            "CallerID": f'"{_quotable(caller_name)}" <{digits}>',
            "Variable": ["PJSIP_HEADER(add,Call-Info)=<sip:hotline>;answer-after=0",
                         "PJSIP_HEADER(add,Alert-Info)=<http://hotline>;info=alert-autoanswer;delay=0"]})

    def hang_up(self, call_id: CallId) -> None:
        with self._tracker.lock:
            call = self._call(call_id)
            channel = self._tracker.book.channels.get(call.patient_id or call.call_id)
        if channel is not None:
            self._hang_up(channel.name)

    def hang_up_agent(self, call_id: CallId, agent_id: AgentId) -> None:
        self._hang_up(self._agent_channel(call_id, agent_id, must_talk=False))

    def blind_transfer(self, call_id: CallId, agent_id: AgentId, target: TransferTarget) -> None:
        self._do({"Action": "BlindTransfer", "Channel": self._agent_channel(call_id, agent_id),
                  "Context": self._names.transfer_context, "Exten": transfer_extension(target)})

    def start_consult(self, call_id: CallId, agent_id: AgentId, target: TransferTarget) -> None:
        channel = self._agent_channel(call_id, agent_id)
        with self._tracker.lock:
            call = self._call(call_id)
            if call.consult is not None:
                raise WrongState("a consultation is in progress", code="consult_in_progress")
        self._do({"Action": "Atxfer", "Channel": channel, "Context": self._names.transfer_context,
                  "Exten": self._consult_extension(target)})

    def _consult_extension(self, target: TransferTarget) -> str:
        """Asterisk plays the target of an Atxfer as digits, so only what has a number can be consulted."""
        if target.kind is TransferTargetKind.QUEUE:
            raise InvalidInput("a queue cannot be consulted; transfer blindly instead", code="consult_queue")
        if target.kind is TransferTargetKind.DEPARTMENT:
            number = self._department_number(_checked(target.value, _WORD, "department"))
            return _checked(number or "", _NUMBER, "department")
        return transfer_extension(target)

    def complete_consult(self, call_id: CallId, agent_id: AgentId) -> None:
        self._play_code(self._consulting_channel(call_id, agent_id), self._codes.complete)

    def cancel_consult(self, call_id: CallId, agent_id: AgentId) -> None:
        self._do({"Action": "CancelAtxfer", "Channel": self._consulting_channel(call_id, agent_id)})

    def start_conference(self, call_id: CallId, agent_id: AgentId) -> None:
        self._play_code(self._consulting_channel(call_id, agent_id), self._codes.three_way)

    def send_digits(self, call_id: CallId, agent_id: AgentId, digits: str) -> None:
        _checked(digits, _DIGITS, "digits")
        self._agent_channel(call_id, agent_id)
        with self._tracker.lock:
            patient = self._tracker.book.channels.get(self._call(call_id).patient_id)
        if patient is None:
            raise WrongState("the patient is not connected", code="no_patient")
        self._line.run(self._send_digits(patient.name, digits))

    def monitor(self, agent_id: AgentId, supervisor_extension: str, mode: MonitorMode) -> None:
        phone = interface_of(_checked(supervisor_extension, _EXTENSION, "extension"))
        with self._tracker.lock:
            calls = [call for call in self._tracker.book.calls.values()
                     if any(leg.agent_id == agent_id for leg in call.talking_agents())]
        if not calls:
            raise WrongState("the agent is in no call", code="agent_not_in_call")
        channel = self._agent_channel(calls[-1].call_id, agent_id)
        self._do({"Action": "Originate", "Channel": phone, "Context": self._names.monitor_context, "Exten": mode.value,
                  "Priority": "1", "ChannelId": new_call_id(f"mon-{mode.value}"), "Async": "true", "Timeout": "20000",
                  "CallerID": f'"Hotline" <{self._extension_of(agent_id) or ""}>',
                  "Variable": [f"{self._names.spy_variable}={channel}",
                               "PJSIP_HEADER(add,Call-Info)=<sip:hotline>;answer-after=0"]})

    def sign_on(self, extension: str, queues: Sequence[str], *, paused_reason: str | None) -> None:
        _checked(extension, _EXTENSION, "extension")
        for queue in queues:
            _checked(queue, _WORD, "queue")
        self._line.run(self._set_membership(extension, tuple(queues), paused_reason))

    def sign_off(self, extension: str) -> None:
        _checked(extension, _EXTENSION, "extension")
        self._line.run(self._set_membership(extension, (), None))

    def pause(self, extension: str, reason: str) -> None:
        self._do(pause_action(_checked(extension, _EXTENSION, "extension"), reason))

    def unpause(self, extension: str) -> None:
        self._do(pause_action(_checked(extension, _EXTENSION, "extension"), None))

    def is_registered(self, extension: str) -> bool:
        return self._phones.is_registered(extension)

    def live_calls(self) -> Sequence[LiveCall]:
        reply: AmiReply = self._line.run(self._line.ask({"Action": "CoreShowChannels"}, is_list=True))
        if not reply.is_success:
            raise TelephonyRefused(reply.message)
        now = self._clock.now()
        calls: dict[str, LiveCall] = {}
        for row in reply.events:
            if row.get("Event") != "CoreShowChannel":
                continue
            live = live_channel(row)
            call_id = live.facts.linked_id or live.facts.unique_id
            if call_id.startswith(MONITOR_PREFIX):
                continue
            began = now - timedelta(seconds=live.duration_s)
            known = calls.get(call_id)
            is_patient = live.facts.name.startswith(f"PJSIP/{self._names.trunk}-")
            answered = (is_patient and live.facts.is_up) or (known is not None and known.is_answered)
            calls[call_id] = LiveCall(CallId(call_id), answered, min(began, known.started_at) if known else began)
        return list(calls.values())

    def _originate(self, call_id: CallId, channel: str, *, number: str, headers: dict[str, Any]) -> None:
        if not is_safe_id(call_id):
            raise InvalidInput("unsafe call id", code="unsafe_call_id")
        if not self._line.is_up:
            raise TelephonyUnavailable("Asterisk cannot be reached now; nothing was dialled")
        self._tracker.expect(call_id, number)
        self._do({"Action": "Originate", "Channel": channel, "Priority": "1", "ChannelId": call_id, "Async": "true",
                  **headers})

    def _do(self, action: Headers) -> AmiReply:
        reply: AmiReply = self._line.run(self._line.ask(action))
        if not reply.is_success:
            raise TelephonyRefused(f"{action['Action']}: {reply.message}")
        return reply

    def _hang_up(self, channel: str) -> None:
        """A channel that is gone already is as good as hung up (F20)."""
        reply: AmiReply = self._line.run(self._line.ask({"Action": "Hangup", "Channel": channel, "Cause": "16"}))
        if not reply.is_success and _GONE not in reply.message.lower():
            raise TelephonyRefused(f"Hangup: {reply.message}")

    def _play_code(self, channel: str, code: str) -> None:
        self._line.run(self._play(channel, code, is_received=True))

    async def _play(self, channel: str, digits: str, *, is_received: bool) -> None:
        for digit in digits:
            reply = await self._line.ask({"Action": "PlayDTMF", "Channel": channel, "Digit": digit, "Duration": "80",
                                          **({"Receive": "true"} if is_received else {})})
            if not reply.is_success:
                raise TelephonyRefused(f"PlayDTMF: {reply.message}")

    async def _send_digits(self, channel: str, digits: str) -> None:
        await self._play(channel, digits, is_received=False)

    async def _set_membership(self, extension: str, queues: tuple[str, ...], paused_reason: str | None) -> None:
        actual = await members_of(self._line.ask, extension)
        wanted = [(extension, queues, paused_reason)]
        refused = await apply_changes(self._line.ask, member_changes(wanted, actual, only=extension))
        if refused:
            raise TelephonyRefused("; ".join(refused))

    def _call(self, call_id: CallId) -> TrackedCall:
        call = self._tracker.book.calls.get(call_id)
        if call is None:
            raise WrongState("the call is over", code="call_is_over")
        return call

    def _agent_channel(self, call_id: CallId, agent_id: AgentId, *, must_talk: bool = True) -> str:
        with self._tracker.lock:
            for leg in self._call(call_id).legs.values():
                channel = self._tracker.book.channels.get(leg.channel_id)
                if leg.agent_id == agent_id and channel is not None and (leg.is_talking or
                                                                          (leg.is_offered and not must_talk)):
                    return channel.name
        raise WrongState("the agent has no such call", code="not_in_this_call")

    def _consulting_channel(self, call_id: CallId, agent_id: AgentId) -> str:
        with self._tracker.lock:
            consult = self._call(call_id).consult
            if consult is None or consult.initiator.agent_id != agent_id:
                raise WrongState("the agent consults nobody", code="no_consult")
        return self._agent_channel(call_id, agent_id)


def dialable(number: str) -> str:
    """Digits as the trunk wants them; raises InvalidInput for everything else (F95). Never anything but 3-15 digits."""
    normal = normalise(number)
    return _checked(national(normal) if normal else number, _NUMBER, "number")


def transfer_extension(target: TransferTarget) -> str:
    """The extension in the transfer context that stands for ``target``."""
    match target.kind:
        case TransferTargetKind.AGENT:
            return _checked(target.value, _EXTENSION, "extension")
        case TransferTargetKind.QUEUE:
            return f"q-{_checked(target.value, _WORD, 'queue')}"
        case TransferTargetKind.DEPARTMENT:
            return f"d-{_checked(target.value, _WORD, 'department')}"
        case TransferTargetKind.NUMBER:
            return dialable(target.value)


def _checked(text: str, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.fullmatch(text):
        raise InvalidInput(f"not a usable {what}", code=f"unsafe_{what}")
    return text


def _quotable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and letter not in '"\\<>')[:40]
