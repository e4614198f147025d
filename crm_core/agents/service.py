"""Agents at work: their state follows the network and their own commands, and app_queue follows their state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.agents.events import AgentSignedOff, AgentSignedOn, AgentStateChanged
from crm_core.agents.kinds import PAUSE_REASONS, SYSTEM_PAUSE_REASONS, AgentState, StateBy
from crm_core.agents.models import AgentStateChangeRow, AgentStatusRow
from crm_core.agents.phone_sync import PhoneSync, WantedPhone
from crm_core.agents.registrations import PHONE_LOST_REASON, Registrations
from crm_core.agents.rules import BUSY_WITH_CALL, AgentInput, next_state, pause_reason_for_queue
from crm_core.agents.statuses import AgentStatus, AgentStatuses, status_row
from crm_core.bus import Bus
from crm_core.calls import events as call
from crm_core.calls.kinds import LegOutcome
from crm_core.clock import Clock
from crm_core.database import Database
from crm_core.errors import InvalidInput, WrongState
from crm_core.events import Event
from crm_core.ids import AgentId, CallId
from crm_core.ports import Telephony


@dataclass(frozen=True)
class _Change:
    """What one input brings."""

    cause: AgentInput
    reason: str = ""
    by: StateBy = StateBy.SYSTEM
    call_id: CallId | None = None


class Agents(AgentStatuses):
    """Commands of agents and supervisors, reactions to the network. Thread-safe.

    Each change is one transaction; AgentStateChanged is published after the commit, then the phone is paused or
    unpaused in app_queue in the background (PhoneSync), which repeats until Asterisk agrees.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        telephony: Telephony,
        *,
        wrap_up_s: float = 30.0,
        phone_gone_s: float = 30.0,
    ) -> None:
        """``phone_gone_s``: whose telephone is back within this time is ready again by itself."""
        super().__init__(database)
        self._bus = bus
        self._clock = clock
        self._telephony = telephony
        self._wrap_up_s = wrap_up_s
        self._registrations = Registrations(database, clock, gone_s=phone_gone_s)
        self.phones = PhoneSync(telephony, self._wanted_phones)

    # -- commands -------------------------------------------------------------------------------------------------

    def sign_on(self, agent_id: AgentId) -> AgentStatus:
        """签入: paused first, ready by the agent's own key. Refused while the phone is unregistered (C27)."""
        status = self.status(agent_id)
        if status.extension is None:
            raise InvalidInput("this account has no extension", code="no_extension")
        if not self._telephony.is_registered(status.extension):
            raise WrongState("the telephone is not registered", code="phone_unregistered")
        self._telephony.sign_on(status.extension, status.queues, paused_reason="busy")
        self._apply(agent_id, _Change(AgentInput.SIGN_ON, "busy", StateBy.SELF), must_change=not status.is_signed_on)
        self._bus.publish(
            AgentSignedOn(at=self._clock.now(), agent_id=agent_id, queues=status.queues, extension=status.extension)
        )
        return self.status(agent_id)

    def sign_off(self, agent_id: AgentId, *, by: StateBy = StateBy.SELF) -> AgentStatus:
        """签出: refused in mid-call; the phone leaves the queues."""
        status = self.status(agent_id)
        if status.state in BUSY_WITH_CALL:
            raise WrongState("end the call first", code="in_call")
        if status.extension and self._telephony.is_up:
            self._telephony.sign_off(status.extension)
        self._apply(agent_id, _Change(AgentInput.SIGN_OFF, by=by))
        if status.extension:
            self._bus.publish(AgentSignedOff(at=self._clock.now(), agent_id=agent_id, extension=status.extension))
        return self.status(agent_id)

    def ready(self, agent_id: AgentId, *, by: StateBy = StateBy.SELF) -> AgentStatus:
        """示闲. During a call it cancels a pause that was asked for."""
        status = self.status(agent_id)
        if not status.is_signed_on:
            raise WrongState("sign on first", code="not_signed_on")
        if status.state in BUSY_WITH_CALL:
            self._set_pause_after(agent_id, "")
        elif status.state is not AgentState.READY:
            if status.extension and not self._telephony.is_registered(status.extension):
                raise WrongState("the telephone is not registered", code="phone_unregistered")
            self._apply(agent_id, _Change(AgentInput.READY, by=by), must_change=True)
        return self.status(agent_id)

    def pause(self, agent_id: AgentId, reason: str, *, by: StateBy = StateBy.SELF) -> AgentStatus:
        """示忙 or 小休 with a reason. During a call it is noted and begins when wrap-up ends."""
        if reason not in PAUSE_REASONS or (by is StateBy.SELF and reason in SYSTEM_PAUSE_REASONS):
            raise InvalidInput("unknown pause reason", code="pause_reason")
        status = self.status(agent_id)
        if not status.is_signed_on:
            raise WrongState("sign on first", code="not_signed_on")
        if status.state in BUSY_WITH_CALL:
            self._set_pause_after(agent_id, reason)
        else:
            self._apply(agent_id, _Change(AgentInput.PAUSE, reason, by), must_change=True)
        return self.status(agent_id)

    def force(self, agent_id: AgentId, state: AgentState, reason: str) -> AgentStatus:
        """强制示闲 / 示忙 / 签出 by a supervisor (C57)."""
        if state is AgentState.READY:
            return self.ready(agent_id, by=StateBy.SUPERVISOR)
        if state is AgentState.PAUSED:
            return self.pause(agent_id, reason or "busy", by=StateBy.SUPERVISOR)
        if state is AgentState.OFFLINE:
            return self.sign_off(agent_id, by=StateBy.SUPERVISOR)
        raise InvalidInput("a supervisor can force ready, paused or offline")

    def finish_wrap_up(self, agent_id: AgentId, *, pause_reason: str = "") -> None:
        """The disposition is saved: back to ready, or to the pause that was asked for."""
        with self._db.read() as session:
            row = status_row(session, agent_id)
            if row.state != AgentState.WRAP_UP.value:
                return
            wanted = pause_reason or row.pause_after
        if wanted:
            self._apply(agent_id, _Change(AgentInput.PAUSE, wanted, StateBy.SELF))
        else:
            self._apply(agent_id, _Change(AgentInput.WRAP_UP_DONE, by=StateBy.SELF))

    def extend_wrap_up(self, agent_id: AgentId) -> datetime | None:
        """继续整理: the countdown begins again. None when the agent is not in wrap-up."""
        with self._db.note() as session:
            row = status_row(session, agent_id)
            if row.state != AgentState.WRAP_UP.value:
                return None
            row.wrap_up_until = self._clock.now() + timedelta(seconds=self._wrap_up_s)
            event = self._changed(row, AgentState.WRAP_UP)
        self._bus.publish(event)
        return event.wrap_up_until

    def expired_wrap_ups(self) -> Sequence[tuple[AgentId, CallId | None]]:
        """Agents whose wrap-up time is over."""
        with self._db.read() as session:
            rows = session.scalars(
                select(AgentStatusRow).where(
                    AgentStatusRow.state == AgentState.WRAP_UP.value, AgentStatusRow.wrap_up_until <= self._clock.now()
                )
            )
            return [(AgentId(row.agent_id), CallId(row.call_id) if row.call_id else None) for row in rows]

    # -- reactions ------------------------------------------------------------------------------------------------

    def subscribe(self, bus: Bus) -> None:
        """To be called by the wiring after the call records have subscribed."""
        for kind, cause in _CAUSES.items():
            bus.subscribe(kind, lambda event, cause=cause: self._on_call_event(event, cause))  # type: ignore[misc]
        bus.subscribe(call.OfferWithdrawn, self._on_offer_withdrawn)
        bus.subscribe(call.PhoneRegistrationChanged, self._on_registration)
        bus.subscribe(call.TelephonyLinkChanged, self._on_link)

    def _on_call_event(self, event: call.CallAnswered, cause: AgentInput) -> None:
        self._apply(event.agent_id, _Change(cause, call_id=event.call_id))

    def _on_offer_withdrawn(self, event: call.OfferWithdrawn) -> None:
        if event.outcome is LegOutcome.FAILED:
            change = self._after_failed_ringing(event)
        elif event.outcome is LegOutcome.NO_ANSWER:
            change = _Change(AgentInput.OFFER_MISSED, "no_answer", call_id=event.call_id)
        elif event.outcome is LegOutcome.REJECTED:
            change = _Change(AgentInput.OFFER_MISSED, "busy", StateBy.SELF, event.call_id)
        else:
            change = _Change(AgentInput.OFFER_GONE, call_id=event.call_id)
        self._apply(event.agent_id, change)

    def _after_failed_ringing(self, event: call.OfferWithdrawn) -> _Change:
        """It was the telephone's failure, not the agent's: with a new one (a reloaded page) he is offered calls again."""
        if not self.status(event.agent_id).is_registered:
            return _Change(AgentInput.OFFER_MISSED, PHONE_LOST_REASON, call_id=event.call_id)
        if self._registrations.has_new_since(event.agent_id, event.at - timedelta(seconds=event.rang_s)):
            return _Change(AgentInput.OFFER_GONE, call_id=event.call_id)
        return _Change(AgentInput.OFFER_MISSED, "no_answer", call_id=event.call_id)

    def _on_registration(self, event: call.PhoneRegistrationChanged) -> None:
        cause = self._registrations.note(event.agent_id, is_registered=event.is_registered)
        if cause is not None:
            reason = PHONE_LOST_REASON if cause is AgentInput.PHONE_LOST else ""
            self._apply(event.agent_id, _Change(cause, reason))

    def _on_link(self, event: call.TelephonyLinkChanged) -> None:
        """What happened to the telephones while nobody listened is asked, not guessed."""
        if not event.is_up:
            return
        for one in self.all_statuses():
            if one.extension and one.is_registered != (is_registered := self._telephony.is_registered(one.extension)):
                self._bus.publish(
                    call.PhoneRegistrationChanged(
                        at=self._clock.now(), agent_id=one.agent_id, is_registered=is_registered
                    )
                )
        self.phones.mark_all()

    # -- inner ----------------------------------------------------------------------------------------------------

    def _apply(self, agent_id: AgentId, change: _Change, *, must_change: bool = False) -> None:
        event: Event | None = None
        with self._db.note() as session:
            row = status_row(session, agent_id)
            old = AgentState(row.state)
            new = self._target(row, old, change)
            if new is None:
                if must_change:
                    raise WrongState(f"not possible while {old.value}", code="agent_state")
            else:
                self._move(session, row, new, change)
                event = self._changed(row, old)
        if event is not None:
            self._bus.publish(event)
            self.phones.mark(agent_id)

    def _target(self, row: AgentStatusRow, old: AgentState, change: _Change) -> AgentState | None:
        new = next_state(old, change.cause)
        if new is AgentState.READY and row.signed_on_at is None:
            return AgentState.OFFLINE
        if new is AgentState.READY and change.cause is AgentInput.OFFER_GONE and row.pause_after:
            return AgentState.PAUSED
        return new

    def _move(self, session: Session, row: AgentStatusRow, new: AgentState, change: _Change) -> None:
        now = self._clock.now()
        old = row.state
        session.add(
            AgentStateChangeRow(
                agent_id=row.agent_id, at=now, old=old, new=new.value, reason=change.reason, by=change.by.value,
                call_id=change.call_id or row.call_id,
            )
        )  # fmt: skip
        if new is AgentState.RINGING and old == AgentState.PAUSED.value:
            row.pause_after = row.reason
        row.state = new.value
        row.reason = change.reason or (row.pause_after if new is AgentState.PAUSED else "")
        row.since = now
        row.by = change.by.value
        if change.cause is AgentInput.SIGN_ON:
            row.signed_on_at, row.pause_after = now, ""
        elif change.cause is AgentInput.SIGN_OFF:
            row.signed_on_at, row.pause_after = None, ""
        if new in (AgentState.READY, AgentState.PAUSED, AgentState.OFFLINE):
            row.call_id, row.pause_after = None, ""
        elif change.call_id:
            row.call_id = change.call_id
        row.wrap_up_until = now + timedelta(seconds=self._wrap_up_s) if new is AgentState.WRAP_UP else None

    def _changed(self, row: AgentStatusRow, old: AgentState) -> AgentStateChanged:
        return AgentStateChanged(
            at=self._clock.now(),
            agent_id=AgentId(row.agent_id),
            old=old,
            new=AgentState(row.state),
            reason=row.reason,
            by=StateBy(row.by),
            since=row.since,
            call_id=CallId(row.call_id) if row.call_id else None,
            wrap_up_until=row.wrap_up_until,
        )

    def _set_pause_after(self, agent_id: AgentId, reason: str) -> None:
        with self._db.note() as session:
            row = status_row(session, agent_id)
            row.pause_after = reason
            event = self._changed(row, AgentState(row.state))
        self._bus.publish(event)

    def _wanted_phones(self) -> dict[AgentId, WantedPhone]:
        return {
            s.agent_id: WantedPhone(s.extension, s.queues, pause_reason_for_queue(s.state, s.reason))
            for s in self.all_statuses()
            if s.extension and s.is_signed_on
        }


_CAUSES: dict[type[call.CallAnswered], AgentInput] = {
    call.CallOffered: AgentInput.OFFERED,  # type: ignore[dict-item]
    call.CallAnswered: AgentInput.ANSWERED,
    call.CallHeld: AgentInput.HELD,  # type: ignore[dict-item]
    call.CallRetrieved: AgentInput.RETRIEVED,  # type: ignore[dict-item]
    call.AgentLegEnded: AgentInput.LEG_ENDED,  # type: ignore[dict-item]
}
"""Event of the call -> input of the agent's state; all of them have call_id and agent_id."""
