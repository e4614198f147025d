"""The rule of the tiers: thresholds as a table, the best tier whose conditions hold, and why in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from crm_core.patients.kinds import TIER_TITLES, Tier

_ORDER = {tier: place for place, tier in enumerate(Tier)}


@dataclass(frozen=True)
class CareFigures:
    """What a patient did within twelve months. Money in fen."""

    visits: int = 0
    spending_fen: int = 0
    no_shows: int = 0

    def as_json(self) -> dict[str, int]:
        return {"visits": self.visits, "spending_fen": self.spending_fen, "no_shows": self.no_shows}


@dataclass(frozen=True)
class TierRule:
    """One way to reach ``tier``: every condition must hold; 0 and None ask for nothing."""

    tier: Tier
    visits_min: int = 0
    spending_min_fen: int = 0
    vip_level_min: int = 0
    no_shows_max: int | None = None

    def holds(self, figures: CareFigures, vip_level: int) -> bool:
        return (
            figures.visits >= self.visits_min
            and figures.spending_fen >= self.spending_min_fen
            and vip_level >= self.vip_level_min
            and (self.no_shows_max is None or figures.no_shows <= self.no_shows_max)
        )

    def words(self) -> str:
        """The conditions in Chinese, as people agreed on them."""
        parts = [
            f"就诊满{self.visits_min}次" if self.visits_min else "",
            f"消费满{yuan(self.spending_min_fen)}元" if self.spending_min_fen else "",
            f"VIP{self.vip_level_min}级以上" if self.vip_level_min else "",
            f"爽约不超过{self.no_shows_max}次" if self.no_shows_max is not None else "",
        ]
        return "、".join(filter(None, parts)) or "无条件"


SHIPPED_RULES: tuple[TierRule, ...] = (
    TierRule(Tier.PLATINUM, vip_level_min=2),
    TierRule(Tier.PLATINUM, visits_min=6, spending_min_fen=5_000_000, no_shows_max=1),
    TierRule(Tier.GOLD, vip_level_min=1),
    TierRule(Tier.GOLD, visits_min=4, spending_min_fen=1_000_000, no_shows_max=2),
    TierRule(Tier.GOLD, spending_min_fen=3_000_000, no_shows_max=2),
    TierRule(Tier.IRON, visits_min=1, no_shows_max=2),
)
"""Who meets none of them is 铅质. A VIP card keeps its tier whatever happens."""


def tier_of(figures: CareFigures, vip_level: int, rules: Iterable[TierRule]) -> tuple[Tier, str]:
    """The best tier that one rule gives, and why: the figures of twelve months and the rule that holds."""
    holding = [rule for rule in rules if rule.holds(figures, vip_level)]
    best = min(holding, key=lambda rule: _ORDER[rule.tier], default=None)
    tier = best.tier if best is not None else Tier.LEAD
    reason = f"符合“{best.words()}”" if best is not None else "不符合任何更高等级的条件"
    card = f"，VIP{vip_level}级" if vip_level else ""
    told = f"近12个月就诊{figures.visits}次，消费{yuan(figures.spending_fen)}元，爽约{figures.no_shows}次{card}"
    return tier, f"{told}；{reason}，评为{TIER_TITLES[tier]}"


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}" if fen % 100 else str(fen // 100)


def year_before(day: date) -> date:
    """The first day of the twelve months that end with ``day``."""
    try:
        return day.replace(year=day.year - 1) + timedelta(days=1)
    except ValueError:  # the 29th of February
        return date(day.year - 1, 3, 1)
