"""Deletes recordings that are older than the hospital keeps them, and leaves a row that says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog

from crm_core.calls.kinds import RecordingState
from crm_core.calls.recordings import RecordingFilter
from crm_core.calls.records import RecordingRecord
from crm_core.clock import Clock
from crm_core.ids import CallId
from recordings.library import Library

log = structlog.get_logger(__name__)

EXPIRED = "expired"
_PAGE = 200


class ExpiringRecords(Protocol):
    """What retention asks of ``crm_core.calls.recordings.RecordingRecords``."""

    def search(
        self, wanted: RecordingFilter, *, limit: int = 50, before_id: int | None = None
    ) -> tuple[Sequence[tuple[RecordingRecord, Any]], int]: ...

    def missing(self, call_id: CallId, state: RecordingState, reason: str) -> int: ...


class Retention:
    """Files go first: a row that still promises sound is worse than sound nobody lists (both are repaired by a rerun)."""

    def __init__(self, records: ExpiringRecords, library: Library, clock: Clock, *, keep_days: int) -> None:
        self._records = records
        self._library = library
        self._clock = clock
        self._keep_days = keep_days

    def run(self) -> int:
        """Returns how many recordings were deleted."""
        limit = self._clock.now() - timedelta(days=self._keep_days)
        wanted = RecordingFilter(started_to=limit, state=RecordingState.READY)
        deleted = 0
        while page := self._records.search(wanted, limit=_PAGE)[0]:
            for record, _ in page:
                self._delete(record)
                deleted += 1
        if deleted:
            log.info("recordings_expired", count=deleted)
        return deleted

    def _delete(self, record: RecordingRecord) -> None:
        for name in (record.copy_name, record.store_name):
            if name:
                self._library.remove(name)
        self._records.missing(record.call_id, RecordingState.EXPIRED, EXPIRED)
