"""What the load on the IVR came to: figures, the search for a limit, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.table import Row, at_least

PERSON_TARGET, MENU_TARGET = 0.65, 0.42
GROWTH = 1.6


@dataclass(frozen=True)
class Load:
    """What one route bears: the highest clean rate, and CPU milliseconds a call at a rate that all bear."""

    route: str
    rate_per_s: float
    asterisk_ms: float
    program_ms: float
    drain_s: float
    """After the last call at the common rate: how long until the program had written the end of every call."""

    @property
    def cpu_ms(self) -> float:
        return self.asterisk_ms + self.program_ms


@dataclass(frozen=True)
class Held:
    """``callers`` in the IVR at once (or, bare, in Playback), all hearing sound; CPU as part of one core."""

    callers: int
    is_clean: bool
    asterisk_cores: float
    program_cores: float
    program_mb: float
    asterisk_mb: float


def find_limit(is_borne: Callable[[float], bool], *, first: float, refinements: int, highest: float = 2000.0) -> float:
    """The highest rate that was borne: up in steps of half, then between the last two. 0 when not even a tenth is."""
    rate = first
    while not is_borne(rate):
        rate /= GROWTH
        if rate < first / 10:
            return 0.0
    low, high = rate, rate * GROWTH
    while high < highest and is_borne(high):
        low, high = high, high * GROWTH
    for _ in range(refinements):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if is_borne(middle) else (low, middle)
    return low


def load_rows(loads: Sequence[Load]) -> list[Row]:
    by = {load.route: load for load in loads}
    rows = [
        Row(f"calls/s, {load.route}", f"{load.rate_per_s:.0f}/s",
            how="highest rate without failed call or retransmission; CPU a call at a low rate: "
            f"Asterisk {load.asterisk_ms:.1f} ms, program {load.program_ms:.1f} ms; "
            f"records closed {load.drain_s:.1f} s after the last call")
        for load in loads
    ]  # fmt: skip
    if "IVR to a person" in by:
        program_ms = by["IVR to a person"].program_ms
        rows.append(Row("calls/s the program can write down for ever", f"{1000 / program_ms:.0f}/s" if program_ms else "many",
                        how=f"one core over {program_ms:.0f} ms of CPU a call; above that callers are served, records come late"))
    for name, base, target in (("IVR to a person", "bare", PERSON_TARGET),
                               ("IVR, whole menu", "bare, as long as the menu", MENU_TARGET)):
        if name in by and base in by:
            rows += _ratio_rows(by[name], by[base], target)
    return rows


def _ratio_rows(ivr: Load, bare: Load, target: float) -> list[Row]:
    ratio = ivr.rate_per_s / bare.rate_per_s if bare.rate_per_s else 0.0
    asterisk = bare.asterisk_ms / ivr.asterisk_ms if ivr.asterisk_ms else 0.0
    return [
        at_least(f"{ivr.route} : {bare.route}, calls/s", ratio, target, text=f"{ratio:.2f}",
                 how="IVR: recorded, FastAGI, patient looked up, record written; bare: Answer + Playback, our program stopped"),
        Row(f"{ivr.route} : {bare.route}, by Asterisk's CPU alone", f"{asterisk:.2f}",
            how="what the dialplan, recording and AGI cost Asterisk, without the program's share of the same cores"),
    ]  # fmt: skip


def held_rows(held: Sequence[Held], bare: Sequence[Held], *, idle_mb: float) -> list[Row]:
    rows = [
        Row(f"{one.callers} callers in the IVR at once", "all held" if one.is_clean else "**some failed**",
            how=f"program {one.program_cores:.2f} cores, Asterisk {one.asterisk_cores:.2f} cores (bare Playback: "
            f"{other.asterisk_cores:.2f}), all hearing sound and recorded")
        for one, other in zip(held, bare, strict=True)
    ]  # fmt: skip
    clean = [(one, other) for one, other in zip(held, bare, strict=True) if one.is_clean and other.is_clean]
    if clean:
        one, other = clean[-1]
        ratio = other.asterisk_cores / (one.asterisk_cores + one.program_cores)
        rows.append(Row("concurrent callers, IVR : bare", f"{ratio:.2f}",
                        how=f"by CPU of everything with {one.callers} callers held; recording is in the IVR's share only"))
    rows.append(Row("memory of the program, nobody calling", f"{idle_mb:.0f} MB", how="resident, after the calls above"))
    for one in [one for one in held if one.callers in (50, 100)]:
        rows.append(Row(f"memory of the program, {one.callers} callers", f"{one.program_mb:.0f} MB",
                        how=f"{1024 * (one.program_mb - idle_mb) / one.callers:.0f} KB a caller"))
    return rows
