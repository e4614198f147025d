"""Households of the demo hospital: who lives together, who shares whose telephone, and what the desk knows of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from config.demo.hospital_names import a_given_name, a_surname
from crm_core.patients.cards import NewPatient
from crm_core.patients.families import INVERSE
from crm_core.patients.kinds import Kin
from crm_core.patients.rules import age_on

_KINDS = ("young", "old", "couple", "one child", "two children", "three generations")
_KIND_WEIGHTS = (16, 10, 18, 28, 10, 18)
_HEAD_AGES = {
    "young": (18, 38), "old": (63, 94), "couple": (24, 86), "one child": (26, 50), "two children": (28, 48),
    "three generations": (26, 46),
}  # fmt: skip
# valid heads of mobile numbers; those that tests and the cast dial from are left out
_HEADS = ("133", "135", "136", "150", "151", "152", "157", "158", "159", "182", "187", "188", "189", "198")
_PROVINCES = ("11", "12", "13", "14", "21", "31", "32", "33", "34", "37", "41", "42", "43", "44", "50", "51", "61")
_WEIGHTS, _SIGNS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
"""GB 11643-1999, the check digit."""
_INSURANCES = ("城镇职工医保", "城乡居民医保", "公费医疗", "自费")
_ALLERGIES = ("青霉素过敏", "头孢类过敏", "磺胺类过敏", "碘造影剂过敏", "海鲜过敏", "花粉过敏", "阿司匹林过敏")
_CAUTIONS = ("听力差，请慢速", "行动不便，需轮椅", "视力差，短信请改打电话", "正在服用抗凝药", "装有心脏起搏器")
_HEREDITARY = ("地中海贫血", "血友病", "红绿色盲", "家族性高胆固醇血症", "多囊肾")
_OCCUPATIONS = ("职员", "教师", "工人", "农民", "个体经营", "公务员", "司机", "工程师", "护士", "会计", "自由职业")
_EDUCATIONS = ("primary", "middle", "high", "vocational", "college", "bachelor", "postgraduate")
_INCOMES = ("below_3k", "3k_8k", "8k_15k", "15k_30k", "above_30k")
_STREETS = ("幸福路", "人民路", "解放路", "建设街", "和平里", "新华街", "文化路", "光明路", "学府路", "滨河路")
_DISTRICTS = ("东城区", "西城区", "朝阳区", "海淀区", "丰台区", "通州区", "昌平区", "大兴区")
_TIMES = ("", "", "", "上午", "下午", "晚上", "周末")


@dataclass
class Person:
    """One member of a household before he is registered."""

    name: str
    sex: str
    born: date
    age: int
    phones: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Household:
    people: tuple[NewPatient, ...]
    kin: tuple[tuple[int, int, Kin], ...]
    """(one, other, what the other is to the one): places in ``people``, both directions."""


def households(count: int, *, seed: int, today: date, taken_names: Sequence[str]) -> Iterator[Household]:
    """Together exactly ``count`` people; the same for the same seed and day. ``taken_names`` belong to the cast."""
    maker = _Maker(Random(f"{seed} people"), today, frozenset(taken_names))
    made = 0
    while made < count:
        one = maker.household(count - made)
        made += len(one.people)
        yield one


class _Maker:
    def __init__(self, chance: Random, today: date, taken_names: frozenset[str]) -> None:
        self._chance = chance
        self._today = today
        self._taken_names = taken_names
        self._id_numbers: set[str] = set()
        self._mobiles = 0
        self._cards = 0

    def household(self, size_max: int) -> Household:
        chance = self._chance
        kind = chance.choices(_KINDS, _KIND_WEIGHTS)[0]
        surname, other_surname = a_surname(chance), a_surname(chance)
        head_age = chance.randint(*_HEAD_AGES[kind])
        lives_alone = kind in ("young", "old")
        grown = [self._person(surname, "female" if lives_alone and chance.random() < 0.5 else "male", head_age)]
        kin: list[tuple[int, int, Kin]] = []
        if not lives_alone:
            grown.append(self._person(other_surname, "female", max(20, head_age - chance.randint(-2, 5))))
            kin.append((0, 1, Kin.SPOUSE))
        people = grown + self._children(kind, surname, head_age) + self._elders(kind, surname, other_surname, head_age)
        self._give_telephones(people)
        people = people[:size_max]
        for place, one in enumerate(people[2:], start=2):
            kin += _kin_of(place, one, people)
        linked = [pair for pair in kin if max(pair[:2]) < len(people)]
        both = linked + [(b, a, INVERSE[what]) for a, b, what in linked]
        return Household(tuple(map(self._patient, people)), tuple(both))

    def _children(self, kind: str, surname: str, head_age: int) -> list[Person]:
        count = {"one child": 1, "two children": 2, "three generations": self._chance.randint(1, 2)}.get(kind, 0)
        ages = (max(0, head_age - self._chance.randint(24, 34)) for _ in range(count))
        return [self._person(surname, self._chance.choice(("male", "female")), age) for age in ages]

    def _elders(self, kind: str, surname: str, other_surname: str, head_age: int) -> list[Person]:
        if kind != "three generations":
            return []
        age = head_age + self._chance.randint(23, 31)
        elders = [self._person(surname, "male", age), self._person(a_surname(self._chance), "female", age - 2)]
        return elders if self._chance.random() < 0.5 else elders[1:]

    def _person(self, surname: str, sex: str, age: int) -> Person:
        born = self._today - timedelta(days=age * 365 + age // 4 + self._chance.randrange(364) + 1)
        name = surname + a_given_name(self._chance, sex, born.year)
        while name in self._taken_names:
            name = surname + a_given_name(self._chance, sex, born.year)
        return Person(name, sex, born, age_on(self._today, born) or 0)

    def _give_telephones(self, people: Sequence[Person]) -> None:
        chance = self._chance
        for one in people:
            if one.age >= 16 and (one.age < 72 or chance.random() < 0.6):
                one.phones.append((self._mobile(), "self"))
        answering = [one for one in people[:2] if one.phones]
        landline = f"0106{chance.randrange(1_000_000, 9_999_999)}" if chance.random() < 0.1 else ""
        for one in people:
            if answering and one not in answering:
                relation = "parent" if one.age < 25 else "child" if one.age > 45 else "other"
                if not one.phones or (relation != "other" and chance.random() < 0.3):
                    one.phones.append((chance.choice(answering).phones[0][0], relation))
            if landline:
                one.phones.append((landline, "self"))
            if not one.phones:
                one.phones.append((self._mobile(), "self"))

    def _mobile(self) -> str:
        self._mobiles += 1
        head, order = _HEADS[self._mobiles % len(_HEADS)], self._mobiles // len(_HEADS)
        return f"{head}{(order * 7_654_321 + 20_261_122) % 10**8:08d}"

    def _patient(self, one: Person) -> NewPatient:
        chance = self._chance
        self._cards += 1
        has_card = one.age >= 18 and chance.random() < 0.02
        insurance = _INSURANCES[1] if one.age < 18 else chance.choices(_INSURANCES, (58, 30, 5, 7))[0]
        known = NewPatient(
            name=one.name,
            gender=one.sex,
            birth_date=one.born,
            id_number=self._id_number(one) if chance.random() < 0.88 else "",
            card_number=f"P{self._cards:07d}",
            phones=tuple(one.phones),
            insurance=insurance,
            allergies=chance.choice(_ALLERGIES) if chance.random() < 0.08 else "",
            cautions=chance.choice(_CAUTIONS) if chance.random() < (0.12 if one.age > 69 else 0.01) else "",
            preferred_time=chance.choice(_TIMES),
            preferred_language="en" if chance.random() < 0.004 else "zh",
            preferred_channel=chance.choices(("call", "sms", "wechat"), (60, 25, 15))[0],
            vip_level=chance.choices((1, 2, 3), (70, 24, 6))[0] if has_card else 0,
            vip_card=f"VIP-{100_000 + self._cards}" if has_card else "",
            vip_valid_from=self._today - timedelta(days=chance.randrange(300, 700)) if has_card else None,
            vip_valid_until=self._today + timedelta(days=chance.randrange(-60, 700)) if has_card else None,
            hereditary_disease=self._hereditary(),
        )
        return replace(known, **self._life(one))

    def _life(self, one: Person) -> dict[str, Any]:
        chance = self._chance
        if one.age < 18:
            return {"occupation": "学生" if one.age > 6 else ""}
        married = "married" if one.age > 24 and chance.random() < 0.85 else "single"
        home = (
            f"{chance.choice(_DISTRICTS)}{chance.choice(_STREETS)}{chance.randint(1, 199)}号{chance.randint(1, 18)}号楼"
        )
        return {
            "education": chance.choices(_EDUCATIONS, (8, 18, 18, 10, 18, 22, 6))[0],
            "occupation": "退休" if one.age > 60 else chance.choice(_OCCUPATIONS),
            "marital_status": "widowed" if one.age > 75 and chance.random() < 0.4 else married,
            "income_band": chance.choices(("", *_INCOMES), (60, 8, 16, 10, 4, 2))[0],
            "address": home if chance.random() < 0.6 else "",
        }

    def _hereditary(self) -> str:
        told = self._chance.random()
        return self._chance.choice(_HEREDITARY) if told < 0.008 else "无" if told < 0.35 else ""

    def _id_number(self, one: Person) -> str:
        """Of a district that issues none (…0000), so that it is nobody's."""
        while True:
            order = self._chance.randrange(500) * 2 + (one.sex == "male")
            body = f"{self._chance.choice(_PROVINCES)}0000{one.born:%Y%m%d}{order:03d}"
            number = body + _SIGNS[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]
            if number not in self._id_numbers:
                self._id_numbers.add(number)
                return number


def _kin_of(place: int, one: Person, people: Sequence[Person]) -> list[tuple[int, int, Kin]]:
    """Links of a child or an elder to those who come before him."""
    if one.born > people[0].born:  # a child
        kin = [(place, 0, Kin.PARENT), (place, 1, Kin.PARENT)]
        return kin + [(place, other, Kin.SIBLING) for other in range(2, place)]
    links = [(0, place, Kin.PARENT)] if place < len(people) else []
    children = [other for other in range(2, place) if people[other].born > people[0].born]
    return links + [(other, place, Kin.GRANDPARENT) for other in children]
