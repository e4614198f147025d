"""The one log of all messages: masked lists, the dead letters, figures; the text of one message on purpose (C123)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Select, func, select

from crm_core.clock import HOSPITAL_ZONE, Clock, at_hospital
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound
from crm_core.messaging.cards import MessageCard, MessageFigures, MessageText
from crm_core.messaging.kinds import LISTED_AS_PROBLEM, MAY_BE_CLAIMED, Channel, MessageState
from crm_core.messaging.models import Message

ROWS_MAX = 200


class MessageLog:
    """Reading only. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, cipher: FieldCipher) -> None:
        self._db = database
        self._clock = clock
        self._cipher = cipher

    def messages(
        self,
        *,
        states: Iterable[MessageState] = (),
        channel: Channel | None = None,
        recipient_hash_of: str = "",
        before_id: int | None = None,
        limit: int = 50,
    ) -> list[MessageCard]:
        """The newest first. ``recipient_hash_of``: only messages to this normalised address; ``before_id``: older ones."""
        query = select(Message).order_by(Message.id.desc()).limit(min(limit, ROWS_MAX))
        wanted = [state.value for state in states]
        if wanted:
            query = query.where(Message.state.in_(wanted))
        if channel is not None:
            query = query.where(Message.channel == channel.value)
        if recipient_hash_of:
            query = query.where(Message.recipient_hash == self._cipher.hash_of(recipient_hash_of))
        if before_id is not None:
            query = query.where(Message.id < before_id)
        return self._cards(query)

    def of_patient(self, patient_id: int, limit: int = 50) -> list[MessageCard]:
        """For the patient's time line, the newest first."""
        query = select(Message).where(Message.patient_id == patient_id).order_by(Message.id.desc())
        return self._cards(query.limit(min(limit, ROWS_MAX)))

    def of_call(self, call_id: str) -> list[MessageCard]:
        return self._cards(select(Message).where(Message.call_id == call_id).order_by(Message.id).limit(ROWS_MAX))

    def card(self, message_id: int) -> MessageCard:
        """Raises NotFound."""
        found = self._cards(select(Message).where(Message.id == message_id))
        if not found:
            raise NotFound("no such message")
        return found[0]

    def text(self, message_id: int) -> MessageText:
        """What was written. The caller has checked the permission and writes the audit line. Raises NotFound."""
        with self._db.read() as session:
            stored = session.scalar(select(Message.content_encrypted).where(Message.id == message_id))
            if stored is None:
                raise NotFound("no such message")
            return MessageText(**json.loads(self._cipher.decrypt(stored)))

    def counts(self) -> dict[MessageState, int]:
        """By state, zeros included."""
        with self._db.read() as session:
            found = dict(iter(session.execute(select(Message.state, func.count()).group_by(Message.state)).all()))
        return {state: int(found.get(state.value, 0)) for state in MessageState}

    def figures(self) -> MessageFigures:
        """For the health page and the head of the list."""
        now = self._clock.now()
        today = at_hospital(now).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=HOSPITAL_ZONE)
        counts = self.counts()
        with self._db.read() as session:
            oldest = session.scalar(
                select(func.min(Message.next_at)).where(Message.state.in_(MAY_BE_CLAIMED), Message.next_at <= now)
            )
            sent, cost = session.execute(
                select(func.count(), func.sum(Message.cost_fen)).where(
                    Message.state == MessageState.SENT, Message.sent_at >= today
                )
            ).one()
        return MessageFigures(
            waiting=sum(counts[state] for state in (*MAY_BE_CLAIMED, MessageState.SENDING)),
            problems=sum(counts[state] for state in LISTED_AS_PROBLEM),
            oldest_due_s=(now - oldest).total_seconds() if oldest else 0.0,
            sent_today=int(sent),
            cost_today_fen=int(cost or 0),
        )

    def _cards(self, query: Select[Message]) -> list[MessageCard]:
        with self._db.read() as session:
            return [card_of(row) for row in session.scalars(query)]


def card_of(row: Message) -> MessageCard:
    return MessageCard(
        id=row.id,
        template_key=row.template_key,
        title=row.title,
        purpose=row.purpose,
        channel=Channel(row.channel),
        language=row.language,
        recipient_masked=row.recipient_masked,
        patient_id=row.patient_id,
        call_id=row.call_id,
        state=MessageState(row.state),
        attempts_count=row.attempts_count,
        created_at=row.created_at,
        next_at=row.next_at,
        sent_at=row.sent_at,
        provider_id=row.provider_id,
        error=row.error,
        parts=row.parts,
        cost_fen=row.cost_fen,
    )
