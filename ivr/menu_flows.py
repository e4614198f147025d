"""The named flows that a menu may run: one table of names and words, and the rows that are really there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crm_core.menus.ports import FlowCard
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.flows.departments import Departments
from ivr.flows.identification import Identification
from ivr.flows.my_appointments import MyAppointments
from ivr.menu_visit import MenuFlow, Visit

FLOW_TITLES: Mapping[str, tuple[str, str]] = {
    "booking": ("预约挂号", "Book an appointment"),
    "my_appointments": ("我的预约", "My appointments"),
    "departments": ("按键选科室", "Departments by key"),
    "doctor_hours": ("医生坐诊时间", "A doctor's visiting hours"),
    "fees": ("费用与余额查询", "Fees and balance"),
    "enquiries": ("业务咨询", "Enquiries"),
    "complaint": ("投诉与建议留言", "Complaint by voice"),
    "verification": ("防诈骗核验", "Was it the hospital that called"),
}

FLOW_NAMES = ("my_appointments", "departments")
"""The flows that ``standard_flows`` makes; a new flow is a row here and there."""


def flow_cards(names: Iterable[str]) -> Sequence[FlowCard]:
    """In the order of the table; a flow without words of its own is shown by its name."""
    order = list(FLOW_TITLES)
    ordered = sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [FlowCard(name, *FLOW_TITLES.get(name, (name, name))) for name in ordered]


class DepartmentsFlow:
    def __init__(self, departments: Departments) -> None:
        self._departments = departments

    def run(self, talk: Conversation, _visit: Visit) -> bool:
        return self._departments.run(talk)


class MyAppointmentsFlow:
    """Whose appointments: one who shares his number is asked first, one whom we do not know gets a person."""

    def __init__(self, my_appointments: MyAppointments, identification: Identification) -> None:
        self._my_appointments = my_appointments
        self._identification = identification

    def run(self, talk: Conversation, visit: Visit) -> bool:
        if visit.patient is None and visit.candidates:
            self._identification.choose(talk, visit)
        if visit.patient is None:
            raise WantsPerson(Reason.UNKNOWN_CALLER)
        self._my_appointments.run(talk, visit.patient)
        return False


def standard_flows(
    my_appointments: MyAppointments, departments: Departments, *, identification: Identification
) -> dict[str, MenuFlow]:
    """The flows of this room; others are added by name where the flows are put together."""
    return {
        "my_appointments": MyAppointmentsFlow(my_appointments, identification),
        "departments": DepartmentsFlow(departments),
    }
