"""Remembers the records of calls that are under way, so that an event is projected and shown without reading."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crm_core.calls.records import CallRecord


class RecordMemory:
    """One event of a call is looked at by many screens: it is read once. Right only while one process writes.

    A record that was read while its call changed is not kept. ``size`` 0 remembers nothing. Thread-safe.
    """

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._records: OrderedDict[str, CallRecord] = OrderedDict()
        self._changing: dict[str, int] = {}
        self._lock = threading.Lock()
        self.change_count = 0

    @property
    def is_used(self) -> bool:
        """False when nothing is remembered: other processes write calls too."""
        return self._size > 0

    def of(self, call_id: str, read: Callable[[str], CallRecord]) -> CallRecord:
        """The remembered record, or the one that ``read`` gives; its errors go through."""
        with self._lock:
            if (known := self._records.get(call_id)) is not None:
                return known
            before = self.change_count
        record = read(call_id)
        with self._lock:
            if self._size and before == self.change_count and call_id not in self._changing:
                self._keep(call_id, record)
        return record

    def evolve(self, call_id: str, change: Callable[[CallRecord | None], CallRecord]) -> None:
        """One event of a call: ``change`` gets the remembered record (None: not remembered) and gives the next one.

        The next one is remembered when nobody else has changed the call meanwhile. An error forgets the record.
        """
        with self._lock:
            known = self._records.get(call_id)
            before = self.change_count
            self._changing[call_id] = self._changing.get(call_id, 0) + 1
        after: CallRecord | None = None
        try:
            after = change(known)
        finally:
            with self._lock:
                is_alone = self._done(call_id)
                was_kept = self._records.get(call_id) is known if known else self.change_count == before
                self._drop(call_id)
                if self._size and after is not None and is_alone and was_kept:
                    self._keep(call_id, after)

    @contextmanager
    def changing(self, call_id: str) -> Iterator[None]:
        """Around a write to one call: nothing read before its end is kept."""
        with self._lock:
            self._changing[call_id] = self._changing.get(call_id, 0) + 1
            self._records.pop(call_id, None)
        try:
            yield
        finally:
            with self._lock:  # both in one step: between them an older record could be put back
                self._done(call_id)
                self._drop(call_id)

    def forget(self, call_id: str) -> None:
        """The call has changed."""
        with self._lock:
            self._drop(call_id)

    def _done(self, call_id: str) -> bool:
        """One change has ended; True when no other one of this call is under way."""
        self._changing[call_id] -= 1
        if self._changing[call_id]:
            return False
        del self._changing[call_id]
        return True

    def _keep(self, call_id: str, record: CallRecord) -> None:
        self._records[call_id] = record
        if len(self._records) > self._size:
            self._records.popitem(last=False)

    def _drop(self, call_id: str) -> None:
        self.change_count += 1
        self._records.pop(call_id, None)
