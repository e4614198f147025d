"""The desk's world with menus, hours and prompts: the real services, the real rehearsal, a voice that is a tone."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent_desk.services import DeskServices
from crm_core.menus.calendars import Calendars
from crm_core.menus.cards import SoundCard, SoundState
from crm_core.menus.departures import Departures
from crm_core.menus.editing import MenuEditing, Targets
from crm_core.menus.prompt_records import PromptRecords
from crm_core.menus.service import Menus
from crm_core.opening_hours import Span
from ivr.menu_flows import FLOW_NAMES
from ivr.menu_prompts import Studio
from ivr.menu_rehearsal import Rehearser
from ivr.menu_sound_files import SoundFiles
from ivr.prompt_sounds import SHIPPED_FOLDER, install_sounds
from ivr.speech import Utterance
from tests.support.desk_world import DeskWorld
from tests.support.scripted_caller import catalogues


class ReadyVoice:
    """Speaks Mandarin at once: every sentence is the same finished sound."""

    def __init__(self, sound: Path) -> None:
        self._sound = sound
        self.asked: list[Utterance] = []

    def speaks(self, language: str) -> bool:
        return language == "zh"

    def find(self, utterance: Utterance) -> Path | None:
        return self._sound if utterance in self.asked else None

    def request(self, utterance: Utterance) -> bool:
        self.asked.append(utterance)
        return True


class MenuWorld(DeskWorld):
    """A DeskWorld whose home has sounds. ``studio`` is running until ``close``."""

    def __init__(self, folder: Path, template: Path | None = None, **settings: Any) -> None:
        self.home = folder / "home"
        install_sounds(self.home)
        super().__init__(folder, template, **settings)
        self.studio.start()

    def _make_services(self) -> DeskServices:
        services = super()._make_services()
        database, clock, audit = self.database, services.clock, services.audit
        calendars = Calendars(database, clock, audit=audit)
        calendars.seed(workday=(Span.parse("08:00-17:30"),), restday=())
        texts: Mapping[str, Any] = catalogues()
        self.voice = ReadyVoice(self.home / "sounds" / "zh" / "hl" / "hello.g722")
        self.studio = Studio(
            PromptRecords(database, clock, audit=audit), SoundFiles(self.home), catalogues=texts, voice=self.voice
        )
        departments = services.appointments.departments
        rehearsal = Rehearser(
            texts,
            appointments=services.appointments,
            hours=calendars,
            text_of=self.studio.text_of,
            flow_names=lambda: FLOW_NAMES,
        )
        targets = Targets(calendars, rehearsal, studio=self.studio, departments=departments)
        menus = Menus(database, self.bus, clock, audit=audit, known=targets)
        menus.seed()
        self.editing = MenuEditing(menus, calendars, Departures(database), rehearsal, self.studio, departments)
        return replace(services, menus=self.editing)

    def eventually_sound(self, key: str) -> SoundCard:
        """The newest finished sound of a prompt."""
        for _ in range(200):
            found = [one for one in self.studio.prompt(key, "zh").sounds if one.state is SoundState.DRAFT]
            if found:
                return found[0]
            threading.Event().wait(0.05)
        raise AssertionError(f"no sound of {key}")

    def reinstall(self) -> None:
        """What ``hotline up`` does with the sounds."""
        greeting = SHIPPED_FOLDER / "zh" / "hl" / "greeting.g722"
        os.utime(self.home / "sounds" / "zh" / "hl" / "greeting.g722", ns=(1, 1))
        install_sounds(self.home)
        assert (self.home / "sounds" / "zh" / "hl" / "greeting.g722").read_bytes() == greeting.read_bytes()

    def close(self) -> None:
        self.studio.stop()
        super().close()
