"""Keeping a seat for somebody who is still deciding; one seat a leg, never for longer than its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select

from crm_core.appointments import rules
from crm_core.appointments.cards import HoldCard
from crm_core.appointments.errors import QuotaExhausted, SlotTaken
from crm_core.appointments.facts import facts_of
from crm_core.appointments.kinds import Channel, HoldState
from crm_core.appointments.models import Seat
from crm_core.appointments.models_booking import Hold
from crm_core.appointments.seats import end_hold, keep_seat, lock_slot, lock_slots, locked_hold, refuse_early, take_seat
from crm_core.appointments.slots import Horizon, next_free
from crm_core.appointments.work import BookingWork, Work
from crm_core.errors import InvalidInput, NotFound

T = TypeVar("T")
LEG_KEY_MAX = 120


class Holds:
    """Every method may be called twice. Thread-safe."""

    def __init__(self, work: BookingWork) -> None:
        self._work = work
        self._db = work.database
        self._clock = work.clock

    def hold(
        self,
        slot_id: int,
        *,
        leg_key: str,
        patient_id: int | None = None,
        channel: Channel = Channel.PHONE,
        ttl_s: float | None = None,
    ) -> HoldCard:
        """Keep a seat for ``ttl_s`` (None: the hospital's setting). The leg's former hold ends, the same slot is renewed.

        Raises SlotTaken, QuotaExhausted, SessionClosed, AlreadyStarted, TooLate, TooEarly, DoctorNotBookable, NotFound,
        BookingBusy.
        """
        if not 0 < len(leg_key) <= LEG_KEY_MAX:
            raise InvalidInput("a hold needs the key of its leg")
        lasts = timedelta(seconds=self._work.settings.hold_s if ttl_s is None else ttl_s)

        def use_case(work: Work) -> HoldCard:
            former = work.session.scalar(select(Hold).where(Hold.active_leg_key == leg_key))
            locked = lock_slots(work.session, {slot_id} | ({former.slot_id} if former else set()))
            place = locked[slot_id]
            rules.check(facts_of(work, place, None), work.settings, rules.HOLD_RULES)
            former = locked_hold(work.session, former.id) if former else None
            if former is not None and former.state == HoldState.ACTIVE:
                if former.slot_id == slot_id:
                    former.expires_at = work.now + lasts
                    former.patient_id = patient_id if patient_id is not None else former.patient_id
                    return _card(work, former, place.slot.starts_at)
                end_hold(work, locked[former.slot_id], former, HoldState.RELEASED)
            by_phone = rules.counts_for_phone(channel)
            seat_id, _ = take_seat(work, place, by_phone=by_phone)
            made = keep_seat(
                work, place, seat_id, leg_key=leg_key, patient_id=patient_id, expires_at=work.now + lasts,
                uses_phone_quota=by_phone,
            )  # fmt: skip
            return _card(work, made, place.slot.starts_at)

        return self._asked(use_case, slot_id, channel=channel, key=leg_key, patient_id=patient_id)

    def release(self, hold_id: int) -> None:
        """Give the seat back; a hold that is used or ended stays as it is. Raises NotFound."""
        slot_id = self._slot_of_hold(hold_id)
        self._work.run(lambda work: _end(work, slot_id, hold_id, HoldState.RELEASED))

    def release_leg(self, leg_key: str) -> bool:
        """When a leg ends, however it ended: nothing stays held. True when there was something."""
        with self._db.read() as session:
            hold_id = session.scalar(select(Hold.id).where(Hold.active_leg_key == leg_key))
        if hold_id is None:
            return False
        self.release(hold_id)
        return True

    def expire_holds(self, limit: int = 200) -> int:
        """End the holds that have run out, offers of the waiting list too; run every few seconds. Returns how many."""
        now = self._clock.now()
        with self._db.read() as session:
            due = session.execute(
                select(Hold.id, Hold.slot_id)
                .where(Hold.state == HoldState.ACTIVE, Hold.expires_at <= now)
                .order_by(Hold.expires_at)
                .limit(limit)
            ).all()
        return sum(self._work.run(_expiring(slot_id, hold_id)) for hold_id, slot_id in due)

    def _slot_of_hold(self, hold_id: int) -> int:
        with self._db.read() as session:
            slot_id = session.scalar(select(Hold.slot_id).where(Hold.id == hold_id))
        if slot_id is None:
            raise NotFound(f"no hold {hold_id}")
        return slot_id

    def _asked(
        self,
        use_case: Callable[[Work], T],
        slot_id: int,
        *,
        channel: Channel,
        key: str = "",
        patient_id: int | None = None,
    ) -> T:
        """Run what wants a seat of the slot. With a key, a crowd is refused before it queues; who is refused hears at
        once where there is room."""
        now = self._clock.now()
        try:
            if key:
                self._glance(slot_id, key, patient_id, now)
            return self._work.run(use_case)
        except (SlotTaken, QuotaExhausted) as error:
            horizon = Horizon.of(now, self._work.settings)
            with self._db.read() as session:
                error.next_slots = tuple(next_free(session, horizon, slot_id, channel=channel))
            raise

    def _glance(self, slot_id: int, key: str, patient_id: int | None, now: datetime) -> None:
        with self._work.answering(), self._db.read() as session:
            refuse_early(session, slot_id, key=key, patient_id=patient_id, now=now)


def _expiring(slot_id: int, hold_id: int) -> Callable[[Work], bool]:
    return lambda work: _end(work, slot_id, hold_id, HoldState.EXPIRED)


def _end(work: Work, slot_id: int, hold_id: int, state: HoldState) -> bool:
    locked = lock_slot(work.session, slot_id)
    hold = locked_hold(work.session, hold_id)
    if hold is None or hold.state != HoldState.ACTIVE:
        return False
    if state == HoldState.EXPIRED and hold.expires_at > work.now:
        return False
    end_hold(work, locked, hold, state)
    return True


def _card(work: Work, hold: Hold, starts_at: datetime) -> HoldCard:
    number = work.session.scalar(select(Seat.number).where(Seat.id == hold.seat_id))
    return HoldCard(hold.id, hold.slot_id, starts_at, hold.expires_at, number or 0)
