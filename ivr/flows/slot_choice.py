"""Which time: three offered at once, others, another day; the chosen seat is kept. Full: the waiting list or somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from crm_core.appointments.cards import SlotCard
from crm_core.appointments.kinds import Channel, SlotState
from crm_core.errors import HotlineError
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.appointment_desk import AppointmentDesk, Kept
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import SchedulesPort, WaitingListPort
from ivr.flows.refusals import another_may_do, refuse

BACK_KEY = "#"
OFFER_KEYS = "123"
LATER_KEY, DAY_KEY = "4", "5"
DAY_KEYS = "123456"
SLOTS_READ = 9
ROUNDS_MAX = 8
"""How often times are offered in one call before a person helps."""
_YES_KEY, _NO_KEY = "1", "2"


@dataclass(frozen=True)
class Wish:
    """``doctor_code`` None: any. ``is_private``: it comes from the record of somebody who has proved nothing (F34)."""

    department_code: str
    doctor_code: str | None = None
    is_private: bool = False
    day: date | None = None


class SlotChoice:
    """Immutable, shared by all callers. Raises WantsPerson, GroundSilent, CallerGone; the caller of it lets go at the end."""

    def __init__(
        self,
        schedules: SchedulesPort,
        waiting_list: WaitingListPort,
        *,
        desk: AppointmentDesk,
        asking: Asking,
        phrases: BookingPhrases,
    ) -> None:
        self._schedules = schedules
        self._waiting_list = waiting_list
        self._desk = desk
        self._asking = asking
        self._phrases = phrases

    def choose(self, talk: Conversation, wish: Wish, patient: PatientCard) -> Kept | None:
        """A kept seat. None: he goes back, or waits for a seat now."""
        intro: list[str] = ["booking-time"]
        for _ in range(ROUNDS_MAX):
            slots = self._free(talk, wish)
            if not slots:
                other = self._when_full(talk, wish, patient)
                if other is None:
                    return None
                wish, intro = other, ["booking-time"]
                continue
            chosen = self._one_of(talk, slots, intro, wish=wish)
            if chosen is None:
                return None
            if isinstance(chosen, str):
                other = self._another_day(talk, wish)
                wish, intro = other or wish, ["booking-time"]
                continue
            try:
                return self._desk.keep(talk, chosen, patient)
            except HotlineError as error:
                why = another_may_do(error)
                if why is None:
                    refuse(talk, error, node="booking_slot")
                    return None
                intro = [why, "booking-time"]
        raise WantsPerson(Reason.REPEATS)

    def _free(self, talk: Conversation, wish: Wish) -> Sequence[SlotCard]:
        return self._asking.ask(
            talk, self._schedules.open_slots, wish.department_code, wish.doctor_code, day=wish.day, limit=SLOTS_READ,
            channel=Channel.PHONE,
        )  # fmt: skip

    def _one_of(
        self, talk: Conversation, slots: Sequence[SlotCard], intro: list[str], *, wish: Wish
    ) -> SlotCard | str | None:
        """A slot; the key of another day; None: back."""
        first = 0
        while True:
            offered = dict(zip(OFFER_KEYS, slots[first : first + len(OFFER_KEYS)], strict=False))
            names_doctor = wish.doctor_code is None
            said = self._phrases.slots(offered, talk.language, names_doctor=names_doctor)
            key = talk.ask_choice(
                [*intro, *said, "slots-end"], {*offered, LATER_KEY, DAY_KEY, BACK_KEY}, node="booking_slot"
            )
            if key in offered:
                return offered[key]
            if key == BACK_KEY:
                return None
            if key == DAY_KEY:
                return key
            first += len(OFFER_KEYS)
            intro = []
            if first >= len(slots):
                first, intro = 0, ["booking-no-more"]

    def _another_day(self, talk: Conversation, wish: Wish) -> Wish | None:
        """None: back to the times. A full day may be chosen: the waiting list is offered for it."""
        days = self._asking.ask(
            talk, self._schedules.open_days, wish.department_code, wish.doctor_code, channel=Channel.PHONE
        )
        offered = dict(
            zip(DAY_KEYS, (one for one in days if one.state in (SlotState.OPEN, SlotState.FULL)), strict=False)
        )
        if not offered:
            talk.say("no-open-days", node="booking_day")
            return None
        said = ["booking-day", *self._phrases.days(offered, talk.language), "department-menu-end"]
        key = talk.ask_choice(said, {*offered, BACK_KEY}, node="booking_day")
        return None if key == BACK_KEY else replace(wish, day=offered[key].day)

    def _when_full(self, talk: Conversation, wish: Wish, patient: PatientCard) -> Wish | None:
        """Another wish to go on with, or None: he waits, or there is nothing more."""
        talk.say(_full(wish), node="booking_full")
        day = wish.day or self._first_full_day(talk, wish)
        if day is not None and self._waits(talk, wish, patient, day=day):
            return None
        if wish.day is not None:
            return replace(wish, day=None)
        if wish.doctor_code is not None and not wish.is_private:  # else the department comes from his record (F34)
            return Wish(wish.department_code)
        return None

    def _first_full_day(self, talk: Conversation, wish: Wish) -> date | None:
        days = self._asking.ask(
            talk, self._schedules.open_days, wish.department_code, wish.doctor_code, channel=Channel.PHONE
        )
        return next((one.day for one in days if one.state == SlotState.FULL), None)

    def _waits(self, talk: Conversation, wish: Wish, patient: PatientCard, *, day: date) -> bool:
        """候补 (C105). True: he stands in line, or was told why he cannot."""
        if talk.ask_choice(["waiting-list-offer"], {_YES_KEY, _NO_KEY}, node="waiting_list") == _NO_KEY:
            return False
        try:
            card = self._asking.ask(
                talk, self._waiting_list.join, patient_id=patient.id, department_code=wish.department_code, day=day,
                channel=Channel.PHONE, by="ivr", doctor_code=wish.doctor_code,
            )  # fmt: skip
        except HotlineError as error:
            refuse(talk, error, node="waiting_list")
            return True
        place = self._asking.ask(talk, self._waiting_list.place, card.id)
        said = self._phrases.place(place, talk.language) if place else []
        talk.say("waiting-list-joined", *said, node="waiting_list")
        return True


def _full(wish: Wish) -> str:
    if wish.day is not None:
        return "booking-full-day"
    return "booking-full-department" if wish.doctor_code is None else "booking-full-doctor"
