"""Where callers leave the menu: per node arrivals, keys and hang-ups, from the stored steps (C7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import distinct, func, select

from crm_core.calls.models import CallStep
from crm_core.database import Database

STEP_KIND = "ivr_step_taken"
LEFT_KEY = "hangup"
"""The key of the step that says: the caller hung up here."""


@dataclass(frozen=True)
class NodeFigures:
    """``arrivals``: calls that were at this node. ``keys``: entries of all calls ("" is silence). ``left``: hung up here."""

    node: str
    arrivals: int
    left: int
    keys: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_ratio(self) -> float:
        return self.left / self.arrivals if self.arrivals else 0.0


class Departures:
    """Counts in the database; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def between(self, since: datetime, until: datetime) -> list[NodeFigures]:
        """Steps with ``since`` <= time < ``until``; the node where most callers leave first."""
        in_time = (CallStep.kind == STEP_KIND, CallStep.at >= since, CallStep.at < until, CallStep.node != "")
        by_node = select(CallStep.node, func.count(distinct(CallStep.call_id))).where(*in_time).group_by(CallStep.node)
        by_key = select(CallStep.node, CallStep.key, func.count()).where(*in_time).group_by(CallStep.node, CallStep.key)
        keys: dict[str, Counter[str]] = {}
        with self._db.read() as session:
            arrivals = {node: int(count) for node, count in session.execute(by_node)}
            for node, key, count in session.execute(by_key):
                keys.setdefault(node, Counter())[_shown(key)] += int(count)
        figures = [
            NodeFigures(
                node,
                count,
                left=keys[node].pop(LEFT_KEY, 0),
                keys=dict(sorted(keys[node].items(), key=lambda one: (-one[1], one[0]))[:12]),
            )
            for node, count in arrivals.items()
        ]
        return sorted(figures, key=lambda one: (-one.left, -one.arrivals, one.node))


def _shown(key: str) -> str:
    """Numbers that were typed are counted, not told."""
    return "…" if len(key) > 1 and key != LEFT_KEY else key
