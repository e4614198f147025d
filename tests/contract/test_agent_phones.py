"""What an agent's state does when his telephone vanishes, comes back, or is another one than the one that rang."""

import pytest

from crm_core.agents.kinds import AgentState
from crm_core.calls import events as call
from crm_core.calls.kinds import LegKind, LegOutcome
from crm_core.ids import AgentId, CallId, LegId
from tests.support.ground import Ground

CALL, LEG = CallId("hl1-1.1"), LegId("hl1-1.2")


@pytest.fixture
def bela(ground: Ground) -> AgentId:
    """On duty and ready, with a registered telephone."""
    agent_id = ground.agent()
    registered(ground, agent_id, True)
    ground.agents.sign_on(agent_id)
    ground.agents.ready(agent_id)
    return agent_id


def registered(ground: Ground, agent_id: AgentId, is_registered: bool) -> None:
    ground.bus.publish(
        call.PhoneRegistrationChanged(at=ground.clock.now(), agent_id=agent_id, is_registered=is_registered)
    )


def rings(ground: Ground, agent_id: AgentId) -> None:
    ground.bus.publish(
        call.CallOffered(
            at=ground.clock.now(), call_id=CALL, agent_id=agent_id, leg_id=LEG, queue="enquiry", kind=LegKind.AGENT,
            channel_name="PJSIP/1001-1",
        )
    )  # fmt: skip


def fails(ground: Ground, agent_id: AgentId, *, rang_s: float) -> None:
    ground.bus.publish(
        call.OfferWithdrawn(
            at=ground.clock.now(), call_id=CALL, agent_id=agent_id, leg_id=LEG, outcome=LegOutcome.FAILED, rang_s=rang_s
        )
    )


def state(ground: Ground, agent_id: AgentId) -> tuple[AgentState, str]:
    status = ground.agents.status(agent_id)
    return status.state, status.reason


@pytest.mark.capability("C27")
@pytest.mark.parametrize(("gone_s", "after"), [(2, (AgentState.READY, "")), (31, (AgentState.PAUSED, "phone_lost"))])
def test_given_a_ready_agent_when_the_telephone_comes_back_then_ready_again_only_if_it_was_soon(
    ground: Ground, bela: AgentId, gone_s: float, after: tuple[AgentState, str]
) -> None:
    registered(ground, bela, False)
    assert state(ground, bela) == (AgentState.PAUSED, "phone_lost")
    ground.clock.advance(gone_s)
    registered(ground, bela, True)
    assert state(ground, bela) == after


def test_given_an_agent_in_a_pause_of_his_own_when_the_telephone_comes_and_goes_then_he_stays_paused(
    ground: Ground, bela: AgentId
) -> None:
    ground.agents.pause(bela, "meal")
    registered(ground, bela, False)
    registered(ground, bela, True)
    assert state(ground, bela) == (AgentState.PAUSED, "meal")


@pytest.mark.fault("F64")
@pytest.mark.parametrize("back_before_the_end_is_told", [False, True])
def test_given_a_page_reloaded_while_it_rang_when_the_new_telephone_is_there_then_ready(
    ground: Ground, bela: AgentId, back_before_the_end_is_told: bool
) -> None:
    rings(ground, bela)
    ground.clock.advance(3)
    registered(ground, bela, False)
    if back_before_the_end_is_told:
        registered(ground, bela, True)
        fails(ground, bela, rang_s=3)
    else:
        fails(ground, bela, rang_s=3)
        assert state(ground, bela) == (AgentState.PAUSED, "phone_lost")
        registered(ground, bela, True)
    assert state(ground, bela) == (AgentState.READY, "")


def test_given_a_registered_telephone_that_cannot_be_rung_when_it_fails_then_paused_and_not_offered_again_and_again(
    ground: Ground, bela: AgentId
) -> None:
    ground.clock.advance(60)
    rings(ground, bela)
    fails(ground, bela, rang_s=0.1)
    assert state(ground, bela) == (AgentState.PAUSED, "no_answer")


@pytest.mark.fault("F01")
def test_given_telephones_that_changed_while_nobody_listened_when_the_link_is_up_then_they_are_asked(
    ground: Ground, bela: AgentId
) -> None:
    bolin = ground.agent("bolin", "1002")
    ground.telephony.unregistered.add("1001")
    ground.bus.publish(call.TelephonyLinkChanged(at=ground.clock.now(), is_up=True, since=ground.clock.now()))
    assert state(ground, bela) == (AgentState.PAUSED, "phone_lost")
    assert not ground.agents.status(bela).is_registered
    assert ground.agents.status(bolin).is_registered
