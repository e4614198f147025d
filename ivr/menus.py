"""Which menu a call hears: the published version, loaded once a publish; without a database the last known, then the shipped."""

from __future__ import annotations

import threading
from typing import Protocol

import structlog

from crm_core.errors import HotlineError
from crm_core.menus.cards import StoredMenu
from crm_core.menus.shipped import SHIPPED_TREE
from crm_core.menus.tree import MenuTree

log = structlog.get_logger(__name__)


class MenusPort(Protocol):
    """The stored versions (crm_core.menus.service.Menus)."""

    def published_id(self) -> int | None: ...

    def version(self, version_id: int) -> StoredMenu: ...


class MenuSource(Protocol):
    """Where a flow takes its menu from."""

    def current(self) -> MenuTree:
        """Asks the ground: call it where waiting is allowed."""

    def remembered(self) -> MenuTree:
        """Answers at once, never fails."""


class PublishedMenu:
    """Shared by all callers. A tree is immutable, so a call that has one stays on it, whatever is published (C6)."""

    def __init__(self, menus: MenusPort | None) -> None:
        """Without ``menus`` every call hears the shipped menu."""
        self._menus = menus
        self._lock = threading.Lock()
        self._known: tuple[int | None, MenuTree] = (None, SHIPPED_TREE)

    def current(self) -> MenuTree:
        if self._menus is None:
            return SHIPPED_TREE
        version_id = self._menus.published_id()
        known_id, tree = self._known
        if version_id is None or version_id == known_id:
            return tree
        with self._lock:
            if self._known[0] != version_id:
                self._known = (version_id, self._load(self._menus, version_id))
            return self._known[1]

    def remembered(self) -> MenuTree:
        return self._known[1]

    def _load(self, menus: MenusPort, version_id: int) -> MenuTree:
        """A version that cannot be read is remembered as the menu before it: asked once, told once."""
        try:
            tree = menus.version(version_id).tree
        except HotlineError as error:
            log.error("menu_unreadable", version_id=version_id, error=error.code)
            return self._known[1]
        log.info("menu_loaded", version_id=version_id, nodes=len(tree.nodes))
        return tree


class FixedMenu:
    """One tree, whatever is published: a draft that is rehearsed."""

    def __init__(self, tree: MenuTree) -> None:
        self._tree = tree

    def current(self) -> MenuTree:
        return self._tree

    def remembered(self) -> MenuTree:
        return self._tree
