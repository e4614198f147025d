"""The price list and the knowledge base of the demo hospital, from its facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice, product

from config.demo.hospital_facts import Drug, Facts, Item
from crm_core.enquiries.cards import NewItem, NewKnowledge
from crm_core.enquiries.kinds import InsuranceKind, ItemKind, KnowledgeKind

ITEMS = 2000
_FIRST_DRUG, _FIRST_ITEM = 1001, 5001
_VALID = timedelta(days=365)
_ORIGINS = {
    "甲": (("山东", 1000), ("江苏", 1120), ("河北", 940)),
    "乙": (("浙江", 1000), ("上海", 1180), ("德国（进口）", 2350)),
    "丙": (("广东", 1000), ("北京", 1150), ("日本（进口）", 1900)),
}
"""Where a drug of each insurance class comes from, and its price in per mille of the list price."""

_RATIOS = {
    "甲": ((InsuranceKind.EMPLOYEE, 850), (InsuranceKind.RESIDENT, 650), (InsuranceKind.RURAL, 600)),
    "乙": ((InsuranceKind.EMPLOYEE, 700), (InsuranceKind.RESIDENT, 500), (InsuranceKind.RURAL, 450)),
    "丙": ((InsuranceKind.COMMERCIAL, 500),),
}
_SPECIFICATION_STEP_PERMILLE = 620
"""By so much each further specification (a larger pack) costs more."""


def new_items(facts: Facts, today: date, count: int = ITEMS) -> list[NewItem]:
    """``count`` lines: every item first, then drugs in as many specifications and origins as there is room for."""
    until = today + _VALID
    items = [_item(one, _FIRST_ITEM + place, until) for place, one in enumerate(facts.items)][:count]
    drugs = islice(_drug_lines(facts.drugs), count - len(items))
    return items + [_drug(*line, _FIRST_DRUG + place, until) for place, line in enumerate(drugs)]


def new_knowledge(facts: Facts, departments: dict[str, str], today: date) -> list[NewKnowledge]:
    """About the hospital, its ways and these departments (code -> name)."""
    until = today + _VALID
    known = [
        NewKnowledge(f"ask-{one['code']}", one["kind"], one["title"], one["text"], one["owner"], until,
                     title_en=one["title_en"], text_en=one.get("text_en", ""))
        for one in facts.answers
    ]  # fmt: skip
    for code, name in departments.items():
        told = facts.departments[code]
        known += [
            NewKnowledge(f"dept-{code}", KnowledgeKind.DEPARTMENT, name, told.introduction, name, until,
                         text_en=told.introduction_en, department_code=code),
            NewKnowledge(f"care-{code}", KnowledgeKind.CAUTIONS, f"{name}就诊须知", told.cautions, name, until,
                         department_code=code),
        ]  # fmt: skip
    return known


def _drug_lines(drugs: Sequence[Drug]) -> Iterator[tuple[Drug, int, int]]:
    """(drug, place of the specification, place of the origin): every drug once before any comes again."""
    most = max(len(one.specifications) for one in drugs)
    for origin, specification in product(range(3), range(most)):
        for one in drugs:
            if specification < len(one.specifications):
                yield one, specification, origin


def _drug(drug: Drug, specification: int, origin: int, number: int, until: date) -> NewItem:
    place, permille = _ORIGINS[drug.insurance_class][origin]
    price_fen = drug.price_fen * (1000 + specification * _SPECIFICATION_STEP_PERMILLE) // 1000 * permille // 1000
    return NewItem(
        code=str(number), kind=ItemKind.DRUG, name=drug.name, price_fen=price_fen // 10 * 10, owner="药剂科",
        valid_until=until, name_en=drug.name_en, specification=drug.specifications[specification], unit=drug.unit,
        usage=drug.usage, origin=place, reimbursement_permille=_ratios(drug.insurance_class),
    )  # fmt: skip


def _item(item: Item, number: int, until: date) -> NewItem:
    return NewItem(
        code=str(number), kind=item.kind, name=item.name, price_fen=item.price_fen, owner="物价科", valid_until=until,
        name_en=item.name_en, unit=item.unit, usage=item.usage, origin="本院",
        reimbursement_permille=_ratios(item.insurance_class),
    )  # fmt: skip


def _ratios(insurance_class: str) -> tuple[tuple[str, int], ...]:
    return tuple((kind.value, permille) for kind, permille in _RATIOS[insurance_class])
