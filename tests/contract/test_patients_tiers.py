"""The nightly tier: by rule with its reason in words, a hand-set one survives, stopping halfway loses nothing."""

from datetime import date

import pytest

from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import Tier
from crm_core.patients.tier_rules import SHIPPED_RULES, CareFigures, TierRule
from crm_core.patients.whole import PatientServices
from tests.support.ground import Ground
from tests.support.patient_world import BELA, Figures, whole_of

DAY = date(2026, 11, 23)
BUSY = CareFigures(visits=8, spending_fen=6_000_050, no_shows=1)
REGULAR = CareFigures(visits=4, spending_fen=1_000_000, no_shows=2)


@pytest.fixture
def figures() -> Figures:
    return Figures()


@pytest.fixture
def whole(ground: Ground, figures: Figures) -> PatientServices:
    return whole_of(ground, figures)


def register(whole: PatientServices, *names: str, vip_level: int = 0) -> list[int]:
    cards = [f"V-{place}" if vip_level else "" for place in range(len(names))]
    return [
        whole.patients.register(NewPatient(name=name, vip_level=vip_level, vip_card=card))
        for name, card in zip(names, cards, strict=True)
    ]


@pytest.mark.capability("C117")
def test_given_figures_when_computed_then_every_patient_has_his_tier_and_its_reason(
    whole: PatientServices, figures: Figures
) -> None:
    busy, regular, new = register(whole, "王一", "王二", "王三")
    (vip,) = register(whole, "王四", vip_level=1)
    figures.by_id |= {busy: BUSY, regular: REGULAR}
    assert whole.tiers.recompute(DAY) == 4
    cards = whole.patients.cards([busy, regular, new, vip])
    assert [cards[one].tier for one in (busy, regular, new, vip)] == ["platinum", "gold", "lead", "gold"]
    assert cards[busy].tier_why == (
        "近12个月就诊8次，消费60000.50元，爽约1次；符合“就诊满6次、消费满50000元、爽约不超过1次”，评为白金"
    )
    assert cards[new].tier_why == "近12个月就诊0次，消费0元，爽约0次；不符合任何更高等级的条件，评为铅质"
    assert "VIP1级" in cards[vip].tier_why
    assert figures.asked[0] == (date(2025, 11, 24), DAY)
    assert whole.sheets.history(busy, field="tier")[0].new == "platinum"


@pytest.mark.capability("C117")
def test_given_a_tier_set_by_hand_when_the_nights_pass_then_it_stays_until_released(
    whole: PatientServices, figures: Figures, ground: Ground
) -> None:
    (one,) = register(whole, "王一")
    whole.tiers.set_by_hand(one, Tier.PLATINUM, actor=BELA, reason="院长专线客户")
    assert whole.tiers.recompute(DAY) == 0
    card = whole.patients.card(one)
    assert (card.tier, card.tier_is_by_hand, card.tier_why) == ("platinum", True, "人工设为白金：院长专线客户")
    assert ground.audit.entries(action="patient.tier")[0].reason == "院长专线客户"
    figures.by_id[one] = REGULAR
    whole.tiers.release(one, actor=BELA, day=DAY)
    card = whole.patients.card(one)
    assert (card.tier, card.tier_is_by_hand) == ("gold", False)
    with pytest.raises(InvalidInput):
        whole.tiers.set_by_hand(one, Tier.LEAD, actor=BELA, reason=" ")
    with pytest.raises(NotFound):
        whole.tiers.set_by_hand(999, Tier.LEAD, actor=BELA, reason="不存在")


def test_given_a_night_that_broke_off_when_repeated_then_only_the_rest_is_computed(
    whole: PatientServices, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = register(whole, "王一", "王二", "王三")
    figures.by_id |= dict.fromkeys(people, REGULAR)
    monkeypatch.setattr("crm_core.patients.tiers.BATCH", 2)
    write, calls = whole.tiers._write, []

    def stops_after_one(*args: object) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(whole.tiers, "_write", stops_after_one)
    with pytest.raises(RuntimeError):
        whole.tiers.recompute(DAY)
    assert [whole.patients.card(one).tier for one in people] == ["gold", "gold", "iron"]
    monkeypatch.setattr(whole.tiers, "_write", write)
    assert whole.tiers.recompute(DAY) == 1
    assert whole.patients.card(people[2]).tier == "gold"
    assert whole.tiers.recompute(DAY) == 0


def test_given_own_rules_when_set_then_they_count_from_the_next_night(whole: PatientServices) -> None:
    (one,) = register(whole, "王一")
    assert whole.tiers.rules() == SHIPPED_RULES
    mine = (TierRule(Tier.GOLD, no_shows_max=0), TierRule(Tier.PLATINUM, visits_min=1))
    whole.tiers.set_rules(mine, actor=BELA)
    assert whole.tiers.rules() == mine
    whole.tiers.recompute(DAY)
    assert whole.patients.card(one).tier == "gold"
    with pytest.raises(InvalidInput):
        whole.tiers.set_rules([TierRule(Tier.GOLD, visits_min=-1)], actor=BELA)
    whole.tiers.set_rules([], actor=BELA)
    assert whole.tiers.rules() == SHIPPED_RULES
