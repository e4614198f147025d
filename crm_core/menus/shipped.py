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
            choices={"known": "main", "unknown": "main", "elderly": "elderly"},
            parameters={"salutes": True, "elderly_age": 65},
        ),
        Node(
            "main", NodeKind.MENU, "主菜单", "Main menu", ("main-menu",),
            {
                "1": "booking", "2": "my-appointments", "3": "doctor-hours", "4": "fees", "5": "departments",
                "6": "enquiries", "7": "other-services", "8": "english", "0": "person", "*": "main",
            },
        ),
        Node("elderly", NodeKind.FLOW, "长者", "Elderly", (), {"back": "main"}, {"flow": "elderly"}),
        Node("english", NodeKind.ANNOUNCE, "英文", "English", (), {"next": "main"}, {"language": "en"}),
        Node("booking", NodeKind.FLOW, "预约挂号", "Booking", (), {"back": "main"}, {"flow": "booking"}),
        Node("doctor-hours", NodeKind.FLOW, "坐诊时间", "Doctor's hours", (), {"back": "main"}, {"flow": "doctor_hours"}),
        Node("fees", NodeKind.FLOW, "费用与余额", "Fees", (), {"back": "main"}, {"flow": "fees"}),
        Node("enquiries", NodeKind.FLOW, "医院咨询", "Enquiries", (), {"back": "main"}, {"flow": "enquiries"}),
        Node(
            "other-services", NodeKind.MENU, "其他服务", "Other services", ("other-services-menu",),
            {"1": "complaints", "2": "verification", "#": "main", "0": "person", "*": "other-services"},
        ),
        Node("complaints", NodeKind.FLOW, "投诉和建议", "Complaints", (), {"back": "other-services"}, {"flow": "complaint"}),
        Node(
            "verification", NodeKind.FLOW, "防诈骗核验", "Was it us", (), {"back": "other-services"}, {"flow": "verification"}
        ),
        Node("my-appointments", NodeKind.FLOW, "我的预约", "My appointments", (), {"back": "main"}, {"flow": "my_appointments"}),
        Node("departments", NodeKind.FLOW, "转接科室", "Departments", (), {"back": "main"}, {"flow": "departments"}),
        Node(
            "closed", NodeKind.MENU, "非工作时间", "Closed", ("closed-hours", "closed-menu", "press-0-for-agent"),
            {"1": "closed-booking", "2": "closed-appointments", "0": "person", "*": "closed"},
        ),
        Node(
            "closed-booking", NodeKind.FLOW, "预约挂号（非工作时间）", "Booking, closed", (),
            {"back": "closed"}, {"flow": "booking"},
        ),
        Node(
            "closed-appointments", NodeKind.FLOW, "我的预约（非工作时间）", "My appointments, closed", (),
            {"back": "closed"}, {"flow": "my_appointments"},
        ),
        Node("person", NodeKind.QUEUE, "人工服务", "A person", parameters={"queue": "enquiry"}),
    ),
)  # fmt: skip
