"""The enquiry record: what was asked in which call, what was told, was it solved at once (C108)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, select

from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.enquiries.cards import EnquiryCard, EnquiryFigures
from crm_core.enquiries.kinds import ENQUIRY_TITLES, EnquiryKind
from crm_core.enquiries.models import Enquiry
from crm_core.errors import InvalidInput, NotFound
from crm_core.ids import is_safe_id
from crm_core.phone_number import clean_text
from crm_core.visits.clinical import prose

ANSWER_MAX = 1000


class EnquiryLog:
    """Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def record(
        self,
        call_id: str,
        kind: str,
        *,
        item: str = "",
        was_solved: bool | None = None,
        answer: str = "",
        patient_id: int | None = None,
        agent_id: int | None = None,
    ) -> int:
        """One enquiry. ``item``: code of the answer; ``was_solved`` None: not known yet; ``agent_id`` None: the IVR."""
        if not is_safe_id(call_id) or kind not in set(EnquiryKind):
            raise InvalidInput("an enquiry belongs to a call and has a known kind")
        with self._db.write() as session:
            row = Enquiry(
                at=self._clock.now(),
                call_id=call_id,
                patient_id=patient_id,
                agent_id=agent_id,
                kind=str(kind),
                item_code=clean_text(item, limit=48),
                answer=prose(answer, limit=ANSWER_MAX),
                was_solved=was_solved,
            )
            session.add(row)
            session.flush()
            return row.id

    def settle(self, enquiry_id: int, was_solved: bool) -> None:
        """The end of an enquiry became known. Raises NotFound."""
        with self._db.write() as session:
            row = session.get(Enquiry, enquiry_id)
            if row is None:
                raise NotFound("no such enquiry")
            row.was_solved = was_solved

    def of_call(self, call_id: str) -> list[EnquiryCard]:
        """In the order in which they were asked."""
        with self._db.read() as session:
            rows = session.scalars(select(Enquiry).where(Enquiry.call_id == call_id).order_by(Enquiry.id).limit(200))
            return [_card(row) for row in rows]

    def of_patient(self, patient_id: int, limit: int = 50) -> list[EnquiryCard]:
        """The newest first."""
        query = select(Enquiry).where(Enquiry.patient_id == patient_id).order_by(Enquiry.at.desc(), Enquiry.id.desc())
        with self._db.read() as session:
            return [_card(row) for row in session.scalars(query.limit(min(limit, 200)))]

    def figures(self, since: datetime, until: datetime) -> Sequence[EnquiryFigures]:
        """By kind, the most frequent first; ``until`` excluded."""
        solved = func.sum(case((Enquiry.was_solved.is_(True), 1), else_=0))
        unsolved = func.sum(case((Enquiry.was_solved.is_(False), 1), else_=0))
        query = (
            select(Enquiry.kind, func.count(), solved, unsolved)
            .where(Enquiry.at >= since, Enquiry.at < until)
            .group_by(Enquiry.kind)
            .order_by(func.count().desc(), Enquiry.kind)
        )
        with self._db.read() as session:
            return [
                EnquiryFigures(kind, ENQUIRY_TITLES[EnquiryKind(kind)], total, int(good), int(bad))
                for kind, total, good, bad in session.execute(query)
            ]


def _card(row: Enquiry) -> EnquiryCard:
    return EnquiryCard(
        row.id, row.at, row.call_id, row.patient_id, row.agent_id, row.kind, ENQUIRY_TITLES[EnquiryKind(row.kind)],
        row.item_code, row.answer, row.was_solved,
    )  # fmt: skip
