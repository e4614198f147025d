"""A patient calls: notice, greeting, who is it, main menu; every way leads to what was asked or to a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from crm_core.bus import Bus
from crm_core.calls.events import CallerIdentified, NoticePlayed
from crm_core.clock import Clock
from crm_core.patients.cards import PatientCard
from ivr.conversation import EMERGENCY_KEY, Conversation, Reason, WantsEmergency, WantsPerson
from ivr.dialplan_variables import TO_EMERGENCY, TO_PERSON
from ivr.flows.departments import Departments
from ivr.flows.ground import GroundCalls, GroundSilent, HoursPort, PatientsPort, Pending
from ivr.flows.my_appointments import MyAppointments
from ivr.flows.phrases import Phrases
from ivr.menus import CLOSED_MENU, MAIN_MENU, ROUNDS_MAX, Action, Menu

log = structlog.get_logger(__name__)

_CHOICE_KEYS = "12345678"

_FAREWELLS = {
    Reason.WRONG_KEYS: "too-many-errors",
    Reason.SILENCE: "too-many-errors",
    Reason.REPEATS: "too-many-errors",
    Reason.NOT_PROVEN: "identity-failed",
    Reason.UNKNOWN_CALLER: "unknown-caller",
}
"""What is said on the way to a person; one who asked for it is not kept waiting by a sentence."""


@dataclass
class Known:
    """What is known of the caller so far: nobody, one patient, or candidates to choose from."""

    candidates: tuple[PatientCard, ...] = ()
    patient: PatientCard | None = None


class InboundFlow:
    """Path /inbound."""

    def __init__(
        self,
        patients: PatientsPort,
        hours: HoursPort,
        *,
        ground: GroundCalls,
        phrases: Phrases,
        bus: Bus,
        clock: Clock,
        my_appointments: MyAppointments,
        departments: Departments,
    ) -> None:
        self._patients = patients
        self._hours = hours
        self._ground = ground
        self._phrases = phrases
        self._bus = bus
        self._clock = clock
        self._my_appointments = my_appointments
        self._departments = departments
        self._actions: dict[Action, Callable[[Conversation, Known], bool]] = {
            Action.MY_APPOINTMENTS: self._read_appointments,
            Action.DEPARTMENTS: lambda talk, _: self._departments.run(talk),
        }

    def run(self, talk: Conversation) -> None:
        talk.begin(TO_PERSON)
        try:
            self._receive(talk)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
            talk.say("emergency", node="emergency", stop_keys="")
        except WantsPerson as wish:
            self._to_person(talk, _FAREWELLS.get(wish.reason))
        except GroundSilent:
            self._to_person(talk, "service-degraded")

    def _receive(self, talk: Conversation) -> None:
        lookup = self._ground.begin(self._patients.find_by_number, talk.caller.number)
        self._notice(talk)
        known = self._identify(talk, lookup)
        if self._is_open():
            self._greet_and_choose(talk, known)
        else:
            self._menu(talk, known, CLOSED_MENU, opening=[])

    def _notice(self, talk: Conversation) -> None:
        """Cannot be skipped, except by the emergency key; the time of its end is kept (C1). Other keys are remembered."""
        if not talk.say_whole("recording-notice", node="notice", stop_keys=EMERGENCY_KEY):
            self._bus.publish(NoticePlayed(at=self._clock.now(), call_id=talk.call_id))

    def _identify(self, talk: Conversation, lookup: Pending[list[PatientCard]]) -> Known:
        """Without an answer of the ground the caller is simply not known; one candidate is the patient."""
        try:
            found = tuple(lookup.result())
        except GroundSilent:
            found = ()
        known = Known(found, found[0] if len(found) == 1 else None)
        if found:
            self._tell_identity(talk, known)
        if known.patient is not None and known.patient.preferred_language == "en":
            talk.set_language("en")
        return known

    def _greet_and_choose(self, talk: Conversation, known: Known) -> None:
        opening = ["greeting"]
        if known.patient is not None:
            opening += self._phrases.salutation(known.patient, talk.language)
        elif known.candidates:
            self._choose_patient(talk, known, opening)
            opening = []
        self._menu(talk, known, MAIN_MENU, opening=opening)

    def _menu(self, talk: Conversation, known: Known, menu: Menu, *, opening: list[str]) -> None:
        for _ in range(ROUNDS_MAX):
            key = talk.ask_choice([*opening, *menu.prompts], menu.choices, node=menu.node, again=menu.prompts)
            if self._actions[menu.choices[key]](talk, known):
                return
            opening = []
        raise WantsPerson(Reason.REPEATS)

    def _read_appointments(self, talk: Conversation, known: Known) -> bool:
        if known.patient is None and known.candidates:
            self._choose_patient(talk, known, [])
        if known.patient is None:
            raise WantsPerson(Reason.UNKNOWN_CALLER)
        self._my_appointments.run(talk, known.patient)
        return False

    def _choose_patient(self, talk: Conversation, known: Known, opening: list[str]) -> None:
        """Several people use this number: asked, never guessed (C32)."""
        by_key = dict(zip(_CHOICE_KEYS, known.candidates, strict=False))
        names = self._phrases.patient_choices(by_key, talk.language)
        question = ["several-patients", *names, "patient-none-of-these"]
        key = talk.ask_choice([*opening, *question], by_key, node="which_patient", again=question)
        known.patient = by_key[key]
        self._tell_identity(talk, known)

    def _tell_identity(self, talk: Conversation, known: Known) -> None:
        self._bus.publish(
            CallerIdentified(
                at=self._clock.now(),
                call_id=talk.call_id,
                patient_id=known.patient.id if known.patient else None,
                candidate_ids=tuple(patient.id for patient in known.candidates),
            )
        )

    def _is_open(self) -> bool:
        try:
            return self._ground.ask(self._hours.is_open, self._clock.now())
        except GroundSilent:
            return True

    def _to_person(self, talk: Conversation, farewell: str | None) -> None:
        talk.set_route(TO_PERSON)
        if farewell is None:
            return
        try:
            talk.say(farewell, node="to_person", stop_keys=EMERGENCY_KEY)
        except WantsEmergency:
            talk.set_route(TO_EMERGENCY)
