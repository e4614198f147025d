"""Which telephones can be reached now, from contact events and from what Asterisk lists."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable

from crm_core.calls.events import PhoneRegistrationChanged
from crm_core.clock import Clock
from crm_core.events import Event
from crm_core.ids import AgentId
from cti.ami_messages import ContactChanged

_GONE = frozenset({"Unreachable", "Removed", "Unavailable"})


class Phones:
    """A telephone is registered while it has a contact that was not found unreachable."""

    def __init__(self, clock: Clock, agent_of_extension: Callable[[str], AgentId | None]) -> None:
        self._clock = clock
        self._agent_of_extension = agent_of_extension
        self._contacts: dict[str, dict[str, float]] = {}
        """Extension -> address -> when it was first heard of (monotonic); 0 when a resync found it."""
        self._changed_at_s: dict[str, float] = {}
        self._told: set[str] = set()
        """Extensions whose agent was told that his telephone is registered; without one nobody could be told."""
        self._lock = threading.Lock()

    def is_registered(self, extension: str) -> bool:
        with self._lock:
            return bool(self._contacts.get(extension))

    def registered_since_s(self, extension: str) -> float:
        """When the telephone that has been there longest registered (monotonic); infinity when there is none."""
        with self._lock:
            return min(self._contacts.get(extension, {}).values(), default=math.inf)

    def on_contact(self, message: ContactChanged) -> list[Event]:
        """A telephone that takes the place of another is told as registered once more."""
        if not message.aor:
            return []
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._changed_at_s[message.aor] = now_s
            contacts = self._contacts.setdefault(message.aor, {})
            was_registered, is_new = bool(contacts), message.uri not in contacts
            if message.status in _GONE:
                contacts.pop(message.uri, None)
                is_news = was_registered and not contacts
            else:
                contacts.setdefault(message.uri, now_s)
                is_news = is_new
            is_registered = bool(contacts)
            if not contacts:
                del self._contacts[message.aor]
        return self._changes([message.aor], is_registered=is_registered) if is_news else []

    def replace(self, listed: Iterable[ContactChanged], *, asked_at_s: float) -> list[Event]:
        """All contacts as listed by a resync; only differences become events. News since the question count more."""
        fresh: dict[str, dict[str, float]] = {}
        with self._lock:
            old = self._contacts
            for contact in listed:
                if contact.aor and contact.status not in _GONE:
                    since_s = old.get(contact.aor, {}).get(contact.uri, 0.0)
                    fresh.setdefault(contact.aor, {})[contact.uri] = since_s
            for extension in {*old, *fresh}:
                if self._changed_at_s.get(extension, -1.0) >= asked_at_s:
                    fresh.pop(extension, None)
                    if extension in old:
                        fresh[extension] = old[extension]
            self._contacts = fresh
        gone, new = sorted(set(old) - set(fresh)), sorted(set(fresh) - (set(old) & self._told))
        return self._changes(gone, is_registered=False) + self._changes(new, is_registered=True)

    def _changes(self, extensions: list[str], *, is_registered: bool) -> list[Event]:
        events: list[Event] = []
        for extension in extensions:
            agent_id = self._agent_of_extension(extension) if extension.isdigit() else None
            if agent_id is None:
                continue
            (self._told.add if is_registered else self._told.discard)(extension)
            events.append(PhoneRegistrationChanged(at=self._clock.now(), agent_id=agent_id, is_registered=is_registered))
        return events
