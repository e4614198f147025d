"""Where the house connects to: listed names only, judged addresses only, and exactly those (R52, F83)."""

import socket
from collections.abc import Sequence

import pytest

from crm_core.messaging.outgoing import AddressRefused, OutgoingGuard

INNER = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "not an address", "",
]  # fmt: skip


def guard(*addresses: str, **options: object) -> OutgoingGuard:
    def resolver(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return OutgoingGuard(("sms.example.cn",), resolver=resolver, **options)  # type: ignore[arg-type]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where anybody connected to, instead of connecting."""
    seen: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _timeout_s: float) -> socket.socket:
        seen.append(address)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    return seen


@pytest.mark.fault("F83")
@pytest.mark.requirement("R52")
@pytest.mark.parametrize("address", INNER)
def test_given_a_listed_name_that_leads_inside_when_connected_then_refused(
    connections: list[tuple[str, int]], address: str
) -> None:
    for addresses in ((address,), ("1.1.1.1", address), (address, "1.1.1.1")):
        with pytest.raises(AddressRefused):
            guard(*addresses).connect("sms.example.cn", 443, 1)
    assert connections == []


@pytest.mark.fault("F83")
def test_given_a_name_that_changes_its_address_when_connected_then_the_judged_one_is_used(
    connections: list[tuple[str, int]],
) -> None:
    answers = [["1.1.1.1"], ["127.0.0.1"]]
    rebinding = OutgoingGuard(("sms.example.cn",), resolver=lambda _host, _port: answers.pop(0))
    rebinding.connect("sms.example.cn", 443, 1)
    assert connections == [("1.1.1.1", 443)]
    with pytest.raises(AddressRefused):
        rebinding.connect("sms.example.cn", 443, 1)


@pytest.mark.fault("F83")
@pytest.mark.parametrize(
    "host", ["evil.example", "sms.example.cn.evil.example", "127.0.0.1", "2130706433", "0x7f.1", "localhost", ""]
)
def test_given_an_unlisted_host_when_connected_then_nobody_even_asks_for_its_address(host: str) -> None:
    asked: list[str] = []
    strict = OutgoingGuard(("sms.example.cn",), resolver=lambda name, _port: asked.append(name) or ["1.1.1.1"])
    with pytest.raises(AddressRefused):
        strict.connect(host, 443, 1)
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://sms.example.cn/", "file:///etc/passwd", "gopher://sms.example.cn/", "ftp://sms.example.cn/", "//sms.example.cn/",
        "https://user:pw@sms.example.cn/", "https://sms.example.cn@127.0.0.1/", "https://127.0.0.1/", "https://", "",
        "https://sms.example.cn\\@127.0.0.1/", "javascript:alert(1)", "HTTPS://[::1]/",
    ],
)  # fmt: skip
def test_given_another_address_than_a_listed_https_one_when_checked_then_refused(url: str) -> None:
    with pytest.raises((AddressRefused, ValueError)):
        guard("1.1.1.1").check_url(url)


def test_given_an_inner_network_that_is_listed_when_connected_then_allowed(connections: list[tuple[str, int]]) -> None:
    guard("10.1.2.3", private_networks=("10.1.0.0/16",)).connect("SMS.example.cn", 443, 1)
    with pytest.raises(AddressRefused):
        guard("10.2.0.1", private_networks=("10.1.0.0/16",)).connect("sms.example.cn", 443, 1)
    assert connections == [("10.1.2.3", 443)]
