"""Recorded messages: moved from where Asterisk wrote them into the library, found again for the player, verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import select

from crm_core.calls.kinds import RecordingState
from crm_core.calls.records import RecordingRecord
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.ids import CallId
from crm_core.tickets.kinds import SoundState
from crm_core.tickets.models import VoiceMessage

log = structlog.get_logger(__name__)

_STATES = {
    SoundState.INCOMING: RecordingState.RECORDING,
    SoundState.KEPT: RecordingState.READY,
    SoundState.MISSING: RecordingState.MISSING,
}


class SoundStore(Protocol):
    """Where finished sounds lie. Implemented by the library of the room recordings."""

    def new_name(self, at: datetime) -> str: ...

    def working_path(self, ending: str) -> Path: ...

    def keep(self, working: Path, name: str) -> None: ...


class VoiceMessages:
    """``get`` makes these rows usable as the rows of a recording library. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, *, incoming: Path) -> None:
        self._db = database
        self._clock = clock
        self._incoming = incoming
        self._store: SoundStore | None = None
        self._keeping = threading.Lock()

    def use(self, store: SoundStore) -> None:
        """Before the first message; the library needs these rows first."""
        self._store = store

    def get(self, recording_id: int) -> RecordingRecord:
        """One message as a recording: the caller alone is heard. Raises NotFound."""
        with self._db.read() as session:
            row = session.get(VoiceMessage, recording_id)
            if row is None:
                raise NotFound("no such message")
            return RecordingRecord(
                id=row.id, call_id=CallId(row.call_id), state=_STATES[SoundState(row.state)], reason="",
                started_at=row.recorded_at, closed_at=row.recorded_at, length_s=row.length_s,
                size_bytes=row.size_bytes, sha256=row.sha256, store_name=row.store_name, copy_name=None,
            )  # fmt: skip

    def keep_incoming(self) -> int:
        """Move every message that still lies where Asterisk wrote it; run by the clock, for it copies and hashes.
        Returns how many were kept."""
        with self._keeping:
            return self._keep_all()

    def _keep_all(self) -> int:
        with self._db.read() as session:
            query = select(VoiceMessage.id).where(VoiceMessage.state == SoundState.INCOMING).order_by(VoiceMessage.id)
            ids = session.scalars(query.limit(500)).all()
        return sum(self._keep(one) for one in ids)

    def _keep(self, message_id: int) -> bool:
        """The copy is whole and its row written before the original goes: killed in between, it is done again."""
        with self._db.read() as session:
            row = session.get_one(VoiceMessage, message_id)
        if self._store is None or row.state != SoundState.INCOMING:
            return False
        source = self._incoming / Path(row.incoming_name).name
        if not source.is_file() or source.is_symlink():
            log.error("voice_message_missing", message_id=message_id)
            self._write(message_id, state=SoundState.MISSING)
            return False
        working = self._store.working_path(".wav")
        shutil.copyfile(source, working)
        with working.open("rb+") as copied:
            digest = hashlib.file_digest(copied, "sha256").hexdigest()
            os.fsync(copied.fileno())
        name = f"{self._store.new_name(row.recorded_at)}.wav"
        size_bytes = working.stat().st_size
        self._store.keep(working, name)
        self._write(message_id, state=SoundState.KEPT, store_name=name, sha256=digest, size_bytes=size_bytes)
        source.unlink(missing_ok=True)
        return True

    def _write(self, message_id: int, **values: object) -> None:
        with self._db.write() as session:
            row = session.get_one(VoiceMessage, message_id)
            for name, value in values.items():
                setattr(row, name, value)
