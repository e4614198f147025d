"""Where a caller stands and why: rules, last agent, nuisance list, wait that is told (C18, C19, C22, C23, C25)."""

from datetime import timedelta

import pytest

from crm_core.agents.kinds import AgentState
from crm_core.errors import InvalidInput
from crm_core.ids import AgentId, CallId, PatientId
from crm_core.patients.cards import NewPatient
from crm_core.waiting.cards import Standing
from crm_core.waiting.events import NuisanceListChanged
from crm_core.waiting.kinds import CallerFlag
from tests.support.ground import Ground
from tests.support.waiting_house import WaitingHouse

ASHA, WANG, LIU = "13800000001", "13800000002", "13800000003"
NOBODY = Standing()


@pytest.fixture
def house(ground: Ground) -> WaitingHouse:
    return WaitingHouse(ground)


def _patient(house: WaitingHouse, name: str = "阿莎", **changes: object) -> PatientId:
    return house.ground.patients.register(NewPatient(name, phones=((ASHA, "self"),), **changes))  # type: ignore[arg-type]


@pytest.mark.capability("C18")
@pytest.mark.capability("C23")
def test_given_a_card_vain_tries_and_a_red_flag_when_placed_then_the_highest_rule_decides_and_all_are_told(
    house: WaitingHouse,
) -> None:
    patient_id = _patient(house, vip_level=1, tier="gold")
    (card,) = house.ground.patients.find_by_number(ASHA)
    placing = house.callers.placing(card, Standing(lost_within_hour=2), "enquiry")
    assert placing.ranking.priority == 40
    assert placing.ranking.rules == ("repeated", "vip", "gold")
    house.flags[patient_id] = frozenset({CallerFlag.RED_FLAG})
    assert house.callers.placing(card, NOBODY, "enquiry").ranking.rules[0] == "red_flag"
    assert house.callers.placing(None, NOBODY, "emergency").ranking.priority == 100


@pytest.mark.capability("C22")
def test_given_who_talked_with_him_last_when_that_agent_is_free_then_he_is_asked_first(house: WaitingHouse) -> None:
    patient_id = _patient(house)
    bela, bolin = house.agent("bela", "1001"), house.agent("bolin", "1002")
    for call_id, agent in (("hl1-1.1", bela), ("hl1-1.2", bolin)):
        house.queued(call_id, ASHA, after_s=60)
        house.is_known(call_id, patient_id)
        house.agent_takes(call_id, agent)
        house.agent_is_done(call_id, agent)
    (card,) = house.ground.patients.find_by_number(ASHA)

    def asked() -> AgentId | None:
        return house.callers.placing(card, NOBODY, "enquiry").last_agent_id

    house.agent_is(bolin, AgentState.READY)
    assert asked() == bolin
    assert house.callers.placing(card, NOBODY, "enquiry").last_agent_extension == "1002"
    assert house.callers.placing(card, NOBODY, "booking").last_agent_id is None  # not one of his queues
    house.agent_is(bolin, AgentState.TALKING)
    assert asked() is None  # nobody waits for a busy one
    house.agent_is(bolin, AgentState.READY)
    house.clock.advance(timedelta(days=8).total_seconds())
    assert asked() is None


@pytest.mark.capability("C19")
def test_given_two_agents_and_known_talks_when_a_caller_asks_then_place_and_wait_follow_from_them(
    house: WaitingHouse,
) -> None:
    bela = house.agent("bela", "1001")
    for index in range(3):
        house.queued(f"hl1-0.{index}", LIU)
        house.agent_takes(f"hl1-0.{index}", bela)
        house.agent_is_done(f"hl1-0.{index}", bela, talked_s=90)
    house.agent_is(bela, AgentState.TALKING)
    house.agent("bolin", "1002", AgentState.TALKING)
    house.queued("hl1-1.1", ASHA, after_s=10)
    house.asks_for_call_back("hl1-1.2", WANG, after_s=10)
    house.queued("hl1-1.3", LIU, after_s=10)
    view = house.lines.stand_of(CallId("hl1-1.3"), "enquiry").view
    assert (view.ahead, view.agents_on_duty, view.agents_free) == (2, 2, 0)
    assert view.wait_s == pytest.approx(3 * (90 + 30) / 2)
    assert house.lines.stand_of(CallId("hl1-1.1"), "enquiry").view.ahead == 0
    assert house.lines.newcomer("enquiry", priority=40).ahead == 0


