"""The recordings room over a real ground, driven by hand, with the worker's code but not its process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_core.calls.events import (
    CallArrived,
    CallEnded,
    PatientLegAnswered,
    RecordingStarted,
)
from crm_core.calls.kinds import CallOutcome, Direction, HungUpBy
from crm_core.calls.records import RecordingRecord
from crm_core.ids import CallId
from recordings import worker
from recordings.incoming import IncomingFiles
from recordings.ingest import Ingest
from recordings.library import Library
from tests.support.ground import Ground, make_ground
from tests.support.sounds import tone, write_wav

CALL = CallId("hl1-1763721000.17")


class InlineWorker:
    """The worker's code without its process; may be told to fail first."""

    def __init__(self) -> None:
        self.failures: list[Exception | dict[str, Any]] = []
        self.jobs = 0

    def run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        self.jobs += 1
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return worker.run(dict(job))

    def stop(self, *, wait_s: float = 0.0) -> None:
        pass


class Room:
    """The room over a real ground, driven by hand."""

    def __init__(self, folder: Path) -> None:
        self.ground: Ground = make_ground(f"sqlite:///{folder}/hotline.db")
        self.incoming = folder / "incoming"
        self.store = folder / "store"
        for path in (self.incoming, self.store):
            path.mkdir()
        self.worker = InlineWorker()
        self.reopen()

    def reopen(self) -> None:
        """A new process over the same home."""
        self.library = Library(self.store, self.ground.recordings)
        self.ingest = Ingest(
            self.ground.recordings,
            self.library,
            IncomingFiles(self.incoming),
            bus=self.ground.bus,
            clock=self.ground.clock,
            worker=self.worker,  # type: ignore[arg-type]
        )

    def begin(self, call_id: CallId = CALL, *, is_recorded: bool = True) -> None:
        now, bus = self.ground.clock.now(), self.ground.bus
        bus.publish(CallArrived(at=now, call_id=call_id, direction=Direction.INBOUND, number="13800000001"))
        bus.publish(PatientLegAnswered(at=now, call_id=call_id))
        if is_recorded:
            bus.publish(RecordingStarted(at=now, call_id=call_id))

    def write(self, call_id: CallId = CALL, *, length_s: float = 1.0) -> None:
        for side in ("-in", "-out"):
            write_wav(self.incoming / f"{call_id}{side}.wav", tone(length_s))

    def end(self, call_id: CallId = CALL) -> None:
        event = CallEnded(
            at=self.ground.clock.now(), call_id=call_id, outcome=CallOutcome.ANSWERED, hung_up_by=HungUpBy.PATIENT
        )
        self.ground.bus.publish(event)
        self.ingest.on_call_ended(event)

    def pass_time(self, seconds: float, *, step_s: float = 0.5) -> None:
        for _ in range(round(seconds / step_s)):
            self.ground.clock.advance(step_s)
            self.ingest.work()

    def record(self, call_id: CallId = CALL) -> RecordingRecord:
        record = self.ground.recordings.of_call(call_id)
        assert record is not None
        return record
