"""Which telephones can be reached now, from contact events and from what Asterisk lists."""

from __future__ import annotations

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
        self._contacts: dict[str, set[str]] = {}
        self._changed_at_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def is_registered(self, extension: str) -> bool:
        with self._lock:
            return bool(self._contacts.get(extension))

    def on_contact(self, message: ContactChanged) -> list[Event]:
        if not message.aor:
            return []
        with self._lock:
            self._changed_at_s[message.aor] = self._clock.monotonic_s()
            contacts = self._contacts.setdefault(message.aor, set())
            before = bool(contacts)
            if message.status in _GONE:
                contacts.discard(message.uri)
            else:
                contacts.add(message.uri)
            after = bool(contacts)
            if not contacts:
                del self._contacts[message.aor]
        return self._changes([message.aor], is_registered=after) if before != after else []

    def replace(self, listed: Iterable[ContactChanged], *, asked_at_s: float) -> list[Event]:
        """All contacts as listed by a resync; only differences become events. News since the question count more."""
        fresh: dict[str, set[str]] = {}
        for contact in listed:
            if contact.aor and contact.status not in _GONE:
                fresh.setdefault(contact.aor, set()).add(contact.uri)
        with self._lock:
            old = self._contacts
            for extension in {*old, *fresh}:
                if self._changed_at_s.get(extension, -1.0) >= asked_at_s:
                    fresh.pop(extension, None)
                    if extension in old:
                        fresh[extension] = old[extension]
            self._contacts = fresh
        gone, new = sorted(set(old) - set(fresh)), sorted(set(fresh) - set(old))
        return self._changes(gone, is_registered=False) + self._changes(new, is_registered=True)

    def _changes(self, extensions: list[str], *, is_registered: bool) -> list[Event]:
        agents = (self._agent_of_extension(extension) for extension in extensions if extension.isdigit())
        return [PhoneRegistrationChanged(at=self._clock.now(), agent_id=agent_id, is_registered=is_registered)
                for agent_id in agents if agent_id is not None]
