"""The bench's table: one row a figure, written as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure. ``target`` is what the project wants; ``met`` None means that there is no target for it."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None
    how: str = ""
    """What exactly was measured or compared."""


def at_most(what: str, value: float, limit: float, *, unit: str, how: str = "") -> Row:
    """A figure that shall be small."""
    return Row(what, f"{value:.1f} {unit}", f"<= {limit:g} {unit}", value <= limit, how)


def at_least(what: str, value: float, limit: float, *, text: str, how: str = "") -> Row:
    """A ratio that shall be great; ``text`` shows it."""
    return Row(what, text, f">= {limit:g}", value >= limit, how)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` (0-1) of all are not above; no interpolation. Raises ValueError when empty."""
    if not values:
        raise ValueError("no values were measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(share * len(ordered) + 0.999999) - 1))]


def markdown(rows: Sequence[Row], facts: Mapping[str, str]) -> str:
    lines = ["# What this hotline can do on this machine", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "| figure | measured | target | | how |", "|---|---|---|---|---|"]
    for row in rows:
        verdict = "" if row.met is None else ("met" if row.met else "**missed**")
        lines.append(f"| {row.what} | {row.value} | {row.target} | {verdict} | {row.how} |")
    return "\n".join(lines) + "\n"


def write_table(folder: Path, rows: Sequence[Row], facts: Mapping[str, str], *, details: Mapping[str, object]) -> None:
    """bench.md for people, bench.json with every single measurement for comparisons."""
    (folder / "bench.md").write_text(markdown(rows, facts), encoding="utf-8")
    told = {"facts": dict(facts), "rows": [asdict(row) for row in rows], "details": dict(details)}
    (folder / "bench.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
