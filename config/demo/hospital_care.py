"""What happened to each patient: visits with diagnosis, medication, reports, fees and deposits, as rows without ids."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import accumulate
from random import Random

from config.demo.hospital_facts import Disease, Facts
from config.demo.hospital_rows import Row
from config.demo.hospital_staff import DoctorOf
from crm_core.clock import HOSPITAL_ZONE, hospital_date
from crm_core.crypto import FieldCipher
from crm_core.enquiries.cards import NewItem
from crm_core.visits.clinical import Clinical, seal
from crm_core.visits.kinds import FeeKind, ReportKind, VisitKind

DAYS_BACK = 540
_STAY_CHANCE, _HERE_NOW_CHANCE = 0.16, 0.10
_OWN_DISEASE_CHANCE = 0.7
_INSURED_PERMILLE = {"城镇职工医保": 700, "城乡居民医保": 500, "公费医疗": 900}
_NOT_INSURED = "丙"
_USUAL = ("未见明显异常。", "与前次比较无明显变化。", "各项指标在参考范围内。")
_UNUSUAL = ("部分指标偏高，请结合临床。", "见轻度异常改变，建议复查。", "指标超出参考范围，建议专科就诊。")
_REPORT_KINDS = (
    (ReportKind.PATHOLOGY, ("病理", "骨髓")),
    (ReportKind.IMAGING, ("CT", "MR", "DR", "彩超", "曲面断层", "根尖片", "骨龄", "显像", "热成像")),
    (ReportKind.FUNCTION, ("心电图", "肺功能", "脑电图", "镜检查", "听阈", "眼", "评定", "评估", "量表", "密度", "视野", "验光",
                           "分析", "呼气", "睡眠", "扫描", "泪液")),
)  # fmt: skip


@dataclass
class Care:
    """One patient's history. The rows of a visit's parts are at the same place as the visit."""

    visits: list[Row] = field(default_factory=list)
    medications: list[list[Row]] = field(default_factory=list)
    reports: list[list[Row]] = field(default_factory=list)
    fees: list[list[Row]] = field(default_factory=list)
    deposits: list[list[Row]] = field(default_factory=list)
    chronic: tuple[str, ...] = ()

    def figures(self, since: datetime) -> tuple[int, int]:
        """Visits and money in fen since then."""
        spent = sum(fee["amount_fen"] for fees in self.fees for fee in fees if fee["charged_at"] >= since)
        return sum(visit["started_at"] >= since for visit in self.visits), spent


class CareMaker:
    """``price list``: what drugs and examinations cost is what the hospital's catalogue says."""

    def __init__(
        self,
        facts: Facts,
        doctors: Sequence[DoctorOf],
        names: Mapping[str, str],
        price_list: Sequence[NewItem],
        *,
        cipher: FieldCipher,
        chance: Random,
        now: datetime,
    ) -> None:
        self._doctors: dict[str, list[DoctorOf]] = defaultdict(list)
        for one in doctors:
            self._doctors[one.department].append(one)
        self._names = names
        self._items: dict[str, NewItem] = {}
        for item in reversed(price_list):
            self._items[item.name] = item
        self._classes = {one.name: one.insurance_class for one in facts.drugs}
        self._classes |= {one.name: one.insurance_class for one in facts.items}
        self._usages = {one.name: one.usage for one in facts.drugs}
        self._diseases = [one for one in facts.diseases if one.department in names]
        self._reasons: dict[tuple[str, int], tuple[list[Disease], list[int]]] = {}
        self._cipher = cipher
        self._chance = chance
        self._now = now
        self._number = 0

    def care(self, sex: str, age: int, insurance: str) -> Care:
        """A history as somebody of this sex and age has it; often none."""
        chance = self._chance
        diseases, weights = self._fitting(sex, age)
        chronic_chance = 0.02 if age < 15 else 0.12 if age < 45 else 0.4 if age < 65 else 0.72
        own = [one for one in diseases if one.is_chronic]
        kept = chance.sample(own, min(len(own), chance.choice((1, 1, 2)))) if chance.random() < chronic_chance else []
        mean = (2.6 if age > 64 else 2.0) if kept else 0.9
        care = Care(chronic=tuple(one.name for one in kept))
        times = int(chance.expovariate(1 / mean)) if weights else 0
        for days in sorted((chance.randrange(1, DAYS_BACK) for _ in range(times)), reverse=True):
            if kept and chance.random() < _OWN_DISEASE_CHANCE:
                disease = chance.choice(kept)
            else:
                disease = diseases[bisect(weights, chance.randrange(weights[-1]))]
            self.add_visit(care, disease, days, insurance)
        return care

    def add_visit(
        self,
        care: Care,
        disease: Disease,
        days_ago: int,
        insurance: str,
        *,
        doctor_code: str = "",
        is_stay: bool | None = None,
    ) -> None:
        """``is_stay`` None: as it happens to people with this disease."""
        chance = self._chance
        stays = disease.may_stay and chance.random() < _STAY_CHANCE if is_stay is None else is_stay
        is_here = stays and (chance.random() < _HERE_NOW_CHANCE if is_stay is None else days_ago < 14)
        doctors = self._doctors[disease.department]
        doctor = next((one for one in doctors if one.code == doctor_code), None) or chance.choice(doctors)
        began = self._moment(chance.randint(1, 8) if is_here and is_stay is None else days_ago)
        days = chance.randint(3, 12)
        ended = (
            None if is_here else began + (timedelta(days=days) if stays else timedelta(minutes=chance.randint(20, 90)))
        )
        if ended is not None and ended >= self._now:
            ended, is_here = (None, True) if stays else (self._now, False)
        kind = VisitKind.INPATIENT if stays else _KINDS.get(disease.department, VisitKind.OUTPATIENT)
        self._number += 1
        care.visits.append({
            "external_id": f"HIS{self._number:08d}",
            "kind": kind.value,
            "department_code": disease.department,
            "department_name": self._names[disease.department],
            "doctor_code": doctor.code,
            "doctor_name": doctor.name,
            "started_at": began,
            "ended_at": ended,
            "ward": f"{self._names[disease.department]}病区" if stays else "",
            "bed": f"{chance.randint(1, 48)}床" if stays else "",
            "clinical_encrypted": seal(
                self._cipher, Clinical(disease.complaint, disease.name, disease.treatment, disease.cautions)
            ),
            "recovery_days": disease.recovery_days,
        })  # fmt: skip
        stay_days = max(1, ((ended or self._now) - began).days) if stays else 0
        reports = list(self._reports(disease, began, stays=stays))
        care.medications.append(list(self._medications(disease, began)))
        care.reports.append(reports)
        care.fees.append([
            self._insured(fee, insurance, is_paid=not is_here)
            for fee in self._fees(disease, doctor, began, stay_days=stay_days)
        ])  # fmt: skip
        care.deposits.append(list(self._deposits(began, stay_days)) if stays else [])

    def _fitting(self, sex: str, age: int) -> tuple[list[Disease], list[int]]:
        """Diseases of such a person and their weights added up; remembered by sex and age."""
        if (sex, age) not in self._reasons:
            fitting = [one for one in self._diseases if one.fits(sex, age)]
            self._reasons[sex, age] = fitting, list(accumulate(one.weight for one in fitting))
        return self._reasons[sex, age]

    def _moment(self, days_ago: int) -> datetime:
        """In consulting hours, whole minutes."""
        day = hospital_date(self._now) - timedelta(days=days_ago)
        opens, closes = (8 * 60, 12 * 60) if self._chance.random() < 0.6 else (13 * 60 + 30, 17 * 60 + 30)
        minute = self._chance.randrange(opens, closes)
        return datetime.combine(day, time(minute // 60, minute % 60), HOSPITAL_ZONE)

    def _medications(self, disease: Disease, began: datetime) -> Iterator[Row]:
        days = self._chance.choice((14, 28, 28, 30)) if disease.is_chronic else self._chance.choice((3, 5, 7, 7, 14))
        day = began.date()
        for name in disease.drugs:
            item = self._items.get(name)
            yield {
                "name": name,
                "specification": item.specification if item else "",
                "usage": self._usages[name],
                "started_on": day,
                "days_supplied": days,
                "runs_out_on": day + timedelta(days=days),
            }

    def _reports(self, disease: Disease, began: datetime, *, stays: bool) -> Iterator[Row]:
        chance = self._chance
        for name in disease.examinations:
            if chance.random() < 0.75 or stays:
                reported = began + timedelta(minutes=chance.randint(90, 2600))
                is_ready, is_abnormal = reported < self._now, chance.random() < 0.3
                finding = chance.choice(_UNUSUAL if is_abnormal else _USUAL)
                yield {
                    "kind": report_kind(name).value,
                    "title": name,
                    "reported_at": reported if is_ready else None,
                    "is_abnormal": is_ready and is_abnormal,
                    "link": "",
                    "finding_encrypted": self._cipher.encrypt(finding) if is_ready else None,
                }

    def _fees(self, disease: Disease, doctor: DoctorOf, began: datetime, *, stay_days: int) -> Iterator[Row]:
        if stay_days:
            yield _fee(FeeKind.BED, "床位费", 6000 * stay_days, began)
            yield _fee(FeeKind.NURSING, "护理费", 3200 * stay_days, began)
            yield _fee(FeeKind.TREATMENT, "住院诊疗费", 18000 * stay_days, began)
            if "术" in disease.treatment or "术" in disease.name:
                yield _fee(FeeKind.SURGERY, f"{disease.name} 手术费", self._chance.randint(28, 120) * 10000, began)
                yield _fee(FeeKind.MATERIAL, "手术材料费", self._chance.randint(8, 260) * 10000, began)
        else:
            yield _fee(FeeKind.REGISTRATION, f"{doctor.title}挂号费", doctor.fee_fen, began)
        for name in disease.drugs:
            if (item := self._items.get(name)) is not None:
                yield _fee(FeeKind.DRUG, name, item.price_fen * self._chance.choice((1, 2, 2, 3)), began)
        for name in disease.examinations:
            if (item := self._items.get(name)) is not None:
                kind = FeeKind.LAB if item.kind == "lab" else FeeKind.EXAMINATION
                yield _fee(kind, name, item.price_fen, began)

    def _insured(self, fee: Row, insurance: str, *, is_paid: bool) -> Row:
        is_covered = fee["kind"] != FeeKind.REGISTRATION and self._classes.get(fee["title"]) != _NOT_INSURED
        permille = _INSURED_PERMILLE.get(insurance, 0) if is_covered else 0
        return fee | {"insurance_fen": fee["amount_fen"] * permille // 1000, "is_paid": is_paid}

    def _deposits(self, began: datetime, stay_days: int) -> Iterator[Row]:
        for payment in range(1 + stay_days // 5):
            amount_fen = self._chance.choice((300000, 500000, 800000)) if payment == 0 else 200000
            yield {"amount_fen": amount_fen, "paid_at": min(began + timedelta(days=payment * 4), self._now)}


_KINDS = {"emergency": VisitKind.EMERGENCY, "checkup": VisitKind.CHECK_UP}


def report_kind(title: str) -> ReportKind:
    return next((kind for kind, words in _REPORT_KINDS if any(word in title for word in words)), ReportKind.LAB)


def _fee(kind: FeeKind, title: str, amount_fen: int, at: datetime) -> Row:
    return {"kind": kind.value, "title": title, "amount_fen": amount_fen, "charged_at": at}
