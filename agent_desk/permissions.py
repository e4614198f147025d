"""Who may do what: the permissions, and the one table of roles that hold them."""

from __future__ import annotations

from enum import StrEnum

from crm_core.agents.kinds import Role


class Permission(StrEnum):
    """What a route or socket event asks of its user. The first two need no role."""

    ANYBODY = "anybody"
    """No login needed; used for the login itself, the pages and the health page."""
    LOGGED_IN = "logged_in"
    DESK_USE = "desk.use"
    CALL_CONTROL = "call.control"
    PATIENT_VIEW = "patient.view"
    PATIENT_UNMASK = "patient.unmask"
    BOARD_VIEW = "board.view"
    AGENT_MONITOR = "agent.monitor"
    AGENT_FORCE = "agent.force"
    RECORDING_LIST = "recording.list"
    RECORDING_PLAY = "recording.play"
    CAMPAIGN_MANAGE = "campaign.manage"
    CALL_VIEW_ALL = "call.view_all"
    MENU_VIEW = "menu.view"
    """Menus, office hours and prompts: look, listen, rehearse."""
    MENU_EDIT = "menu.edit"
    BOOKING_EDIT = "booking.edit"
    PATIENT_EDIT = "patient.edit"
    PATIENT_MERGE = "patient.merge"
    """Make one of two patients, set a tier by hand, issue VIP cards."""
    SCHEDULE_CLOSE = "schedule.close"
    """停诊, and who is affected by it."""
    LOST_VIEW = "lost.view"
    """Missed callers and call-backs."""
    NUISANCE_EDIT = "nuisance.edit"
    TICKET_VIEW = "ticket.view"
    TICKET_EDIT = "ticket.edit"
    USER_MANAGE = "user.manage"
    AUDIT_VIEW = "audit.view"


_AGENT = frozenset(
    {
        Permission.DESK_USE,
        Permission.CALL_CONTROL,
        Permission.PATIENT_VIEW,
        Permission.PATIENT_UNMASK,
        Permission.PATIENT_EDIT,
        Permission.BOOKING_EDIT,
        Permission.LOST_VIEW,
    }
)
_SUPERVISOR = _AGENT | {
    Permission.BOARD_VIEW,
    Permission.AGENT_MONITOR,
    Permission.AGENT_FORCE,
    Permission.RECORDING_LIST,
    Permission.RECORDING_PLAY,
    Permission.CAMPAIGN_MANAGE,
    Permission.CALL_VIEW_ALL,
    Permission.MENU_VIEW,
    Permission.PATIENT_MERGE,
    Permission.SCHEDULE_CLOSE,
    Permission.NUISANCE_EDIT,
    Permission.TICKET_VIEW,
    Permission.TICKET_EDIT,
}
_ADMIN = frozenset(
    {
        Permission.USER_MANAGE,
        Permission.AUDIT_VIEW,
        Permission.BOARD_VIEW,
        Permission.MENU_VIEW,
        Permission.MENU_EDIT,
        Permission.SCHEDULE_CLOSE,
        Permission.NUISANCE_EDIT,
    }
)

PERMISSIONS_OF_ROLE: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMIN: _ADMIN,
}


def is_granted(role: str, permission: Permission) -> bool:
    """True when a logged-in person of this role may; an unknown role may nothing."""
    if permission in (Permission.ANYBODY, Permission.LOGGED_IN):
        return True
    return permission in permissions_of(role)


def permissions_of(role: str) -> frozenset[Permission]:
    return PERMISSIONS_OF_ROLE.get(Role(role), frozenset()) if role in set(Role) else frozenset()
