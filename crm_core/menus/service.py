"""The versions of the menu: one draft that is edited, one published, the earlier ones to go back to (C6)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.menus.cards import Editor, StoredMenu, VersionCard
from crm_core.menus.errors import MenuChanged, MenuRefused
from crm_core.menus.events import MenuPublished
from crm_core.menus.kinds import VersionState
from crm_core.menus.models import MenuVersion
from crm_core.menus.shipped import SHIPPED_TREE
from crm_core.menus.tree import MenuTree, from_json, to_json
from crm_core.menus.validation import Finding, Known, findings, is_publishable
from crm_core.phone_number import clean_text

NOTE_MAX = 300


class Menus:
    """Thread-safe. ``known`` tells what a tree may name, asked anew at every check; everything is audited (R26)."""

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, *, audit: Audit, known: Callable[[], Known] = Known
    ) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._audit = audit
        self._known = known

    def seed(self) -> bool:
        """The shipped menu becomes version 1 of a new home, and the next one where nobody has published his own yet.

        False when there is nothing to do; a menu that people have published is never touched.
        """
        shipped = to_json(SHIPPED_TREE)
        with self._db.write() as session:
            present = _published(session)
            if present is not None and (present.published_by is not None or present.tree == shipped):
                return False
            if present is not None:
                present.state = VersionState.SUPERSEDED
                session.flush()
            now = self._clock.now()
            row = MenuVersion(
                number=_next_number(session), state=VersionState.PUBLISHED, tree=shipped, note="随程序提供", changed_at=now,
                published_at=now,
            )  # fmt: skip
            session.add(row)
            return True

    # -- reading --------------------------------------------------------------------------------------------------

    def published_id(self) -> int | None:
        """The version that new calls hear; None in a home without any."""
        with self._db.read() as session:
            return session.scalar(select(MenuVersion.id).where(MenuVersion.state == VersionState.PUBLISHED))

    def version(self, version_id: int) -> StoredMenu:
        """Raises NotFound, InvalidInput (what is stored is no tree)."""
        with self._db.read() as session:
            return _menu(_row(session, version_id))

    def versions(self, limit: int = 100) -> list[VersionCard]:
        """The draft first, then the newest."""
        with self._db.read() as session:
            rows = session.scalars(
                select(MenuVersion)
                .order_by(MenuVersion.state != VersionState.DRAFT, MenuVersion.number.desc())
                .limit(limit)
            )
            return [_card(row) for row in rows]

    def draft(self) -> StoredMenu | None:
        with self._db.read() as session:
            row = _draft(session)
            return _menu(row) if row else None

    def check(self, tree: MenuTree) -> list[Finding]:
        return findings(tree, self._known())

    # -- editing --------------------------------------------------------------------------------------------------

    def begin_draft(self, by: Editor, *, version_id: int | None = None) -> StoredMenu:
        """A new draft: a copy of this version, of the published one, of the shipped one. Raises Conflict: there is one."""
        try:
            with self._db.write() as session:
                base = _row(session, version_id) if version_id else _published(session)
                row = MenuVersion(
                    state=VersionState.DRAFT,
                    tree=dict(base.tree) if base else to_json(SHIPPED_TREE),
                    based_on=base.number if base else None,
                    changed_by=by.id,
                    changed_at=self._clock.now(),
                )
                session.add(row)
                session.flush()
                self._note(session, by, "menu.draft", row, detail={"based_on": row.based_on})
                return _menu(row)
        except IntegrityError:
            raise Conflict("somebody else has begun a draft") from None

    def save_draft(self, tree: MenuTree, by: Editor, *, lock_version: int) -> StoredMenu:
        """``lock_version`` is what the editor has read. Raises MenuChanged when another has saved meanwhile, NotFound."""
        with self._db.write() as session:
            row = self._locked_draft(session, lock_version)
            row.tree = to_json(tree)
            row.lock_version += 1
            row.changed_by, row.changed_at = by.id, self._clock.now()
            self._note(session, by, "menu.save", row, detail={"lock_version": row.lock_version})
            return _menu(row)

    def discard_draft(self, by: Editor, *, lock_version: int) -> None:
        with self._db.write() as session:
            row = self._locked_draft(session, lock_version)
            self._note(session, by, "menu.discard", row, detail={"based_on": row.based_on})
            session.delete(row)

    def publish(self, by: Editor, *, lock_version: int, note: str) -> VersionCard:
        """The draft becomes the newest version. Raises MenuRefused with the findings, MenuChanged, NotFound."""
        draft = self.draft()
        if draft is None:
            raise NotFound("there is no draft")
        self._refuse_errors(draft.tree)
        return self._publish(
            lambda session: self._locked_draft(session, lock_version), by, note=note, action="menu.publish"
        )

    def roll_back(self, version_id: int, by: Editor, *, note: str) -> VersionCard:
        """Publish a copy of an earlier version; the draft stays as it is. Raises MenuRefused, NotFound."""
        old = self.version(version_id)
        if old.card.number is None:
            raise InvalidInput("a draft cannot be rolled back to")
        self._refuse_errors(old.tree)

        def copy(session: Session) -> MenuVersion:
            row = MenuVersion(
                state=VersionState.SUPERSEDED,
                tree=to_json(old.tree),
                based_on=old.card.number,
                changed_by=by.id,
                changed_at=self._clock.now(),
            )
            session.add(row)
            return row

        return self._publish(copy, by, note=note, action="menu.roll_back")

    def _publish(self, choose: Callable[[Session], MenuVersion], by: Editor, *, note: str, action: str) -> VersionCard:
        try:
            with self._db.write() as session:
                row = choose(session)
                present = _published(session)
                if present is not None:
                    present.state = VersionState.SUPERSEDED
                    session.flush()  # one published row at a time, at every moment
                row.number = _next_number(session)
                row.state = VersionState.PUBLISHED
                row.note = clean_text(note, limit=NOTE_MAX)
                row.published_by, row.published_at = by.id, self._clock.now()
                session.flush()
                detail = {"number": row.number, "based_on": row.based_on}
                self._note(session, by, action, row, reason=row.note, detail=detail)
                card = _card(row)
        except IntegrityError:
            raise Conflict("somebody else has published at the same moment") from None
        self._bus.publish(MenuPublished(at=self._clock.now(), version_id=card.id, number=card.number or 0))
        return card

    def _refuse_errors(self, tree: MenuTree) -> None:
        found = self.check(tree)
        if not is_publishable(found):
            raise MenuRefused([one for one in found if not one.is_warning])

    @staticmethod
    def _locked_draft(session: Session, lock_version: int) -> MenuVersion:
        row = session.scalar(select(MenuVersion).where(MenuVersion.state == VersionState.DRAFT).with_for_update())
        if row is None:
            raise NotFound("there is no draft")
        if row.lock_version != lock_version:
            raise MenuChanged(
                "the draft",
                changed_by=row.changed_by,
                changed_at=row.changed_at.isoformat(),
                lock_version=row.lock_version,
            )
        return row

    def _note(
        self,
        session: Session,
        by: Editor,
        action: str,
        row: MenuVersion,
        *,
        detail: dict[str, int | None],
        reason: str = "",
    ) -> None:
        self._audit.append(
            session,
            AuditLine(
                actor_id=by.id, action=action, object_kind="menu", object_id=str(row.id), ip=by.ip, reason=reason,
                result="ok", detail=detail,
            ),
        )  # fmt: skip


def _row(session: Session, version_id: int) -> MenuVersion:
    row = session.get(MenuVersion, version_id)
    if row is None:
        raise NotFound("no such version of the menu")
    return row


def _next_number(session: Session) -> int:
    return 1 + (session.scalar(select(func.max(MenuVersion.number))) or 0)


def _draft(session: Session) -> MenuVersion | None:
    return session.scalar(select(MenuVersion).where(MenuVersion.state == VersionState.DRAFT))


def _published(session: Session) -> MenuVersion | None:
    return session.scalar(select(MenuVersion).where(MenuVersion.state == VersionState.PUBLISHED))


def _menu(row: MenuVersion) -> StoredMenu:
    return StoredMenu(_card(row), from_json(row.tree))


def _card(row: MenuVersion) -> VersionCard:
    return VersionCard(
        id=row.id,
        number=row.number,
        state=VersionState(row.state),
        lock_version=row.lock_version,
        based_on=row.based_on,
        note=row.note,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
        published_by=row.published_by,
        published_at=row.published_at,
    )
