"""What the offices of the ground do by the clock: schedules, holds, waiting lists, no-shows, tiers, messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from config.ground import Ground
from crm_core.clock import hospital_date
from crm_core.messaging.appointment_notices import AppointmentNotices
from scheduler.jobs import Job
from scheduler.outbox_tick import OutboxTick

DAYS_LAID_OUT = 14
"""How far ahead patients can book."""


def office_jobs(ground: Ground, outbox: OutboxTick, notices: AppointmentNotices) -> Sequence[Job]:
    """Each is safe to repeat, so one that was missed is made up for by the next."""
    bookings, people = ground.bookings, ground.people

    def lay_out() -> object:
        today = hospital_date(ground.clock.now())
        return bookings.schedules.lay_out(today, today + timedelta(days=DAYS_LAID_OUT))

    def close_the_day() -> None:
        yesterday = hospital_date(ground.clock.now()) - timedelta(days=1)
        if bookings.no_shows.arrivals_are_told(yesterday):
            bookings.no_shows.mark_no_shows(yesterday)
        people.tiers.recompute(yesterday)

    def offer() -> None:
        bookings.booking.expire_holds()
        bookings.waiting_list.expire_offers()
        bookings.waiting_list.offer_free_seats()
        bookings.work.announce_missed()

    return (
        Job("outbox", 2.0, outbox.tick),
        Job("holds_and_offers", 10.0, offer),
        Job("appointment_notices", 60.0, notices.catch_up),
        Job("schedules", 3600.0, lay_out),
        Job("day_end", 3600.0, close_the_day, runs_at_start=False),
        Job("codes", 3600.0, ground.messages.verification.purge, runs_at_start=False),
    )
