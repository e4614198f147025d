"""Menu 5: the caller picks a department by key and is put through; only listed departments can be reached."""

from __future__ import annotations

from crm_core.appointments.service import DepartmentCard
from crm_core.errors import InvalidInput
from ivr.conversation import Conversation, Reason, WantsPerson
from ivr.dialplan_variables import Route, to_department
from ivr.flows.ground import AppointmentsPort, GroundCalls
from ivr.flows.phrases import Phrases

BACK_KEY = "#"
_OFFERED_KEYS = "12345678"


class Departments:
    def __init__(self, appointments: AppointmentsPort, *, ground: GroundCalls, phrases: Phrases) -> None:
        self._appointments = appointments
        self._ground = ground
        self._phrases = phrases

    def run(self, talk: Conversation) -> bool:
        """True: the way to the department is set. False: back to the menu. Raises WantsPerson, GroundSilent."""
        offered = self._offered(talk.language)
        choices = self._phrases.department_choices(offered, talk.language)
        key = talk.ask_choice(
            ["department-menu", *choices, "department-menu-end"], {*offered, BACK_KEY}, node="departments"
        )
        if key == BACK_KEY:
            return False
        self.put_through(talk, offered[key], node="departments")
        return True

    def find(self, code: str) -> DepartmentCard | None:
        """Raises GroundSilent."""
        found = self._ground.ask(self._appointments.departments)
        return next((department for department in found if department.code == code), None)

    def put_through(self, talk: Conversation, department: DepartmentCard, *, node: str) -> None:
        """Sets the way to the department. Raises WantsPerson when it is closed or has no usable number."""
        if not department.is_open_now:
            talk.say("department-closed", node=node)
            raise WantsPerson(Reason.NOTHING_TO_OFFER)
        talk.set_route(_route_to(department))
        talk.say(*self._phrases.connecting(department, talk.language), node=node)

    def _offered(self, language: str) -> dict[str, DepartmentCard]:
        """By key. A department whose key is taken by another, reserved or missing, or that cannot be said, is not offered."""
        offered: dict[str, DepartmentCard] = {}
        for department in self._ground.ask(self._appointments.departments):
            key = department.menu_digit
            if len(key) == 1 and key in _OFFERED_KEYS and self._phrases.can_say_department(department, language):
                offered.setdefault(key, department)
        if not offered:
            raise WantsPerson(Reason.NOTHING_TO_OFFER)
        return offered


def _route_to(department: DepartmentCard) -> Route:
    try:
        return to_department(department.code, department.phone_number)
    except InvalidInput:
        raise WantsPerson(Reason.NOTHING_TO_OFFER) from None
