"""Refuses tests of no known kind and tests that leave this machine."""

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from config.test_runner import ALWAYS, KINDS

TESTS = Path(__file__).parent


def kind_of(path: Path) -> str | None:
    """The folder directly below tests/; None for a file that declares no kind."""
    parts = path.relative_to(TESTS).parts
    if parts == (ALWAYS,):
        return "house"
    return parts[0] if len(parts) > 1 and parts[0] in KINDS else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """A test file outside a known kind stops the run: nobody would know what it needs."""
    if file_path.match("test_*.py") and file_path.is_relative_to(TESTS) and kind_of(file_path) is None:
        raise pytest.UsageError(f"{file_path} declares no kind: put it below tests/<{'|'.join(KINDS)}>/")


@pytest.fixture(autouse=True)
def _stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to another machine: connecting to anything but loopback fails (R22)."""
    connect = socket.socket.connect

    def guarded_connect(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            host = str(address[0])
            if host != "localhost" and not _is_local(host):
                raise PermissionError(f"a test wanted to leave this machine, to {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)


def _is_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_unspecified
