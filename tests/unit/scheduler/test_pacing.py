"""How free channels are shared between campaigns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.pacing import Demand, share_out


@pytest.mark.capability("C82")
@pytest.mark.capability("C89")
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60)), max_size=8),
    st.integers(0, 60),
    st.integers(0, 70),
    st.integers(0, 1000),
)
def test_given_any_demands_when_shared_then_no_cap_is_exceeded_nothing_is_wasted_and_nobody_starves(
    sizes: list[tuple[int, int]], house_limit: int, house_in_flight: int, turn: int
) -> None:
    demands = [Demand(i, concurrency, in_flight) for i, (concurrency, in_flight) in enumerate(sizes)]
    shares = {
        share.campaign_id: share
        for share in share_out(demands, house_limit=house_limit, house_in_flight=house_in_flight, turn=turn)
    }
    room = {one.campaign_id: max(0, one.concurrency - one.in_flight) for one in demands}
    free = max(0, house_limit - house_in_flight)
    assert all(0 <= shares[one].calls <= room[one] for one in room)
    assert sum(share.calls for share in shares.values()) == min(free, sum(room.values()))
    for one in room:
        for other in room:
            if shares[one].calls < room[one]:
                assert shares[one].limited_by == "house"
                assert shares[other].calls <= shares[one].calls + 1


def test_given_one_free_channel_when_turns_pass_then_each_campaign_gets_it_once() -> None:
    demands = [Demand(one, 5, 0) for one in (1, 2, 3)]
    winners = [
        next(
            share.campaign_id
            for share in share_out(demands, house_limit=1, house_in_flight=0, turn=turn)
            if share.calls
        )
        for turn in range(3)
    ]
    assert sorted(winners) == [1, 2, 3]
