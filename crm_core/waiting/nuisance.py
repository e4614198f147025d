"""The nuisance list: who is not put through, why, until when, and who said so (C25)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import select, update

from crm_core import phone_number
from crm_core.audit.service import Audit
from crm_core.bus import Bus
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput, NotFound
from crm_core.ids import AgentId
from crm_core.waiting.cards import NuisanceCard
from crm_core.waiting.events import NuisanceListChanged
from crm_core.waiting.models import NuisanceNumber

NEVER_REFUSED = re.compile(r"1(?:10|19|20|22)|12\d{3}|96\d{3,4}")
"""Police, fire, ambulance, traffic police and public hotlines: they may ring as often as they like."""

LONGEST = timedelta(days=365)
REASON_MAX = 200


class NuisanceList:
    """Thread-safe. Every change is audited."""

    def __init__(self, database: Database, bus: Bus, *, clock: Clock, cipher: FieldCipher, audit: Audit) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher
        self._audit = audit

    def add(self, number: str, *, reason: str, expires_at: datetime, by: AgentId, ip: str = "") -> NuisanceCard:
        """Raises InvalidInput for a number that cannot be listed, an empty reason, or an end that is past or too far."""
        normal = listable(number)
        words = phone_number.clean_text(reason, limit=REASON_MAX)
        now = self._clock.now()
        if not words:
            raise InvalidInput("say why this number is listed", code="nuisance_reason")
        if not now < expires_at <= now + LONGEST:
            raise InvalidInput("the end must lie within the next year", code="nuisance_expiry")
        with self._db.write() as session:  # the newest listing takes the place of the former one
            session.execute(
                update(NuisanceNumber)
                .where(NuisanceNumber.number_hash == self._cipher.hash_of(normal), NuisanceNumber.removed_at.is_(None))
                .values(removed_at=now, removed_by=by)
            )
            row = NuisanceNumber(
                number_encrypted=self._cipher.encrypt(normal), number_hash=self._cipher.hash_of(normal), reason=words,
                added_by=by, added_at=now, expires_at=expires_at,
            )  # fmt: skip
            session.add(row)
            session.flush()
            card = self._card(row)
        self._audit.write(by, "nuisance_added", "nuisance", card.id, ip=ip, reason=words)
        self._bus.publish(NuisanceListChanged(at=now, entry_id=card.id, is_listed=True))
        return card

    def remove(self, entry_id: int, *, by: AgentId, ip: str = "") -> None:
        """From now on the number is put through. Idempotent; raises NotFound."""
        now = self._clock.now()
        with self._db.write() as session:
            row = session.get(NuisanceNumber, entry_id)
            if row is None:
                raise NotFound("no such entry")
            if row.removed_at is not None:
                return
            row.removed_at, row.removed_by = now, by
        self._audit.write(by, "nuisance_removed", "nuisance", entry_id, ip=ip)
        self._bus.publish(NuisanceListChanged(at=now, entry_id=entry_id, is_listed=False))

    def listed(self, *, with_ended: bool = False, limit: int = 200) -> list[NuisanceCard]:
        """The newest first; without those that were removed or have run out."""
        query = select(NuisanceNumber).order_by(NuisanceNumber.id.desc()).limit(min(limit, 1000))
        if not with_ended:
            query = query.where(NuisanceNumber.removed_at.is_(None), NuisanceNumber.expires_at > self._clock.now())
        with self._db.read() as session:
            return [self._card(row) for row in session.scalars(query)]

    def _card(self, row: NuisanceNumber) -> NuisanceCard:
        return NuisanceCard(
            id=row.id,
            number_masked=phone_number.mask(self._cipher.decrypt(row.number_encrypted)),
            reason=row.reason,
            added_by=AgentId(row.added_by),
            added_at=row.added_at,
            expires_at=row.expires_at,
            removed_at=row.removed_at,
        )


def listable(number: str) -> str:
    """The number in the one spelling. Raises InvalidInput: withheld, no number, or one that is never refused."""
    normal = phone_number.normalise(number)
    if normal is None:
        raise InvalidInput("this is no telephone number", code="nuisance_number")
    if NEVER_REFUSED.fullmatch(normal):
        raise InvalidInput("this number is never refused", code="nuisance_protected")
    return normal
