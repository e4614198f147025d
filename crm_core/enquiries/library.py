"""Writing knowledge and price list: new, changed, prolonged; each change is one transaction with its audit line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.enquiries.cards import NewItem, NewKnowledge
from crm_core.enquiries.kinds import InsuranceKind, ItemKind, KnowledgeKind
from crm_core.enquiries.models import CatalogueItem, EnquiryTerm, KnowledgeItem, Reimbursement
from crm_core.enquiries.spelling import spelling_of
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.phone_number import clean_text
from crm_core.visits.clinical import prose
from crm_core.visits.money import checked_fen

KEYWORDS_MAX = 20
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


class EnquiryLibrary:
    """Thread-safe. ``by`` is the person who changes; None for the hospital's system."""

    def __init__(self, database: Database, clock: Clock, audit: Audit) -> None:
        self._db = database
        self._clock = clock
        self._audit = audit

    def put_knowledge(self, new: NewKnowledge, by: int | None, *, version: int | None = None) -> int:
        """New, or changed when the code is known. Raises Conflict when somebody changed it after ``version`` was read."""
        with self._db.write() as session:
            row = session.scalar(
                select(KnowledgeItem).where(KnowledgeItem.code == new.code).options(selectinload(KnowledgeItem.terms))
            )
            row = self._fill_knowledge(row, new, by, version)
            session.add(row)
            session.flush()
            self._note(session, by, "knowledge.put", "knowledge", new.code)
            return row.id

    def put_item(self, new: NewItem, by: int | None, *, version: int | None = None) -> int:
        """As ``put_knowledge``, for the price list."""
        with self._db.write() as session:
            row = session.scalar(
                select(CatalogueItem)
                .where(CatalogueItem.code == new.code)
                .options(selectinload(CatalogueItem.terms), selectinload(CatalogueItem.reimbursements))
            )
            old_fen = row.price_fen if row is not None else None
            row = self._fill_item(row, new, by, version)
            session.add(row)
            session.flush()
            self._note(
                session, by, "catalogue.put", "catalogue", new.code, detail={"old_fen": old_fen, "fen": new.price_fen}
            )
            return row.id

    def add_items(self, session: Session, news: Sequence[NewItem]) -> None:
        """Many new lines within a transaction of the caller (demo, first import); codes must be unknown."""
        session.add_all([self._fill_item(None, new, None, None) for new in news])
        session.flush()

    def add_knowledge(self, session: Session, news: Sequence[NewKnowledge]) -> None:
        session.add_all([self._fill_knowledge(None, new, None, None) for new in news])
        session.flush()

    def prolong(self, code: str, valid_until: date, by: int) -> None:
        """The owner says that an answer is still true. Raises NotFound."""
        with self._db.write() as session:
            row: KnowledgeItem | CatalogueItem | None = session.scalar(
                select(KnowledgeItem).where(KnowledgeItem.code == code)
            ) or session.scalar(select(CatalogueItem).where(CatalogueItem.code == code))
            if row is None:
                raise NotFound("no such answer")
            row.valid_until, row.updated_at, row.updated_by = valid_until, self._clock.now(), by
            row.version += 1
            self._note(session, by, "enquiry.prolong", "answer", code, detail={"valid_until": valid_until.isoformat()})

    def _fill_knowledge(
        self, row: KnowledgeItem | None, new: NewKnowledge, by: int | None, version: int | None
    ) -> KnowledgeItem:
        _check(new, KnowledgeKind, has_text=bool(clean_text(new.title) and prose(new.text)))
        row = row or KnowledgeItem(code=new.code, version=0, terms=[])
        _check_version(row.version, version)
        row.kind = new.kind
        row.title, row.title_en = clean_text(new.title, limit=128), clean_text(new.title_en, limit=128)
        row.text, row.text_en = prose(new.text), prose(new.text_en)
        row.department_code = clean_text(new.department_code, limit=32)
        row.doctor_code = clean_text(new.doctor_code, limit=32)
        self._stamp(row, new, by)
        row.terms = _merged(row.terms, _terms((new.title, new.title_en, new.code, *new.keywords)))
        return row

    def _fill_item(self, row: CatalogueItem | None, new: NewItem, by: int | None, version: int | None) -> CatalogueItem:
        _check(new, ItemKind, has_text=bool(clean_text(new.name)))
        row = row or CatalogueItem(code=new.code, version=0, terms=[], reimbursements=[])
        _check_version(row.version, version)
        row.kind = new.kind
        row.name, row.name_en = clean_text(new.name, limit=128), clean_text(new.name_en, limit=128)
        row.specification, row.unit = clean_text(new.specification, limit=96), clean_text(new.unit, limit=16)
        row.price_fen = checked_fen(new.price_fen)
        row.usage, row.origin = clean_text(new.usage, limit=200), clean_text(new.origin, limit=96)
        self._stamp(row, new, by)
        row.terms = _merged(row.terms, _terms((new.name, new.name_en, new.code, *new.keywords)))
        _fill_ratios(row, new)
        return row

    def _stamp(self, row: KnowledgeItem | CatalogueItem, new: NewKnowledge | NewItem, by: int | None) -> None:
        row.owner = clean_text(new.owner)
        row.valid_until = new.valid_until
        row.version += 1
        row.updated_at, row.updated_by = self._clock.now(), by

    def _note(
        self,
        session: Session,
        by: int | None,
        action: str,
        kind: str,
        code: str,
        *,
        detail: dict[str, object] | None = None,
    ) -> None:
        line = AuditLine(
            actor_id=by,
            action=action,
            object_kind=kind,
            object_id=code,
            ip="",
            reason="",
            result="ok",
            detail=detail or {},
        )
        self._audit.append(session, line)


