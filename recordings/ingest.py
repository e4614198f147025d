"""Takes the files of ended calls into the library: waits until they are whole, has them worked on, says what is missing."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog

from crm_core.bus import Bus
from crm_core.calls.events import CallEnded, RecordingMissing, RecordingReady
from crm_core.calls.kinds import RecordingState
from crm_core.calls.records import RecordingRecord
from crm_core.clock import Clock
from crm_core.ids import CallId, is_safe_id
from crm_core.ports import RecordingMeasures
from recordings.audio import COPY_FORMATS
from recordings.incoming import IncomingFiles
from recordings.library import Library
from recordings.measures import measures_of
from recordings.worker_process import WorkerDied, WorkerProcess

log = structlog.get_logger(__name__)

_RETRY_FIRST_S = 30.0
_RETRY_LONGEST_S = 3600.0
_REASON_STATES = {"empty": RecordingState.EMPTY, "damaged": RecordingState.DAMAGED}


class Records(Protocol):
    """What ingest asks of ``crm_core.calls.recordings.RecordingRecords``."""

    def ready(
        self,
        call_id: CallId,
        *,
        store_name: str,
        copy_name: str,
        sha256: str,
        size_bytes: int,
        measures: RecordingMeasures,
    ) -> int: ...

    def missing(self, call_id: CallId, state: RecordingState, reason: str) -> int: ...

    def of_call(self, call_id: str) -> RecordingRecord | None: ...

    def unfinished(self) -> list[CallId]: ...

    def answered_without_recording(self, *, ended_before: Any, limit: int = 500) -> list[CallId]: ...


@dataclass(frozen=True)
class IngestLimits:
    """Times in seconds. ``settle_s``: unchanged for so long means closed; ``missing_after_s``: then there is no file."""

    look_every_s: float = 0.5
    settle_s: float = 2.0
    missing_after_s: float = 10.0
    sweep_every_s: float = 60.0
    copy_format: str = "opus"
    copy_kbit_s: int = 32


@dataclass
class _Pending:
    call_id: CallId
    since_s: float
    due_s: float
    sizes: tuple[int, ...] = ()
    unchanged_since_s: float = 0.0
    failures: int = 0


class Ingest:
    """One thread, one worker process. The truth is in the rows and the folder: a restart finds everything again."""

    def __init__(
        self,
        records: Records,
        library: Library,
        incoming: IncomingFiles,
        *,
        bus: Bus,
        clock: Clock,
        worker: WorkerProcess,
        limits: IngestLimits | None = None,
    ) -> None:
        self._records = records
        self._library = library
        self._incoming = incoming
        self._bus = bus
        self._clock = clock
        self._worker = worker
        self._limits = limits or IngestLimits()
        self._pending: dict[CallId, _Pending] = {}
        self._lock = threading.Condition()
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self._next_sweep_s = 0.0
        self.last_problem = ""

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(CallEnded, self.on_call_ended)

    def start(self) -> None:
        self._library.clear_working()
        self._thread = threading.Thread(target=self._run, name="recordings-ingest", daemon=True)
        self._thread.start()

    def stop(self, *, wait_s: float = 10.0) -> None:
        """Ends after the job in hand; what waits is found again at the next start."""
        with self._lock:
            self._is_stopping = True
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join(wait_s)
        self._worker.stop(wait_s=0.5)

    @property
    def backlog(self) -> int:
        return len(self._pending)

    def on_call_ended(self, event: CallEnded) -> None:
        """Costs the bus nothing: the work is done in the ingest thread."""
        self.expect(event.call_id)

    def expect(self, call_id: CallId) -> None:
        """Look for the files of a call that has ended. Idempotent."""
        if not is_safe_id(call_id):
            return
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._pending.setdefault(call_id, _Pending(call_id, now_s, now_s + self._limits.look_every_s))
            self._lock.notify_all()

    def work(self) -> None:
        """One round: sweep when it is time, then everything that is due. Called by the thread, and by tests."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._next_sweep_s:
            self._next_sweep_s = now_s + self._limits.sweep_every_s
            self.sweep()
        with self._lock:
            due = [pending for pending in self._pending.values() if pending.due_s <= now_s]
        for pending in sorted(due, key=lambda one: one.since_s):
            if self._is_stopping:
                return
            self._guarded(pending)

    def sweep(self) -> None:
        """Find what no event told us about: open rows of ended calls, files left behind, answered calls without a row."""
        ended = set(self._records.unfinished())
        for call_id in self._incoming.call_ids():
            record = self._records.of_call(call_id)
            if record is None or (record.state == RecordingState.RECORDING and call_id not in ended):
                continue  # the call may still be going on
            if record.state == RecordingState.READY:
                self._incoming.remove(call_id)
            elif record.state == RecordingState.RECORDING or self._incoming.sound_bytes(call_id):
                ended.add(call_id)
        for call_id in ended:
            self.expect(call_id)
        before = self._clock.now() - timedelta(seconds=self._limits.sweep_every_s)
        for call_id in self._records.answered_without_recording(ended_before=before):
            if call_id not in self._pending:
                self._close_missing(call_id, RecordingState.MISSING, "not_started")

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self.work()
            except Exception as error:
                self.last_problem = repr(error)
                log.exception("recordings_round_failed")
            with self._lock:
                if not self._is_stopping:
                    self._lock.wait(self._limits.look_every_s)

    def _guarded(self, pending: _Pending) -> None:
        try:
            is_done = self._look(pending)
        except Exception as error:  # database or disk: the files stay, and we come back
            log.exception("recording_not_ingested", call_id=pending.call_id)
            is_done = self._later(pending, repr(error))
        if is_done:
            with self._lock:
                self._pending.pop(pending.call_id, None)

    def _look(self, pending: _Pending) -> bool:
        """True when nothing is left to do for this call."""
        now_s = self._clock.monotonic_s()
        pending.due_s = now_s + self._limits.look_every_s
        sizes = self._incoming.sizes(pending.call_id)
        if not any(sizes):
            return self._no_file(pending, now_s)
        if sizes != pending.sizes:
            pending.sizes, pending.unchanged_since_s = sizes, now_s
            return False
        is_closed = self._incoming.is_closed(pending.call_id)
        if not is_closed and now_s - pending.unchanged_since_s < self._limits.settle_s:
            return False
        return self._process(pending)

    def _no_file(self, pending: _Pending, now_s: float) -> bool:
        if now_s - pending.since_s < self._limits.missing_after_s:
            return False
        record = self._records.of_call(pending.call_id)
        if record is None or record.state != RecordingState.RECORDING:
            return True  # never answered, or settled before
        self._close_missing(pending.call_id, RecordingState.MISSING, "no_file")
        return True

    def _process(self, pending: _Pending) -> bool:
        call_id = pending.call_id
        record = self._records.of_call(call_id)
        if record is None:
            return self._later(pending, "the call has no recording row")
        if record.state == RecordingState.READY:
            self._incoming.remove(call_id)
            return True
        wav = self._library.working_path(".wav")
        copy = self._library.working_path(COPY_FORMATS[self._limits.copy_format][0])
        try:
            result = self._worker.run(self._incoming.paths(call_id).as_job() | self._copy_options(wav, copy))
        except WorkerDied as error:
            return self._later(pending, str(error))
        if "error" in result:
            return self._failed(pending, str(result["error"]), str(result.get("detail", "")))
        self._take_in(call_id, wav, copy, result)
        return True

    def _take_in(self, call_id: CallId, wav: Path, copy: Path, result: dict[str, Any]) -> None:
        """Move, write the row, and only then let the originals go."""
        name = self._library.new_name(self._clock.now())
        store_name, copy_name = f"{name}.wav", f"{name}{copy.suffix}" if result["has_copy"] else ""
        self._library.keep(wav, store_name)
        if copy_name:
            self._library.keep(copy, copy_name)
        recording_id = self._records.ready(
            call_id,
            store_name=store_name,
            copy_name=copy_name,
            sha256=result["sha256"],
            size_bytes=result["size_bytes"],
            measures=measures_of(result["measures"]),
        )
        self._incoming.remove(call_id)
        self.last_problem = "" if copy_name else f"no copy: {result['detail']}"
        log.info("recording_ready", call_id=call_id, recording_id=recording_id, is_repaired=result["is_repaired"])
        self._bus.publish(RecordingReady(at=self._clock.now(), call_id=call_id, recording_id=recording_id))

    def _failed(self, pending: _Pending, code: str, detail: str) -> bool:
        state = _REASON_STATES.get(code)
        if state is not None:
            self._close_missing(pending.call_id, state, f"{code}: {detail}")
            return True
        return self._later(pending, f"{code}: {detail}")

    def _later(self, pending: _Pending, reason: str) -> bool:
        """Disk full, worker killed, database away: the gap is listed at once, the files stay, and it is tried again."""
        pending.failures += 1
        pause_s = min(_RETRY_LONGEST_S, _RETRY_FIRST_S * 2 ** (pending.failures - 1))
        pending.due_s = self._clock.monotonic_s() + pause_s
        self.last_problem = reason
        log.warning("recording_postponed", call_id=pending.call_id, reason=reason, again_in_s=pause_s)
        if pending.failures == 1:
            self._mark_gap(pending.call_id, reason)
        return False

    def _mark_gap(self, call_id: CallId, reason: str) -> None:
        try:
            if self._records.of_call(call_id) is not None:
                self._close_missing(call_id, RecordingState.DAMAGED, reason)
        except Exception:  # the database is what is broken: the retry says it again
            log.exception("recording_gap_not_written", call_id=call_id)

    def _close_missing(self, call_id: CallId, state: RecordingState, reason: str) -> None:
        recording_id = self._records.missing(call_id, state, reason)
        log.error("recording_missing", call_id=call_id, state=state, reason=reason)
        self._bus.publish(
            RecordingMissing(at=self._clock.now(), call_id=call_id, recording_id=recording_id, reason=reason)
        )

    def _copy_options(self, wav: Path, copy: Path) -> dict[str, Any]:
        return {
            "wav": str(wav),
            "copy": str(copy),
            "copy_format": self._limits.copy_format,
            "kbit_s": self._limits.copy_kbit_s,
        }
