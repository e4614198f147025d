"""Makes what stands behind the pages of menus, hours and prompts, and seeds a home with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.ground import Ground
from crm_core.menus.departures import Departures
from crm_core.menus.editing import MenuEditing, Targets
from crm_core.menus.prompt_records import PromptRecords
from crm_core.menus.service import Menus
from crm_core.opening_hours import Span
from ivr.menu_prompts import Studio
from ivr.menu_rehearsal import Rehearser
from ivr.menu_sound_files import SoundFiles
from ivr.prompt_catalogue import LANGUAGES, load_catalogue
from ivr.speech import SpeechService

if TYPE_CHECKING:
    from config.settings import Settings


@dataclass(frozen=True)
class MenuRoom:
    """``studio`` has a thread: start and stop it."""

    editing: MenuEditing
    studio: Studio


def build_menus(
    settings: Settings, ground: Ground, speech: SpeechService, *, flow_names: Callable[[], Sequence[str]]
) -> MenuRoom:
    """The rehearsal speaks with the shipped catalogues: nothing is synthesised for it."""
    catalogues = {language: load_catalogue(language) for language in LANGUAGES}
    records = PromptRecords(ground.database, ground.clock, audit=ground.audit)
    studio = Studio(records, SoundFiles(settings.layout.root), catalogues=catalogues, voice=speech)
    departments = ground.appointments.departments
    rehearsal = Rehearser(
        catalogues,
        appointments=ground.appointments,
        hours=ground.calendars,
        text_of=studio.text_of,
        flow_names=flow_names,
    )
    targets = Targets(ground.calendars, rehearsal, studio=studio, departments=departments)
    menus = Menus(ground.database, ground.bus, ground.clock, audit=ground.audit, known=targets)
    return MenuRoom(
        MenuEditing(menus, ground.calendars, Departures(ground.database), rehearsal, studio, departments), studio
    )


def seed_menus(settings: Settings, ground: Ground) -> None:
    """Safe to repeat: what people have changed stays."""
    ground.calendars.seed(
        workday=tuple(map(Span.parse, settings.hospital.workday_hours)),
        restday=tuple(map(Span.parse, settings.hospital.restday_hours)),
    )
    Menus(ground.database, ground.bus, ground.clock, audit=ground.audit).seed()
