"""Keeps app_queue's idea of each phone (paused or not) equal to the agent's state, until Asterisk agrees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from crm_core.errors import HotlineError, TelephonyRefused
from crm_core.ids import AgentId
from crm_core.ports import Telephony

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WantedPhone:
    """How app_queue must hold one phone; ``paused_reason`` None: calls may be offered."""

    extension: str
    queues: tuple[str, ...]
    paused_reason: str | None


WantedPhones = Callable[[], dict[AgentId, WantedPhone]]
"""Everybody signed on."""


class PhoneSync:
    """One thread; a failed command is tried again after ``retry_s`` with the state wanted then, never the old one."""

    def __init__(self, telephony: Telephony, wanted: WantedPhones, *, retry_s: float = 2.0) -> None:
        self._telephony = telephony
        self._wanted = wanted
        self._retry_s = retry_s
        self._dirty: set[AgentId] = set()
        self._all = False
        self._sent: dict[AgentId, str | None] = {}
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def mark(self, agent_id: AgentId) -> None:
        with self._wake:
            self._dirty.add(agent_id)
            self._wake.notify()

    def mark_all(self) -> None:
        """After a reconnect nothing that was sent before counts."""
        with self._wake:
            self._all = True
            self._sent.clear()
            self._wake.notify()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="phone-sync", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread:
            self._thread.join(10)

    def sync_once(self) -> bool:
        """Bring every marked phone in line; False when something must be tried again."""
        with self._wake:
            marked, everything = self._dirty, self._all
            self._dirty, self._all = set(), False
        if not marked and not everything:
            return True
        wanted = self._wanted()
        failed = {
            agent_id
            for agent_id in (wanted if everything else marked)
            if not self._sync_phone(agent_id, wanted.get(agent_id))
        }
        with self._wake:
            self._dirty |= failed
        return not failed

    def _sync_phone(self, agent_id: AgentId, phone: WantedPhone | None) -> bool:
        if phone is None:
            self._sent.pop(agent_id, None)
            return True
        if agent_id in self._sent and self._sent[agent_id] == phone.paused_reason:
            return True
        try:
            self._tell(phone)
        except HotlineError as error:
            log.warning("phone_pause_failed", extension=phone.extension, code=error.code)
            return False
        self._sent[agent_id] = phone.paused_reason
        return True

    def _tell(self, phone: WantedPhone) -> None:
        """Pause or unpause; a phone that app_queue does not have (any more) is added again in that state."""
        try:
            if phone.paused_reason is None:
                self._telephony.unpause(phone.extension)
            else:
                self._telephony.pause(phone.extension, phone.paused_reason)
        except TelephonyRefused:
            self._telephony.sign_on(phone.extension, phone.queues, paused_reason=phone.paused_reason)

    def _run(self) -> None:
        is_done = True
        while True:
            with self._wake:
                if is_done:
                    self._wake.wait_for(lambda: self._stopping or self._dirty or self._all)
                else:
                    self._wake.wait_for(lambda: self._stopping, timeout=self._retry_s)
                if self._stopping:
                    return
            try:
                is_done = self.sync_once()
            except Exception:
                log.exception("phone_sync_failed")
                is_done = False
