"""The services about patients over a test ground, with cheap PIN hashes and figures that a test may set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from argon2 import PasswordHasher

from crm_core.patients.cards import NewPatient
from crm_core.patients.tier_rules import CareFigures
from crm_core.patients.trail import Actor
from crm_core.patients.whole import PatientServices, patient_services
from tests.support.ground import Ground

BELA = Actor(7, source="desk", ip="127.0.0.1")
ASHA = NewPatient(
    name="阿莎", gender="female", birth_date=date(1988, 6, 15), id_number="11010119880615002X", card_number="C0000001",
    phones=(("13800000001", "self"), ("010-66778801", "spouse")), address="江苏省常州市天宁区和平路1号",
    email="asha@example.cn", hereditary_disease="地中海贫血", allergies="青霉素", consents={"sms": True},
)  # fmt: skip


@dataclass
class Figures:
    """What the visits folder would say."""

    by_id: dict[int, CareFigures] = field(default_factory=dict)
    asked: list[tuple[date, date]] = field(default_factory=list)

    def __call__(self, ids: Sequence[int], since: date, until: date) -> Mapping[int, CareFigures]:
        self.asked.append((since, until))
        return {one: self.by_id[one] for one in ids if one in self.by_id}


def whole_of(ground: Ground, figures: Figures | None = None) -> PatientServices:
    return patient_services(
        ground.database,
        ground.cipher,
        ground.clock,
        audit=ground.audit,
        figures_of=figures or Figures(),
        hasher=PasswordHasher(1, 64, 1),
    )
