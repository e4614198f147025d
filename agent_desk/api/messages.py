"""Messages for supervisors and administrators: the one log, the dead letters, sending again on purpose (C123)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agent_desk.desk import Caller, Desk
from agent_desk.payloads import Json, iso
from agent_desk.permissions import Permission
from agent_desk.routes import Route
from crm_core.errors import NotAllowed
from crm_core.messaging.cards import MessageCard
from crm_core.messaging.deliveries import Deliveries
from crm_core.messaging.kinds import CHANNEL_TITLES, MAY_BE_RETRIED, STATE_TITLES, Channel, MessageState, Purpose
from crm_core.messaging.log import MessageLog


class MessageQuery(BaseModel):
    state: MessageState | None = None
    channel: Channel | None = None
    cursor: int | None = Field(default=None, ge=1)
    limit: int = Field(default=50, ge=1, le=200)


def routes(desk: Desk) -> list[Route]:
    office = desk.services.offices.messages
    if office is None:
        return []
    api = MessageApi(desk, office.log, office.deliveries, stores_only=office.stores_only)
    base = "/api/v1/messages"
    one = f"{base}/<int:message_id>"
    return [
        Route("GET", base, Permission.BOARD_VIEW, api.list, "The log, newest first", query=MessageQuery),
        Route("GET", f"{one}/text", Permission.CALL_VIEW_ALL, api.text, "What was written", limit="60/minute"),
        Route(
            "POST", f"{one}/retry", Permission.BOARD_VIEW, api.retry, "Send a failed one again", status=202,
            is_command=True, limit="60/minute",
        ),
    ]  # fmt: skip


class MessageApi:
    def __init__(self, desk: Desk, log: MessageLog, deliveries: Deliveries, *, stores_only: bool) -> None:
        self._desk = desk
        self._log = log
        self._deliveries = deliveries
        self._stores_only = stores_only

    def list(self, _caller: Caller, query: MessageQuery) -> Json:
        found = self._log.messages(
            states=[query.state] if query.state else (),
            channel=query.channel,
            before_id=query.cursor,
            limit=query.limit,
        )
        figures = self._log.figures()
        counts = self._log.counts()
        return {
            "items": [self._item(card) for card in found],
            "next_cursor": str(found[-1].id) if len(found) == query.limit else None,
            "stores_only": self._stores_only,
            "states": [
                {"state": state.value, "title": STATE_TITLES[state], "count": counts[state]} for state in MessageState
            ],
            "figures": {
                "waiting": figures.waiting,
                "problems": figures.problems,
                "sent_today": figures.sent_today,
                "cost_today_fen": figures.cost_today_fen,
            },
        }

    def text(self, caller: Caller, message_id: int) -> Json:
        """A code for the patient's ears only is not shown to anybody else."""
        card = self._log.card(message_id)
        if card.purpose == Purpose.VERIFICATION and not self._stores_only:
            raise NotAllowed("this message holds a code that only the patient may know")
        found = self._log.text(message_id)
        self._desk.note(caller, "message.read", "message", message_id)
        return {"subject": found.subject, "text": found.text}

    def retry(self, caller: Caller, message_id: int) -> Json:
        self._deliveries.retry(message_id, int(caller.id))
        return self._item(self._log.card(message_id))

    def _item(self, card: MessageCard) -> Json:
        shown = self._log.text(card.id) if self._stores_only else None
        return {
            "id": card.id,
            "title": card.title,
            "channel": card.channel.value,
            "channel_title": CHANNEL_TITLES[card.channel],
            "recipient_masked": card.recipient_masked,
            "state": card.state.value,
            "state_title": STATE_TITLES[card.state],
            "error": card.error,
            "attempts": card.attempts_count,
            "created_at": iso(card.created_at),
            "next_at": iso(card.next_at) if card.state in (MessageState.QUEUED, MessageState.FAILED) else None,
            "sent_at": iso(card.sent_at),
            "provider_id": card.provider_id,
            "parts": card.parts,
            "cost_fen": card.cost_fen,
            "may_retry": card.state in MAY_BE_RETRIED,
            "subject": shown.subject if shown else None,
            "text": shown.text if shown else None,
        }
