"""Reads what the demo hospital knows from its data files: departments' texts, diseases, drugs, items."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
_CHOICES = re.compile(r"\{([^}]*)\}")
_VARIANT_STEP_PERMILLE = 120
"""By so much each further variant of an item costs more."""


@dataclass(frozen=True)
class DepartmentText:
    introduction: str
    introduction_en: str
    cautions: str
    directions: str
    fields: tuple[tuple[str, str], ...]
    """What its doctors are experts of: (Chinese, English)."""


@dataclass(frozen=True)
class Disease:
    """One reason to come: who gets it, what is done, what is prescribed."""

    department: str
    name: str
    complaint: str
    treatment: str
    cautions: str
    drugs: tuple[str, ...]
    examinations: tuple[str, ...]
    recovery_days: int | None
    is_chronic: bool
    sex: str
    """f, m, or "" for both."""
    age_from: int
    age_to: int
    may_stay: bool
    weight: int

    def fits(self, sex: str, age: int) -> bool:
        return self.sex in ("", sex[:1]) and self.age_from <= age <= self.age_to


@dataclass(frozen=True)
class Drug:
    name: str
    name_en: str
    usage: str
    unit: str
    specifications: tuple[str, ...]
    price_fen: int
    """Of the first specification."""
    insurance_class: str
    """甲 is paid best, 乙 less, 丙 not at all."""


@dataclass(frozen=True)
class Item:
    """An examination, test, treatment or bed of the price list."""

    kind: str
    name: str
    name_en: str
    unit: str
    price_fen: int
    usage: str
    insurance_class: str


@dataclass(frozen=True)
class Facts:
    departments: dict[str, DepartmentText]
    diseases: tuple[Disease, ...]
    drugs: tuple[Drug, ...]
    items: tuple[Item, ...]
    answers: tuple[dict[str, str], ...]
    """What people ask in general: code, kind, title, text, owner, in both languages."""


def read_facts() -> Facts:
    answers = tomllib.loads((DATA / "answers.toml").read_text(encoding="utf-8"))["answer"]
    return Facts(_departments(), tuple(_diseases()), tuple(_drugs()), tuple(_items()), tuple(answers))


def _departments() -> dict[str, DepartmentText]:
    told = tomllib.loads((DATA / "departments.toml").read_text(encoding="utf-8"))
    return {
        code: DepartmentText(
            one["introduction"], one["introduction_en"], one["cautions"], one["directions"],
            tuple(one["fields"].items()),
        )
        for code, one in told.items()
    }  # fmt: skip


def _diseases() -> Iterator[Disease]:
    for row in _rows("diseases.csv"):
        yield Disease(
            department=row["department"],
            name=row["name"],
            complaint=row["complaint"],
            treatment=row["treatment"],
            cautions=row["cautions"],
            drugs=_list(row["drugs"]),
            examinations=_list(row["examinations"]),
            recovery_days=int(row["recovery_days"]) if row["recovery_days"] else None,
            is_chronic=row["is_chronic"] == "1",
            sex=row["sex"],
            age_from=int(row["age_from"]),
            age_to=int(row["age_to"]),
            may_stay=row["may_stay"] == "1",
            weight=int(row["weight"]),
        )


def _drugs() -> Iterator[Drug]:
    for row in _rows("drugs.csv"):
        yield Drug(
            row["name"], row["name_en"], row["usage"], row["unit"], _list(row["specifications"]),
            _fen(row["price_yuan"]), row["class"],
        )  # fmt: skip


def _items() -> Iterator[Item]:
    for row in _rows("items.csv"):
        names = variants(row["name"])
        names_en = variants(row["name_en"]) if len(names) > 1 else [row["name_en"]]
        for place, (name, name_en) in enumerate(zip(names, names_en, strict=True)):
            price_fen = _fen(row["price_yuan"]) * (1000 + place * _VARIANT_STEP_PERMILLE) // 1000
            yield Item(
                row["kind"], name, name_en, row["unit"], price_fen // 10 * 10, row["usage"], row["class"]
            )  # fmt: skip


def variants(text: str) -> list[str]:
    """``{头颅|胸部}CT`` -> 头颅CT, 胸部CT."""
    found = _CHOICES.search(text)
    if found is None:
        return [text]
    return [text[: found.start()] + choice + text[found.end() :] for choice in found[1].split("|")]


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _fen(yuan: str) -> int:
    return round(float(yuan) * 100)
