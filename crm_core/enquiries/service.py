"""Enquiries: finding answers by Chinese, pinyin, initials, code or telephone keys, and reading them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from crm_core.clock import Clock, hospital_date
from crm_core.database import Database
from crm_core.enquiries.cards import Answer, CatalogueCard, KnowledgeCard, ReimbursementCard
from crm_core.enquiries.kinds import INSURANCE_TITLES, ITEM_TITLES, InsuranceKind, ItemKind
from crm_core.enquiries.models import CatalogueItem, EnquiryTerm, KnowledgeItem
from crm_core.enquiries.spelling import plain
from crm_core.errors import NotFound, WrongState

RESULTS_MAX = 100
KEYS_MIN, KEYS_MAX = 2, 32


class Enquiries:
    """Thread-safe. Whatever is asked for a caller (``by_keys``, ``current``, ``to_tell``) never holds an expired answer."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def search(self, text: str, *, kinds: Collection[str] = (), limit: int = 20) -> list[Answer]:
        """For the desk: the best first, expired ones marked and last. ``kinds`` empty: all of them."""
        needle = plain(text)
        return self._find(_by_text(needle), needle, kinds=kinds, limit=limit, with_expired=True) if needle else []

    def by_keys(self, digits: str, *, kinds: Collection[str] = (), limit: int = 9) -> list[Answer]:
        """For the IVR: what a caller typed, as code or as letters on the keys (2695 = AMXL = 阿莫西林).

        Nothing for fewer than two keys or anything but 0-9; a final # is the caller's "done" and is ignored.
        """
        keys = digits.removesuffix("#")
        if not (KEYS_MIN <= len(keys) <= KEYS_MAX and keys.isascii() and keys.isdigit()):
            return []
        ranks = (
            (or_(EnquiryTerm.keypad == keys, EnquiryTerm.term == keys), 0),
            (EnquiryTerm.keypad.startswith(keys), 1),
        )
        return self._find(ranks, keys, kinds=kinds, limit=limit, with_expired=False)

    def current(self, kind: str, *, department_code: str = "", doctor_code: str = "") -> list[KnowledgeCard]:
        """Knowledge that may be told today, of one kind; "" asks for any department or doctor."""
        query = select(KnowledgeItem).where(KnowledgeItem.kind == kind, KnowledgeItem.valid_until >= self._today())
        if department_code:
            query = query.where(KnowledgeItem.department_code == department_code)
        if doctor_code:
            query = query.where(KnowledgeItem.doctor_code == doctor_code)
        with self._db.read() as session:
            rows = session.scalars(query.order_by(KnowledgeItem.title, KnowledgeItem.id).limit(RESULTS_MAX))
            return [_knowledge(row, self._today()) for row in rows]

    def answer(self, code: str) -> Answer:
        """One answer by its code, for the desk. Raises NotFound."""
        with self._db.read() as session:
            knowledge = session.scalar(select(KnowledgeItem).where(KnowledgeItem.code == code))
            if knowledge is not None:
                return _knowledge(knowledge, self._today())
            item = session.scalar(
                select(CatalogueItem)
                .where(CatalogueItem.code == code)
                .options(selectinload(CatalogueItem.reimbursements))
            )
            if item is None:
                raise NotFound("no such answer")
            return _item(item, self._today())

    def to_tell(self, code: str) -> Answer:
        """One answer to be read out or sent. Raises WrongState (code ``expired``) when it is too old for that."""
        found = self.answer(code)
        if found.is_expired:
            raise WrongState("this answer is out of date and must not be told", code="expired")
        return found

    def expiring(self, until: date) -> list[Answer]:
        """What ends by this day or has ended, the oldest first: work for the owners."""
        with self._db.read() as session:
            texts = session.scalars(select(KnowledgeItem).where(KnowledgeItem.valid_until <= until).limit(1000)).all()
            items = session.scalars(
                select(CatalogueItem)
                .where(CatalogueItem.valid_until <= until)
                .options(selectinload(CatalogueItem.reimbursements))
                .limit(1000)
            ).all()
            today = self._today()
            found: list[Answer] = [*(_knowledge(row, today) for row in texts), *(_item(row, today) for row in items)]
        return sorted(found, key=lambda one: (one.valid_until, one.code))

    def _today(self) -> date:
        return hospital_date(self._clock.now())

    def _find(
        self,
        ranks: Sequence[tuple[ColumnElement[bool], int]],
        needle: str,
        *,
        kinds: Collection[str],
        limit: int,
        with_expired: bool,
    ) -> list[Answer]:
        today = self._today()
        rank = func.min(case(*ranks, else_=9))
        length = func.min(func.abs(func.length(EnquiryTerm.term) - len(needle)))
        valid_until = func.coalesce(KnowledgeItem.valid_until, CatalogueItem.valid_until)
        is_expired = case((func.min(valid_until) < today, 1), else_=0)
        query = (
            select(EnquiryTerm.knowledge_id, EnquiryTerm.item_id)
            .outerjoin(KnowledgeItem, KnowledgeItem.id == EnquiryTerm.knowledge_id)
            .outerjoin(CatalogueItem, CatalogueItem.id == EnquiryTerm.item_id)
            .where(or_(*(condition for condition, _ in ranks)))
            .group_by(EnquiryTerm.knowledge_id, EnquiryTerm.item_id)
            .order_by(is_expired, rank, length, EnquiryTerm.knowledge_id, EnquiryTerm.item_id)
            .limit(min(limit, RESULTS_MAX))
        )
        if kinds:
            query = query.where(func.coalesce(KnowledgeItem.kind, CatalogueItem.kind).in_(list(kinds)))
        if not with_expired:
            query = query.where(valid_until >= today)
        with self._db.read() as session:
            return _load(session, [(row[0], row[1]) for row in session.execute(query)], today)


