"""Where finished recordings lie: paths made by us under one root, atomic moves, checksums (R44, F76)."""

from __future__ import annotations

import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Protocol

from crm_core.calls.records import RecordingRecord
from crm_core.clock import at_hospital
from crm_core.errors import NotFound
from crm_core.ports import AudioCopy, Peaks
from recordings.audio import checksum

_NAME = re.compile(r"\d{4}/\d{2}/\d{2}/[0-9a-f]{32}\.(?:wav|ogg|mp3)")
_MIME_TYPES = {".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".wav": "audio/wav"}
_WORKING = ".working"


class RecordingRows(Protocol):
    """The one question the library asks the ground."""

    def get(self, recording_id: int) -> RecordingRecord: ...


class Library:
    """Implements the port ``RecordingLibrary``. ``root`` is the store; what is in it was put there by ``keep`` only."""

    def __init__(self, root: Path, records: RecordingRows) -> None:
        self._root = root
        self._records = records

    def playable(self, recording_id: int) -> AudioCopy:
        """The copy for listening; the original when there is no copy. NotFound when neither exists."""
        record = self._records.get(recording_id)
        for name in (record.copy_name, record.store_name):
            path = self._existing(name) if name else None
            if path is not None:
                return AudioCopy(path, _MIME_TYPES[path.suffix], path.stat().st_size)
        raise NotFound("this recording has no sound")

    def peaks(self, recording_id: int) -> Peaks:
        stored = self._records.get(recording_id).peaks
        if not stored:
            raise NotFound("this recording has no waveform")
        return Peaks(float(stored["step_s"]), tuple(stored["patient"]), tuple(stored["agent"]))

    def verify(self, recording_id: int) -> bool:
        """验真: False when the file was changed or is gone."""
        record = self._records.get(recording_id)
        path = self._existing(record.store_name) if record.store_name else None
        return path is not None and bool(record.sha256) and checksum(path) == record.sha256

    def new_name(self, at: datetime) -> str:
        """``yyyy/mm/dd/<32 hexadecimal digits>`` of the hospital's day; nothing of the call is in it."""
        return f"{at_hospital(at):%Y/%m/%d}/{secrets.token_hex(16)}"

    def working_path(self, ending: str) -> Path:
        """A place on the same file system to write before ``keep``."""
        folder = self._root / _WORKING
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{secrets.token_hex(16)}{ending}"

    def keep(self, working: Path, name: str) -> None:
        """Move a finished, synced file to its name: whole or not at all, and there after a power cut."""
        target = self._path(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        working.chmod(0o600)
        working.rename(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, name: str) -> None:
        """Delete one stored file; no error when it is gone."""
        self._path(name).unlink(missing_ok=True)

    def clear_working(self) -> None:
        """At start: what a killed worker left half-written."""
        for path in (self._root / _WORKING).glob("*"):
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFound("this is not the name of a recording")
        return self._root / name

    def _existing(self, name: str) -> Path | None:
        """The file of a name; None when it is missing, or when a link leads out of the store."""
        path = self._path(name)
        if path.is_symlink() or not path.is_file():
            return None
        return path if path.resolve() == self._root.resolve() / name else None
