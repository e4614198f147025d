"""What the flows about appointments, fees and answers ask of the ground: one protocol each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from crm_core.appointments.cards import (
    AppointmentCard,
    DayCard,
    DepartmentCard,
    DoctorCard,
    HoldCard,
    SessionCard,
    SlotCard,
    WaitingCard,
)
from crm_core.appointments.kinds import Channel
from crm_core.enquiries.cards import Answer, KnowledgeCard
from crm_core.messaging.cards import MessageCard
from crm_core.messaging.confirmations import About, AppointmentFacts
from crm_core.messaging.verification import Checked
from crm_core.patients.kinds import Fact
from crm_core.patients.proofs import Caller, ProofResult
from crm_core.patients.trail import Actor
from crm_core.visits.cards import FeeSummary, StayBalance, VisitCard


class SchedulesPort(Protocol):
    def departments(self) -> list[DepartmentCard]: ...

    def find_departments(self, text: str, limit: int = 9) -> list[DepartmentCard]: ...

    def doctors(
        self, department_code: str | None = None, *, from_day: date | None = None, days: int | None = None
    ) -> list[DoctorCard]: ...

    def doctor_hours(self, doctor_code: str, *, from_day: date | None = None, days: int = 7) -> list[SessionCard]: ...

    def open_days(
        self,
        department_code: str,
        doctor_code: str | None = None,
        *,
        from_day: date | None = None,
        days: int = 14,
        channel: Channel | None = None,
    ) -> list[DayCard]: ...

    def open_slots(
        self,
        department_code: str,
        doctor_code: str | None = None,
        *,
        day: date | None = None,
        period: str | None = None,
        limit: int = 9,
        channel: Channel | None = None,
    ) -> list[SlotCard]: ...


class BookingPort(Protocol):
    def hold(
        self,
        slot_id: int,
        *,
        leg_key: str,
        patient_id: int | None = None,
        channel: Channel = Channel.PHONE,
        ttl_s: float | None = None,
    ) -> HoldCard: ...

    def release_leg(self, leg_key: str) -> bool: ...

    def book(
        self,
        *,
        patient_id: int,
        idempotency_key: str,
        channel: Channel,
        by: str,
        slot_id: int | None = None,
        hold_id: int | None = None,
    ) -> AppointmentCard: ...

    def move(
        self,
        appointment_id: int,
        to_slot_id: int | None = None,
        *,
        idempotency_key: str,
        channel: Channel,
        by: str,
        hold_id: int | None = None,
        is_staff: bool = False,
        reason: str = "",
    ) -> AppointmentCard: ...

    def cancel(self, appointment_id: int, *, by: str, reason: str = "", is_staff: bool = False) -> AppointmentCard: ...

    def last_doctor(self, patient_id: int) -> DoctorCard | None: ...


class WaitingListPort(Protocol):
    def join(
        self,
        *,
        patient_id: int,
        department_code: str,
        day: date,
        channel: Channel,
        by: str,
        doctor_code: str | None = None,
        period: str | None = None,
    ) -> WaitingCard: ...

    def leave(self, entry_id: int) -> None: ...

    def decline(self, entry_id: int) -> None: ...

    def accept(self, entry_id: int, *, idempotency_key: str, channel: Channel, by: str) -> AppointmentCard: ...

    def place(self, entry_id: int) -> int: ...

    def of_patient(self, patient_id: int) -> list[WaitingCard]: ...


class ConfirmationsPort(Protocol):
    def queue(self, about: About, facts: AppointmentFacts) -> MessageCard: ...


class OutboxPort(Protocol):
    def queue(
        self,
        template: str,
        recipient: str,
        values: Mapping[str, str],
        *,
        dedupe_key: str,
        language: str = "zh",
        patient_id: int | None = None,
        call_id: str = "",
    ) -> MessageCard: ...


class ProofsPort(Protocol):
    def is_locked(self, patient_id: int | None, caller: Caller) -> bool: ...

    def prove(
        self, patient_id: int | None, facts: Mapping[Fact, str], *, caller: Caller, actor: Actor
    ) -> ProofResult: ...


class VisitsPort(Protocol):
    def last_visit(self, patient_id: int) -> VisitCard | None: ...

    def fees(
        self,
        patient_id: int,
        *,
        visit_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> FeeSummary: ...

    def balance(self, patient_id: int) -> StayBalance | None: ...


class EnquiriesPort(Protocol):
    def by_keys(self, digits: str, *, kinds: Collection[str] = (), limit: int = 9) -> list[Answer]: ...

    def current(self, kind: str, *, department_code: str = "", doctor_code: str = "") -> Sequence[KnowledgeCard]: ...

    def to_tell(self, code: str) -> Answer: ...


class EnquiryLogPort(Protocol):
    def record(
        self,
        call_id: str,
        kind: str,
        *,
        item: str = "",
        was_solved: bool | None = None,
        answer: str = "",
        patient_id: int | None = None,
        agent_id: int | None = None,
    ) -> int: ...

    def settle(self, enquiry_id: int, was_solved: bool) -> None: ...


class VerificationPort(Protocol):
    def check(self, code: str, number: str) -> Checked: ...
