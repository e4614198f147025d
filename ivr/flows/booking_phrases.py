"""Which sounds say offers, bookings, sessions and fees. What comes from a patient's record is named only after a proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from crm_core.appointments.cards import AppointmentCard, DayCard, DoctorCard, SessionCard, SlotCard, WaitingCard
from crm_core.appointments.kinds import SlotState
from crm_core.clock import at_hospital, hospital_date
from ivr.flows.phrases import Phrases
from ivr.prompt_sentences import SentenceKind

_SESSIONS = {SlotState.OPEN: "open", SlotState.FULL: "full", SlotState.CLOSED: "away"}
LAST_DOCTOR = "option-last-doctor"


class BookingPhrases(Phrases):
    """``is_private``: the caller has proved nothing yet, so neither doctor nor department is named (F34)."""

    def option(self, option: str, press: str, language: str) -> list[str]:
        return self._say(language, SentenceKind.OPTION_CHOICE, option=option, press=press)

    def slots(self, slots: Mapping[str, SlotCard], language: str, *, names_doctor: bool) -> list[str]:
        """``slots`` by key; the day is said once while it stays the same."""
        said: list[str] = []
        day: date | None = None
        for key, slot in slots.items():
            if slot.day != day:
                said += self._date(slot.day, language)
                day = slot.day
            if names_doctor:
                said += self._say(
                    language, SentenceKind.SLOT_CHOICE, time=_time(slot), doctor=slot.doctor_name, press=key
                )
            else:
                said += self._say(language, SentenceKind.TIME_CHOICE, time=_time(slot), press=key)
        return said

    def days(self, days: Mapping[str, DayCard], language: str) -> list[str]:
        """A day that is full is offered as such: he may wait for a seat."""
        today = hospital_date(self._clock.now())
        said: list[str] = []
        for key, card in days.items():
            is_full = card.state == SlotState.FULL
            kind = SentenceKind.FULL_DAY_CHOICE if is_full else SentenceKind.DATE_CHOICE
            said += self._say(language, kind, date=card.day, today=today, press=key)
        return said

    def doctors(self, doctors: Mapping[str, DoctorCard], language: str) -> list[str]:
        said: list[str] = []
        for key, one in doctors.items():
            said += self._say(
                language, SentenceKind.DOCTOR_TITLE_CHOICE, doctor=one.name, doctor_title=one.title, press=key
            )
        return said

    def confirmation(self, slot: SlotCard, language: str, *, is_private: bool) -> list[str]:
        if is_private:
            return ["hl/booking-confirm", *self._moment(slot, language), f"hl/{LAST_DOCTOR}"]
        return self._visit(SentenceKind.BOOKING_CONFIRMATION, slot, language)

    def booked(self, appointment: AppointmentCard, language: str, *, is_private: bool) -> list[str]:
        if is_private:
            return ["hl/booked", *self._moment(appointment, language)]
        return self._visit(SentenceKind.BOOKED, appointment, language)

    def moved(self, appointment: AppointmentCard, language: str) -> list[str]:
        return self._visit(SentenceKind.MOVED, appointment, language)

    def move_confirmation(self, slot: SlotCard, language: str) -> list[str]:
        return self._visit(SentenceKind.MOVE_CONFIRMATION, slot, language)

    def cancel_confirmation(self, appointment: AppointmentCard, language: str) -> list[str]:
        return self._visit(SentenceKind.CANCEL_CONFIRMATION, appointment, language)

    def numbered(self, ordinal: int, appointment: AppointmentCard, language: str) -> list[str]:
        return self._visit(SentenceKind.NUMBERED_APPOINTMENT, appointment, language, ordinal=min(ordinal, 9))

    def place(self, number: int, language: str) -> list[str]:
        return self._say(language, SentenceKind.WAITING_LIST_PLACE, number=number)

    def waiting(self, card: WaitingCard, place: int, language: str) -> list[str]:
        """Where and for which day he waits, and his place (0: it is offered to him now)."""
        where = self._say(language, SentenceKind.DEPARTMENT, department=card.department_name)
        rest = self.place(place, language) if place else []
        return [*where, *self._date(card.day, language), *rest]

    def sessions(self, doctor: DoctorCard, sessions: Iterable[SessionCard], language: str) -> list[str]:
        today = hospital_date(self._clock.now())
        said = self._say(language, SentenceKind.DOCTOR_CONSULTS, doctor=doctor.name)
        for one in sessions:
            said += self._say(
                language, SentenceKind.SESSION_LINE, date=one.day, today=today, period=str(one.period),
                session=_SESSIONS[one.state],
            )  # fmt: skip
        return said

    def fee_lines(self, lines: Sequence[tuple[str, int]], language: str) -> list[str]:
        """(key of the group ``fee`` without its prefix, fen) pairs."""
        said: list[str] = []
        for fee, amount_fen in lines:
            said += self._say(language, SentenceKind.FEE_LINE, fee=fee, amount_fen=amount_fen)
        return said

    def amount(self, kind: SentenceKind, amount_fen: int, language: str) -> list[str]:
        return self._say(language, kind, amount_fen=amount_fen)

    def reimbursement(self, permille: int, language: str) -> list[str]:
        """Rounded down to whole per cent: never more is promised than is paid."""
        return self._say(language, SentenceKind.REIMBURSEMENT, number=permille // 10)

    def name(self, text: str, language: str) -> list[str]:
        """The name of an item as one sound; [] while the voice has none."""
        key = self._catalogue(language).key_for_name(text, group="options")
        return [self._catalogue(language).sound(key)] if key is not None else []

    def running_text(self, text: str, language: str) -> list[str]:
        """An answer as one sound; [] while it is being made, or when no voice is there."""
        sound = self._catalogue(language).sound_for_text(text)
        return [sound] if sound else []

    def _visit(self, kind: SentenceKind, visit: AppointmentCard | SlotCard, language: str, **more: object) -> list[str]:
        return self._say(
            language,
            kind,
            date=at_hospital(visit.starts_at).date(),
            today=hospital_date(self._clock.now()),
            time=_time(visit),
            department=visit.department_name,
            doctor=visit.doctor_name,
            **more,
        )

    def _moment(self, visit: AppointmentCard | SlotCard, language: str) -> list[str]:
        day = at_hospital(visit.starts_at).date()
        return [*self._date(day, language), *self._say(language, SentenceKind.TIME, time=_time(visit))]

    def _date(self, day: date, language: str) -> list[str]:
        return self._say(language, SentenceKind.DATE, date=day, today=hospital_date(self._clock.now()))


def _time(visit: AppointmentCard | SlotCard) -> object:
    return at_hospital(visit.starts_at).time().replace(second=0, microsecond=0)
