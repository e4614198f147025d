"""How many new calls may be placed now, by campaign: answers with numbers and reasons (C82, C89)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Demand:
    """One campaign that may dial. ``in_flight`` counts claimed, ringing and talking."""

    campaign_id: int
    concurrency: int
    in_flight: int


@dataclass(frozen=True)
class Share:
    """``limited_by``: ``campaign`` or ``house`` when the campaign could have used more, "" when not."""

    campaign_id: int
    calls: int
    limited_by: str = ""


def share_out(demands: Sequence[Demand], *, house_limit: int, house_in_flight: int, turn: int = 0) -> list[Share]:
    """Give free channels to campaigns one by one, round and round, so that none starves another.

    ``turn`` says who begins; the caller counts it up, so that a single free channel goes to each in turn.
    """
    free = max(0, house_limit - house_in_flight)
    room = {one.campaign_id: max(0, one.concurrency - one.in_flight) for one in demands}
    given = dict.fromkeys(room, 0)
    order = [one.campaign_id for one in demands]
    start = turn % len(order) if order else 0
    order = order[start:] + order[:start]
    while free > 0 and any(given[one] < room[one] for one in order):
        for one in order:
            if free > 0 and given[one] < room[one]:
                given[one] += 1
                free -= 1
    return [Share(one, given[one], "house" if given[one] < room[one] else "campaign") for one in order]
