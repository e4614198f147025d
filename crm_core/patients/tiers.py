"""The value of a customer: 白金, 黄金, 铁质 or 铅质 by rule, every night, with its reason in words (C117)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import InvalidInput
from crm_core.patients.kinds import TIER_TITLES, Tier
from crm_core.patients.models import Patient
from crm_core.patients.models_fields import TierRuleRow
from crm_core.patients.rules import vip_level_on
from crm_core.patients.service import load_for_change
from crm_core.patients.tier_rules import SHIPPED_RULES, CareFigures, TierRule, tier_of, year_before
from crm_core.patients.trail import MACHINE, Actor, Trail, need_reason

BATCH = 500
FiguresOf = Callable[[Sequence[int], date, date], Mapping[int, CareFigures]]
"""``(patient ids, from, until)`` -> figures of both days and those between; a patient who is missing had none."""


class Tiers:
    """Thread-safe. ``figures_of`` asks the folders that know visits, fees and no-shows."""

    def __init__(self, database: Database, clock: Clock, *, trail: Trail, figures_of: FiguresOf) -> None:
        self._db = database
        self._clock = clock
        self._trail = trail
        self._figures_of = figures_of

    def rules(self) -> tuple[TierRule, ...]:
        """The hospital's rules, or the shipped ones while it has none."""
        with self._db.read() as session:
            return _rules(session)

    def set_rules(self, rules: Sequence[TierRule], *, actor: Actor) -> None:
        """Replace all rules; they count from the next night. An empty list brings the shipped ones back."""
        for one in rules:
            if min(one.visits_min, one.spending_min_fen, one.vip_level_min, one.no_shows_max or 0) < 0:
                raise InvalidInput("a threshold cannot be negative")
        with self._db.write() as session:
            session.execute(delete(TierRuleRow))
            session.add_all(
                TierRuleRow(
                    tier=one.tier.value, visits_min=one.visits_min, spending_min_fen=one.spending_min_fen,
                    vip_level_min=one.vip_level_min, no_shows_max=one.no_shows_max,
                )
                for one in rules
            )  # fmt: skip
            words = [one.words() for one in rules]
            self._trail.note(session, actor, "tier.rules", "all", object_kind="tier_rules", detail={"rules": words})

    def recompute(self, day: date) -> int:
        """The tier of everybody as of the end of ``day``; returns how many tiers changed. Safe to repeat and to stop:
        a batch is one transaction, and patients that were computed for this day are left out."""
        since, changed, after = year_before(day), 0, 0
        rules = self.rules()
        while ids := self._batch(after, day):
            figures = self._figures_of(ids, since, day)
            changed += self._write(ids, figures, rules, day)
            after = ids[-1]
        return changed

    def set_by_hand(self, patient_id: int, tier: Tier, *, actor: Actor, reason: str) -> None:
        """Stays through every night until ``release``. Raises NotFound, InvalidInput without a reason."""
        why = need_reason(reason)
        with self._db.write() as session:
            patient = load_for_change(session, patient_id)
            old, patient.tier = patient.tier, tier.value
            patient.tier_hand_reason, patient.tier_hand_by = why, actor.id
            patient.tier_why = f"人工设为{TIER_TITLES[tier]}：{why}"
            self._trail.changed(session, actor, patient.id, field="tier", old=old, new=tier.value, reason=why)
            self._trail.note(session, actor, "patient.tier", patient.id, reason=why, detail={"tier": tier.value})

    def release(self, patient_id: int, *, actor: Actor, day: date) -> None:
        """Back under the rule, at once."""
        with self._db.read() as session:
            patient = session.get(Patient, patient_id)
            wanted = [patient.merged_into_id or patient.id] if patient is not None else [patient_id]
        figures = self._figures_of(wanted, year_before(day), day)
        with self._db.write() as session:
            patient = load_for_change(session, patient_id)
            patient.tier_hand_reason, patient.tier_hand_by = "", None
            self._apply(session, patient, figures.get(patient.id, CareFigures()), _rules(session), day, actor)
            self._trail.note(session, actor, "patient.tier", patient.id, detail={"tier": "rule"})

    def _batch(self, after: int, day: date) -> list[int]:
        with self._db.read() as session:
            query = (
                select(Patient.id)
                .where(Patient.id > after, Patient.merged_into_id.is_(None), Patient.tier_hand_reason == "")
                .where(Patient.tier_computed_on.is_(None) | (Patient.tier_computed_on != day))
                .order_by(Patient.id)
                .limit(BATCH)
            )
            return list(session.scalars(query))

    def _write(
        self, ids: Sequence[int], figures: Mapping[int, CareFigures], rules: Sequence[TierRule], day: date
    ) -> int:
        with self._db.write() as session:
            rows = session.scalars(
                select(Patient)
                .where(Patient.id.in_(ids), Patient.tier_hand_reason == "")
                .order_by(Patient.id)
                .with_for_update()
            ).all()
            return sum(
                self._apply(session, row, figures.get(row.id, CareFigures()), rules, day, MACHINE) for row in rows
            )

    def _apply(
        self,
        session: Session,
        patient: Patient,
        figures: CareFigures,
        rules: Iterable[TierRule],
        day: date,
        actor: Actor,
    ) -> bool:
        """True when the tier is another one now."""
        vip_level = vip_level_on(
            day, patient.vip_level, valid_from=patient.vip_valid_from, valid_until=patient.vip_valid_until
        )
        tier, why = tier_of(figures, vip_level, rules)
        old = patient.tier
        patient.tier, patient.tier_why, patient.tier_computed_on = tier.value, why, day
        patient.tier_figures = figures.as_json() | {"vip_level": vip_level}
        if old == tier.value:
            return False
        self._trail.changed(session, actor, patient.id, field="tier", old=old, new=tier.value, reason=why)
        return True


def _rules(session: Session) -> tuple[TierRule, ...]:
    rows = session.scalars(select(TierRuleRow).order_by(TierRuleRow.id)).all()
    if not rows:
        return SHIPPED_RULES
    return tuple(
        TierRule(Tier(r.tier), r.visits_min, r.spending_min_fen, r.vip_level_min, r.no_shows_max) for r in rows
    )
