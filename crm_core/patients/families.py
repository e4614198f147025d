"""Families: people linked to one another, each with his own record (C119: linked, not merged)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.patients.card_maker import CardMaker, for_card
from crm_core.patients.cards import PatientCard
from crm_core.patients.kinds import Kin
from crm_core.patients.models import Patient
from crm_core.patients.models_links import FamilyLink
from crm_core.patients.service import load
from crm_core.patients.trail import Actor, Trail

INVERSE = {
    Kin.SPOUSE: Kin.SPOUSE,
    Kin.PARENT: Kin.CHILD,
    Kin.CHILD: Kin.PARENT,
    Kin.SIBLING: Kin.SIBLING,
    Kin.GRANDPARENT: Kin.GRANDCHILD,
    Kin.GRANDCHILD: Kin.GRANDPARENT,
    Kin.GUARDIAN: Kin.WARD,
    Kin.WARD: Kin.GUARDIAN,
    Kin.COMPANION: Kin.OTHER,
    Kin.OTHER: Kin.OTHER,
}
"""What the patient is to the person who is this to him."""


@dataclass(frozen=True)
class Relative:
    """``kin``: what this person is to the patient who was asked about."""

    card: PatientCard
    kin: Kin


class Families:
    """Thread-safe."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._clock = clock
        self._maker = CardMaker(cipher, clock)
        self._trail = trail

    def link(self, patient_id: int, relative_id: int, kin: Kin, *, actor: Actor) -> None:
        """``relative_id`` is the patient's ``kin``; an older link of the two is replaced. Raises InvalidInput, NotFound."""
        with self._db.write() as session:
            one, other = load(session, patient_id).id, load(session, relative_id).id
            if one == other:
                raise InvalidInput("nobody is his own relative")
            _cut(session, one, other)
            now = self._clock.now()
            for left, right, what in ((one, other, kin), (other, one, INVERSE[kin])):
                session.add(
                    FamilyLink(patient_id=left, relative_id=right, kin=what.value, linked_at=now, linked_by=actor.id)
                )
            self._trail.note(session, actor, "family.link", one, detail={"relative": other, "kin": kin.value})

    def unlink(self, patient_id: int, relative_id: int, *, actor: Actor) -> None:
        """Raises NotFound when they are not linked."""
        with self._db.write() as session:
            one, other = load(session, patient_id).id, load(session, relative_id).id
            if not _cut(session, one, other):
                raise NotFound("these two are not linked")
            self._trail.note(session, actor, "family.unlink", one, detail={"relative": other})

    def of(self, patient_id: int) -> list[Relative]:
        """Direct relatives, the oldest first; those without birthday last."""
        with self._db.read() as session:
            patient = load(session, patient_id)
            rows = session.execute(
                select(Patient, FamilyLink.kin)
                .join(FamilyLink, FamilyLink.relative_id == Patient.id)
                .where(FamilyLink.patient_id == patient.id, Patient.merged_into_id.is_(None))
                .order_by(Patient.birth_date.is_(None), Patient.birth_date, Patient.id)
                .options(*for_card())
            )
            return [Relative(self._maker.card(row), Kin(kin)) for row, kin in rows]


def _cut(session: Session, one: int, other: int) -> bool:
    """Remove the link of two, both directions. True when there was one."""
    pair = or_(
        (FamilyLink.patient_id == one) & (FamilyLink.relative_id == other),
        (FamilyLink.patient_id == other) & (FamilyLink.relative_id == one),
    )
    ids = session.scalars(select(FamilyLink.id).where(pair)).all()
    session.execute(delete(FamilyLink).where(FamilyLink.id.in_(ids)))
    return bool(ids)
