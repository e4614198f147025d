"""The menu that comes with the house: version 1 of every new home, and the last resort when the stored one is gone."""

from __future__ import annotations

from crm_core.menus.kinds import NodeKind
from crm_core.menus.tree import MenuTree, Node

SHIPPED_TREE = MenuTree(
    entry="office-hours",
    nodes=(
        Node(
            "office-hours", NodeKind.HOURS, "服务时间", "Office hours",
            choices={"open": "welcome", "closed": "closed"}, parameters={"calendar": "hospital"},
        ),
        Node("welcome", NodeKind.ANNOUNCE, "欢迎词", "Welcome", ("greeting",), {"next": "which-patient"}),
        Node(
            "which-patient", NodeKind.IDENTIFY, "识别来电人", "Who calls",
            choices={"known": "main", "unknown": "main"}, parameters={"salutes": True},
        ),
        Node(
            "main", NodeKind.MENU, "主菜单", "Main menu", ("main-menu",),
            {"1": "my-appointments", "5": "departments", "0": "person", "*": "main"},
        ),
        Node("my-appointments", NodeKind.FLOW, "我的预约", "My appointments", (), {"back": "main"}, {"flow": "my_appointments"}),
        Node("departments", NodeKind.FLOW, "转接科室", "Departments", (), {"back": "main"}, {"flow": "departments"}),
        Node(
            "closed", NodeKind.MENU, "非工作时间", "Closed", ("closed-hours", "press-0-for-agent"),
            {"1": "closed-appointments", "0": "person", "*": "closed"},
        ),
        Node(
            "closed-appointments", NodeKind.FLOW, "我的预约（非工作时间）", "My appointments, closed", (),
            {"back": "closed"}, {"flow": "my_appointments"},
        ),
        Node("person", NodeKind.QUEUE, "人工服务", "A person", parameters={"queue": "enquiry"}),
    ),
)  # fmt: skip
