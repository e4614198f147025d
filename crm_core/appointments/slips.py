"""电子派单: every visit's preparation goes by rule to a window or nurse, with a due time and a receipt (C107)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from crm_core.appointments.cards import SlipCard
from crm_core.appointments.events import AppointmentBooked, AppointmentEvent, AppointmentMoved
from crm_core.appointments.kinds import AppointmentState
from crm_core.appointments.models import Appointment, Department
from crm_core.appointments.models_booking import VisitSlip
from crm_core.appointments.work import BookingWork, Work, short
from crm_core.bus import Bus
from crm_core.errors import InvalidInput, NotFound, WrongState


@dataclass(frozen=True)
class SlipRule:
    """Who does what how long before a visit. ``assignees`` take turns; an empty ``department_code`` means every one."""

    duty: str
    assignees: tuple[str, ...]
    minutes_before: int
    department_code: str = ""


ASSIGNED, RECEIVED, DONE = "assigned", "received", "done"
_NEXT = {ASSIGNED: (RECEIVED,), RECEIVED: (DONE,)}


class VisitSlips:
    """Assigns when an appointment is booked or moved; each duty of an appointment has one slip. Thread-safe."""

    def __init__(self, work: BookingWork, rules: Sequence[SlipRule]) -> None:
        if any(not rule.assignees for rule in rules):
            raise InvalidInput("a slip rule without anybody to do it")
        self._work = work
        self._rules = tuple(rules)

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(AppointmentBooked, self.on_booked)
        bus.subscribe(AppointmentMoved, self.on_booked)

    def on_booked(self, event: AppointmentEvent) -> None:
        self.assign(event.appointment_id)

    def assign(self, appointment_id: int) -> int:
        """Make the slips the rules ask for; returns how many are new. A second time makes none."""

        def use_case(work: Work) -> int:
            found = work.session.execute(
                select(Appointment, Department.code)
                .join(Department, Department.id == Appointment.department_id)
                .where(Appointment.id == appointment_id, Appointment.state == AppointmentState.BOOKED)
            ).first()
            if found is None:
                return 0
            row, code = found
            there = set(work.session.scalars(select(VisitSlip.duty).where(VisitSlip.appointment_id == appointment_id)))
            wanted = [one for one in self._rules if one.department_code in ("", code) and one.duty not in there]
            work.session.add_all(_slip(work, one, row) for one in wanted)
            return len(wanted)

        return self._work.run(use_case)

    def receive(self, slip_id: int, *, by: str) -> None:
        """签收. Raises WrongState, NotFound."""
        self._advance(slip_id, RECEIVED, by=by)

    def finish(self, slip_id: int, *, by: str) -> None:
        self._advance(slip_id, DONE, by=by)

    def reassign(self, slip_id: int, *, assignee: str) -> None:
        """改派: the new one has to acknowledge it himself. Raises WrongState when it is done, NotFound."""

        def use_case(work: Work) -> None:
            row = _locked(work, slip_id)
            if row.state not in (ASSIGNED, RECEIVED):
                raise WrongState(f"slip {slip_id} is {row.state}")
            row.assignee, row.state, row.received_at, row.received_by = short(assignee, 64), ASSIGNED, None, ""

        self._work.run(use_case)

    def open_slips(self, assignee: str | None = None) -> list[SlipCard]:
        """What is to be done, earliest due first; slips of appointments that are no longer booked are left out."""
        query = (
            select(VisitSlip)
            .join(Appointment, Appointment.id == VisitSlip.appointment_id)
            .where(VisitSlip.state.in_((ASSIGNED, RECEIVED)), Appointment.state == AppointmentState.BOOKED)
            .order_by(VisitSlip.due_at, VisitSlip.id)
        )
        if assignee is not None:
            query = query.where(VisitSlip.assignee == assignee)
        now = self._work.clock.now()
        with self._work.database.read() as session:
            return [
                SlipCard(row.id, row.appointment_id, row.duty, row.assignee, row.due_at, row.state, row.received_at,
                         row.received_by, row.due_at < now)
                for row in session.scalars(query)
            ]  # fmt: skip

    def _advance(self, slip_id: int, state: str, *, by: str) -> None:
        def use_case(work: Work) -> None:
            row = _locked(work, slip_id)
            if row.state == state:
                return
            if state not in _NEXT.get(row.state, ()):
                raise WrongState(f"slip {slip_id} is {row.state}")
            row.state = state
            if state == RECEIVED:
                row.received_at, row.received_by = work.now, short(by, 64)

        self._work.run(use_case)


def _slip(work: Work, rule: SlipRule, row: Appointment) -> VisitSlip:
    return VisitSlip(
        appointment_id=row.id,
        duty=rule.duty,
        assignee=rule.assignees[row.id % len(rule.assignees)],
        due_at=row.starts_at - timedelta(minutes=rule.minutes_before),
        state=ASSIGNED,
        assigned_at=work.now,
    )


def _locked(work: Work, slip_id: int) -> VisitSlip:
    row = work.session.get(VisitSlip, slip_id, with_for_update=True)
    if row is None:
        raise NotFound(f"no slip {slip_id}")
    return row
