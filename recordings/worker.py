"""The low-priority process that works on finished recordings: one job a line in, one result a line out, both JSON."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from recordings.audio import CopyFailed, join_sides, make_copy
from recordings.sound_file import DamagedSound, SideFile, open_side

_NICENESS = 15
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def run(job: dict[str, Any]) -> dict[str, Any]:
    """``job``: patient, agent (paths), wav, copy (paths to write), copy_format, kbit_s.

    Result: measures, sha256, size_bytes, is_repaired, has_copy; or ``error``: empty, damaged, disk_full, failed.
    """
    wav, copy = Path(job["wav"]), Path(job["copy"])
    try:
        patient, agent, is_repaired = _sides(job)
        if patient.data_bytes == agent.data_bytes == 0:
            return {"error": "empty", "detail": "no sound was written"}
        joined = join_sides(patient, agent, wav)
        has_copy, detail = _copy(wav, copy, job)
    except DamagedSound as error:
        result = {"error": "damaged", "detail": str(error)}
    except OSError as error:
        code = "disk_full" if error.errno in _DISK_FULL else "failed"
        result = {"error": code, "detail": os.strerror(error.errno or 0)}
    else:
        return {
            "measures": dataclasses.asdict(joined.measures),
            "sha256": joined.sha256,
            "size_bytes": joined.size_bytes,
            "is_repaired": is_repaired,
            "has_copy": has_copy,
            "detail": detail,
        }
    wav.unlink(missing_ok=True)
    copy.unlink(missing_ok=True)
    return result


def _sides(job: dict[str, Any]) -> tuple[SideFile, SideFile, bool]:
    """Both sides; one that is lost is replaced by silence. Raises DamagedSound when both are lost."""
    found = {name: side for name in ("patient", "agent") if (side := _usable(Path(job[name]))) is not None}
    patient, agent = found.get("patient"), found.get("agent")
    is_repaired = len(found) < 2 or not all(side.is_complete for side in found.values())
    some = patient or agent
    if some is None:
        raise DamagedSound("no side can be read")
    nothing = dataclasses.replace(some, data_bytes=0)
    return patient or nothing, agent or nothing, is_repaired


def _usable(path: Path) -> SideFile | None:
    try:
        return open_side(path)
    except (DamagedSound, FileNotFoundError):
        return None


def _copy(wav: Path, copy: Path, job: dict[str, Any]) -> tuple[bool, str]:
    try:
        make_copy(wav, copy, copy_format=job["copy_format"], kbit_s=int(job["kbit_s"]))
    except CopyFailed as error:
        copy.unlink(missing_ok=True)
        if os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, "no space for the copy") from error
        return False, str(error)
    return True, ""


def serve(jobs: Iterable[bytes], results: BinaryIO) -> None:
    """Ends when the program closes our input."""
    for line in jobs:
        try:
            result = run(json.loads(line))
        except Exception as error:
            result = {"error": "failed", "detail": repr(error)[:200]}
        results.write(json.dumps(result).encode() + b"\n")
        results.flush()


if __name__ == "__main__":
    os.nice(_NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)
