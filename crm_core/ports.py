"""Ports: what one room asks of another, through the ground. The wiring says who implements them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from crm_core.calls.kinds import MonitorMode, TransferTargetKind
from crm_core.ids import AgentId, AttemptId, CallId


@dataclass(frozen=True)
class TransferTarget:
    """Where a call shall go. ``value``: agent extension, queue name, department code, or outside number (normalised)."""

    kind: TransferTargetKind
    value: str


@dataclass(frozen=True)
class LiveCall:
    """A call that Asterisk holds now, as seen by a resync."""

    call_id: CallId
    is_answered: bool
    started_at: datetime


@dataclass(frozen=True)
class CallBackCall:
    """One call-back to be placed. ``number`` is normalised; ``priority`` 0 to 100; ``entered_at`` is the old place."""

    call_id: CallId
    number: str
    queue: str
    priority: int
    entered_at: datetime
    language: str = "zh"


class Telephony(Protocol):
    """Commands to the telephone system. Implemented by cti.

    Every method blocks until Asterisk has answered, at most the action deadline (5 s). Raises TelephonyUnavailable (nothing
    was sent), TelephonyRefused, OutcomeUnknown (sent, no answer), InvalidInput (unsafe value: nothing was sent), WrongState
    (the agent has no such call). What really happens comes back as events. Thread-safe.
    """

    @property
    def is_up(self) -> bool: ...

    def originate_survey(self, attempt_id: AttemptId, number: str, *, ring_timeout_s: float) -> None:
        """Dial a patient; on answer the survey flow runs. Returns when Asterisk has queued the attempt."""

    def originate_call_back(self, call: CallBackCall, *, ring_timeout_s: float) -> None:
        """Dial a patient who gave up the receiver; on answer he hears one sentence and stands at his old place.

        While his telephone rings the place is held in the queue, so that nobody behind it is served before him.
        Returns when Asterisk has queued the attempt.
        """

    def set_sounds(self, call_id: CallId, language: str) -> None:
        """Which folder of sounds the patient hears from now on: ``zh``, or one below it as ``zh_q2w5``, where what is
        missing is taken from ``zh``. Does not raise: he hears what he heard before."""

    def release_place(self, call_id: CallId) -> None:
        """His place is not held any more: he stands there himself, or was not reached. Does not raise."""

    def dial(self, call_id: CallId, extension: str, number: str, *, caller_name: str = "") -> None:
        """Click-to-dial: ring the agent's phone (auto-answer), then the patient."""

    def hang_up(self, call_id: CallId) -> None:
        """End the whole call."""

    def hang_up_agent(self, call_id: CallId, agent_id: AgentId) -> None:
        """End one agent's leg only."""

    def blind_transfer(self, call_id: CallId, agent_id: AgentId, target: TransferTarget) -> None: ...

    def start_consult(self, call_id: CallId, agent_id: AgentId, target: TransferTarget) -> None:
        """Attended transfer, first half: the patient waits, the agent talks with the target."""

    def complete_consult(self, call_id: CallId, agent_id: AgentId) -> None: ...

    def cancel_consult(self, call_id: CallId, agent_id: AgentId) -> None: ...

    def start_conference(self, call_id: CallId, agent_id: AgentId) -> None:
        """Join patient, agent and consulted party."""

    def send_digits(self, call_id: CallId, agent_id: AgentId, digits: str) -> None:
        """Play DTMF to the far side of the agent's call."""

    def monitor(self, agent_id: AgentId, supervisor_extension: str, mode: MonitorMode) -> None:
        """Ring the supervisor's phone and connect it to the agent's conversation."""

    def sign_on(self, extension: str, queues: Sequence[str], *, paused_reason: str | None) -> None:
        """Add the phone to queues (idempotent); paused when a reason is given."""

    def sign_off(self, extension: str) -> None: ...

    def pause(self, extension: str, reason: str) -> None: ...

    def unpause(self, extension: str) -> None: ...

    def is_registered(self, extension: str) -> bool: ...

    def live_calls(self) -> Sequence[LiveCall]:
        """All calls Asterisk has now (asked, not remembered); used to reconcile attempts."""


@dataclass(frozen=True)
class AudioCopy:
    """One playable file of a recording."""

    path: Path
    mime_type: str
    size_bytes: int


@dataclass(frozen=True)
class Peaks:
    """Two-lane waveform: for each of ``len(patient)`` steps of ``step_s`` the peak level 0..100 of each side."""

    step_s: float
    patient: Sequence[int]
    agent: Sequence[int]


@dataclass(frozen=True)
class RecordingMeasures:
    """What was measured of one finished recording. Ratios 0..1 of the whole length."""

    length_s: float
    patient_talk_ratio: float
    agent_talk_ratio: float
    silence_ratio: float
    patient_level_dbfs: float
    agent_level_dbfs: float
    peaks: Peaks


class RecordingLibrary(Protocol):
    """Finished recordings. Implemented by the room recordings; permission and audit are the caller's duty."""

    def playable(self, recording_id: int) -> AudioCopy:
        """The two-channel compressed copy (left patient, right agent side). NotFound when there is none."""

    def peaks(self, recording_id: int) -> Peaks: ...

    def verify(self, recording_id: int) -> bool:
        """验真: True when the stored file still has the checksum taken when it was closed."""


@dataclass(frozen=True)
class HealthFinding:
    """One line of the health page."""

    part: str
    is_ok: bool
    detail: str = ""
    figures: dict[str, float] = field(default_factory=dict)


class HealthProbe(Protocol):
    """Every room tells how it is; never raises."""

    def health(self) -> Sequence[HealthFinding]: ...
