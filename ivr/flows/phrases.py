"""Which sounds say a sentence with values: how people are called, appointments, choices by key."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crm_core.appointments.service import AppointmentCard, DepartmentCard
from crm_core.clock import Clock, at_hospital, hospital_date
from crm_core.patients.cards import PatientCard
from ivr.prompt_catalogue import PromptCatalogue
from ivr.prompt_sentences import SentenceKind
from ivr.spoken_names import surname_of

_TITLES = {"male": "先生", "female": "女士"}


class Phrases:
    """Sentences as lists of sounds in the caller's language. Immutable, shared by all callers."""

    def __init__(self, catalogues: Mapping[str, PromptCatalogue], clock: Clock) -> None:
        self._catalogues = catalogues
        self._clock = clock

    def salutation(self, patient: PatientCard, language: str) -> list[str]:
        """Surname and title: the number that calls proves nothing, so no more is said (R46)."""
        return self._say(
            language, SentenceKind.GREETING_KNOWN, patient=self._address(patient, language), sex=patient.gender
        )

    def patient_choices(self, patients: Mapping[str, PatientCard], language: str) -> list[str]:
        """``patients`` by key. Surname and title where that tells them apart, full names where it does not."""
        short = {key: self._address(patient, language) for key, patient in patients.items()}
        taken = Counter(short.values())
        named = {key: short[key] if taken[short[key]] == 1 else patient.name for key, patient in patients.items()}
        return _joined(
            self._say(language, SentenceKind.PATIENT_CHOICE, patient=named[key], sex=patients[key].gender, press=key)
            for key in patients
        )

    def appointments(self, appointments: Sequence[AppointmentCard], language: str) -> list[str]:
        today = hospital_date(self._clock.now())
        moments = [(appointment, at_hospital(appointment.starts_at)) for appointment in appointments]
        return _joined(
            self._say(
                language,
                SentenceKind.APPOINTMENT,
                date=moment.date(),
                today=today,
                time=moment.time().replace(second=0, microsecond=0),
                department=appointment.department_name,
                doctor=appointment.doctor_name,
            )
            for appointment, moment in moments
        )

    def department_choices(self, departments: Mapping[str, DepartmentCard], language: str) -> list[str]:
        return _joined(
            self._say(language, SentenceKind.DEPARTMENT_CHOICE, department=department.name, press=key)
            for key, department in departments.items()
        )

    def connecting(self, department: DepartmentCard, language: str) -> list[str]:
        return self._say(language, SentenceKind.CONNECTING_DEPARTMENT, department=department.name)

    def can_say_department(self, department: DepartmentCard, language: str) -> bool:
        """False for a name without a sound: it is not offered by a neutral word."""
        return self._catalogue(language).key_for_text(department.name) is not None

    def _address(self, patient: PatientCard, language: str) -> str:
        """``王女士``; a name whose surname we have no sound for is said whole."""
        polite = surname_of(patient.name) + _TITLES.get(patient.gender, "")
        return polite if self._catalogue(language).key_for_text(polite) else patient.name

    def _say(self, language: str, kind: SentenceKind, **values: object) -> list[str]:
        return self._catalogue(language).fragments_for(kind, values)

    def _catalogue(self, language: str) -> PromptCatalogue:
        return self._catalogues.get(language) or self._catalogues["zh"]


def _joined(parts: Iterable[list[str]]) -> list[str]:
    return list(itertools.chain.from_iterable(parts))
