"""The named flows that a menu may run: one table of names and words, and the rows that need no service of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crm_core.menus.ports import FlowCard
from ivr.conversation import Conversation
from ivr.flows.departments import Departments
from ivr.flows.elderly import ElderlyFlow
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
    "elderly": ("长者直通人工", "Elderly: straight to a person"),
}

FLOW_NAMES = (
    "booking", "my_appointments", "departments", "doctor_hours", "fees", "enquiries", "complaint", "verification",
    "elderly",
)  # fmt: skip
"""What a menu may run here: ``standard_flows`` and ``self_service_flows``. A new flow is a row here and in one of them."""


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


def standard_flows(departments: Departments) -> dict[str, MenuFlow]:
    """The flows that only lead on; the others work on the ground (``self_service_flows``)."""
    return {"departments": DepartmentsFlow(departments), "elderly": ElderlyFlow()}
