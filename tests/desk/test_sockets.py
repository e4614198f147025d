"""Real sockets over a real server: who may connect, and how fast a revoked one is closed (R9, F68, F70, F71)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import socketio
import websocket

from agent_desk.server import ThreadServer
from crm_core.agents.kinds import Role
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


def raw(server: ThreadServer, *, cookie: str = "", origin: str | None = None, host: str | None = None) -> Any:
    address = f"ws://{server.host}:{server.port}/socket.io/?EIO=4&transport=websocket"
    return websocket.create_connection(address, cookie=cookie or None, origin=origin, host=host, timeout=5)


def closes(connection: Any) -> bool:
    """True when the server ends this connection."""
    try:
        while True:
            if connection.recv() == "":
                return True
    except websocket.WebSocketTimeoutException:
        return False
    except (websocket.WebSocketException, OSError):
        return True


def test_given_a_session_when_connected_then_snapshot_and_pop_over_the_network(
    world: DeskWorld, served: ThreadServer
) -> None:
    desk = Desk(served, world.browser(world.bela))
    answer = desk.subscribe()
    assert {one["kind"] for one in answer["entities"]} == {"me", "queue", "link"}
    world.sign_on(world.bela)
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.offer(call_id, world.bela)
    assert desk.popped.wait(2)
    pop = next(change for change in desk.changes if change["kind"] == "call")
    assert (pop["id"], pop["value"]["patient"]["name"]) == (call_id, "阿莎")
    assert pop["version"] > answer["version"]
    desk.client.disconnect()


@pytest.mark.requirement("R14")
def test_given_no_session_when_connecting_then_refused(world: DeskWorld, served: ThreadServer) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        Desk(served, world.browser())
    assert world.server.desk.sockets.count == 0


@pytest.mark.requirement("R9")
@pytest.mark.fault("F68")
@pytest.mark.parametrize("change", ["logout", "disable", "password", "role"])
def test_given_an_open_socket_when_its_session_is_revoked_then_closed_within_a_second_and_silent(
    world: DeskWorld, served: ThreadServer, change: str
) -> None:
    browser = world.browser(world.bela)
    desk, other = Desk(served, browser), Desk(served, world.browser(world.bolin))
    desk.subscribe()
    world.sign_on(world.bela)
    accounts = world.services.accounts
    began = time.monotonic()
    {
        "logout": lambda: browser.post("/logout"),
        "disable": lambda: accounts.set_disabled(world.bela.id, True),
        "password": lambda: accounts.set_password(world.bela.id, "another long secret 9"),
        "role": lambda: accounts.set_role(world.bela.id, Role.SUPERVISOR),
    }[change]()
    assert desk.closed.wait(2)
    took_s = time.monotonic() - began
    assert took_s <= 1.0 or change == "password"  # hashing the new password is slow on purpose
    assert desk.revoked
    desk.changes.clear()
    call_id = world.call_arrives(patient=world.asha)
    world.queue(call_id)
    world.offer(call_id, world.bela)
    world.server.desk.notifier.flush()
    assert desk.changes == []
    assert not other.closed.is_set()
    other.client.disconnect()


@pytest.mark.fault("F68")
def test_given_a_client_that_ignores_the_closing_when_revoked_then_the_transport_is_cut(
    world: DeskWorld, served: ThreadServer
) -> None:
    connection = raw(served, cookie=cookie_of(world.browser(world.bela)))
    connection.recv()
    connection.send("40")
    assert json.loads(connection.recv()[2:])["sid"]
    world.services.accounts.set_disabled(world.bela.id, True)
    assert closes(connection)


@pytest.mark.requirement("R8")
def test_given_an_idle_session_when_the_watch_runs_then_its_socket_is_closed(
    world: DeskWorld, served: ThreadServer
) -> None:
    idle, on_duty = Desk(served, world.browser(world.dora)), Desk(served, world.browser(world.bela))
    world.sign_on(world.bela)
    world.clock.advance(15 * 60 + 1)
    assert idle.closed.wait(3)
    assert idle.revoked == [{"reason": "session ended"}]
    assert not on_duty.closed.is_set()
    on_duty.client.disconnect()


@pytest.mark.requirement("R8")
def test_given_keyboard_activity_when_told_over_the_socket_then_the_session_is_not_idle(
    world: DeskWorld, served: ThreadServer
) -> None:
    browser = world.browser(world.dora)
    desk = Desk(served, browser)
    world.clock.advance(14 * 60)
    assert desk.client.call("active", {}, timeout=5) == {}
    world.clock.advance(14 * 60)
    assert browser.get("/dispositions").status_code == 200
    desk.client.disconnect()


@pytest.mark.fault("F70")
@pytest.mark.parametrize(
    ("origin", "host"), [("https://evil.example", None), ("null", None), ("http://evil.example", "evil.example")]
)
def test_given_another_site_when_it_opens_a_socket_then_refused(
    world: DeskWorld, served: ThreadServer, origin: str, host: str | None
) -> None:
    cookie = cookie_of(world.browser(world.bela))
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        raw(served, cookie=cookie, origin=origin, host=host)
    assert caught.value.status_code == 400
    assert world.server.desk.sockets.count == 0


@pytest.mark.fault("F91")
def test_given_nobody_logged_in_when_many_sockets_are_opened_then_no_thread_is_spent_on_them(
    world: DeskWorld, served: ThreadServer
) -> None:
    for _ in range(20):
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            raw(served)
        assert caught.value.status_code == 401
    assert len(world.server.socketio.server.eio.sockets) == 0


def test_given_a_full_house_when_one_more_socket_is_opened_then_503(make_world: Callable[..., DeskWorld]) -> None:
    world = make_world(sockets_max=1)
    cookie = cookie_of(world.browser(world.bela))
    with ThreadServer(world.server) as served:
        first = raw(served, cookie=cookie)
        first.recv()
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            raw(served, cookie=cookie)
        assert caught.value.status_code == 503
        first.close()


@pytest.mark.fault("F71")
@pytest.mark.parametrize(
    "message",
    [
        "x" * 20_000,
        "42" + "[" * 9000,
        "451-" + '["subscribe",{"_placeholder":true,"num":0}]',
        "4" * 100,
        '42["subscribe"' + ',{"a":1}' * 500 + "]",
        '42{"no":"list"}',
        "45999999-[]",
        "\x00\x01",
    ],
)
def test_given_malformed_packets_when_sent_then_the_server_lives_and_others_are_served(
    world: DeskWorld, served: ThreadServer, message: str
) -> None:
    connection = raw(served, cookie=cookie_of(world.browser(world.bolin)))
    connection.recv()
    connection.send("40")
    connection.recv()
    connection.send(message)
    desk = Desk(served, world.browser(world.bela))
    assert desk.subscribe()["version"] >= 0
    desk.client.disconnect()
    connection.close()


def test_given_long_polling_when_tried_then_refused(world: DeskWorld, served: ThreadServer) -> None:
    import requests

    address = f"{served.url}/socket.io/?EIO=4&transport=polling"
    answer = requests.get(address, headers={"Cookie": cookie_of(world.browser(world.bela))}, timeout=5)
    assert answer.status_code == 400


def test_given_too_many_sockets_of_one_person_when_connecting_then_refused(
    make_world: Callable[..., DeskWorld],
) -> None:
    world = make_world(sockets_per_user=2)
    browser = world.browser(world.bela)
    with ThreadServer(world.server) as served:
        desks = [Desk(served, browser) for _ in range(2)]
        with pytest.raises(socketio.exceptions.ConnectionError):
            Desk(served, browser)
        for desk in desks:
            desk.client.disconnect()


@pytest.mark.fault("F72")
def test_given_a_server_that_is_replaced_when_the_browser_comes_back_then_the_same_screen(
    world: DeskWorld, served: ThreadServer
) -> None:
    from agent_desk.app import create_server

    browser = world.browser(world.bela)
    desk = Desk(served, browser)
    world.sign_on(world.bela)
    world.talk(world.bela, patient=world.asha)
    before = desk.subscribe()["entities"]
    desk.client.disconnect()
    with ThreadServer(create_server(world.services, world.settings)) as replaced:
        again = Desk(replaced, browser)
        after = again.subscribe()["entities"]
        again.client.disconnect()
    assert before == after
