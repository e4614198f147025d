"""Which department, which doctor: a few by key, more on the next page, any by the letters on the keys."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.appointments.cards import DepartmentCard, DoctorCard
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.asking import Asking
from ivr.flows.booking_phrases import BookingPhrases
from ivr.flows.booking_ports import SchedulesPort

BACK_KEY, LETTERS_KEY, MORE_KEY = "#", "7", "8"
ANY_KEY = "1"
PAGE_KEYS = "123456"
LETTERS_MAX = 8
TRIES_MAX = 2
DAYS_AHEAD = 14


class ClinicChoice:
    """Immutable, shared by all callers. Raises WantsPerson, GroundSilent, CallerGone."""

    def __init__(self, schedules: SchedulesPort, *, asking: Asking, phrases: BookingPhrases) -> None:
        self._schedules = schedules
        self._asking = asking
        self._phrases = phrases

    def department(self, talk: Conversation) -> DepartmentCard | None:
        """Those with doctors who can be booked, in the order of the hospital's own menu keys. None: back."""
        bookable = {one.department_code for one in self._asking.ask(talk, self._schedules.doctors) if one.is_bookable}
        known = self._asking.ask(talk, self._schedules.departments)
        offered: Sequence[DepartmentCard] = [one for one in known if one.code in bookable]
        if not offered:
            raise WantsPerson(Reason.NOTHING_TO_OFFER)
        first = 0
        while True:
            page = dict(zip(PAGE_KEYS, offered[first : first + len(PAGE_KEYS)], strict=False))
            more = {MORE_KEY} if len(offered) > len(PAGE_KEYS) else set()
            said = [
                "booking-department",
                *self._phrases.department_choices(page, talk.language),
                *self._phrases.option("letters", LETTERS_KEY, talk.language),
                *(["booking-more"] if more else []),
                "department-menu-end",
            ]
            key = talk.ask_choice(said, {*page, *more, LETTERS_KEY, BACK_KEY}, node="booking_department")
            if key == BACK_KEY:
                return None
            if key in page:
                return page[key]
            if key == MORE_KEY:
                first = first + len(PAGE_KEYS) if first + len(PAGE_KEYS) < len(offered) else 0
                continue
            found = self._by_letters(talk, bookable)
            if len(found) == 1:
                return found[0]
            offered, first = found or offered, 0

    def doctor(self, talk: Conversation, department_code: str, *, with_any: bool = True) -> DoctorCard | bool | None:
        """A doctor; True: any of them; None: back. Those with free seats come first."""
        found = self._asking.ask(talk, self._schedules.doctors, department_code, days=DAYS_AHEAD)
        doctors = sorted((one for one in found if one.is_bookable), key=lambda one: not one.left)
        if not doctors:
            raise WantsPerson(Reason.NOTHING_TO_OFFER)
        keys = PAGE_KEYS[1:] if with_any else PAGE_KEYS
        first = 0
        while True:
            page = dict(zip(keys, doctors[first : first + len(keys)], strict=False))
            more = {MORE_KEY} if len(doctors) > len(keys) else set()
            said = [
                "booking-doctor",
                *(self._phrases.option("any-doctor", ANY_KEY, talk.language) if with_any else []),
                *self._phrases.doctors(page, talk.language),
                *(["booking-more"] if more else []),
                "department-menu-end",
            ]
            choices = {*page, *more, BACK_KEY, *({ANY_KEY} if with_any else ())}
            key = talk.ask_choice(said, choices, node="booking_doctor")
            if key == BACK_KEY:
                return None
            if key in page:
                return page[key]
            if key == ANY_KEY:
                return True
            first = first + len(keys) if first + len(keys) < len(doctors) else 0

    def _by_letters(self, talk: Conversation, bookable: set[str]) -> Sequence[DepartmentCard]:
        """The departments whose name begins with these letters; [] after tries that found none."""
        ask = ["name-letters-ask", "name-letters-example"]
        for _ in range(TRIES_MAX):
            entry = talk.ask_entry(ask, node="booking_letters", shortest=2, longest=LETTERS_MAX)
            if entry == BACK_KEY:
                return []
            found = self._asking.ask(talk, self._schedules.find_departments, entry, len(PAGE_KEYS))
            if kept := [one for one in found if one.code in bookable and one.keypad.startswith(entry)]:
                return kept
            ask = ["name-none", "name-letters-ask"]
        return []
