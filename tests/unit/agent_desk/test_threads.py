"""Each open desk holds a thread of the web server."""

import pytest

from agent_desk.server import SPARE_THREADS, TooFewThreads, check_threads
from agent_desk.settings import DeskSettings


@pytest.mark.requirement("R9")
def test_given_fewer_threads_than_desks_and_pages_need_when_checked_then_refused_with_the_remedy() -> None:
    check_threads(300 + SPARE_THREADS, 300)
    with pytest.raises(TooFewThreads, match=r"raise web\.threads to 320") as refusal:
        check_threads(319, 300)
    assert refusal.value.code == "web_threads"


def test_given_the_shipped_settings_when_checked_then_they_agree() -> None:
    check_threads(400, DeskSettings("s" * 40, "x", "95169").sockets_max)
