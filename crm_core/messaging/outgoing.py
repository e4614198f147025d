"""Where the house may connect to: resolve first, judge every address, then connect to exactly that one (R52, F83)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]


class AddressRefused(OSError):
    """The name is not on the list, or stands for an address that nobody from outside may lead us to."""


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, by the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class OutgoingGuard:
    """``hosts``: the names that may be connected to, nothing else. ``private_networks``: inner networks that are meant.

    Loopback, private, link-local (the metadata service of clouds), multicast and reserved addresses are refused unless
    they are in ``private_networks``, also when a listed name resolves to them.
    """

    hosts: Sequence[str]
    private_networks: Sequence[str] = ()
    allows_plain_http: bool = False
    resolver: Resolver = field(default=resolve)

    def check_url(self, url: str) -> None:
        """Raises AddressRefused for another scheme than https, for a password in the address, for an unlisted host."""
        parts = urlsplit(url)
        schemes = ("https", "http") if self.allows_plain_http else ("https",)
        if parts.scheme not in schemes or not parts.hostname or parts.username is not None or "\\" in url:
            raise AddressRefused("only https addresses without a login are used")
        self._check_host(parts.hostname)

    def connect(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """A connection to a judged address of this host: no second look-up that could answer otherwise (rebinding)."""
        self._check_host(host)
        addresses = self.resolver(host, port)
        if not addresses or not all(self._is_allowed(address) for address in addresses):
            raise AddressRefused("this name stands for an address that is not allowed")
        failure: OSError | None = None
        for address in addresses:
            try:
                return socket.create_connection((address, port), timeout_s)
            except OSError as error:
                failure = error
        raise failure or OSError("no address")

    def _check_host(self, host: str) -> None:
        if host.lower().rstrip(".") not in {one.lower() for one in self.hosts}:
            raise AddressRefused("this host is not on the list")

    def _is_allowed(self, text: str) -> bool:
        try:
            address = _real(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        networks: list[Network] = [ipaddress.ip_network(one, strict=False) for one in self.private_networks]
        if any(address.version == network.version and address in network for network in networks):
            return True
        return address.is_global and not address.is_multicast


def _real(address: Address) -> Address:
    """The IPv4 address that hides in an IPv6 one (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if hidden := address.ipv4_mapped or address.sixtofour:
        return hidden
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
