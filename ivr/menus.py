"""Menus as data: which key does what. Later they come from the database in the same shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from crm_core.errors import InvalidInput
from ivr.conversation import EMERGENCY_KEY, PERSON_KEY, REPEAT_KEY

ROUNDS_MAX = 6
"""How often a caller may come back to one menu before a person takes over."""


class Action(StrEnum):
    """What a menu can lead to."""

    MY_APPOINTMENTS = "my_appointments"
    DEPARTMENTS = "departments"


@dataclass(frozen=True)
class Menu:
    """``node`` names it in the call's record; person, emergency and repeat keys are everywhere and not listed here."""

    node: str
    prompts: Sequence[str]
    choices: Mapping[str, Action] = field(default_factory=dict)

    def __post_init__(self) -> None:
        reserved = {PERSON_KEY, EMERGENCY_KEY, REPEAT_KEY}
        for key in self.choices:
            if len(key) != 1 or key not in "12345678#" or key in reserved:
                raise InvalidInput(f"menu {self.node}: key {key!r} cannot be given an action")


MAIN_MENU = Menu(
    node="main",
    prompts=("main-menu",),
    choices={"1": Action.MY_APPOINTMENTS, "5": Action.DEPARTMENTS},
)

CLOSED_MENU = Menu(
    node="closed",
    prompts=("closed-hours", "press-0-for-agent"),
    choices={"1": Action.MY_APPOINTMENTS},
)
"""Outside the opening hours: the database still reads appointments; 9 and the duty queue (0) stay."""
