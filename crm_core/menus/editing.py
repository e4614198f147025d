"""What the pages of menus, hours and prompts work with, as one bundle; and what a tree may name in this house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from crm_core.calls.queues import QUEUES
from crm_core.menus.calendars import Calendars
from crm_core.menus.departures import Departures
from crm_core.menus.kinds import LANGUAGES
from crm_core.menus.ports import MenuRehearsal, PromptStudio
from crm_core.menus.service import Menus
from crm_core.menus.validation import Known


class Named(Protocol):
    """Anything with a code and a name: a department."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


@dataclass(frozen=True)
class MenuEditing:
    """All of it is thread-safe. ``departments`` may be asked at any time."""

    menus: Menus
    calendars: Calendars
    departures: Departures
    rehearsal: MenuRehearsal
    studio: PromptStudio
    departments: Callable[[], Sequence[Named]]


class Targets:
    """What exists in this house: asked anew at every check, so nothing that has gone is named."""

    def __init__(
        self,
        calendars: Calendars,
        rehearsal: MenuRehearsal,
        *,
        studio: PromptStudio,
        departments: Callable[[], Sequence[Named]],
    ) -> None:
        self._calendars = calendars
        self._rehearsal = rehearsal
        self._studio = studio
        self._departments = departments

    def __call__(self) -> Known:
        heard = self._studio.heard()
        return Known(
            queues=frozenset(queue.name for queue in QUEUES),
            departments=frozenset(one.code for one in self._departments()),
            flows=frozenset(flow.name for flow in self._rehearsal.flows()),
            calendars=self._calendars.keys(),
            sounds={language: heard.get(language, frozenset()) for language in LANGUAGES},
            texts=self._studio.texts("zh"),
        )
