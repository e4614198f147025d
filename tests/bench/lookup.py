"""How long it takes to find the patient of a calling number, in any spelling, among a million, on both databases."""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import text

from crm_core import schema
from crm_core.clock import SystemClock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.patients.cards import NewPatient
from crm_core.patients.service import Patients
from tests.bench.table import Row, at_most, percentile
from tests.support.postgres import running_postgresql

P99_LIMIT_MS = 5.0
FULL, QUICK = 1_000_000, 20_000
_SEED = 95169
_CHUNK = 10_000
_LOOKUPS = 3_000
_WARM_UP = 200
_SEARCHES = 200
_KEY = b"a bench key of thirty-two bytes.."
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈单解仇区查"
)
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂文辉玲红建华小晓子涵雨欣梓轩浩宇思远雪梅国庆志强婷玉兰"
_MOBILE_HEADS = ("130", "131", "135", "136", "138", "139", "150", "158", "159", "186", "187", "188", "189")
_SPELLINGS = (
    lambda n: n,
    lambda n: f"+86{n}",
    lambda n: f"0086{n}",
    lambda n: f"0{n}",
    lambda n: f"{n[:3]} {n[3:7]} {n[7:]}",
    lambda n: f"+86 {n[:3]}-{n[3:7]}-{n[7:]}",
)
"""How carriers and people write the same mobile number."""


@dataclass(frozen=True)
class LookupSpeed:
    """One database. Times of single questions in ms."""

    database: str
    patients: int
    loaded_per_s: float
    number_ms: tuple[float, ...]
    search_ms: tuple[float, ...]


def measure_lookup(work: Path, *, patients: int) -> list[Row]:
    """Fills a fresh SQLite file and a fresh PostgreSQL with the same people and asks both the same questions."""
    return rows(measure_both(work, patients=patients))


def measure_both(work: Path, *, patients: int) -> list[LookupSpeed]:
    work.mkdir(parents=True, exist_ok=True)
    with running_postgresql() as postgresql_url:
        urls = {"SQLite": f"sqlite:///{work}/lookup.db", "PostgreSQL": postgresql_url}
        return [_measure(name, url, patients) for name, url in urls.items()]


def rows(speeds: Sequence[LookupSpeed]) -> list[Row]:
    found = []
    for one in speeds:
        how = (
            f"p99 of {len(one.number_ms):,} questions in six spellings over {one.patients:,} patients, one after the other, "
            f"number to masked cards; p50 {percentile(one.number_ms, 0.5):.2f} ms; loaded {one.loaded_per_s:,.0f} patients/s"
        )
        limit = P99_LIMIT_MS
        found.append(
            at_most(f"look-up by number, {one.database}", percentile(one.number_ms, 0.99), limit, unit="ms", how=how)
        )
        found.append(
            Row(
                f"name search, {one.database}",
                f"{percentile(one.search_ms, 0.95):.1f} ms",
                how=f"p95 of {len(one.search_ms)} searches by characters, pinyin, initials and mixtures, "
                f"p50 {percentile(one.search_ms, 0.5):.1f} ms",
            )
        )
    return found


def people(count: int) -> Iterator[NewPatient]:
    """The same people every time: one own mobile each, every fifth shares a parent's number, every third has an identity."""
    chance = random.Random(_SEED)
    first = date(1935, 1, 1)
    for place in range(count):
        number = mobile(place)
        phones = [(number, "self")]
        if place % 5 == 4:
            phones.append((mobile(place - 1), "parent"))
        yield NewPatient(
            name=chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2)))),
            gender=chance.choice(("male", "female")),
            birth_date=first + timedelta(days=chance.randrange(32_000)),
            card_number=f"C{place:08d}",
            id_number=f"32040219{place:09d}X" if place % 3 == 0 else "",
            phones=tuple(phones),
            consents={"recording": True} if place % 10 == 0 else {},
        )


def mobile(place: int) -> str:
    """The own number of the ``place``-th patient; no two alike."""
    head = _MOBILE_HEADS[place % len(_MOBILE_HEADS)]
    return f"{head}{(place // len(_MOBILE_HEADS) * 7_919 + 104_729) % 100_000_000:08d}"


def _measure(name: str, url: str, count: int) -> LookupSpeed:
    database = Database(url)
    with contextlib.closing(database):
        schema.all_metadata().create_all(database.engine)
        patients = Patients(database, FieldCipher.from_master(_KEY), SystemClock())
        began_s = time.monotonic()
        _load(database, patients, count)
        loaded_per_s = count / (time.monotonic() - began_s)
        with database.write() as session:
            session.execute(text("ANALYZE"))
        return LookupSpeed(name, count, loaded_per_s, _ask_numbers(patients, count), _ask_names(patients))


def _load(database: Database, patients: Patients, count: int) -> None:
    chunk: list[NewPatient] = []
    for new in people(count):
        chunk.append(new)
        if len(chunk) == _CHUNK:
            with database.write() as session:
                patients.add_many(session, chunk)
            chunk = []
    with database.write() as session:
        patients.add_many(session, chunk)


def _ask_numbers(patients: Patients, count: int) -> tuple[float, ...]:
    """Every answer is checked: the owner is among the candidates."""
    chance = random.Random(_SEED + 1)
    times_ms = []
    for question in range(_WARM_UP + _LOOKUPS):
        place = chance.randrange(count)
        asked = _SPELLINGS[question % len(_SPELLINGS)](mobile(place))
        began_s = time.perf_counter()
        cards = patients.find_by_number(asked)
        times_ms.append((time.perf_counter() - began_s) * 1000)
        if cards[0].card_number != f"C{place:08d}":
            raise AssertionError("the look-up found somebody else")
    return tuple(times_ms[_WARM_UP:])


def _ask_names(patients: Patients) -> tuple[float, ...]:
    questions = ("王伟", "zhangwei", "lixm", "陈jg", "shanxf", "wangxiaom", "zxl", "刘", "区国", "xiezq")
    times_ms = []
    for question in range(_SEARCHES):
        began_s = time.perf_counter()
        patients.search(questions[question % len(questions)])
        times_ms.append((time.perf_counter() - began_s) * 1000)
    return tuple(times_ms)
