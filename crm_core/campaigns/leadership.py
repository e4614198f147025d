"""One dialler at a time: a lease row whose fencing token grows with every new leader (F17, F55)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm_core.campaigns.cards import Leadership
from crm_core.campaigns.models import DiallerLease
from crm_core.clock import Clock
from crm_core.database import Database

_LEASE = "dialler"


class Leaderships:
    """Takes, renews and gives back the right to dial. The same rows serve SQLite and PostgreSQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def acquire(self, owner: str, *, lease_s: float) -> Leadership | None:
        """Become or stay the leader for ``lease_s``; None while another one leads."""
        now = self._clock.now()
        expires_at = now + timedelta(seconds=lease_s)
        with self._db.write() as session:
            token = self._renew(session, owner, now, expires_at) or self._take(session, owner, now, expires_at, lease_s)
        if token is None:
            token = self._create(owner, expires_at)
        return None if token is None else Leadership(owner, token, expires_at)

    def give_back(self, leadership: Leadership) -> None:
        """At a stop: let the next dialler begin at once."""
        with self._db.write() as session:
            session.execute(
                update(DiallerLease)
                .where(DiallerLease.name == _LEASE, DiallerLease.fencing_token == leadership.fencing_token)
                .values(expires_at=self._clock.now())
            )

    def _renew(self, session: Session, owner: str, now: datetime, expires_at: datetime) -> int | None:
        return session.scalar(
            update(DiallerLease)
            .where(DiallerLease.name == _LEASE, DiallerLease.owner == owner, DiallerLease.expires_at > now)
            .values(expires_at=expires_at)
            .returning(DiallerLease.fencing_token)
        )

    def _take(self, session: Session, owner: str, now: datetime, expires_at: datetime, lease_s: float) -> int | None:
        """An end far in the future was written before the clock was set back: it does not bind (F56)."""
        return session.scalar(
            update(DiallerLease)
            .where(
                DiallerLease.name == _LEASE,
                or_(DiallerLease.expires_at <= now, DiallerLease.expires_at > now + timedelta(seconds=2 * lease_s)),
            )
            .values(owner=owner, expires_at=expires_at, fencing_token=DiallerLease.fencing_token + 1)
            .returning(DiallerLease.fencing_token)
        )

    def _create(self, owner: str, expires_at: datetime) -> int | None:
        try:
            with self._db.write() as session:
                if session.scalar(select(DiallerLease.name).where(DiallerLease.name == _LEASE)):
                    return None
                session.execute(
                    insert(DiallerLease).values(name=_LEASE, owner=owner, fencing_token=1, expires_at=expires_at)
                )
        except IntegrityError:  # another process was first
            return None
        return 1


def still_leads(session: Session, leadership: Leadership, now: datetime) -> bool:
    """Checked inside the transaction that acts on it. Locks the lease row where the database can."""
    row = session.execute(
        select(DiallerLease.fencing_token, DiallerLease.expires_at).where(DiallerLease.name == _LEASE).with_for_update()
    ).one_or_none()
    return row is not None and row.fencing_token == leadership.fencing_token and row.expires_at > now
