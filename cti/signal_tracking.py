"""What our own dialplan tells with UserEvent, and supervisors who listen."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from crm_core.calls import events as e
from crm_core.ids import CallId
from cti import ami_messages as m
from cti.call_book import MONITOR_PREFIX, CallBook
from cti.call_states import CallInput
from cti.tracked_call import TrackedCall
from cti.transfer_tracking import TransferTracking

log = structlog.get_logger(__name__)

_Handler = Callable[["SignalTracking", TrackedCall, m.DialplanSignal], None]


class SignalTracking:
    """One table: HlEvent -> what it means for the call."""

    def __init__(self, book: CallBook, transfers: TransferTracking) -> None:
        self._book = book
        self._transfers = transfers
        self.ivr_failed_count = 0
        """Callers whom the dialplan led to the queue by itself because our FastAGI did not answer (I8)."""

    def on_signal(self, message: m.DialplanSignal) -> None:
        call = self._book.calls.get(CallId(message.call_id))
        handler = _SIGNALS.get(message.kind)
        if call is None or handler is None:
            log.info("dialplan_signal", signal=message.kind[:40], is_known=handler is not None, call_id=message.call_id)
            return
        handler(self, call, message)

    def _recording_started(self, call: TrackedCall, _: m.DialplanSignal) -> None:
        if not call.is_recorded:
            call.is_recorded = True
            self._book.emit(call, e.RecordingStarted)

    def _notice_played(self, call: TrackedCall, _: m.DialplanSignal) -> None:
        if not call.notice_played:
            call.notice_played = True
            self._book.emit(call, e.NoticePlayed)

    def _department_dialled(self, call: TrackedCall, message: m.DialplanSignal) -> None:
        department = message.facts.get("Department", "")[:40]
        if self._is_patients(call, message) and call.department != department:
            call.department = department
            self._book.emit(call, e.DepartmentDialled, department=call.department)
            call.step(CallInput.DEPARTMENT_DIALLED)

    def _department_no_answer(self, call: TrackedCall, message: m.DialplanSignal) -> None:
        if self._is_patients(call, message) and call.department:
            self._book.emit(call, e.DepartmentNoAnswer, department=call.department)
            call.department = ""
            call.step(CallInput.DEPARTMENT_GONE)

    def _queue_empty(self, call: TrackedCall, _: m.DialplanSignal) -> None:
        call.nobody_there = True

    def _queue_entered(self, call: TrackedCall, message: m.DialplanSignal) -> None:
        weight = message.facts.get("Weight", "")
        call.queue_priority = int(weight) if weight.isascii() and weight.isdigit() and len(weight) <= 3 else 0

    def _consult_failed(self, call: TrackedCall, _: m.DialplanSignal) -> None:
        self._transfers.on_consult_failed(call)

    def _ivr_failed(self, call: TrackedCall, message: m.DialplanSignal) -> None:
        self.ivr_failed_count += 1
        log.error("ivr_failed", call_id=call.call_id, agi_status=message.facts.get("AgiStatus", "")[:20])

    def _logged(self, call: TrackedCall, message: m.DialplanSignal) -> None:
        log.warning("dialplan_signal", signal=message.kind, call_id=call.call_id)

    @staticmethod
    def _is_patients(call: TrackedCall, message: m.DialplanSignal) -> bool:
        """Sent on the patient's own channel, not on a consultation's."""
        return message.facts.get("Uniqueid", "") == call.patient_id

    def on_spy_started(self, message: m.SpyStarted) -> None:
        self._book.touch(message.spyer)
        watched = self._book.touch(message.spyee)
        call = self._book.call_of(watched)
        supervisor_id = self._book.agent_of_channel_name(message.spyer.name)
        if call is None or watched is None or watched.agent_id is None or supervisor_id is None:
            return
        if message.spyer.unique_id not in call.spies:
            call.spies[message.spyer.unique_id] = (watched.agent_id, supervisor_id)
            self._book.emit(call, e.MonitoringStarted, agent_id=watched.agent_id, supervisor_id=supervisor_id,
                            mode=monitor_mode(message.spyer.unique_id))

    def on_spy_stopped(self, message: m.SpyStopped) -> None:
        for call in self._book.calls.values():
            if message.spyer.unique_id in call.spies:
                self._stop_spy(call, message.spyer.unique_id)
                return

    def on_spyer_gone(self, unique_id: str) -> None:
        if unique_id.startswith(MONITOR_PREFIX):
            for call in self._book.calls.values():
                if unique_id in call.spies:
                    self._stop_spy(call, unique_id)
                    return

    def close(self, call: TrackedCall) -> None:
        for unique_id in list(call.spies):
            self._stop_spy(call, unique_id)

    def _stop_spy(self, call: TrackedCall, unique_id: str) -> None:
        agent_id, supervisor_id = call.spies.pop(unique_id)
        self._book.emit(call, e.MonitoringEnded, agent_id=agent_id, supervisor_id=supervisor_id)


def monitor_mode(unique_id: str) -> str:
    """``mon-whisper-17...`` -> ``whisper``; ``listen`` when the id is not of our making."""
    mode = unique_id.removeprefix(MONITOR_PREFIX).partition("-")[0]
    return mode if mode in ("listen", "whisper", "barge") else "listen"


_SIGNALS: dict[str, _Handler] = {
    "RecordingStarted": SignalTracking._recording_started,
    "NoticePlayed": SignalTracking._notice_played,
    "DepartmentDialled": SignalTracking._department_dialled,
    "DepartmentNoAnswer": SignalTracking._department_no_answer,
    "QueueEmpty": SignalTracking._queue_empty,
    "QueueEntered": SignalTracking._queue_entered,
    "ConsultFailed": SignalTracking._consult_failed,
    "IvrFailed": SignalTracking._ivr_failed,
    "DialRefused": SignalTracking._logged,
    "LoopStopped": SignalTracking._logged,
    "TransferReturned": SignalTracking._logged,
    "AgentLost": SignalTracking._logged,
}
