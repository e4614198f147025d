"""What became of a dialled call, asked outside the campaign tables: the call record first, then Asterisk's own CDR."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from crm_core.calls.kinds import CallOutcome
from crm_core.calls.service import CallRecords
from crm_core.campaigns.cards import CallTrace
from crm_core.errors import NotFound
from crm_core.ids import CallId

_TAIL_BYTES = 32 * 1024 * 1024
_ANSWER, _END, _DISPOSITION, _UNIQUEID = 10, 11, 14, 16  # columns of cdr_csv with loguniqueid
_NOT_SEEN = (None, CallOutcome.LOST_EVENT, CallOutcome.PBX_CRASH)
"""Ends that we concluded and did not see: Asterisk's own account counts then."""
_OUTCOMES = {
    "ANSWERED": CallOutcome.ANSWERED,
    "NO ANSWER": CallOutcome.NO_ANSWER,
    "BUSY": CallOutcome.BUSY,
    "CONGESTION": CallOutcome.FAILED,
    "FAILED": CallOutcome.FAILED,
}


class CallTraces:
    """``find`` gives None when neither knows the call: then nobody may say what happened (F51)."""

    def __init__(self, calls: CallRecords, cdr_file: Path | None) -> None:
        """``cdr_file``: Master.csv of an Asterisk on this machine; None when it runs elsewhere."""
        self._calls = calls
        self._cdr_file = cdr_file

    def find(self, call_id: CallId) -> CallTrace | None:
        return self._from_record(call_id) or self._from_cdr(call_id)

    def _from_record(self, call_id: CallId) -> CallTrace | None:
        try:
            record = self._calls.record(call_id)
        except NotFound:
            return None
        if record.ended_at is None or record.outcome in _NOT_SEEN:
            return None
        assert record.outcome is not None
        return CallTrace(record.outcome, record.patient_answered_at is not None, record.ended_at, record.cause)

    def _from_cdr(self, call_id: CallId) -> CallTrace | None:
        rows = [row for row in self._rows() if len(row) > _UNIQUEID and row[_UNIQUEID] == call_id]
        if not rows:
            return None
        row = next((row for row in rows if row[_ANSWER]), rows[-1])
        outcome = _OUTCOMES.get(row[_DISPOSITION], CallOutcome.FAILED)
        ended_at = datetime.strptime(row[_END], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        return CallTrace(outcome, bool(row[_ANSWER]), ended_at)

    def _rows(self) -> Iterator[list[str]]:
        """The last lines of the file; a half-written one at the beginning of the tail is left out."""
        if self._cdr_file is None or not self._cdr_file.exists():
            return iter(())
        with self._cdr_file.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        if size > _TAIL_BYTES:
            text = text.partition("\n")[2]
        return csv.reader(io.StringIO(text))
