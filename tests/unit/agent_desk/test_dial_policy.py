"""Which numbers a desk may dial (R45, F95)."""

from __future__ import annotations

import pytest

from agent_desk.dial_policy import DialPolicy
from crm_core.clock import ManualClock
from crm_core.errors import HotlineError, NotAllowed
from crm_core.ids import AgentId


def policy(clock: ManualClock | None = None, cap: int = 3) -> DialPolicy:
    return DialPolicy(
        clock or ManualClock(),
        allowed_prefixes=("010", "13", "18"),
        refused_prefixes=("00", "0900", "168", "96"),
        calls_per_user_and_day=cap,
    )


@pytest.mark.parametrize(
    "text", ["13800000001", "+86 138 0000 0001", "0086-13800000001", "013800000001", "１３８00000001"]
)
def test_given_an_allowed_number_in_any_spelling_when_asked_then_its_national_form(text: str) -> None:
    assert policy().dialable(text) == "13800000001"


@pytest.mark.requirement("R45")
@pytest.mark.fault("F95")
@pytest.mark.parametrize(
    "text",
    [
        "1&PJSIP/trunk/0013800000001", "Local/1@x", "13800000001/n", "13800000001@evil", "13800000001;x", "1,2",
        "0014155550100", "+14155550100", "16812345", "0900123456", "110", "95588", "021-12345678", "", "abc", "1" * 40,
        "13800000001\r\nAction: Originate", "${EXTEN}",
    ],
)  # fmt: skip
def test_given_a_dangerous_foreign_or_unlisted_number_when_asked_then_refused(text: str) -> None:
    with pytest.raises(HotlineError):
        policy().dialable(text)


def test_given_the_daily_cap_when_reached_then_refused_until_the_next_day() -> None:
    clock = ManualClock()
    limited = policy(clock, cap=2)
    bela = AgentId(1)
    limited.count(bela)
    limited.count(bela)
    with pytest.raises(NotAllowed):
        limited.count(bela)
    limited.count(AgentId(2))
    clock.advance(86_400)
    limited.count(bela)
