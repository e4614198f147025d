"""The folder Asterisk writes to: which files belong to which call, and whether they are closed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from crm_core.ids import CallId, is_safe_id
from recordings.sound_file import DamagedSound, open_side

_FILE = re.compile(r"(?P<call_id>.+?)(?:-in|-out)\.wav")


@dataclass(frozen=True)
class CallFiles:
    """``patient``: what the patient says; ``agent``: what the patient hears."""

    patient: Path
    agent: Path

    def all(self) -> tuple[Path, Path]:
        return self.patient, self.agent

    def as_job(self) -> dict[str, str]:
        return {"patient": str(self.patient), "agent": str(self.agent)}


class IncomingFiles:
    """Names are call ids, made by Asterisk or by us; anything else in the folder is left alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def paths(self, call_id: CallId) -> CallFiles:
        if not is_safe_id(call_id):
            raise ValueError("not a call id")
        base = self._folder / call_id
        return CallFiles(Path(f"{base}-in.wav"), Path(f"{base}-out.wav"))

    def call_ids(self) -> set[CallId]:
        """Calls with at least one file here."""
        found = set()
        for path in self._folder.glob("*.wav"):
            match = _FILE.fullmatch(path.name)
            if match and is_safe_id(match["call_id"]) and not path.is_symlink():
                found.add(CallId(match["call_id"]))
        return found

    def sizes(self, call_id: CallId) -> tuple[int, ...]:
        """Bytes of both files; 0 for one that is not there."""
        return tuple(_size(path) for path in self.paths(call_id).all())

    def sound_bytes(self, call_id: CallId) -> int:
        """Bytes of sound in both files, headers not counted."""
        return sum(side for path in self.paths(call_id).all() if (side := _sound(path)))

    def is_closed(self, call_id: CallId) -> bool:
        """True when both sides have headers that tell their real size: Asterisk has closed them."""
        files = self.paths(call_id)
        return all(_is_complete(path) for path in (files.patient, files.agent))

    def remove(self, call_id: CallId) -> None:
        for path in self.paths(call_id).all():
            path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sound(path: Path) -> int:
    try:
        return open_side(path).data_bytes
    except (DamagedSound, OSError):
        return 0


def _is_complete(path: Path) -> bool:
    try:
        return open_side(path).is_complete
    except (DamagedSound, OSError):
        return False
