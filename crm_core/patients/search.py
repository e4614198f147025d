"""Finds patients by card number, identity number, name, pinyin, initials or any mixture; the best match first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm_core.crypto import FieldCipher
from crm_core.patients.models import NameReading, Patient
from crm_core.patients.names import means, possible_initials

_LAST_CHARACTER = "\U0010ffff"
_INITIALS_SHORTEST = 2
_CANDIDATES_MAX = 2000
"""So many rows of the right initials are compared letter by letter at most."""

Text = InstrumentedAttribute[str]
Found = Select[int, int | None]


class PatientSearch:
    """Every step uses an index; later steps run only while fewer than ``limit`` patients were found."""

    def __init__(self, cipher: FieldCipher, *, is_sqlite: bool) -> None:
        self._cipher = cipher
        self._is_sqlite = is_sqlite

    def ids(self, session: Session, text: str, limit: int) -> list[int]:
        """At most ``limit`` ids; a merged patient stands for his survivor."""
        found: dict[int, None] = {}
        for query in self._steps(text):
            for one, survivor in session.execute(query.limit(limit + len(found))):
                found[survivor or one] = None
            if len(found) >= limit:
                break
        else:
            found |= dict.fromkeys(self._mixed(session, text, limit))
        return list(islice(found, limit))

    def _steps(self, text: str) -> Iterator[Found]:
        """The order is the ranking."""
        yield _patients(self._by_paper(text), Patient.id)
        yield _patients(Patient.name == text, Patient.id)
        yield _patients(self._begins(Patient.name, text), Patient.name)
        letters = re.sub(r"[\s·.]", "", text.lower())
        if not letters.isascii() or not letters.replace("'", "").isalpha():
            return
        yield _patients(Patient.name_pinyin == letters, Patient.id)
        yield _readings(NameReading.pinyin == letters, NameReading.id)
        yield _patients(Patient.name_initials == letters, Patient.id)
        yield _readings(NameReading.initials == letters, NameReading.id)
        yield _patients(self._begins(Patient.name_pinyin, letters), Patient.name_pinyin)
        yield _readings(self._begins(NameReading.pinyin, letters), NameReading.pinyin)
        yield _patients(self._begins(Patient.name_initials, letters), Patient.name_initials)

    def _by_paper(self, text: str) -> ColumnElement[bool]:
        return or_(
            Patient.card_number == text,
            Patient.id_number_hash == self._cipher.hash_of(text.upper()),
            and_(Patient.vip_card == text, Patient.vip_card != ""),
        )

    def _mixed(self, session: Session, text: str, limit: int) -> list[int]:
        """``wangxm``, ``王xm``, ``wang小明``: by initials first, then compared in Python."""
        ways = sorted(way for way in possible_initials(text) if len(way) >= _INITIALS_SHORTEST)
        if not ways:
            return []
        asked = (Patient.name_initials, NameReading.initials)
        by_patient, by_reading = (or_(*(self._begins(column, way) for way in ways)) for column in asked)
        if not text[:1].isascii():
            by_patient = and_(by_patient, self._begins(Patient.name, text[0]))
        named = select(Patient.id, Patient.merged_into_id, Patient.name)
        queries = (named.where(by_patient), named.join(NameReading).where(by_reading))
        rows = [row for query in queries for row in session.execute(query.limit(_CANDIDATES_MAX))]
        matches = {(name, one) for one, survivor, name in rows if not survivor and means(text, name)}
        return [one for _, one in sorted(matches)[:limit]]

    def _begins(self, column: Text, text: str) -> ColumnElement[bool]:
        """``LIKE`` uses no index on SQLite, a range of texts uses none on PostgreSQL."""
        if self._is_sqlite:
            return and_(column >= text, column < text + _LAST_CHARACTER)
        return column.startswith(text, autoescape=True)


def _patients(condition: ColumnElement[bool], *order: Text | InstrumentedAttribute[int]) -> Found:
    return select(Patient.id, Patient.merged_into_id).where(condition).order_by(*order)


def _readings(condition: ColumnElement[bool], *order: Text | InstrumentedAttribute[int]) -> Found:
    return select(Patient.id, Patient.merged_into_id).join(NameReading).where(condition).order_by(*order)
