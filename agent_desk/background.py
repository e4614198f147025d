"""What a pop needs beside the call itself, looked up while the caller still waits: patient, bookings, earlier calls."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from agent_desk import payloads
from agent_desk.payloads import CallBackground, Titles
from agent_desk.services import DeskServices
from crm_core.calls.records import CallRecord
from crm_core.ids import CallId
from crm_core.patients.cards import PatientCard

CAPACITY = 2000
TITLES_KEEP_S = 10.0


class Backgrounds:
    """A small cache by call: a pop must not wait for five queries. Thread-safe.

    Kept as long as the call lasts, unless it is forgotten because the desk changed something: a value made anew in between
    would differ from what the screens already show.
    """

    def __init__(self, services: DeskServices) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._kept: OrderedDict[CallId, tuple[Any, CallBackground]] = OrderedDict()
        self._titles: tuple[float, Titles] | None = None

    def of(self, record: CallRecord) -> CallBackground:
        key = (record.patient_id, record.candidate_ids, record.number)
        with self._lock:
            kept = self._kept.get(record.id)
        if kept is not None and kept[0] == key:
            return kept[1]
        made = self._make(record)
        with self._lock:
            self._kept[record.id] = (key, made)
            self._kept.move_to_end(record.id)
            while len(self._kept) > CAPACITY:
                self._kept.popitem(last=False)
        return made

    def forget(self, call_id: CallId) -> None:
        with self._lock:
            self._kept.pop(call_id, None)

    def titles(self) -> Titles:
        """Names of agents and departments; at most TITLES_KEEP_S old."""
        now_s = self._services.clock.monotonic_s()
        with self._lock:
            if self._titles is not None and now_s - self._titles[0] < TITLES_KEEP_S:
                return self._titles[1]
        agents = {int(one.id): one.name for one in self._services.accounts.accounts()}
        departments = {one.code: one.name for one in self._services.appointments.departments()}
        with self._lock:
            self._titles = (now_s, Titles(agents, departments))
            return self._titles[1]

    def _make(self, record: CallRecord) -> CallBackground:
        services = self._services
        card, candidates = self._people(record)
        before = services.calls.recent_calls(
            patient_id=record.patient_id, number=record.number, before=record.arrived_at
        )
        titles = self.titles()
        return CallBackground(
            patient=payloads.patient(card, services.appointments.upcoming(card.id)) if card else None,
            candidates=[payloads.candidate(one) for one in candidates],
            recent_calls=[payloads.recent_call(one, titles) for one in before],
        )

    def _people(self, record: CallRecord) -> tuple[PatientCard | None, list[PatientCard]]:
        """The bound patient, and those the agent may choose from. Nobody is bound here (C32): when the IVR could not
        ask (it was down), everybody with this number is a candidate."""
        of_number = self._services.patients.find_by_number(record.number)
        known: dict[int, PatientCard] = {int(card.id): card for card in of_number}
        wanted = [int(i) for i in (*record.candidate_ids, record.patient_id) if i is not None]
        known |= self._services.patients.cards(i for i in wanted if i not in known)
        if record.patient_id is None and not record.candidate_ids:
            return None, of_number
        card = known.get(record.patient_id) if record.patient_id is not None else None
        return card, [known[i] for i in record.candidate_ids if i in known]
