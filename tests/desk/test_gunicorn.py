"""The product's web server: one threaded worker; open desks never starve the health page (TRAPS §2)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import socketio

PROGRAM = """
import sys
from pathlib import Path
from agent_desk.server import WebServer
from tests.support.desk_world import DeskWorld

folder, template, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def make():
    return DeskWorld(folder, template, sockets_max=20).server

def note(word):
    return lambda: (folder / word).touch()

WebServer(make, host="127.0.0.1", port=port, threads=40, on_start=[note("started")], on_stop=[note("stopped")]).run()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def program(tmp_path: Path, desk_template: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    port = free_port()
    checkout = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(desk_template), str(port)],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(checkout), os.environ.get("PYTHONPATH"))))},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(process, url)
        yield process, url, tmp_path
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def wait_until_served(process: subprocess.Popen[bytes], url: str) -> None:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the server ended"
        try:
            requests.get(f"{url}/healthz", timeout=2)
            return
        except requests.ConnectionError:
            time.sleep(0.1)  # another process: there is no event to wait for
    raise AssertionError("the server did not come up")


def log_in(url: str, login: str) -> requests.Session:
    from tests.support.desk_world import PASSWORD

    session = requests.Session()
    session.get(f"{url}/api/v1/session", timeout=5)
    token = session.cookies["hotline_csrf"]
    body = {"login": login, "password": PASSWORD}
    answer = session.post(f"{url}/api/v1/login", json=body, headers={"X-CSRF-Token": token}, timeout=10)
    assert answer.status_code == 200, answer.text
    return session


@pytest.mark.timeout(180)
def test_given_open_desks_when_the_health_page_is_asked_then_answered_and_a_stop_is_quick_and_orderly(
    program: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    process, url, folder = program
    assert (folder / "started").exists()
    clients = []
    for login in ("bela", "bolin", "dora", "chen"):
        session = log_in(url, login)
        cookie = f"hotline_session={session.cookies['hotline_session']}"
        for _ in range(5):
            client = socketio.Client(reconnection=False)
            client.connect(url, headers={"Cookie": cookie}, transports=["websocket"])
            clients.append(client)
    assert all(client.call("subscribe", {"view": "desk"}, timeout=5)["entities"] for client in clients)
    assert requests.get(f"{url}/healthz", timeout=2).status_code == 200
    text = requests.get(f"{url}/metrics", timeout=5).text
    assert "hotline_desk_sockets 20.0" in text
    began_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    took_s = time.monotonic() - began_s
    assert (folder / "stopped").exists()
    assert took_s < 15
    for client in clients:
        client.disconnect()
