"""The outbox: a message is queued once per key, together with what it tells about, and leaves later."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import InvalidInput
from crm_core.ids import is_safe_id
from crm_core.messaging.cards import MessageCard
from crm_core.messaging.kinds import Channel, MessageState, Purpose
from crm_core.messaging.log import card_of
from crm_core.messaging.models import Message
from crm_core.messaging.recipients import recipient_of
from crm_core.messaging.template_store import Templates
from crm_core.messaging.templates import Placeholder, masked_name, render, sms_parts
from crm_core.phone_number import clean_text

DEDUPE_KEY_MAX = 160

MaySend = Callable[[int | None, Purpose, Channel], bool]
"""(patient or None, purpose, channel) -> does he want it? Asked when it is queued and again before it leaves."""


def everybody_may_be_written_to(_patient_id: int | None, _purpose: Purpose, _channel: Channel) -> bool:
    """For homes without a consent ledger."""
    return True


@dataclass(frozen=True)
class House:
    """Who signs the messages."""

    hospital: str
    service_number: str


class Outbox:
    """Thread-safe. ``queue`` is a transaction of its own; ``add`` belongs to the caller's, so that "booked" and its SMS
    are kept together or not at all."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cipher: FieldCipher,
        *,
        templates: Templates,
        house: House,
        may_send: MaySend = everybody_may_be_written_to,
    ) -> None:
        self._db = database
        self._clock = clock
        self._cipher = cipher
        self._templates = templates
        self._house = house
        self._may_send = may_send

    def queue(
        self,
        template: str,
        recipient: str,
        values: Mapping[str, str],
        *,
        dedupe_key: str,
        channel: Channel = Channel.SMS,
        language: str = "zh",
        patient_id: int | None = None,
        call_id: str = "",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        by: int | None = None,
    ) -> MessageCard:
        """The message of this key: made now, or the one that was made before (whatever the other arguments say).

        ``not_before`` None: at once. ``not_after``: it makes no sense later and dies then. Raises InvalidInput
        (recipient, values, key; code ``no_sender`` for a channel nobody can send on) and NotFound (template). A patient
        who does not want it gives a card in the state ``refused``: nothing will be sent.
        """
        with self._db.write() as session:
            return self.add(
                session, template, recipient, values, dedupe_key=dedupe_key, channel=channel, language=language,
                patient_id=patient_id, call_id=call_id, not_before=not_before, not_after=not_after, by=by,
            )  # fmt: skip

    def add(
        self,
        session: Session,
        template: str,
        recipient: str,
        values: Mapping[str, str],
        *,
        dedupe_key: str,
        channel: Channel = Channel.SMS,
        language: str = "zh",
        patient_id: int | None = None,
        call_id: str = "",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        by: int | None = None,
    ) -> MessageCard:
        """As ``queue``, within a writing transaction of the caller."""
        _check_key(dedupe_key, call_id)
        found = session.scalar(select(Message).where(Message.dedupe_key == dedupe_key))
        if found is not None:
            return card_of(found)
        chosen = self._templates.find(session, template, channel, language)
        to = recipient_of(channel, recipient)
        rendered = render(chosen, self._all_values(values))
        wanted = self._may_send(patient_id, chosen.purpose, channel)
        now = self._clock.now()
        content = {"subject": rendered.subject, "text": rendered.text}
        row = {
            "dedupe_key": dedupe_key, "template_key": chosen.key, "title": chosen.title, "purpose": chosen.purpose.value,
            "channel": channel.value, "language": chosen.language, "patient_id": patient_id, "call_id": call_id,
            "queued_by": by, "recipient_encrypted": self._cipher.encrypt(to.address),
            "recipient_hash": self._cipher.hash_of(to.address), "recipient_masked": to.masked,
            "content_encrypted": self._cipher.encrypt(json.dumps(content, ensure_ascii=False)),
            "state": (MessageState.QUEUED if wanted else MessageState.REFUSED).value,
            "attempts_count": 0, "created_at": now, "next_at": max(now, not_before or now), "not_after": not_after,
            "claimed_by": "", "provider_id": "", "error": "" if wanted else "no_consent",
            "parts": sms_parts(rendered.text) if channel is Channel.SMS else 1, "cost_fen": 0,
        }  # fmt: skip
        # two who queue the same key at once: one row, and nobody's transaction is broken by an error
        insert = sqlite.insert if self._db.is_sqlite else postgresql.insert
        session.execute(insert(Message).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"]))
        return card_of(session.scalars(select(Message).where(Message.dedupe_key == dedupe_key)).one())

    def _all_values(self, values: Mapping[str, str]) -> dict[str, str]:
        """The house's own values, and the patient's name masked, whoever gave it (R17)."""
        given = {
            Placeholder.HOSPITAL.value: self._house.hospital,
            Placeholder.SERVICE_NUMBER.value: self._house.service_number,
            **values,
        }
        if Placeholder.NAME in given:
            given[Placeholder.NAME.value] = masked_name(given[Placeholder.NAME.value])
        return given


def _check_key(dedupe_key: str, call_id: str) -> None:
    if not dedupe_key or len(dedupe_key) > DEDUPE_KEY_MAX or clean_text(dedupe_key, limit=200) != dedupe_key:
        raise InvalidInput("a message needs a plain key of its own")
    if call_id and not is_safe_id(call_id):
        raise InvalidInput("this is no id of a call")
