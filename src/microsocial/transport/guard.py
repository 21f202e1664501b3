"""Which addresses this node may be made to contact.

A friend says where their node lives, so a hostile friend could name our router, a neighbour's printer or a cloud's metadata service.
Rule 1: the *connected* address decides, never the URL: names are resolved here, each address is judged, and exactly the judged one
is connected to, so that a name which changes its mind gains nothing. Rule 2: a private address is allowed for one friend only, as the
exact host:port that the owner accepted; link-local, multicast and metadata addresses never are.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import httpcore
from typing_extensions import override

from microsocial.transport.errors import AddressRefused, NotReachable

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Whoever answers here hands out the keys of a rented machine: no owner means this when saying yes to a friend at home.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",
        "fe80::/10",
        "100.100.100.200/32",
        "fd00:ec2::/32",
        "0.0.0.0/8",
        "::/128",
    )
)
# Names that only a home network or this machine can answer. Any other name belongs to whoever holds the domain, who could point it
# at our router after we said yes: such a name never opens a private address.
_HOME_SUFFIXES = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localhost")
# Threads that wait for names. A friend whose name server hangs holds one of them for some seconds, and nobody else's.
_NAME_THREADS = 16
# Addresses of one name that are tried; a hostile name could list thousands.
MAX_ADDRESSES = 4


def host_and_port(host: str, port: int) -> str:
    """How an accepted address is written down: `192.168.1.5:8080`, `[fd00::5]:8080`, `ana.local:8080`."""
    bare = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return f"{bare}:{port}"
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def is_home_name(host: str) -> bool:
    """Whether only a home network or this machine itself can answer for this name."""
    bare = host.rstrip(".").lower()
    return ("." not in bare.strip("[]") and ":" not in bare) or bare.endswith(_HOME_SUFFIXES)


def _embedded(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 notation carries inside, since that is where the packets would go."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: IpAddress) -> bool:
    """Whether everyone on the internet means the same machine by this address."""
    real = _embedded(address)
    return real.is_global and not (
        real.is_multicast or real.is_reserved or real.is_unspecified or _is_never(real)
    )


def _is_never(address: IpAddress) -> bool:
    return address.is_multicast or _within(address, _NEVER)


def _within(address: IpAddress, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


class Guard:
    """Judges addresses for one friend (or, without `allowed`, for everybody).

    Args:
        allowed: the exact `host:port` that the owner accepted for this friend.
        allow_private: private networks that the owner opened for everybody (settings.md).
    """

    def __init__(
        self, allowed: Iterable[str] = (), *, allow_private: Iterable[Network] = ()
    ) -> None:
        self.allowed = frozenset(allowed)
        self.allow_private = tuple(allow_private)

    def permits(self, host: str, port: int, address: IpAddress) -> bool:
        """Whether `address`, to which the name `host` was resolved, may be connected to."""
        if is_public(address):
            return True
        real = _embedded(address)
        if _is_never(real):
            return False
        if _within(real, self.allow_private) or host_and_port(str(real), port) in self.allowed:
            return True
        return is_home_name(host) and host_and_port(host, port) in self.allowed


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, to permitted addresses only."""

    def __init__(self, guard: Guard, names: "Names") -> None:
        self._guard = guard
        self._names = names
        self._network = httpcore.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # the signature of httpcore
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async with asyncio.timeout(timeout):
            found = await self._names.addresses(host, port)
        permitted = [one for one in found if self._guard.permits(host, port, one)]
        if not permitted:
            raise AddressRefused
        return await self._connect_first(permitted, port, timeout, local_address, socket_options)

    async def _connect_first(
        self,
        addresses: list[IpAddress],
        port: int,
        timeout: float | None,  # noqa: ASYNC109
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.AsyncNetworkStream:
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._network.connect_tcp(
                    str(address), port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(
            str(addresses[-1]), port, share, local_address, socket_options
        )

    @override
    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Names:
    """Looks names up in threads of its own, so that slow name servers hold nobody else up."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_NAME_THREADS, thread_name_prefix="names")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def addresses(self, host: str, port: int) -> list[IpAddress]:
        """The addresses of a name, at most MAX_ADDRESSES. Raises NotReachable when there are none."""
        try:
            return [ipaddress.ip_address(host.strip("[]"))]
        except ValueError:
            pass
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._threads, _look_up, host, port)
        except (OSError, UnicodeError) as error:
            raise NotReachable("The name of their address is not known.") from error
        return [ipaddress.ip_address(one) for one in answers[:MAX_ADDRESSES]]


def _look_up(host: str, port: int) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope ("fe80::1%eth0") is no part of the address that is judged.
    return list(dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers))


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates are checked against the public authorities, always. One for all: reading them takes 40 ms."""
    return httpcore.default_ssl_context()
