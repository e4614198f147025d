"""Registers the demo's people with everything that hangs on them: families, consents, visits, tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random

from config.demo.hospital_care import Care, CareMaker
from config.demo.hospital_people import Household
from config.demo.hospital_rows import DemoGround, Row, StandingClock, Transaction, add, add_with_ids
from crm_core.clock import HOSPITAL_ZONE, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.patients.bulk import insert_patients
from crm_core.patients.cards import NewPatient
from crm_core.patients.kinds import CARD_CONSENTS
from crm_core.patients.models import Patient
from crm_core.patients.models_links import FamilyLink
from crm_core.patients.models_trust import Consent
from crm_core.patients.rows import PatientRows
from crm_core.patients.rules import age_on, vip_level_on
from crm_core.patients.tier_rules import SHIPPED_RULES, CareFigures, tier_of, year_before
from crm_core.visits.models import Deposit, Fee, Medication, Report, Visit

_YES_CHANCES = {"recording": 0.98, "outbound": 0.82, "sms": 0.88}
_NEVER_ASKED_CHANCE = 0.12
_CHRONIC_TAG = "慢病管理"


@dataclass(frozen=True)
class Registered:
    """One of the crowd as the booking office sees him."""

    id: int
    sex: str
    age: int
    is_real_name: bool
    care: Care
    no_shows: int


class _TieredRows(PatientRows):
    """Rows of patients whose tier was computed before they were registered: card number -> the columns that say why."""

    def __init__(self, cipher: FieldCipher, clock: StandingClock, tiers: Mapping[str, Row]) -> None:
        super().__init__(cipher, clock)
        self._tiers = tiers

    def columns(self, new: NewPatient) -> Row:
        return super().columns(new) | self._tiers[new.card_number]


class Crowd:
    def __init__(self, ground: DemoGround, clock: StandingClock, care: CareMaker, *, chance: Random) -> None:
        self._ground = ground
        self._care = care
        self._chance = chance
        self._clock = clock
        self._today = hospital_date(clock.now())
        first = year_before(self._today)
        self._year_began = datetime.combine(first, time(), HOSPITAL_ZONE)

    def register(self, session: Transaction, households: Sequence[Household]) -> list[Registered]:
        """In few statements; everybody with his history."""
        news = [one for home in households for one in home.people]
        plans = [self._plan(one) for one in news]
        rows = _TieredRows(self._ground.cipher, self._clock, {
            new.card_number: {"tier_why": why, "tier_figures": figures, "tier_computed_on": self._today}
            for new, _, why, figures in plans
        })  # fmt: skip
        ids = insert_patients(session, rows, [new for new, *_ in plans])
        add(session, FamilyLink, list(self._links(households, ids)))
        add(session, Consent, [row for one in ids for row in self._consents(one)])
        add_care(session, {one: plan[1] for one, plan in zip(ids, plans, strict=True)})
        return [
            Registered(
                one,
                new.gender,
                age_on(self._today, new.birth_date) or 0,
                bool(new.id_number),
                care,
                figures["no_shows"],
            )
            for one, (new, care, _, figures) in zip(ids, plans, strict=True)
        ]

    def _plan(self, new: NewPatient) -> tuple[NewPatient, Care, str, Row]:
        """The patient with the tier that his history gives by the shipped rules."""
        age = age_on(self._today, new.birth_date) or 0
        care = self._care.care(new.gender, age, new.insurance)
        visits, spent_fen = care.figures(self._year_began)
        missed = self._chance.random()
        figures = CareFigures(visits, spent_fen, no_shows=3 if missed < 0.002 else 1 if missed < 0.03 else 0)
        vip_level = vip_level_on(
            self._today, new.vip_level, valid_from=new.vip_valid_from, valid_until=new.vip_valid_until
        )
        tier, why = tier_of(figures, vip_level, SHIPPED_RULES)
        tags = (*new.tags, _CHRONIC_TAG) if care.chronic else new.tags
        return replace(new, tier=tier.value, tags=tags), care, why, figures.as_json() | {"vip_level": vip_level}

    def _links(self, households: Sequence[Household], ids: Sequence[int]) -> Iterator[Row]:
        first, now = 0, self._clock.now()
        for home in households:
            for one, other, kin in home.kin:
                yield {
                    "patient_id": ids[first + one], "relative_id": ids[first + other], "kin": kin.value,
                    "linked_at": now, "linked_by": None,
                }  # fmt: skip
            first += len(home.people)

    def _consents(self, patient_id: int) -> Iterator[Row]:
        if self._chance.random() < _NEVER_ASKED_CHANCE:
            return
        given_at = self._clock.now() - timedelta(days=self._chance.randrange(1, 900))
        for word, likely in _YES_CHANCES.items():
            is_granted = self._chance.random() < likely
            for purpose, channel in CARD_CONSENTS[word]:
                yield {
                    "patient_id": patient_id, "purpose": purpose.value, "channel": channel.value,
                    "is_granted": is_granted, "given_at": given_at, "noted_at": given_at, "source": "registration",
                    "evidence": "", "actor_id": None,
                }  # fmt: skip


def add_care(session: Transaction, histories: Mapping[int, Care]) -> None:
    """Patient -> what happened to him."""
    visits = [visit | {"patient_id": one} for one, care in histories.items() for visit in care.visits]
    ids = add_with_ids(session, Visit, visits)
    owners = [
        {"visit_id": number, "patient_id": visit["patient_id"]} for number, visit in zip(ids, visits, strict=True)
    ]
    parts = (
        (Medication, [rows for care in histories.values() for rows in care.medications]),
        (Report, [rows for care in histories.values() for rows in care.reports]),
        (Fee, [rows for care in histories.values() for rows in care.fees]),
        (Deposit, [rows for care in histories.values() for rows in care.deposits]),
    )
    for model, lists in parts:
        add(session, model, [row | owner for rows, owner in zip(lists, owners, strict=True) for row in rows])


def known_cards(session: Transaction, card_numbers: Sequence[str]) -> dict[str, int]:
    """Which of these are registered already: card number -> patient."""
    rows = session.query(Patient.card_number, Patient.id).filter(Patient.card_number.in_(card_numbers))
    return dict(rows.all())