def _by_text(needle: str) -> Sequence[tuple[ColumnElement[bool], int]]:
    term, initials, pinyin, keypad = EnquiryTerm.term, EnquiryTerm.initials, EnquiryTerm.pinyin, EnquiryTerm.keypad
    ranks: list[tuple[ColumnElement[bool], int]] = [
        (term == needle, 0),
        (term.startswith(needle, autoescape=True), 1),
    ]
    if needle.isascii() and needle.isalnum():
        ranks += [
            (initials == needle, 1),
            (initials.startswith(needle, autoescape=True), 2),
            (pinyin.startswith(needle, autoescape=True), 3),
        ]
    if needle.isdigit() and len(needle) >= KEYS_MIN:
        ranks.append((keypad.startswith(needle, autoescape=True), 4))
    ranks.append((term.contains(needle, autoescape=True), 5))
    return ranks


def _load(session: Session, keys: Sequence[tuple[int | None, int | None]], today: date) -> list[Answer]:
    """The cards in the order of ``keys``: (knowledge id, item id), one of the two."""
    texts = _rows(knowledge_id for knowledge_id, _ in keys)
    items = _rows(item_id for _, item_id in keys)
    knowledge = {row.id: row for row in session.scalars(select(KnowledgeItem).where(KnowledgeItem.id.in_(texts)))}
    catalogue = {
        row.id: row
        for row in session.scalars(
            select(CatalogueItem).where(CatalogueItem.id.in_(items)).options(selectinload(CatalogueItem.reimbursements))
        )
    }
    return [
        _knowledge(knowledge[text_id], today) if text_id is not None else _item(catalogue[item_id or 0], today)
        for text_id, item_id in keys
    ]


def _rows(ids: Iterable[int | None]) -> list[int]:
    return [one for one in ids if one is not None]


def _knowledge(row: KnowledgeItem, today: date) -> KnowledgeCard:
    return KnowledgeCard(
        row.id, row.code, row.kind, row.title, row.title_en, row.text, row.text_en, row.department_code,
        row.doctor_code, row.owner, row.valid_until, row.valid_until < today, row.version, row.updated_at,
    )  # fmt: skip


def _item(row: CatalogueItem, today: date) -> CatalogueCard:
    return CatalogueCard(
        id=row.id,
        code=row.code,
        kind=row.kind,
        kind_title=ITEM_TITLES[ItemKind(row.kind)],
        name=row.name,
        name_en=row.name_en,
        specification=row.specification,
        unit=row.unit,
        price_fen=row.price_fen,
        usage=row.usage,
        origin=row.origin,
        reimbursements=tuple(
            ReimbursementCard(one.insurance, INSURANCE_TITLES[InsuranceKind(one.insurance)], one.ratio_permille)
            for one in row.reimbursements
        ),
        owner=row.owner,
        valid_until=row.valid_until,
        is_expired=row.valid_until < today,
        version=row.version,
        updated_at=row.updated_at,
    )