@pytest.mark.capability("C19")
@pytest.mark.fault("F23")
def test_given_nobody_on_duty_when_a_caller_asks_then_no_wait_is_promised(house: WaitingHouse) -> None:
    house.agent("bela", "1001", AgentState.PAUSED)
    assert house.lines.newcomer("enquiry").wait_s is None


@pytest.mark.capability("C18")
def test_given_a_caller_who_steps_out_and_back_when_the_line_is_read_then_he_stands_where_he_stood(
    house: WaitingHouse,
) -> None:
    house.queued("hl1-1.1", ASHA)
    house.queued("hl1-1.2", WANG, after_s=10)
    house.steps_out("hl1-1.1")
    house.clock.advance(30)
    house.queued("hl1-1.1", ASHA)
    assert [one.id for one in house.ground.calls.waiting("enquiry")] == ["hl1-1.1", "hl1-1.2"]


@pytest.mark.capability("C25")
def test_given_a_listed_number_when_looked_up_then_found_in_every_spelling_until_it_expires(
    house: WaitingHouse,
) -> None:
    chen = house.ground.agent("chen", "1900")
    until = house.clock.now() + timedelta(hours=2)
    card = house.nuisance.add("138 0000 0001", reason="骚扰", expires_at=until, by=chen)
    assert house.callers.standing("+8613800000001").nuisance_id == card.id
    assert house.callers.standing(WANG).nuisance_id is None
    house.clock.advance(7201)
    assert house.callers.standing(ASHA).nuisance_id is None
    assert house.nuisance.listed() == []


@pytest.mark.capability("C25")
def test_given_a_listed_number_when_removed_then_free_and_both_steps_are_in_the_audit(house: WaitingHouse) -> None:
    chen = house.ground.agent("chen", "1900")
    card = house.nuisance.add(ASHA, reason="骚扰", expires_at=house.clock.now() + timedelta(days=1), by=chen)
    house.nuisance.remove(card.id, by=chen)
    house.nuisance.remove(card.id, by=chen)
    assert house.callers.standing(ASHA).nuisance_id is None
    actions = [(one.action, one.actor_id) for one in house.ground.audit.entries(object_kind="nuisance")]
    assert sorted(actions) == [("nuisance_added", chen), ("nuisance_removed", chen)]
    assert [one.is_listed for one in house.bus.of(NuisanceListChanged)] == [True, False]


@pytest.mark.capability("C25")
@pytest.mark.parametrize("number", ["", "anonymous", "120", "110", "119", "122", "12345", "96120"])
def test_given_a_withheld_or_public_number_when_listed_then_refused(house: WaitingHouse, number: str) -> None:
    chen = house.ground.agent("chen", "1900")
    with pytest.raises(InvalidInput):
        house.nuisance.add(number, reason="骚扰", expires_at=house.clock.now() + timedelta(days=1), by=chen)
    assert house.callers.standing(number) == NOBODY


@pytest.mark.capability("C25")
@pytest.mark.parametrize(("reason", "days"), [("", 1), ("骚扰", 0), ("骚扰", 400)])
def test_given_no_reason_or_no_usable_end_when_listed_then_refused(house: WaitingHouse, reason: str, days: int) -> None:
    chen = house.ground.agent("chen", "1900")
    with pytest.raises(InvalidInput):
        house.nuisance.add(ASHA, reason=reason, expires_at=house.clock.now() + timedelta(days=days), by=chen)
