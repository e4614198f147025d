"""What happened to the menus."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.events import CallEvent, Event


@dataclass(frozen=True, kw_only=True)
class MenuPublished(Event):
    """From now on new calls hear this version."""

    version_id: int
    number: int


@dataclass(frozen=True, kw_only=True)
class VoiceMessageLeft(CallEvent):
    """A caller left a message (录音留言). ``name`` is the file in the folder of incoming recordings."""

    node: str
    name: str
    length_s: float
    number: str
    patient_id: int | None
