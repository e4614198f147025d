"""One caller's way through the menu: who he is, where he stands, what he typed, and what a menu flow looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from crm_core.ids import PatientId
from crm_core.patients.cards import PatientCard
from ivr.conversation import Conversation


@dataclass
class Visit:
    """``candidates`` share the calling number; ``patient`` is the one that is known or was chosen."""

    candidates: tuple[PatientCard, ...] = ()
    patient: PatientCard | None = None
    node: str = "notice"
    """Where the caller is now; whoever hangs up has left from here (C7)."""
    entries: dict[str, str] = field(default_factory=dict)
    """What was typed at nodes that ask for digits; secret entries are kept here too and never told."""
    path: list[str] = field(default_factory=list)
    """The nodes he came to, in order."""
    proven_ids: set[PatientId] = field(default_factory=set)
    """Who has proved in this call who he is."""
    messages: int = 0
    """How many voice messages were recorded."""
    _opening: list[str] = field(default_factory=list)

    def arrive(self, node: str) -> None:
        self.node = node
        self.path.append(node)

    def announce(self, *prompts: str) -> None:
        """Said together with the next question, so that it costs no command of its own."""
        self._opening += prompts

    def take_opening(self) -> list[str]:
        taken, self._opening = self._opening, []
        return taken


class MenuFlow(Protocol):
    """A named flow that a node may run. May raise WantsPerson, WantsEmergency, GroundSilent, CallerGone."""

    def run(self, talk: Conversation, visit: Visit) -> bool:
        """True: the way is set, the call leaves the menu. False: back to the menu."""
