"""Tickets: opened by the telephone, moved by people, each hop dated (C13)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from crm_core import phone_number
from crm_core.bus import Bus
from crm_core.calls.models import Call
from crm_core.clock import Clock
from crm_core.crypto import FieldCipher
from crm_core.database import Database
from crm_core.errors import NotFound, WrongState
from crm_core.ids import AgentId, CallId, PatientId
from crm_core.menus.events import VoiceMessageLeft
from crm_core.opening_hours import OpeningHours
from crm_core.tickets.cards import HopCard, NewMessage, SoundCard, TicketCard
from crm_core.tickets.events import TicketMoved, TicketOpened
from crm_core.tickets.kinds import SoundState, TicketKind, TicketState
from crm_core.tickets.models import Ticket, TicketHop, VoiceMessage
from crm_core.tickets.rules import STEPS, WORKING_DAYS, due_at, number_of

NOTE_MAX = 4000
_CHILDREN = (selectinload(Ticket.hops), selectinload(Ticket.sounds))


class Tickets:
    """One door to the tickets. Thread-safe."""

    def __init__(self, database: Database, bus: Bus, *, clock: Clock, cipher: FieldCipher, hours: OpeningHours) -> None:
        self._db = database
        self._bus = bus
        self._clock = clock
        self._cipher = cipher
        self._hours = hours

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(VoiceMessageLeft, self._on_voice_message)

    def leave_message(self, message: NewMessage) -> TicketCard:
        """Committed when it returns. The same file twice is one ticket."""
        try:
            card, is_new = self._open(message)
        except IntegrityError:  # the other way of telling was first
            card, is_new = self._open(message)
        if is_new:
            self._bus.publish(
                TicketOpened(
                    at=card.opened_at, call_id=message.call_id, ticket_id=card.id, number=card.number, kind=card.kind
                )
            )
        return card

    def get(self, ticket_id: int) -> TicketCard:
        with self._db.read() as session:
            return self._card(_ticket(session, ticket_id))

    def listed(
        self, *, states: tuple[TicketState, ...] = (TicketState.OPEN, TicketState.ACCEPTED, TicketState.FORWARDED),
        limit: int = 50, patient_id: int | None = None,
    ) -> list[TicketCard]:  # fmt: skip
        """What is due first comes first."""
        query = select(Ticket).where(Ticket.state.in_(states)).order_by(Ticket.due_at, Ticket.id)
        if patient_id is not None:
            query = query.where(Ticket.patient_id == patient_id)
        with self._db.read() as session:
            rows = session.scalars(query.options(*_CHILDREN).limit(min(limit, 500)))
            return [self._card(row) for row in rows]

    def caller_number(self, ticket_id: int) -> str:
        """The whole number, for dialling; "" when withheld. Permission and audit are the caller's duty."""
        with self._db.read() as session:
            stored = _ticket(session, ticket_id).number_encrypted
            return self._cipher.decrypt(stored) if stored else ""

    def move(
        self, ticket_id: int, state: TicketState, *, by: AgentId, department: str | None = None, note: str = ""
    ) -> TicketCard:
        """Raises WrongState when this step does not follow, InvalidInput never: notes are cut to their limit."""
        now = self._clock.now()
        with self._db.write() as session:
            row = _ticket(session, ticket_id, with_for_update=True)
            if state not in STEPS[TicketState(row.state)]:
                raise WrongState(f"a ticket that is {row.state} cannot become {state}", code="ticket_state")
            row.state = state
            row.department = department or row.department
            row.closed_at = now if state is TicketState.CLOSED else None
            words = phone_number.clean_text(note, limit=NOTE_MAX)
            session.add(TicketHop(ticket_id=row.id, at=now, by=by, state=state, department=row.department, note=words))
        self._bus.publish(TicketMoved(at=now, ticket_id=ticket_id, state=state))
        return self.get(ticket_id)

    def _on_voice_message(self, event: VoiceMessageLeft) -> None:
        """A message that the flow could not save itself, or that a menu recorded."""
        self.leave_message(
            NewMessage(
                CallId(event.call_id), event.name, event.length_s, number=event.number,
                patient_id=PatientId(event.patient_id) if event.patient_id is not None else None,
            )
        )  # fmt: skip

    def _open(self, message: NewMessage) -> tuple[TicketCard, bool]:
        now = self._clock.now()
        origin = f"{message.call_id}/{message.file_name}"
        normal = phone_number.normalise(message.number) or phone_number.clean_caller(message.number)
        with self._db.write() as session:
            known = session.scalar(select(Ticket).where(Ticket.origin == origin).options(*_CHILDREN))
            if known is not None:
                return self._card(known), False
            row = Ticket(
                origin=origin, kind=message.kind, state=TicketState.OPEN, call_id=message.call_id,
                patient_id=message.patient_id or _patient_of(session, message.call_id),
                number_encrypted=self._cipher.encrypt(normal) if normal else None,
                number_hash=self._cipher.hash_of(normal) if normal else None,
                opened_at=now, due_at=due_at(self._hours, now, WORKING_DAYS[message.kind]),
            )  # fmt: skip
            row.hops = [TicketHop(at=now, state=TicketState.OPEN, note="")]
            row.sounds = [
                VoiceMessage(
                    call_id=message.call_id, incoming_name=message.file_name, state=SoundState.INCOMING,
                    recorded_at=now, length_s=message.length_s,
                )
            ]  # fmt: skip
            session.add(row)
            session.flush()
            row.number = number_of(row.id, now)
            session.flush()
            return self._card(row), True

    def _card(self, row: Ticket) -> TicketCard:
        number = self._cipher.decrypt(row.number_encrypted) if row.number_encrypted else ""
        kind = TicketKind(row.kind)
        return TicketCard(
            id=row.id,
            number=row.number or "",
            kind=kind,
            state=TicketState(row.state),
            call_id=CallId(row.call_id) if row.call_id else None,
            patient_id=PatientId(row.patient_id) if row.patient_id is not None else None,
            number_masked=phone_number.mask(number),
            department=row.department,
            opened_at=row.opened_at,
            due_at=row.due_at,
            closed_at=row.closed_at,
            working_days=WORKING_DAYS[kind],
            hops=tuple(_hop(hop) for hop in row.hops),
            sounds=tuple(_sound(sound) for sound in row.sounds),
        )


def _ticket(session: Session, ticket_id: int, *, with_for_update: bool = False) -> Ticket:
    row = session.get(Ticket, ticket_id, options=_CHILDREN, with_for_update=with_for_update)
    if row is None:
        raise NotFound("no such ticket")
    return row


def _patient_of(session: Session, call_id: CallId) -> int | None:
    return session.scalar(select(Call.patient_id).where(Call.id == call_id))


def _hop(row: TicketHop) -> HopCard:
    by = AgentId(row.by) if row.by is not None else None
    return HopCard(row.at, by, TicketState(row.state), row.department, row.note)


def _sound(row: VoiceMessage) -> SoundCard:
    return SoundCard(row.id, SoundState(row.state), row.recorded_at, row.length_s)
