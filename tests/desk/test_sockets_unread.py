"""A browser that does not read what it is sent is dropped, and nobody waits for it (F73)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import socketio
import websocket

from agent_desk.notifier import user_room
from agent_desk.server import ThreadServer
from agent_desk.sockets import WAITING_MAX
from tests.support.desk_world import Browser, DeskWorld


@pytest.fixture
def served(world: DeskWorld) -> Iterator[ThreadServer]:
    with ThreadServer(world.server) as server:
        yield server


class Desk:
    """A Socket.IO client with a session."""

    def __init__(self, server: ThreadServer, browser: Browser) -> None:
        self.client = socketio.Client(reconnection=False)
        self.changes: list[dict[str, Any]] = []
        self.revoked: list[dict[str, Any]] = []
        self.closed = threading.Event()
        self.popped = threading.Event()
        self.client.on("change", self._on_change)
        self.client.on("revoked", self.revoked.append)
        self.client.on("disconnect", lambda *_: self.closed.set())
        self.client.connect(server.url, headers={"Cookie": cookie_of(browser)}, transports=["websocket"])

    def _on_change(self, change: dict[str, Any]) -> None:
        self.changes.append(change)
        if change["kind"] == "call":
            self.popped.set()

    def subscribe(self, view: str = "desk") -> Any:
        return self.client.call("subscribe", {"view": view}, timeout=5)


def cookie_of(browser: Browser) -> str:
    return f"hotline_session={browser.http.get_cookie('hotline_session').value}"


@pytest.mark.fault("F73")
@pytest.mark.invariant("I8")
def test_given_a_browser_that_never_reads_when_much_is_told_then_it_is_dropped_and_the_others_are_served(
    world: DeskWorld, served: ThreadServer
) -> None:
    """What waits for it is bounded; its thread is free again; a colleague's pop comes as always."""
    deaf = websocket.create_connection(
        f"ws://{served.host}:{served.port}/socket.io/?EIO=4&transport=websocket",
        cookie=cookie_of(world.browser(world.dora)), timeout=5,
        sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),),
    )  # fmt: skip
    deaf.send("40")
    while not deaf.recv().startswith("40"):
        pass
    listening = Desk(served, world.browser(world.bela))
    listening.subscribe()
    sockets, transports = world.server.desk.sockets, world.server.socketio.server.eio.sockets
    assert sockets.count == 2
    longest = 0
    for number in range(WAITING_MAX * 20):
        if sockets.count == 1:
            break
        world.server.socketio.emit("change", {"number": number, "filling": "x" * 20_000}, to=user_room(world.dora.id))
        longest = max(longest, *(transport.queue.qsize() for transport in list(transports.values())), 0)
        if longest > WAITING_MAX * 2:
            time.sleep(0.01)
    assert sockets.count == 1, "the deaf browser is still there"
    assert longest > WAITING_MAX, "nothing ever waited: the test tests nothing"
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.offer(call_id, world.bela)
    assert listening.popped.wait(2)
    listening.client.disconnect()
    deaf.close(timeout=0)