def _check(new: NewKnowledge | NewItem, kinds: type[KnowledgeKind] | type[ItemKind], *, has_text: bool) -> None:
    if not _CODE.fullmatch(new.code):
        raise InvalidInput("a code has letters, digits, dots and dashes")
    if new.kind not in set(kinds):
        raise InvalidInput("there is no such kind of answer")
    if not has_text:
        raise InvalidInput("an answer needs a name and a text")
    if not clean_text(new.owner):
        raise InvalidInput("somebody must answer for an answer")
    if len(new.keywords) > KEYWORDS_MAX:
        raise InvalidInput("too many keywords")


def _check_version(current: int, read: int | None) -> None:
    if read is not None and read != current:
        raise Conflict("somebody else has changed this answer in the meantime")


def _terms(words: Iterable[str]) -> dict[str, EnquiryTerm]:
    made: dict[str, EnquiryTerm] = {}
    for word in words:
        spelling = spelling_of(word)
        if spelling.term and spelling.term not in made:
            made[spelling.term] = EnquiryTerm(
                term=spelling.term, pinyin=spelling.pinyin, initials=spelling.initials, keypad=spelling.keypad
            )
    return made


def _merged(old: list[EnquiryTerm], wanted: dict[str, EnquiryTerm]) -> list[EnquiryTerm]:
    """Rows that stay keep their identity: a unit of work inserts before it deletes, and the terms are unique."""
    kept = {row.term: row for row in old if row.term in wanted}
    return [kept.get(term, row) for term, row in wanted.items()]


def _fill_ratios(row: CatalogueItem, new: NewItem) -> None:
    ratios = dict(new.reimbursement_permille)
    for insurance, ratio in ratios.items():
        if insurance not in set(InsuranceKind) or isinstance(ratio, bool) or not 0 <= ratio <= 1000:
            raise InvalidInput("a reimbursement is 0 to 1000 per mille of a known insurance")
    kept = {one.insurance: one for one in row.reimbursements if one.insurance in ratios}
    for insurance, ratio in ratios.items():
        kept.setdefault(insurance, Reimbursement(insurance=insurance)).ratio_permille = int(ratio)
    row.reimbursements = list(kept.values())
