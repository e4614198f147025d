"""What others may know of departments, doctors, sessions, slots and bookings: frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from crm_core.appointments.kinds import SlotState

SLOT_STATE_TITLES = {SlotState.FULL: "满", SlotState.CLOSED: "停诊", SlotState.PAST: "已过时"}


@dataclass(frozen=True)
class AppointmentCard:
    """One appointment; ``starts_at`` is aware UTC."""

    id: int
    starts_at: datetime
    department_code: str
    department_name: str
    doctor_code: str
    doctor_name: str
    place: str
    state: str
    patient_id: int = 0
    slot_id: int | None = None
    number: int | None = None
    """就诊序号 within the half day; None for bookings that were not made here."""
    doctor_title: str = ""
    fee_fen: int = 0
    channel: str = ""
    cautions: str = ""
    reason: str = ""
    """Why it was cancelled, moved or closed."""
    booked_at: datetime | None = None
    moved_from_id: int | None = None


@dataclass(frozen=True)
class DepartmentCard:
    code: str
    name: str
    name_en: str
    phone_number: str
    menu_digit: str
    is_open_now: bool
    id: int = 0
    place: str = ""
    introduction: str = ""
    introduction_en: str = ""
    directions: str = ""
    cautions: str = ""
    pinyin: str = ""
    initials: str = ""
    keypad: str = ""


@dataclass(frozen=True)
class DoctorCard:
    id: int
    code: str
    name: str
    title: str
    department_code: str
    department_name: str
    introduction: str = ""
    introduction_en: str = ""
    initials: str = ""
    keypad: str = ""
    is_bookable: bool = True
    left: int | None = None
    """Free seats within the days that were asked for; None when no days were asked for."""
    next_day: date | None = None
    """The first of these days with a free seat."""


@dataclass(frozen=True)
class SessionCard:
    """One half day of one doctor (坐诊)."""

    id: int
    doctor_code: str
    doctor_name: str
    doctor_title: str
    department_code: str
    department_name: str
    day: date
    period: str
    starts_at: datetime
    ends_at: datetime
    place: str
    fee_fen: int
    state: SlotState
    left: int
    phone_left: int | None
    """What the telephone may still take of it; None: no quota."""
    close_reason: str = ""

    @property
    def state_title(self) -> str:
        """余 n, 满, 停诊 or 已过时."""
        return SLOT_STATE_TITLES.get(self.state, f"余 {self.left}")


@dataclass(frozen=True)
class SlotCard:
    """One time at which patients may come."""

    id: int
    session_id: int
    starts_at: datetime
    day: date
    period: str
    doctor_code: str
    doctor_name: str
    doctor_title: str
    department_code: str
    department_name: str
    place: str
    fee_fen: int
    capacity: int
    left: int
    phone_left: int | None
    state: SlotState

    @property
    def left_by_phone(self) -> int:
        return self.left if self.phone_left is None else min(self.left, self.phone_left)

    @property
    def state_title(self) -> str:
        return SLOT_STATE_TITLES.get(self.state, f"余 {self.left}")


@dataclass(frozen=True)
class DayCard:
    day: date
    left: int
    state: SlotState

    @property
    def state_title(self) -> str:
        return SLOT_STATE_TITLES.get(self.state, f"余 {self.left}")


@dataclass(frozen=True)
class HoldCard:
    """A seat that is kept until ``expires_at``."""

    id: int
    slot_id: int
    starts_at: datetime
    expires_at: datetime
    number: int


@dataclass(frozen=True)
class ClosedSessions:
    """What a 停诊 did: the sessions, and everybody whose appointment in them it ended, first visit first."""

    session_ids: tuple[int, ...]
    appointments: tuple[AppointmentCard, ...]


@dataclass(frozen=True)
class WaitingCard:
    id: int
    patient_id: int
    department_code: str
    department_name: str
    doctor_code: str | None
    doctor_name: str
    day: date
    period: str | None
    state: str
    joined_at: datetime
    hold_id: int | None = None
    slot_id: int | None = None
    starts_at: datetime | None = None
    """Of the offered seat."""
    answer_until: datetime | None = None
    appointment_id: int | None = None


@dataclass(frozen=True)
class NoShowCard:
    id: int
    appointment_id: int
    day: date
    department_name: str
    doctor_name: str
    appeal_state: str
    appeal_text: str


@dataclass(frozen=True)
class NoShowRecord:
    """The ledger of one patient: what counts, and until which day (included) he cannot book."""

    entries: tuple[NoShowCard, ...]
    counted: int
    blocked_until: date | None


@dataclass(frozen=True)
class StepCard:
    """One line of an appointment's history."""

    kind: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class SlipCard:
    id: int
    appointment_id: int
    duty: str
    assignee: str
    due_at: datetime
    state: str
    received_at: datetime | None
    received_by: str
    is_late: bool
