"""Templates as they count now: the hospital's own wording, or the built-in one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import Conflict, NotFound
from crm_core.messaging.default_templates import default_templates
from crm_core.messaging.kinds import Channel
from crm_core.messaging.models import TemplateRow
from crm_core.messaging.templates import Template, checked

Key = tuple[str, Channel, str]


class Templates:
    """Thread-safe."""

    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, built_in: Iterable[Template] | None = None
    ) -> None:
        self._db = database
        self._clock = clock
        self._audit = audit
        made = default_templates() if built_in is None else built_in
        self._built_in: dict[Key, Template] = {(one.key, one.channel, one.language): one for one in made}

    def all(self) -> list[Template]:
        """As they count now, in the order of the built-in table."""
        with self._db.read() as session:
            own = {(row.key, Channel(row.channel), row.language): row for row in session.scalars(select(TemplateRow))}
        return [self._with(one, own.get(key)) for key, one in self._built_in.items()]

    def find(self, session: Session, key: str, channel: Channel, language: str) -> Template:
        """Within a transaction of the caller; Chinese when the language is not there. Raises NotFound."""
        for wanted in (language, "zh"):
            built_in = self._built_in.get((key, channel, wanted))
            if built_in is not None:
                return self._with(built_in, session.get(TemplateRow, (key, channel.value, wanted)))
        raise NotFound(f"there is no message {key!r} for {channel}")

    def change(self, template: Template, by: int, *, version: int | None = None) -> Template:
        """Word a message anew. Raises InvalidInput, NotFound (unknown key), Conflict (changed after ``version`` was read)."""
        key = (template.key, template.channel, template.language)
        if key not in self._built_in:
            raise NotFound(f"there is no message {template.key!r} for {template.channel}")
        good = checked(template)
        with self._db.write() as session:
            row = session.get(TemplateRow, (template.key, template.channel.value, template.language))
            current = row.version if row is not None else self._built_in[key].version
            if version is not None and version != current:
                raise Conflict("somebody else has changed this message in the meantime")
            row = row or TemplateRow(key=template.key, channel=template.channel.value, language=template.language)
            row.subject, row.text, row.version = good.subject, good.text, current + 1
            row.updated_at, row.updated_by = self._clock.now(), by
            session.add(row)
            self._audit.append(
                session,
                AuditLine(
                    actor_id=by, action="template.change", object_kind="template", object_id="/".join(key), ip="",
                    reason="", result="ok", detail={"version": row.version},
                ),
            )  # fmt: skip
            return self._with(self._built_in[key], row)

    def _with(self, built_in: Template, own: TemplateRow | None) -> Template:
        if own is None:
            return built_in
        return checked(
            Template(
                built_in.key, built_in.channel, built_in.language, built_in.title, built_in.purpose, own.text,
                own.subject, own.version,
            )
        )  # fmt: skip
