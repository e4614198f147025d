"""What the bench knows of the machine: its facts, and CPU time and memory of processes."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def load_average() -> float:
    """Of the last minute: how many tasks wanted a core."""
    return os.getloadavg()[0]


def facts() -> dict[str, str]:
    memory_kb = _first_number(Path("/proc/meminfo"), "MemTotal")
    return {
        "processor": f"{_first_word(Path('/proc/cpuinfo'), 'model name')}, {os.cpu_count()} cores",
        "memory": f"{memory_kb / 1024 / 1024:.1f} GB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load at the start": f"{load_average():.1f} (more than the number of cores means that others were working too)",
    }


def family(pid: int) -> set[int]:
    """The process and all its living descendants."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            if fields:
                parents[int(folder.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time used so far; a process that has ended counts 0."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += int(fields[11]) + int(fields[12]) if fields else 0
    return ticks / _TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Memory the process holds at this moment."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES / 1024 / 1024


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat behind the name, state first; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _first_word(path: Path, name: str) -> str:
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")


def _first_number(path: Path, name: str) -> float:
    word = _first_word(path, name).split(" ")[0]
    return float(word) if word.isdigit() else 0.0
