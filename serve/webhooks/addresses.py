"""Addresses that webhooks may use: not inside our own network (server-side request forgery)."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
LONGEST = 2000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "fec0::/10")))
"""What Python takes for public, but is inside: protocol assignments, relays, Azure's own service, site-local ones."""


@dataclass(frozen=True)
class AllowedNetworks:
    """Addresses allowed besides public ones over HTTPS. `loopback`: this machine, also over HTTP. `private`: the
    company's own network over HTTPS."""

    loopback: bool = False
    private: bool = False


@dataclass(frozen=True)
class WebhookTarget:
    """A checked URL with the address to connect to: resolving the name again could give another address."""

    url: str
    host: str
    port: int
    address: str
    is_tls: bool


class UnreachableTarget(Exception):
    """Why a URL may not be called."""


def check_target(url: str, reach: AllowedNetworks, resolve: Resolve) -> WebhookTarget:
    """Resolve the URL. Raises UnreachableTarget unless every address of the name is allowed."""
    host, port, is_tls = _parts(url)
    result = resolve(host, port)
    if not result:
        raise UnreachableTarget(f"{host} has no address")
    addresses = [_plain(ipaddress.ip_address(text.partition("%")[0])) for text in result]
    for address in addresses:
        _check(address, is_tls, reach)
    return WebhookTarget(url, host, port, str(addresses[0]), is_tls)


def resolve_name(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name. Raises UnreachableTarget where there are none."""
    try:
        return [str(result[4][0]) for result in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise UnreachableTarget(f"the name {host} cannot be resolved") from error


def _parts(url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UnreachableTarget("it is not an address") from error
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= LONGEST
    if parts.scheme not in ("http", "https") or not host or not plain:
        raise UnreachableTarget("it is not an https address in ASCII")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UnreachableTarget("it holds a user, a password or a fragment")
    is_tls = parts.scheme == "https"
    return host, port or (443 if is_tls else 80), is_tls


def _check(address: Address, is_tls: bool, reach: AllowedNetworks) -> None:
    if address.is_loopback:
        if not reach.loopback:
            raise UnreachableTarget(f"{address} is this machine (allow it by webhooks.loopback)")
        return
    if not is_tls:
        raise UnreachableTarget("it is not https")
    inside = address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    if inside or any(address in network for network in _NEVER):
        raise UnreachableTarget(f"{address} is no address of a receiver")
    if not address.is_global and not (reach.private and address.is_private):
        raise UnreachableTarget(f"{address} is not public (allow it by webhooks.private)")


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address maps to, if any."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
