"""A desk's live view as the browser keeps it: snapshot, then changes, each replacing one entity."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests
import socketio


class LiveDesk:
    """Connected from construction to ``close``. ``seen`` keeps every change with the time it arrived."""

    def __init__(self, base_url: str, http: requests.Session, view: str = "desk") -> None:
        self._lock = threading.Lock()
        self.entities: dict[tuple[str, str], Any] = {}
        self.seen: list[tuple[float, str, str, Any]] = []
        self.version = 0
        self._early: list[dict[str, Any]] = []
        self._is_loaded = False
        session = requests.Session()
        session.trust_env = False
        session.cookies = http.cookies
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in http.cookies)
        self._socket = socketio.Client(http_session=session, reconnection=False)
        self._socket.on("change", self._on_change)
        self._socket.connect(
            base_url, transports=["websocket"], headers={"Cookie": cookies}, wait_timeout=10
        )
        snapshot = self._socket.call("subscribe", {"view": view}, timeout=10)
        self._load(snapshot)

    def entity(self, kind: str, entity_id: object = None) -> Any:
        """The present value; without an id the first of its kind. None when there is none."""
        with self._lock:
            if entity_id is not None:
                return self.entities.get((kind, str(entity_id)))
            return next((value for (k, _), value in self.entities.items() if k == kind), None)

    @property
    def is_connected(self) -> bool:
        return bool(self._socket.connected)

    def close(self) -> None:
        self._socket.disconnect()

    def _load(self, snapshot: dict[str, Any]) -> None:
        with self._lock:
            self.version = snapshot["version"]
            self.entities = {(e["kind"], str(e["id"])): e["value"] for e in snapshot["entities"]}
            self._is_loaded = True
            for change in self._early:
                self._apply(change)

    def _on_change(self, change: dict[str, Any]) -> None:
        with self._lock:
            self.seen.append((time.monotonic(), change["kind"], str(change["id"]), change["value"]))
            if self._is_loaded:
                self._apply(change)
            else:
                self._early.append(change)

    def _apply(self, change: dict[str, Any]) -> None:
        if change["version"] <= self.version:
            return
        self.version = change["version"]
        key = (change["kind"], str(change["id"]))
        if change["value"] is None:
            self.entities.pop(key, None)
        else:
            self.entities[key] = change["value"]
