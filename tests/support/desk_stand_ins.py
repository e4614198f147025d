"""Stand-ins of the desk tests for what is not the desk's: telephone system, sound files, telephones, a health probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_desk.services import DemoPatientNumber, DemoPhone, PhoneAccess
from crm_core.calls.kinds import MonitorMode
from crm_core.errors import HotlineError, NotFound
from crm_core.ids import AgentId, AttemptId, CallId
from crm_core.ports import AudioCopy, HealthFinding, LiveCall, Peaks, TransferTarget

ASHA_NUMBER = "13800000001"


@dataclass
class WrittenTelephony:
    """Writes down every command; answers as told."""

    commands: list[tuple[Any, ...]] = field(default_factory=list)
    registered: set[str] = field(default_factory=set)
    failure: HotlineError | None = None
    is_up: bool = True

    def _take(self, *command: Any) -> None:
        self.commands.append(command)
        if self.failure is not None:
            raise self.failure

    def originate_survey(self, attempt_id: AttemptId, number: str, *, ring_timeout_s: float) -> None:
        self._take("originate_survey", attempt_id, number)

    def dial(self, call_id: CallId, extension: str, number: str, *, caller_name: str = "") -> None:
        self._take("dial", call_id, extension, number)

    def hang_up(self, call_id: CallId) -> None:
        self._take("hang_up", call_id)

    def hang_up_agent(self, call_id: CallId, agent_id: AgentId) -> None:
        self._take("hang_up_agent", call_id, agent_id)

    def blind_transfer(self, call_id: CallId, agent_id: AgentId, target: TransferTarget) -> None:
        self._take("blind_transfer", call_id, agent_id, target)

    def start_consult(self, call_id: CallId, agent_id: AgentId, target: TransferTarget) -> None:
        self._take("start_consult", call_id, agent_id, target)

    def complete_consult(self, call_id: CallId, agent_id: AgentId) -> None:
        self._take("complete_consult", call_id, agent_id)

    def cancel_consult(self, call_id: CallId, agent_id: AgentId) -> None:
        self._take("cancel_consult", call_id, agent_id)

    def start_conference(self, call_id: CallId, agent_id: AgentId) -> None:
        self._take("start_conference", call_id, agent_id)

    def send_digits(self, call_id: CallId, agent_id: AgentId, digits: str) -> None:
        self._take("send_digits", call_id, agent_id, digits)

    def monitor(self, agent_id: AgentId, supervisor_extension: str, mode: MonitorMode) -> None:
        self._take("monitor", agent_id, supervisor_extension, mode)

    def sign_on(self, extension: str, queues: Sequence[str], *, paused_reason: str | None) -> None:
        self._take("sign_on", extension)

    def sign_off(self, extension: str) -> None:
        self._take("sign_off", extension)

    def pause(self, extension: str, reason: str) -> None:
        self._take("pause", extension, reason)

    def unpause(self, extension: str) -> None:
        self._take("unpause", extension)

    def is_registered(self, extension: str) -> bool:
        return extension in self.registered

    def live_calls(self) -> Sequence[LiveCall]:
        return []


@dataclass
class FileLibrary:
    """Sound files of the test's own."""

    folder: Path
    files: dict[int, Path] = field(default_factory=dict)
    is_unchanged: bool = True

    def playable(self, recording_id: int) -> AudioCopy:
        path = self.files.get(recording_id)
        if path is None:
            raise NotFound("no such recording")
        return AudioCopy(path, "audio/ogg", path.stat().st_size if path.exists() else 0)

    def peaks(self, recording_id: int) -> Peaks:
        raise NotFound("no peaks here")

    def verify(self, recording_id: int) -> bool:
        return self.is_unchanged


class KnownPhones:
    def softphone(self, extension: str, display_name: str) -> PhoneAccess:
        return PhoneAccess(
            "ws://127.0.0.1:8188/ws", f"sip:{extension}@127.0.0.1", extension, "sip secret", display_name, extension
        )

    def demo_phone(self) -> DemoPhone | None:
        numbers = (DemoPatientNumber(ASHA_NUMBER, "阿莎"),)
        return DemoPhone("ws://127.0.0.2:8189/ws", "sip:phone@127.0.0.2", "phone", "demo secret", "95169", numbers)


@dataclass
class Probe:
    findings: list[HealthFinding] = field(default_factory=lambda: [HealthFinding("ami", True, "up", {"lag_s": 0.0})])

    def health(self) -> Sequence[HealthFinding]:
        return self.findings
