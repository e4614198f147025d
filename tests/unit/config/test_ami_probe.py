"""The doctor's look at the manager interface: rights as Asterisk tells them, bounded, no injection."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from config.ami_probe import AmiProbeError, allowed_actions

Server = Callable[[list[bytes]], tuple[str, int]]
BANNER = b"Asterisk Call Manager/9.0.0\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    """A manager that gives the next answer to every message it gets."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(answers: list[bytes]) -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(BANNER)
            for answer in answers:
                received = b""
                while b"\r\n\r\n" not in received:
                    received += link.recv(4096)
                for start in range(0, len(answer), 7):  # split wherever it hurts
                    link.sendall(answer[start : start + 7])

    def start(answers: list[bytes]) -> tuple[str, int]:
        threads.append(threading.Thread(target=serve, args=(answers,), name="manager"))
        threads[-1].start()
        host, port = listener.getsockname()
        return host, port

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()


def test_given_a_login_when_asked_then_exactly_its_actions_are_known(server: Server) -> None:
    listing = (
        b"Response: Success\r\nActionID: doctor\r\n"
        b"Originate: Originate a call.  (Priv: originate,all)\r\nPing: Keepalive command.  (Priv: <none>)\r\n\r\n"
    )
    host, port = server([b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n", listing])
    assert allowed_actions(host, port, user="hl-actions", secret="s") == {"Originate", "Ping"}


def test_given_a_wrong_secret_when_asked_then_the_login_is_named_and_the_secret_is_not(server: Server) -> None:
    host, port = server([b"Response: Error\r\nMessage: Authentication failed\r\n\r\n"])
    with pytest.raises(AmiProbeError, match="hl-actions may not log in") as caught:
        allowed_actions(host, port, user="hl-actions", secret="sesame")
    assert "sesame" not in str(caught.value)


def test_given_a_manager_that_hangs_up_when_asked_then_that_is_told(server: Server) -> None:
    host, port = server([b"Response: Success\r\n\r\n"])
    with pytest.raises(AmiProbeError):
        allowed_actions(host, port, user="hl-actions", secret="s", timeout_s=2)


def test_given_nobody_listens_when_asked_then_the_address_is_told() -> None:
    with pytest.raises(AmiProbeError, match=r"127\.0\.0\.1:1"):
        allowed_actions("127.0.0.1", 1, user="x", secret="y")


@pytest.mark.fault("F12")
def test_given_a_line_end_in_the_secret_when_asked_then_nothing_is_sent() -> None:
    with pytest.raises(AmiProbeError, match="line end"):
        allowed_actions("127.0.0.1", 1, user="x", secret="y\r\nAction: Originate")
