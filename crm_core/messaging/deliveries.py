"""The sender's side of the outbox: claim before sending, settle afterwards, never send twice what may have left."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from crm_core.audit.models import AuditLine
from crm_core.audit.service import Audit
from crm_core.clock import Clock
from crm_core.crypto import CryptoError, FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound, WrongState
from crm_core.messaging.cards import ClaimedMessage, OutgoingMessage, Receipt
from crm_core.messaging.kinds import MAY_BE_CLAIMED, MAY_BE_RETRIED, Channel, MessageState, Purpose
from crm_core.messaging.models import Message
from crm_core.messaging.outbox import MaySend, everybody_may_be_written_to
from crm_core.phone_number import clean_text

log = structlog.get_logger(__name__)

RETRY_AFTER_S = (30.0, 120.0, 600.0, 3600.0, 6 * 3600.0)
"""Pause after the first, second ... failed try; after the last one the message is dead."""


class Deliveries:
    """Thread-safe, and safe among several processes: a message is sent by the one whose claim was committed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cipher: FieldCipher,
        *,
        audit: Audit,
        may_send: MaySend = everybody_may_be_written_to,
        price_fen: Mapping[Channel, int] | None = None,
        retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
    ) -> None:
        """``price_fen``: of one part, for gateways that do not tell it."""
        self._db = database
        self._clock = clock
        self._cipher = cipher
        self._audit = audit
        self._may_send = may_send
        self._price_fen = dict(price_fen or {})
        self._retry_after_s = retry_after_s

    def claim(self, channel: Channel, owner: str, *, lease_s: float) -> ClaimedMessage | None:
        """The next due message of a channel, the longest due first; None when there is none.

        Committed before it returns, so that nobody else sends it. What came too late dies here, and a patient who has
        withdrawn his consent since is left alone.
        """
        while True:
            with self._db.write() as session:
                row = self._next_due(session, channel)
                if row is None:
                    return None
                claimed = None if self._is_let_go(row) else self._take(row, owner, lease_s)
            if claimed is not None:
                return claimed

    def sent(self, claimed: ClaimedMessage, receipt: Receipt) -> None:
        """The other side has it. Counts also when the lease had ended meanwhile: the truth came late."""
        message = claimed.message
        cost = receipt.cost_fen
        if cost is None:
            cost = self._price_fen.get(message.channel, 0) * message.parts
        self._settle(
            claimed,
            state=MessageState.SENT,
            sent_at=self._clock.now(),
            provider_id=clean_text(receipt.provider_id, limit=80),
            error="",
            cost_fen=max(0, cost),
        )

    def not_sent(self, claimed: ClaimedMessage, code: str, *, is_final: bool) -> None:
        """Certainly nothing left: once more later, or dead."""
        tries = claimed.message.attempt
        if is_final or tries > len(self._retry_after_s):
            self._settle(claimed, state=MessageState.DEAD, error=_code(code))
            return
        next_at = self._clock.now() + timedelta(seconds=self._retry_after_s[tries - 1])
        self._settle(claimed, state=MessageState.FAILED, error=_code(code), next_at=next_at)

    def maybe_sent(self, claimed: ClaimedMessage, code: str, *, sends_once: bool) -> None:
        """It may have left: only a gateway that drops doubles gets it again, otherwise a person decides."""
        if sends_once:
            self.not_sent(claimed, code, is_final=False)
        else:
            self._settle(claimed, state=MessageState.UNKNOWN, error=_code(code))

    def recover(self, channels_that_send_once: Collection[Channel] = ()) -> int:
        """Settle what a killed sender left claimed; returns how many. Unknown is unknown: see ``maybe_sent``."""
        now = self._clock.now()
        with self._db.write() as session:
            rows = session.scalars(
                select(Message)
                .where(Message.state == MessageState.SENDING, Message.lease_until <= now)
                .limit(500)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                again = Channel(row.channel) in channels_that_send_once
                row.state = (MessageState.FAILED if again else MessageState.UNKNOWN).value
                row.error, row.next_at, row.lease_until = "sender_lost", now, None
                log.warning("message_claim_lost", message_id=row.id, state=row.state)
        return len(rows)

    def retry(self, message_id: int, by: int) -> None:
        """A person says: send it again. Raises NotFound, WrongState (it is waiting, on its way, or has arrived)."""
        now = self._clock.now()
        with self._db.write() as session:
            row = session.get(Message, message_id, with_for_update=True)
            if row is None:
                raise NotFound("no such message")
            if row.state not in MAY_BE_RETRIED:
                raise WrongState("only a message that has failed can be sent again")
            former = row.state
            row.state, row.next_at, row.attempts_count, row.error = MessageState.QUEUED.value, now, 0, ""
            row.claimed_by = ""
            self._audit.append(
                session,
                AuditLine(
                    actor_id=by, action="message.retry", object_kind="message", object_id=str(message_id), ip="",
                    reason="", result="ok", detail={"state": former},
                ),
            )  # fmt: skip

    def _next_due(self, session: Session, channel: Channel) -> Message | None:
        now = self._clock.now()
        return session.scalars(
            select(Message)
            .where(
                Message.state.in_(MAY_BE_CLAIMED),
                Message.channel == channel.value,
                or_(Message.next_at <= now, Message.not_after < now),
            )
            .order_by(Message.next_at, Message.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()

    def _is_let_go(self, row: Message) -> bool:
        if row.not_after is not None and row.not_after < self._clock.now():
            row.state, row.error = MessageState.DEAD.value, "too_late"
            return True
        if not self._may_send(row.patient_id, Purpose(row.purpose), Channel(row.channel)):
            row.state, row.error = MessageState.REFUSED.value, "no_consent"
            return True
        return False

    def _take(self, row: Message, owner: str, lease_s: float) -> ClaimedMessage | None:
        """None for a row that cannot be decrypted: it dies, and does not stand in the way of the others."""
        try:
            recipient = self._cipher.decrypt(row.recipient_encrypted)
            content = json.loads(self._cipher.decrypt(row.content_encrypted))
        except CryptoError:
            row.state, row.error = MessageState.DEAD.value, "unreadable"
            return None
        row.state = MessageState.SENDING.value
        row.attempts_count += 1
        row.claimed_by = f"{owner[:80]}/{secrets.token_hex(4)}"
        row.lease_until = self._clock.now() + timedelta(seconds=lease_s)
        message = OutgoingMessage(
            id=row.id,
            channel=Channel(row.channel),
            reference=f"hl{row.id}-{self._cipher.hash_of(row.dedupe_key)[:12]}",
            recipient=recipient,
            subject=content["subject"],
            text=content["text"],
            parts=row.parts,
            attempt=row.attempts_count,
        )
        return ClaimedMessage(message, row.claimed_by)

    def _settle(self, claimed: ClaimedMessage, *, state: MessageState, **values: str | int | datetime) -> None:
        """Only the holder of the claim settles it; one that was settled by a person or another claim stays so."""
        open_states = (
            (MessageState.SENDING, MessageState.UNKNOWN) if state is MessageState.SENT else (MessageState.SENDING,)
        )
        changed: dict[str, Any] = {"state": state.value, "lease_until": None, **values}
        with self._db.write() as session:
            found = session.execute(
                update(Message)
                .where(
                    Message.id == claimed.message.id,
                    Message.claimed_by == claimed.claim,
                    Message.state.in_(open_states),
                )
                .values(changed)
                .returning(Message.id)
            ).first()
        log.info(
            "message_settled",
            message_id=claimed.message.id,
            state=state.value,
            attempt=claimed.message.attempt,
            error=values.get("error", ""),
            was_ours=found is not None,
        )


def _code(code: str) -> str:
    return clean_text(code, limit=120)
