"""The room as the wiring sees it: start, stop, health, and the library the desk plays from."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crm_core.bus import Bus
from crm_core.calls.recordings import RecordingRecords
from crm_core.clock import Clock
from crm_core.ports import HealthFinding
from recordings.incoming import IncomingFiles
from recordings.ingest import Ingest, IngestLimits
from recordings.library import Library
from recordings.retention import Retention
from recordings.worker_process import WorkerProcess


@dataclass(frozen=True)
class RecordingSettings:
    """``incoming``: where Asterisk writes; ``store``: the library; both on one file system, so that moves are atomic."""

    incoming: Path
    store: Path
    copy_format: str = "opus"
    copy_kbit_s: int = 32
    keep_days: int = 180
    disk_alarm_ratio: float = 0.9
    backlog_alarm: int = 500


class RecordingRoom:
    """Subscribes at once, works between ``start`` and ``stop``. ``retention.run`` is for an hourly job."""

    def __init__(self, settings: RecordingSettings, records: RecordingRecords, bus: Bus, clock: Clock) -> None:
        self._settings = settings
        self.library = Library(settings.store, records)
        self.retention = Retention(records, self.library, clock, keep_days=settings.keep_days)
        self.ingest = Ingest(
            records,
            self.library,
            IncomingFiles(settings.incoming),
            bus=bus,
            clock=clock,
            worker=WorkerProcess(),
            limits=IngestLimits(copy_format=settings.copy_format, copy_kbit_s=settings.copy_kbit_s),
        )
        self.ingest.subscribe(bus)

    def start(self) -> None:
        for folder in (self._settings.incoming, self._settings.store):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ingest.start()

    def stop(self) -> None:
        self.ingest.stop()

    def health(self) -> Sequence[HealthFinding]:
        """Never raises."""
        return [self._disk(), self._backlog(), self._converter()]

    def _disk(self) -> HealthFinding:
        try:
            usage = shutil.disk_usage(self._settings.store)
        except OSError as error:
            return HealthFinding("recordings.disk", False, str(error.strerror))
        ratio = 1 - usage.free / usage.total
        is_ok = ratio < self._settings.disk_alarm_ratio
        return HealthFinding("recordings.disk", is_ok, "" if is_ok else "nearly full", {"used_ratio": round(ratio, 3)})

    def _backlog(self) -> HealthFinding:
        backlog, problem = self.ingest.backlog, self.ingest.last_problem
        is_ok = not problem and backlog < self._settings.backlog_alarm
        return HealthFinding("recordings.ingest", is_ok, problem, {"backlog": backlog})

    def _converter(self) -> HealthFinding:
        is_there = shutil.which("ffmpeg") is not None
        return HealthFinding("recordings.ffmpeg", is_there, "" if is_there else "ffmpeg is missing: no small copies")
