"""The background program: found by a pid that is really ours, started once, stopped for sure."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import program as program_module
from config.home import Home
from config.program import Program, ask_health


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


@pytest.fixture
def stand_in(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `config` whose `cli` only waits, started with exactly the command line of the product."""
    package = tmp_path / "stand_in" / "config"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "cli.py").write_text(
        "import os, signal, sys\n"
        "if os.environ.get('STUBBORN'): signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "if os.environ.get('BROKEN'): sys.exit('cannot go on')\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(program_module, "CHECKOUT", package.parent)
    return package


def wait_for_output(program: Program, text: str) -> None:
    deadline = threading.Event()
    for _ in range(200):
        if text in program.last_output():
            return
        deadline.wait(0.05)
    pytest.fail(f"no {text!r} in {program.last_output()!r}")


@pytest.mark.usefixtures("stand_in")
def test_given_a_running_program_when_started_again_then_it_stays_the_same(home: Home) -> None:
    first = Program(home)
    pid = first.start()
    try:
        wait_for_output(first, "ready")
        second = Program(home)  # another `hotline up`
        assert second.pid() == pid
        assert second.start() == pid
    finally:
        assert first.stop(5)
    assert first.pid() is None
    assert not Program(home).stop(5)


@pytest.mark.usefixtures("stand_in")
def test_given_a_program_that_ignores_sigterm_when_stopped_then_it_is_killed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUBBORN", "1")
    program = Program(home)
    program.start()
    wait_for_output(program, "ready")
    assert Program(home).stop(0.3)
    assert Program(home).pid() is None


@pytest.mark.usefixtures("stand_in")
def test_given_a_program_that_ends_at_once_when_waited_for_then_its_last_words_are_known(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")
    program = Program(home)
    program.start()
    health = program.wait_healthy("http://127.0.0.1:1", 20)
    assert not health.ok
    assert "cannot go on" in program.last_output()


def test_given_a_pid_file_of_somebody_else_when_stopped_then_that_process_lives_on(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as stranger:
        (home.run / "program.pid").write_text(str(stranger.pid), encoding="utf-8")
        assert Program(home).pid() is None
        assert not Program(home).stop(1)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("content", ["", "abc", "-1", str(2**40)])
def test_given_a_broken_pid_file_when_read_then_nothing_runs(home: Home, content: str) -> None:
    (home.run / "program.pid").write_text(content, encoding="utf-8")
    assert Program(home).pid() is None


class _Health(http.server.BaseHTTPRequestHandler):
    status = 200
    body: bytes = b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def health_server() -> Iterator[tuple[str, type[_Health]]]:
    handler = type("Handler", (_Health,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, name="health")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_given_an_unhealthy_program_when_asked_then_the_sick_part_is_told(
    health_server: tuple[str, type[_Health]],
) -> None:
    url, handler = health_server
    handler.status, handler.body = 503, json.dumps({"ami": "lost"}).encode()
    health = ask_health(url)
    assert not health.ok
    assert health.body == {"ami": "lost"}


def test_given_a_proxy_in_the_environment_when_loopback_is_asked_then_it_is_asked_directly(
    health_server: tuple[str, type[_Health]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = health_server
    handler.body = b"no json"
    monkeypatch.setitem(os.environ, "http_proxy", "http://127.0.0.1:9")
    assert ask_health(url).ok
    assert ask_health(url).body == {}


def test_given_nobody_listens_when_asked_then_it_is_not_healthy() -> None:
    assert not ask_health("http://127.0.0.1:1").ok
