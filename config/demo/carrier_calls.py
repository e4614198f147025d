"""The words of the simulated network: who calls with which script, how a called number behaves, what became of a call."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from config.demo.carrier_ami import CarrierAmi, Message

SCRIPT_STEP = re.compile(r"w\d+(\.\d+)?|[0-9A-D*#]+|say|hangup|say:[^|~,;&${}()\"\\]+")


class BehaviourKind(StrEnum):
    """What a called number does."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNOBTAINABLE = "unobtainable"
    REFUSED = "refused"
    CONGESTION = "congestion"
    MACHINE = "machine"
    PHONE = "phone"
    """Rings the browser telephone of the demo."""


@dataclass(frozen=True)
class Behaviour:
    """How one number reacts to being called. `keys` is a script as in PatientCall; who answers without keys and without
    `say` murmurs for half a minute."""

    kind: BehaviourKind = BehaviourKind.ANSWER
    ring_s: float = 1.0
    hang_up_after_s: float = 600.0
    keys: str = ""
    say: Path | None = None
    record: Path | None = None


@dataclass(frozen=True)
class PatientCall:
    """One call to the hotline.

    `keys` are steps between commas: `w4` waits 4 s, digits are pressed, `say` plays the sound `say`, `say:FILE` another
    one, `hangup` ends. Without a step `say` the sound is played after the last step. `record` gets what he hears.
    """

    from_number: str | bytes = "13800000001"
    from_name: str | bytes = ""
    keys: str = ""
    say: Path | None = None
    record: Path | None = None
    max_s: float = 600.0
    answer_timeout_s: float = 30.0


@dataclass(frozen=True)
class CallResult:
    """What became of a call; `answered_at` is None when nobody took it, `cause` is Q.850."""

    answered_at: datetime | None
    ended_at: datetime
    cause: int
    heard_path: Path | None


@dataclass
class CallHandle:
    """A call in progress; every method may be called from any thread."""

    call_id: str
    call: PatientCall
    _ami: CarrierAmi
    channel: str = ""
    answered_at: datetime | None = None
    _result: CallResult | None = None
    _answered: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait_answered(self, timeout_s: float) -> bool:
        """True once the hotline has answered; False when the call ended before, or at the limit."""
        self._answered.wait(timeout_s)
        return self.answered_at is not None

    def wait_ended(self, timeout_s: float) -> CallResult:
        """Raises TimeoutError when the call is still up after `timeout_s`."""
        if not self._ended.wait(timeout_s) or self._result is None:
            raise TimeoutError(f"call {self.call_id} is still up after {timeout_s} s")
        return self._result

    @property
    def ended(self) -> bool:
        """True when the call is over."""
        return self._ended.is_set()

    def press(self, keys: str) -> None:
        """Presses keys now, 120 ms each."""
        for key in keys:
            self._ami.act("PlayDTMF", {"Channel": self.channel, "Digit": key, "Duration": "120"})
            time.sleep(0.25)

    def say(self, sound: Path) -> None:
        """Plays a sound as the patient's voice, now; what was left of the script is dropped."""
        self._ami.act("Setvar", {"Channel": self.channel, "Variable": "HLC_SAY", "Value": str(sound.with_suffix(""))})
        self._ami.act("Redirect", {"Channel": self.channel, "Context": "hlc-listen", "Exten": "say", "Priority": "1"})

    def hang_up(self) -> None:
        """Puts the receiver down; nothing happens when the call is over."""
        if not self.ended and self.channel:
            self._ami.act("Hangup", {"Channel": self.channel, "Cause": "16"})

    def on_event(self, message: Message, at: datetime) -> None:
        """Called by the carrier with every event of this call."""
        self.channel = message.get("Channel", self.channel)
        if message["Event"] == "Newstate" and message.get("ChannelStateDesc") == "Up" and self.answered_at is None:
            self.answered_at = at
            self._answered.set()
        elif message["Event"] == "Hangup" or (
            message["Event"] == "OriginateResponse" and message.get("Response") == "Failure" and not self.channel
        ):
            self.end(at, cause=int(message.get("Cause", "0") or 0))

    def end(self, at: datetime, *, cause: int) -> None:
        """Closes the handle; the first reason stays."""
        if not self.ended:
            self._result = CallResult(self.answered_at, at, cause, self.call.record)
            self._ended.set()
            self._answered.set()


def script_of(keys: str) -> str:
    """`w4,5` -> `w4|5`; raises ValueError with the step that is not understood."""
    steps = [step.strip() for step in keys.split(",") if step.strip()]
    for step in steps:
        if not SCRIPT_STEP.fullmatch(step):
            raise ValueError(f"step {step!r} is none of: w4 (wait), digits, say, say:FILE, hangup")
    return "|".join(f"say:{sound_name(Path(step[4:]))}" if step.startswith("say:") else step for step in steps)


def sound_name(sound: Path | None) -> str:
    """Asterisk wants the name without its ending, and finds the format itself."""
    return "" if sound is None else checked(sound.absolute().with_suffix(""))


def recording_name(path: Path | None) -> str:
    return "" if path is None else checked(path.absolute())


def checked(path: Path) -> str:
    if any(letter in str(path) for letter in "|~,;&${}()\"\\\r\n\0"):
        raise ValueError(f"this file name cannot be used by the carrier: {path}")
    return str(path)


def caller_id(call: PatientCall) -> str:
    """Any bytes but line breaks, NUL and <>; Asterisk itself drops ( ) and spaces from the number."""
    name, number = (
        part.decode("utf-8", "surrogateescape") if isinstance(part, bytes) else part
        for part in (call.from_name, call.from_number)
    )
    if any(letter in name + number for letter in "\r\n\0") or any(letter in number for letter in "<>"):
        raise ValueError("a caller must not contain a line break or NUL, nor a number < or >")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{number}>'


def digits_of(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    if not digits:
        raise ValueError("a number needs digits")
    return digits
