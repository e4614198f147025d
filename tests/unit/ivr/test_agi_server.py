"""The FastAGI server under good callers, bad callers and hostile ones."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from crm_core.clock import SystemClock
from ivr.agi_server import AgiServer, AgiServerSettings
from ivr.agi_session import AgiSession
from tests.support.agi_stub import answer_everything, call, header_bytes

LOOPBACK = AgiServerSettings(port=0, drain_s=2.0)
WAIT_S = 5.0


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


@pytest.fixture
def serve() -> Iterator[Callable[..., AgiServer]]:
    servers: list[AgiServer] = []

    def start(handler: Callable[[AgiSession], None], **changes: object) -> AgiServer:
        servers.append(AgiServer(replace(LOOPBACK, **changes), handler, SystemClock()))  # type: ignore[arg-type]
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def greet(session: AgiSession) -> None:
    session.appexec("NoOp")


def test_given_a_call_when_served_then_the_thread_is_named_and_ends(serve: Callable[..., AgiServer]) -> None:
    names: list[str] = []
    server = serve(lambda session: names.append(threading.current_thread().name))
    answer_everything(call(server.port))
    assert until(lambda: server.callers == 0)
    assert names == ["ivr-1"]
    assert server.counters.served == 1


@pytest.mark.fault("F26")
def test_given_every_kind_of_garbage_when_sent_then_good_callers_are_served_without_delay(
    serve: Callable[..., AgiServer],
) -> None:
    server = serve(greet)
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    for connection in slow:
        connection.sendall(b"agi_network: y")  # slowloris: never a line end
    big = socket.create_connection(("127.0.0.1", server.port))
    flood = threading.Thread(target=_send_all, args=(big, b"x" * 10_000_000), daemon=True)
    flood.start()
    gaps = []
    for _ in range(20):
        socket.create_connection(("127.0.0.1", server.port)).close()
        with socket.create_connection(("127.0.0.1", server.port)) as probe:
            probe.sendall(b"GET / HTTP/1.1\r\n\r\n")
        began = time.monotonic()
        assert answer_everything(call(server.port)) == ['EXEC NoOp ""']
        gaps.append(time.monotonic() - began)
    flood.join(WAIT_S)
    for connection in slow:
        connection.close()
    assert until(lambda: server.callers == 0)
    assert sorted(gaps)[len(gaps) // 2] <= 0.1
    assert server.counters.served == 20
    assert server.counters.garbage >= 41


def _send_all(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)


@pytest.mark.fault("F26")
def test_given_a_header_that_trickles_when_the_time_is_up_then_the_thread_is_freed(
    serve: Callable[..., AgiServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.agi_stream.HEADER_TIMEOUT_S", 0.2)
    server = serve(greet)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"agi_network: yes\nagi_")
        connection.settimeout(WAIT_S)
        assert connection.recv(1) == b""
    assert server.counters.garbage == 1


@pytest.mark.fault("F26")
def test_given_a_peer_that_is_not_allowed_when_it_connects_then_it_is_closed_at_once(
    serve: Callable[..., AgiServer],
) -> None:
    server = serve(greet, allowed_peers=("10.1.2.3/32",))
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        assert connection.recv(1) == b""
    assert server.counters.refused_peer == 1


def test_given_all_threads_busy_when_another_calls_then_it_is_refused_at_once_and_later_ones_served(
    serve: Callable[..., AgiServer],
) -> None:
    go_on = threading.Event()
    server = serve(lambda session: go_on.wait(WAIT_S) and None, callers_max=2)
    held = [call(server.port) for _ in range(2)]
    assert until(lambda: server.callers == 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as third:
        assert third.recv(1) == b""
    go_on.set()
    assert until(lambda: server.callers == 0)
    answer_everything(call(server.port))
    assert (server.counters.refused_full, until(lambda: server.counters.served == 3)) == (1, True)
    for connection in held:
        connection.close()


def test_given_fifty_callers_at_once_when_served_then_none_hears_another(serve: Callable[..., AgiServer]) -> None:
    heard: dict[str, str] = {}
    server = serve(lambda session: heard.update({session.env["agi_uniqueid"]: session.get_full_variable("${X}")}))

    def one(number: int) -> None:
        with call(server.port, header=header_bytes(agi_uniqueid=f"id-{number}")) as connection:
            connection.recv(100)
            connection.sendall(f"200 result=1 (x{number})\n".encode())
            connection.recv(1)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert heard == {f"id-{number}": f"x{number}" for number in range(50)}


def test_given_a_handler_that_raises_when_served_then_the_next_caller_is_served(
    serve: Callable[..., AgiServer],
) -> None:
    calls: list[int] = []

    def poison_first(session: AgiSession) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("poison")

    server = serve(poison_first)
    answer_everything(call(server.port))
    answer_everything(call(server.port))
    assert until(lambda: server.counters.served == 1)


@pytest.mark.requirement("R35")
def test_given_a_conversation_when_stopped_then_it_may_finish_and_new_callers_are_refused(
    serve: Callable[..., AgiServer],
) -> None:
    go_on, finished = threading.Event(), threading.Event()

    def talk(session: AgiSession) -> None:
        go_on.wait(WAIT_S)
        session.appexec("NoOp")
        finished.set()

    server = serve(talk)
    connection = call(server.port)
    assert until(lambda: server.callers == 1)
    port = server.port
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    assert until(lambda: not server.is_listening)
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    go_on.set()
    answer_everything(connection)
    stopper.join(WAIT_S)
    assert finished.is_set()


@pytest.mark.requirement("R35")
def test_given_a_conversation_that_does_not_end_when_the_drain_is_over_then_its_line_is_closed(
    serve: Callable[..., AgiServer],
) -> None:
    server = serve(greet, drain_s=0.1)
    connection = call(server.port)
    connection.settimeout(WAIT_S)
    assert connection.recv(100) == b'EXEC NoOp ""\n'
    server.stop()
    assert connection.recv(1) == b""
    assert server.callers == 0
