"""Makes one patient of two that are the same person: preview, merge, undo (C119)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound, WrongState
from crm_core.patients.merge_fields import FieldChoice, Snapshot, choices, give_back, take_over
from crm_core.patients.models import Patient
from crm_core.patients.models_links import MergeMove, PatientMerge
from crm_core.patients.pointers import Kept, Moved, move, move_back, pointers
from crm_core.patients.rows import PatientRows
from crm_core.patients.trail import Actor, Trail, need_reason
from crm_core.schema import all_metadata


@dataclass(frozen=True)
class MergePreview:
    """What a merge would do. ``moved`` and ``kept`` count rows by table."""

    survivor_id: int
    duplicate_id: int
    fields: tuple[FieldChoice, ...]
    moved: dict[str, int]
    kept: dict[str, int]
    warnings: tuple[str, ...]
    """Keys of fields that speak against one person (two identity numbers, two birthdays, two sexes)."""


@dataclass(frozen=True)
class MergeCard:
    id: int
    survivor_id: int
    merged_id: int
    merged_at: datetime
    merged_by: int | None
    reason: str
    is_undone: bool


@dataclass(frozen=True)
class Undone:
    """What came back; ``lost`` rows were changed or removed after the merge and stay with the survivor."""

    merge_id: int
    moved_back: dict[str, int]
    lost: dict[str, int]
    fields_kept: tuple[str, ...]
    """Fields of the survivor that were changed after the merge and stay so."""


class _OnlyLooking(Exception):
    """Ends the transaction of a preview without a trace."""


class Merging:
    """Thread-safe. The merged row stays, pointing to the survivor, so that old ids and cards still lead somewhere."""

    def __init__(self, database: Database, cipher: FieldCipher, clock: Clock, *, trail: Trail) -> None:
        self._db = database
        self._cipher = cipher
        self._clock = clock
        self._rows = PatientRows(cipher, clock)
        self._trail = trail

    def preview(self, survivor_id: int, duplicate_id: int, *, take: Collection[str] = ()) -> MergePreview:
        """Exactly what ``merge`` would do: it is done and thrown away. Raises like ``merge``."""
        found: list[MergePreview] = []
        try:
            with self._db.write() as session:
                found.append(self._merge(session, survivor_id, duplicate_id, set(take))[1])
                raise _OnlyLooking
        except _OnlyLooking:
            return found[0]

    def merge(
        self, survivor_id: int, duplicate_id: int, *, actor: Actor, reason: str, take: Collection[str] = ()
    ) -> int:
        """The id of the merge. The survivor's empty fields are filled from the duplicate; ``take`` names fields where
        the duplicate is right. Raises NotFound, WrongState (one of them is merged already), InvalidInput."""
        why = need_reason(reason)
        with self._db.write() as session:
            before, preview, rows = self._merge(session, survivor_id, duplicate_id, set(take))
            merge = PatientMerge(
                survivor_id=survivor_id, merged_id=duplicate_id, merged_at=self._clock.now(), merged_by=actor.id,
                reason=why, before_encrypted=self._cipher.encrypt(json.dumps(before)),
            )  # fmt: skip
            session.add(merge)
            session.flush()
            session.add_all(
                MergeMove(merge_id=merge.id, table_name=one.table, column_name=one.column, row_key=one.key)
                for one in rows
            )
            self._trail.changed(session, actor, survivor_id, field="merged", old="", new=str(duplicate_id), reason=why)
            self._trail.note(
                session, actor, "patient.merge", survivor_id, reason=why,
                detail={"merge": merge.id, "duplicate": duplicate_id, "moved": preview.moved, "take": sorted(take)},
            )  # fmt: skip
            return merge.id

    def undo(self, merge_id: int, *, actor: Actor, reason: str) -> Undone:
        """Every row that moved goes back, every field that was filled is as before. Merges are undone the last first.
        Raises NotFound, WrongState (undone already, or one of the two was merged on)."""
        why = need_reason(reason)
        with self._db.write() as session:
            merge = session.get(PatientMerge, merge_id, with_for_update=True)
            if merge is None:
                raise NotFound("no such merge")
            if merge.undone_at is not None:
                raise WrongState("this merge was undone already")
            survivor, duplicate = _two(session, merge.survivor_id, merge.merged_id)
            if survivor.merged_into_id is not None or duplicate.merged_into_id != survivor.id:
                raise WrongState("undo the later merge first")
            undone = self._undo(session, merge, survivor, duplicate)
            merge.undone_at, merge.undone_by, merge.undo_reason = self._clock.now(), actor.id, why
            self._trail.changed(
                session, actor, survivor.id, field="merge_undone", old=str(duplicate.id), new="", reason=why
            )
            self._trail.note(
                session, actor, "patient.unmerge", survivor.id, reason=why,
                detail={"merge": merge.id, "moved_back": undone.moved_back, "lost": undone.lost},
            )  # fmt: skip
            return undone

    def of(self, patient_id: int) -> list[MergeCard]:
        """Merges in which this patient took part, the newest first."""
        with self._db.read() as session:
            took_part = (PatientMerge.survivor_id == patient_id) | (PatientMerge.merged_id == patient_id)
            rows = session.scalars(select(PatientMerge).where(took_part).order_by(PatientMerge.id.desc()))
            return [
                MergeCard(r.id, r.survivor_id, r.merged_id, r.merged_at, r.merged_by, r.reason, r.undone_at is not None)
                for r in rows
            ]

    def _merge(
        self, session: Session, survivor_id: int, duplicate_id: int, take: set[str]
    ) -> tuple[Snapshot, MergePreview, list[Moved]]:
        if survivor_id == duplicate_id:
            raise InvalidInput("these are one and the same record")
        survivor, duplicate = _two(session, survivor_id, duplicate_id)
        if survivor.merged_into_id is not None or duplicate.merged_into_id is not None:
            raise WrongState("one of the two is merged already")
        fields = choices(self._rows, survivor, duplicate, take)
        before = take_over(session, survivor, duplicate, [one.key for one in fields if one.taken])
        moved: list[Moved] = []
        kept: list[Kept] = []
        for pointer in pointers(all_metadata()):
            done, stayed = move(session, pointer, duplicate_id, survivor_id)
            moved += done
            kept += stayed
        duplicate.merged_into_id = survivor_id
        session.flush()
        warnings = tuple(one.key for one in fields if one.is_contradiction)
        preview = MergePreview(survivor_id, duplicate_id, fields, _count(moved), _count(kept), warnings)
        return before, preview, moved

    def _undo(self, session: Session, merge: PatientMerge, survivor: Patient, duplicate: Patient) -> Undone:
        duplicate.merged_into_id = None
        before: Snapshot = json.loads(self._cipher.decrypt(merge.before_encrypted))
        fields_kept = give_back(session, survivor, duplicate, before)
        back: list[Moved] = []
        lost: list[Moved] = []
        metadata = all_metadata()
        moves = session.scalars(select(MergeMove).where(MergeMove.merge_id == merge.id).order_by(MergeMove.id)).all()
        for row in moves:
            one = Moved(row.table_name, row.column_name, row.row_key)
            is_back = move_back(session, metadata, one, duplicate.id, survivor.id)
            (back if is_back else lost).append(one)
        return Undone(merge.id, _count(back), _count(lost), fields_kept)


def _two(session: Session, survivor_id: int, duplicate_id: int) -> tuple[Patient, Patient]:
    """Both rows, locked, in the order of their ids so that two merges cannot wait for each other. Raises NotFound."""
    query = (
        select(Patient)
        .where(Patient.id.in_((survivor_id, duplicate_id)))
        .order_by(Patient.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {row.id: row for row in session.scalars(query)}
    if len(found) < 2:
        raise NotFound("no such patient")
    return found[survivor_id], found[duplicate_id]


def _count(rows: Iterable[Moved | Kept]) -> dict[str, int]:
    return dict(sorted(Counter(one.table for one in rows).items()))
