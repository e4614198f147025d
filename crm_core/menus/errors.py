"""What can go wrong when a menu is edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_core.errors import Conflict, HotlineError
from crm_core.menus.validation import Finding


class MenuChanged(Conflict):
    """Somebody else has saved meanwhile; ``details`` say who and when, so that the second editor can decide."""

    def __init__(self, what: str, *, changed_by: int | None, changed_at: str, lock_version: int) -> None:
        super().__init__(f"{what} was changed by somebody else")
        self.details: dict[str, Any] = {
            "changed_by": changed_by,
            "changed_at": changed_at,
            "lock_version": lock_version,
        }


class MenuRefused(HotlineError):
    """The menu has errors and was not published."""

    code = "invalid_input"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"the menu has {len(findings)} errors")
        self.findings = tuple(findings)
        self.details: dict[str, Any] = {
            "findings": [
                {"id": one.id, "node": one.node, "text_zh": one.text_zh, "text_en": one.text_en, "is_warning": False}
                for one in findings
            ]
        }
